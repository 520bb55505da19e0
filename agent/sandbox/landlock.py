"""Hold programs without namespaces: Landlock and seccomp around a copy of the repository.

Weaker than bubblewrap in one way only that matters to honest programs: the tree lies elsewhere, there is no
network at all, and only TMPDIR is there for temporary files.
"""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from agent.errors import SandboxUnavailable
from agent.sandbox.inside.filter import ARCHITECTURES
from agent.sandbox.inside.kernel import Kernel
from agent.sandbox.inside.landlock import SCOPES_SINCE, landlock_version
from agent.sandbox.inside.trees import copy_tree, remove_tree
from agent.sandbox.launch import base_config, free_uid, own_programs, supervisor_command
from agent.sandbox.session import Launch, Session
from agent.sandbox.shown import refuse_repository, system_paths, wanted_paths
from agent.sandbox.types import SandboxSpec

PREFIX = "graft-landlock-"
LOCK = ".lock"


class Landlock:
    """The fallback on Linux where user namespaces are refused."""

    name = "landlock"

    def unavailable(self) -> str | None:
        if not sys.platform.startswith("linux"):
            return "Landlock is a Linux mechanism."
        if os.uname().machine not in ARCHITECTURES:
            return f"No seccomp filter is written for {os.uname().machine}. Use --sandbox container:IMAGE."
        version = landlock_version(Kernel())
        if version < SCOPES_SINCE:
            return (
                f"The kernel's Landlock has version {version}, and {SCOPES_SINCE} (Linux 6.12) is needed. "
                "Allow user namespaces, so that bubblewrap works, or use --sandbox container:IMAGE."
            )
        return None

    def open(self, spec: SandboxSpec) -> Session:
        refuse_repository(spec.repo)
        reason = self.unavailable()
        if reason is not None:
            raise SandboxUnavailable(reason)
        return Session(lambda: _launch(spec))


def _launch(spec: SandboxSpec) -> Launch:
    repo = spec.repo.resolve()
    uid = free_uid() if os.geteuid() == 0 else None
    if uid is not None:
        _check_reachable(spec.python)
    parent = _temporary(for_nobody=uid is not None)
    sweep(parent)
    workspace = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    workspace.chmod(0o755)
    lock = os.open(workspace / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    programs = workspace / "programs"
    programs.mkdir()
    for name, source in own_programs(spec.python).items():
        if source.is_dir():
            (programs / name).mkdir()
            copy_tree(os.fspath(source), os.fspath(programs / name), ())
        else:
            (programs / name).write_bytes(source.read_bytes())
    system, wanted = system_paths(), wanted_paths(spec)
    config = base_config(spec, repo, mode="landlock", uid=uid, shown=[])
    config["workspace"] = os.fspath(workspace / "jobs")
    config["readable"] = [
        *system.paths,
        *(place for place, _ in system.links),
        *wanted.paths,
        os.fspath(programs),
    ]
    (workspace / "jobs").mkdir()

    def close() -> None:
        with suppress(OSError):
            remove_tree(os.fspath(workspace))
        os.close(lock)

    return Launch(
        argv=supervisor_command(spec.python, os.fspath(programs)),
        config=config,
        tools=os.fspath(programs),
        close=close,
    )


def sweep(parent: Path) -> None:
    """Remove what killed runs left: folders whose lock nobody holds."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_tree(os.fspath(folder))
            finally:
                os.close(lock)


def _temporary(for_nobody: bool) -> Path:
    """The folder for temporary files; the machine's, if an unprivileged user could not enter root's own."""
    own = Path(tempfile.gettempdir()).resolve()
    return Path("/tmp") if for_nobody and _closed_folder(own / "file") else own


def _closed_folder(place: Path) -> Path | None:
    """The first folder above `place` that only its owner may enter."""
    return next((folder for folder in place.parents if not folder.stat().st_mode & 0o001), None)


def _check_reachable(python: Path) -> None:
    """As root, jobs run as nobody in particular, who must be able to run the interpreter."""
    for place in (python.absolute(), python.resolve()):
        folder = _closed_folder(place)
        if folder is not None:
            raise SandboxUnavailable(
                f"{python} lies in {folder}, which only its owner may enter, and Landlock runs root's programs as "
                "an unprivileged user. Run as an ordinary user, or use an interpreter under /usr."
            )
