"""The installed command, run as its users run it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GRAFT = Path(sys.executable).with_name("graft")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def environment(tmp_path):
    """A home of its own, nobody's settings, no colours forced."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "OPENBLAS_NUM_THREADS")
        if name in os.environ
    }
    home = tmp_path / "home"
    home.mkdir()
    return kept | {"HOME": str(home)}


@pytest.fixture
def graft(environment, tmp_path):
    """Run `graft ARGUMENTS`; returns the finished process, its streams as text."""

    def run(*arguments, cwd=tmp_path, extra=None, **options):
        options = {"capture_output": True, "text": True, "timeout": 280} | options
        return subprocess.run(
            [GRAFT, *map(str, arguments)], cwd=cwd, env=environment | (extra or {}), **options
        )

    return run


@pytest.fixture(scope="session")
def example_repository(tmp_path_factory):
    """The bundled example as a git repository; tests must not change it."""
    target = tmp_path_factory.mktemp("example") / "quayside"
    subprocess.run([sys.executable, EXAMPLES / "make_repository.py", target], check=True)
    return target
