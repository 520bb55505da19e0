"""Start the command with only its own packages in sight. Knows no command.

Graft's packages have everyday names (`agent`, `index`, …), and a project under repair may own the same
ones. So this package is installed under a name of its own, `graft_launcher`, and takes from `sys.path`
what `PYTHONPATH` and the working directory put there before anything else is imported.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from pathlib import Path


def main() -> int:
    """Run the `graft` command on `sys.argv`; returns its exit code."""
    sys.path[:] = own_paths(sys.path, os.environ.get("PYTHONPATH", ""))
    from tui.cli import main as run

    return run()


def own_paths(paths: list[str], python_path: str) -> list[str]:
    """`paths` without what the caller's surroundings added; the installation's own folders always stay."""
    foreign = {_real(entry) for entry in ("", *python_path.split(os.pathsep))}
    here = Path(__file__).resolve()
    installation = {_real(folder) for folder in (*site.getsitepackages(), site.getusersitepackages())}
    installation |= {_real(folder) for folder in sysconfig.get_paths().values()}
    installation |= {str(here.parents[1]), str(here.parents[2])}
    return [path for path in paths if _real(path) not in foreign - installation]


def _real(path: str) -> str:
    try:
        return os.path.realpath(path or ".")
    except OSError:
        return path
