"""What every mechanism hands to the supervisor: its command line, configuration and programs."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from agent.sandbox.types import SandboxSpec

SANDBOX = Path(__file__).resolve().parent
HARNESS = SANDBOX.parent / "harness"
COMPILE_LIMIT_S = 30.0
USER_RANGE = (1_879_100_000, 2_147_000_000)
"""Ids that no distribution hands out; a container with few ids has SMALL_USER_RANGE."""
SMALL_USER_RANGE = (20_000, 59_000)


def own_programs(python: Path | None) -> Mapping[str, Path]:
    """Programs of ours that run inside, by the name under which a sandbox shows them.

    With `python`, an interpreter of this machine, they are compiled for it.
    """
    inside = SANDBOX / "inside"
    programs = {"inside": _compiled(inside, python) if python is not None else inside}
    for name in ("runner.py", "probe.py"):
        if (HARNESS / name).exists():
            programs[name] = HARNESS / name
    return programs


def supervisor_command(python: Path, folder: str) -> list[str]:
    """Run the supervisor from `folder` with nothing of the user's on its path."""
    start = f"import sys; sys.path.insert(0, {folder!r}); from inside.supervisor import main; main()"
    return [os.fspath(python.absolute()), "-I", "-S", "-B", "-c", start]


def base_config(
    spec: SandboxSpec,
    repo: Path,
    *,
    mode: str,
    uid: int | None,
    shown: Sequence[str],
    avoid: Sequence[str] = (),
) -> dict[str, Any]:
    """The supervisor's configuration, of types that every Python's marshal knows."""
    limits = spec.limits
    return {
        "mode": mode,
        "repo": os.fspath(repo),
        "uid": uid,
        "hidden": [os.path.normpath(path) for path in spec.hidden],
        "shown": list(shown),
        "avoid": list(avoid),
        "environment": dict(spec.environment),
        "limits": {
            "memory_bytes": limits.memory_bytes,
            "processes": limits.processes,
            "disk_bytes": limits.disk_bytes,
            "output_bytes": limits.output_bytes,
        },
    }


def free_uid() -> int:
    """An id of this sandbox's own, so that limits per user count nothing else."""
    mapped = sum(int(line.split()[2]) for line in Path("/proc/self/uid_map").read_text().splitlines())
    return random.SystemRandom().randrange(*(USER_RANGE if mapped > USER_RANGE[1] else SMALL_USER_RANGE))


def _compiled(source: Path, python: Path) -> Path:
    """A copy of the package `source` with bytecode for `python`, made once: compiling takes half of a start.

    `source` itself where no such copy can be made.
    """
    digest = hashlib.sha256()
    for file in sorted(source.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    status = python.stat()
    interpreter = hashlib.sha256(f"{python.resolve()} {status.st_mtime_ns} {status.st_size}".encode())
    target = user_cache_path("graft") / f"inside-{digest.hexdigest()[:16]}-{interpreter.hexdigest()[:16]}"
    if target.is_dir():
        return target
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        fresh.mkdir(mode=0o755, parents=True)
        for file in source.glob("*.py"):
            shutil.copy(file, fresh)
        command = [os.fspath(python.absolute()), "-I", "-S", "-m", "compileall", "-q", os.fspath(fresh)]
        subprocess.run(command, check=True, capture_output=True, timeout=COMPILE_LIMIT_S, env={})
        fresh.rename(target)
    except (OSError, subprocess.SubprocessError):
        with suppress(OSError):
            shutil.rmtree(fresh)
    return target if target.is_dir() else source
