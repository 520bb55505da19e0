"""What git knows of a work tree: what it tracks, and what was changed lately. Reads only; never an error.

Without git, or outside a work tree, nothing is tracked and nothing was changed.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

LIMIT_S = 20.0


def is_delivered(repo: Path, path: Path) -> bool:
    """Whether git tracks this program, its virtual environment, or a link on the way to it."""
    for each in (path, path.resolve()):
        environment = each.parent.parent if each.parent.name in ("bin", "Scripts") else each
        asked = each if environment == repo else environment
        if asked.is_relative_to(repo):
            found, complaint = _git(repo, "ls-files", "-z", "--", str(asked))
            if found or b"beyond a symbolic link" in complaint:
                return True
    return False


def recent_changes(repo: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """Paths under `repo` that were changed since the last commit, then those that it changed, each with words."""
    uncommitted = _paths(repo, "diff", "--name-only", "HEAD") | _paths(repo, "ls-files", "--others")
    yield "changed since the last commit", uncommitted
    yield "changed by the last commit", _paths(repo, "diff", "--name-only", "HEAD~1", "HEAD")


def _paths(repo: Path, command: str, *options: str) -> frozenset[str]:
    own = ("--relative", "--no-ext-diff") if command == "diff" else ("--exclude-standard",)
    listed, _ = _git(repo, command, *own, "-z", *options)
    return frozenset(os.fsdecode(name) for name in listed.split(b"\0") if name)


def _git(repo: Path, *arguments: str) -> tuple[bytes, bytes]:
    """Output and complaints. Nothing that the repository's configuration names as monitor is run."""
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", *arguments],
            cwd=repo,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return b"", b""
    return done.stdout, done.stderr
