"""What an open file's functions came to is taken again exactly: reading again equals reading afresh."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from index.content import content_of
from index.facts import FileFacts, dump_body, dump_interface
from index.modules import module_name
from index.python.extract import extract
from index.python.pieces import Pieces

ROOT = Path(__file__).resolve().parents[2]
LINES = (
    "def typed(a):", "x = 1", "    self.name = Thing()", '"""', "(", "]", "global x", "    global x", "\tpass",
    "# é", "class A(TestCase):", "from x import *", "\f", "    def run(self): self.name = 1", "    run = run()",
    "        nonlocal run", "@property", "__all__ = ['run']", "    value = [run for run in (lambda a=run: a)()]",
)  # fmt: skip


def edited(text: str, rng: random.Random, other: str) -> str:
    """A text after one edit, such as typing, moving and pasting make; many leave it broken."""
    lines, kind = text.split("\n"), rng.randrange(9)
    at = rng.randrange(len(lines))
    end = min(len(lines), at + rng.randrange(1, 40))
    if kind == 0:
        lines.insert(at, rng.choice(LINES))
    elif kind == 1:
        del lines[at:end]
    elif kind == 2:
        lines[at:at] = lines[at:end]
    elif kind == 3:
        lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
    elif kind == 4:
        pasted = other.split("\n")
        start = rng.randrange(len(pasted))
        lines[at:at] = pasted[start : start + rng.randrange(1, 60)]
    elif kind == 5:
        word = rng.choice([word for word in text.replace(".", " ").split() if word.isidentifier()] or ["x"])
        return text.replace(word, f"{word}_renamed", rng.randrange(1, 5))
    elif kind == 6:
        lines.insert(0, rng.choice(("# -*- coding: latin-1 -*-", "import os", '"""About it."""')))
    else:
        lines[at] = f"    {lines[at]}" if kind == 7 else lines[at].lstrip()
    return "\n".join(lines)


def dumped(facts: FileFacts) -> tuple[object, ...]:
    """All of the facts, with the order of their names."""
    return facts.symbols, dump_interface(facts.interface), dump_body(facts.body), facts.has_errors


def assert_same(path: str, text: str, pieces: Pieces, what: str) -> None:
    content, module = content_of(text.encode("utf-8", "replace")), module_name(path)
    again = extract(".", path, module, content, pieces)
    assert dumped(again) == dumped(extract(".", path, module, content)), what


@pytest.mark.parametrize("seed", range(4))
def test_reading_again_after_random_edits_of_real_files_equals_reading_afresh(seed):
    rng = random.Random(seed)
    paths = sorted(p for folder in ("index", "tests/index") for p in (ROOT / folder).rglob("*.py"))
    for _ in range(6):
        place = rng.choice(paths)
        path, text, other = (
            place.relative_to(ROOT).as_posix(),
            place.read_text(),
            rng.choice(paths).read_text(),
        )
        pieces = Pieces()
        for step in range(8):
            assert_same(path, text, pieces, f"seed {seed}, {path}, step {step}")
            text = edited(text, rng, other)


METHODS = """class A({base}):
    {first}

    def one(self):
        self.held = B()
        {second}

    def test_two(self):
        self.held = C()
        self.held.run()


def last(a: A): return a.one
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"base": "TestCase"}),
        ({}, {"first": "held = None"}),
        ({}, {"first": "def one(self): pass"}),
        ({}, {"first": "global held, one"}),
        ({}, {"first": "def test_two(self): self.held = 1"}),
        ({"second": "self.other = 1"}, {}),
        ({"second": "global made; made = D()"}, {"second": "global made; made = D()", "first": "x = 1"}),
        ({"second": "from x import *"}, {"second": "from x import *", "first": "x = 1"}),
        ({}, {"first": "    def nested(self): pass"}),
        ({}, {"second": "def one(): nonlocal self"}),
        ({"first": "x = 'é'"}, {"first": "x = 'e'"}),
    ],
)
def test_function_whose_class_changed_around_it_is_read_as_afresh(before, after):
    pieces, plain = Pieces(), {"base": "", "first": "pass", "second": "pass"}
    for step in (before, after, before):
        assert_same("a.py", METHODS.format(**plain | step), pieces, f"{before} → {after}")


def test_functions_that_only_moved_are_not_walked_again(monkeypatch):
    from index.python import extract as module

    walked: list[str] = []
    walk = module._PythonFile._function

    def noted(self, node, *rest):
        walked.append(self.text(node.child_by_field_name("name")))
        walk(self, node, *rest)

    monkeypatch.setattr(module._PythonFile, "_function", noted)
    pieces, plain = Pieces(), {"base": "", "first": "pass", "second": "pass"}
    for first, expected in (("pass", ["one", "test_two", "last"]), ("x = 1\n\n    def f(self): pass", ["f"])):
        walked.clear()
        extract(".", "a.py", "a", content_of(METHODS.format(**plain | {"first": first}).encode()), pieces)
        assert walked == expected
