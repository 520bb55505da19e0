"""Make the example project a git repository of its own: `python make_repository.py TARGET`.

A repository cannot hold another one, so the project's history is kept as plain files beside it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE / "quayside"
HISTORY = HERE / "quayside_history"


def make_repository(target: Path) -> None:
    """Create `target` with the example's commits. Raises FileExistsError if there is something already."""
    target.mkdir(parents=True)
    _git(target, {}, "init", "--quiet", "--initial-branch=main")
    for commit in tomllib.loads((HISTORY / "history.toml").read_text(encoding="utf-8"))["commits"]:
        for path in commit["paths"]:
            earlier = HISTORY / commit.get("before", "") / path
            copy = target / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(earlier if earlier.is_file() else PROJECT / path, copy)
        name, _, address = commit["author"].rstrip(">").partition(" <")
        identity = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", name), ("EMAIL", address), ("DATE", commit["date"]))
        }
        _git(target, {}, "add", "--all")
        _git(target, identity, "commit", "--quiet", "--message", commit["message"])


def _git(folder: Path, identity: dict[str, str], *arguments: str) -> None:
    """Run git without the caller's own settings, hooks or surroundings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *arguments], cwd=folder, env=kept | alone | identity, check=True)


def main() -> int:
    if len(sys.argv) != 2:
        print("Usage: python make_repository.py TARGET", file=sys.stderr)
        return 2
    try:
        make_repository(Path(sys.argv[1]))
    except FileExistsError:
        print(f"{sys.argv[1]} exists already. Name a new folder.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
