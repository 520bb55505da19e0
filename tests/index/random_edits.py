"""Random trees of made-up Python modules, and random edits of them, for the tests of `index`."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

NAMES = ("alpha", "beta", "run", "value", "helper", "Base", "Child", "Thing")
MODULES = ("pkg.one", "pkg.two", "pkg", "pkg.sub.deep", "pkg.sub", "solo", "tests.support", "src_only")
PATHS = (
    "pkg/__init__.py", "pkg/one.py", "pkg/two.py", "pkg/sub/__init__.py", "pkg/sub/deep.py", "solo.py",
    "src/src_only.py", "tests/support.py", "tests/test_one.py", "tests/test_solo.py", "tests/conftest.py",
    "README.md",
)  # fmt: skip


def random_module(rng: random.Random) -> str:
    """A module of imports, classes and functions that use each other's names at random."""
    name, module = lambda: rng.choice(NAMES), lambda: rng.choice(MODULES)
    statements = [
        lambda: f"import {module()}",
        lambda: f"import {module()} as {name()}",
        lambda: f"from {module()} import {name()}",
        lambda: f"from {module()} import {name()} as {name()}",
        lambda: f"from {module()} import *",
        lambda: f"from . import {name()}",
        lambda: f"from .{rng.choice(('one', 'two', 'deep', 'sub'))} import {name()}",
        lambda: f"{name()} = {name()}({name()})",
        lambda: f"{name()}: {name()} = {module()}.{name()}",
        lambda: f"__all__ = ['{name()}', '{name()}']",
        lambda: (
            f"def {name()}({name()}: {name()} = None) -> {name()}:\n    return {name()}({name()}).{name()}()"
        ),
        lambda: f"def test_{name()}({name()}):\n    {name()}.{name()}()\n    {name()}()",
        lambda: f"import pytest\n@pytest.fixture\ndef {name()}({name()}):\n    yield {name()}()",
        lambda: (
            f"class {name()}({name()}):\n    {name()} = {name()}\n    def __init__(self):\n"
            f"        self.{name()} = {name()}()\n    def {name()}(self):\n        return self.{name()}.{name()}()\n"
            f"    def {name()}(self) -> {name()}:\n        return super().{name()}()"
        ),
    ]
    return "\n".join(rng.choice(statements)() for _ in range(rng.randint(1, 7))) + "\n"


def random_text(rng: random.Random) -> str:
    """Paragraphs that speak of names at random, as code or not."""
    name, module = lambda: rng.choice(NAMES), lambda: rng.choice(MODULES)
    sentences = [
        lambda: f"Call `{name()}()` or `{name()}.{name()}`.",
        lambda: f"See ``{module()}.{name()}`` and {name()}.",
        lambda: f"```\n`{name()}()`\n```",
        lambda: f"# {name()}\n\n`{name()}`",
    ]
    return "\n\n".join(rng.choice(sentences)() for _ in range(rng.randint(1, 9))) + "\n"


def random_content(path: Path, rng: random.Random) -> str:
    return random_text(rng) if path.suffix == ".md" else random_module(rng)


def random_edit(root: Path, rng: random.Random) -> str:
    """Change the tree a little; returns what was done, for the failure message."""
    present = [path for path in PATHS if (root / path).exists()]
    kind = rng.choice(("write", "write", "write", "delete", "move", "append", "cut", "folder"))
    path = root / rng.choice(PATHS)
    if kind == "write" or not present:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(random_content(path, rng))
        return f"write {path.name}"
    chosen = root / rng.choice(present)
    if kind == "delete":
        chosen.unlink()
    elif kind == "move":
        path.parent.mkdir(parents=True, exist_ok=True)
        chosen.rename(path)
    elif kind == "append":
        chosen.write_text(chosen.read_text() + random_content(chosen, rng))
    elif kind == "cut":
        chosen.write_text("\n".join(chosen.read_text().split("\n")[1:]))
    elif (root / "pkg").exists():
        shutil.rmtree(root / "pkg" / "sub", ignore_errors=True)
        (root / "pkg").rename(root / "other") if rng.random() < 0.5 and not (
            root / "other"
        ).exists() else None
    return f"{kind} {chosen.name}"
