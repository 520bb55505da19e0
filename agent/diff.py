"""Turn edits into a patch that `git apply` takes, and put a patch into the user's tree when asked to.

The text of the patch is git's own: encodings, missing last newlines and odd file names are its business.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from agent.errors import EnvironmentBroken, UsageError
from agent.runs import write_atomically
from agent.types import Candidate, apply_edits

# What a user configured must not change how a patch reads.
_GIT_ENVIRONMENT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


def changed_files(candidate: Candidate, sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """Content of every file that the candidate changes, by path. Raises ValueError on a misfit edit."""
    return {
        path: apply_edits(
            sources.get(path, b""), tuple(edit for edit in candidate.edits if edit.path == path)
        )
        for path in candidate.paths
    }


def unified_diff(
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    modes: Mapping[str, int] | None = None,
    prefix: str = "",
) -> bytes:
    """The patch from `before` to `after`, for `git apply`.

    A path missing from `before` is created. `modes` are the files' permission bits (default 0o644).
    `prefix` is the folder, inside the git work tree, that the paths are relative to.
    """
    with tempfile.TemporaryDirectory(prefix="graft-diff-") as folder:
        for side, files in (("a", before), ("b", after)):
            (Path(folder) / side).mkdir()
            for path in after:
                if path in files:
                    target = Path(folder) / side / prefix / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(files[path])
                    target.chmod((modes or {}).get(path, 0o644))
        done = subprocess.run(
            ["git", "diff", "--no-index", "--no-color", "--no-ext-diff", "--no-prefix", "--binary", "a", "b"],
            cwd=folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": folder, **_GIT_ENVIRONMENT},
            capture_output=True,
            check=False,
        )
    if done.returncode not in (0, 1):
        reason = done.stderr.decode(errors="replace").strip()
        raise EnvironmentBroken(f"git could not write the patch ({reason}). `graft doctor` checks git.")
    return done.stdout


def prefix_in_work_tree(repo: Path) -> str:
    """Where `repo` lies in its git work tree, as `services/api`; empty at the top or outside git."""
    from git import Repo
    from git.exc import InvalidGitRepositoryError, NoSuchPathError

    try:
        with Repo(repo, search_parent_directories=True) as work_tree:
            top = work_tree.working_tree_dir
    except (InvalidGitRepositoryError, NoSuchPathError):
        return ""
    prefix = repo.relative_to(Path(top).resolve()).as_posix() if top else ""
    return "" if prefix == "." else prefix


def apply_to_tree(repo: Path, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    """Write the patched files into the user's tree, each whole or not at all; nothing else is touched.

    Raises UsageError, before anything is written, where a file is no longer what the patch was made from.
    """
    for path in after:
        target = repo / path
        now = target.read_bytes() if target.exists() else None
        if now != before.get(path):
            raise UsageError(
                f"{path} was changed while the run was going on; nothing was applied. "
                "Merge by hand with `git apply --3way` on the run's patch.diff."
            )
    for path, content in after.items():
        target = (repo / path).resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o644
        write_atomically(target, content, mode)
