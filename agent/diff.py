"""Turn edits into a patch that `git apply` takes, and normalise patches so that equal ones are counted once.

The text of the patch is git's own: encodings, missing last newlines and odd file names are its business.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from agent.errors import EnvironmentBroken
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
    before: Mapping[str, bytes], after: Mapping[str, bytes], modes: Mapping[str, int] | None = None
) -> bytes:
    """The patch from `before` to `after`, for `git apply` at the repository's root.

    A path missing from `before` is created. `modes` are the files' permission bits (default 0o644).
    """
    with tempfile.TemporaryDirectory(prefix="graft-diff-") as folder:
        for side, files in (("a", before), ("b", after)):
            (Path(folder) / side).mkdir()
            for path in after:
                if path in files:
                    target = Path(folder) / side / path
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
