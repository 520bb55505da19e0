"""Tell which test runner a repository uses, and what the tests' processes get as environment."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from agent.errors import EnvironmentBroken
from agent.harness.interpreter import Interpreter
from agent.harness.types import Framework

MAX_TEST_FILES = 200
THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Of numerical libraries, which else start threads when they are imported; a fork would lose them."""
OWN_PLUGINS = ("langsmith_plugin",)
"""pytest plugins that come with Graft's own dependencies: of no use to the project, and seconds to load."""
SKIPPED_FOLDERS = frozenset({"node_modules", "site-packages", "venv", "env", "build", "dist", "__pycache__"})
PYTEST_SETTINGS = (
    ("pytest.ini", ""),
    (".pytest.ini", ""),
    ("pyproject.toml", "[tool.pytest"),
    ("tox.ini", "[pytest]"),
    ("setup.cfg", "[tool:pytest]"),
)
PYTEST_SIGNS = re.compile(rb"^\s*(import pytest|from pytest|def test_\w+\([^s)])|^def test_", re.MULTILINE)


def uses_pytest(repo: Path) -> bool:
    """Whether settings, a conftest.py or the tests themselves ask for pytest."""
    for name, sign in PYTEST_SETTINGS:
        path = repo / name
        if path.is_file() and sign in path.read_text("utf-8", "replace"):
            return True
    for count, path in enumerate(_test_files(repo)):
        if count >= MAX_TEST_FILES:
            break
        if path.name == "conftest.py" or _shows_pytest(path):
            return True
    return False


def choose_framework(
    repo: Path,
    interpreter: Interpreter,
    configured: Literal["auto", "pytest", "unittest"] = "auto",
    test_command: str | None = None,
) -> Framework:
    """The runner to use. pytest also runs unittest's tests, so it is taken wherever it is installed.

    Raises EnvironmentBroken where the tests need pytest and the interpreter lacks it.
    """
    if test_command:
        return "command"
    if configured == "unittest":
        return "unittest"
    if interpreter.has_pytest:
        return "pytest"
    if configured == "pytest" or uses_pytest(repo):
        raise EnvironmentBroken(
            f"The tests need pytest, which {interpreter.path} lacks. "
            f"Install it ({interpreter.path} -m pip install pytest) or name another interpreter with --python."
        )
    return "unittest"


def unittest_start(repo: Path) -> str:
    """Where unittest discovery begins: the root, or a test folder that is no package."""
    for name in ("tests", "test"):
        folder = repo / name
        if folder.is_dir() and not (folder / "__init__.py").exists() and any(folder.glob("test*.py")):
            return name
    return "."


def environment_for(interpreter: Interpreter, seed: int, extra: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of the tests. Nothing of the user's is in it but `extra` and the time zone."""
    environment = {
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PATH": f"{interpreter.path.parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        **dict.fromkeys(THREAD_COUNTS, "1"),
        "PYTHONHASHSEED": str(seed % 2**32),
    }
    if (interpreter.environment_root / "pyvenv.cfg").exists():
        environment["VIRTUAL_ENV"] = str(interpreter.environment_root)
    if interpreter.environment_root == Path(sys.prefix):
        environment["PYTEST_ADDOPTS"] = " ".join(f"-p no:{name}" for name in OWN_PLUGINS)
    if interpreter.user_base is not None:
        environment["PYTHONUSERBASE"] = str(interpreter.user_base)
    if "TZ" in os.environ:
        environment["TZ"] = os.environ["TZ"]
    return {**environment, **extra}


def _test_files(repo: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(repo):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in SKIPPED_FOLDERS
        )
        for name in sorted(files):
            if name == "conftest.py" or (name.endswith(".py") and name.startswith("test")):
                yield Path(folder, name)


def _shows_pytest(path: Path) -> bool:
    try:
        return PYTEST_SIGNS.search(path.read_bytes()) is not None
    except OSError:
        return False
