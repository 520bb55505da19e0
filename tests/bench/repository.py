"""Make a git repository of a folder, for benchmarks that repair one."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit_all(folder: Path) -> None:
    """Initialise git there and commit every file."""
    identity = ["-c", "user.name=Graft", "-c", "user.email=graft@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "Start"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
