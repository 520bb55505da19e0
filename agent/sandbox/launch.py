"""What every mechanism hands to the supervisor: its command line, configuration and programs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.sandbox.types import SandboxSpec

SANDBOX = Path(__file__).resolve().parent
HARNESS = SANDBOX.parent / "harness"
TOOLS: Mapping[str, Path] = {
    "inside": SANDBOX / "inside",
    "runner.py": HARNESS / "runner.py",
    "probe.py": HARNESS / "probe.py",
}
"""Programs of ours that run inside, by the name under which a sandbox shows them."""


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
