"""Call sites and definitions of a Python tree, by the standard library's parser. Knows no graph, no checker."""

from __future__ import annotations

import ast
import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_SKIPPED = frozenset({".git", ".graft", ".tox", "build", "node_modules"})
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Place(NamedTuple):
    """A position in a file; lines and columns are 1-based, columns in code points."""

    path: str
    line: int
    column: int


class Target(NamedTuple):
    """A definition: `kind` is `class`, `function` or `variable`."""

    path: str
    qualified_name: str
    kind: str


@dataclass(slots=True)
class Tree:
    """What a tree's files define and where they call. A call's place is that of the callee's last name."""

    root: Path
    sites: list[Place] = field(default_factory=list)
    callee: dict[Place, str] = field(default_factory=dict)
    """The callee's source at every call site."""
    ends: dict[tuple[str, int, int], Place] = field(default_factory=dict)
    """(path, line, byte) where a call ends → its site."""
    definitions: dict[Place, Target] = field(default_factory=dict)
    """By the place of the defined name."""
    renamed: dict[str, set[str]] = field(default_factory=dict)
    """Path → names that an import statement of the file gives to something of another name."""


def read_tree(root: Path) -> Tree:
    """Read every Python file that parses; others are left out."""
    tree = Tree(root)
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root)
        if _SKIPPED.isdisjoint(relative.parts):
            _read_file(tree, path, relative.as_posix())
    return tree


def draw(sites: list[Place], count: int, seed: int) -> list[Place]:
    """A sample in order of place."""
    return sorted(random.Random(seed).sample(sites, min(count, len(sites))))


def _read_file(tree: Tree, path: Path, name: str) -> None:
    try:
        text = path.read_text("utf-8")
        with warnings.catch_warnings(action="ignore"):
            parsed = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    lines = text.split("\n")

    def place(line: int, byte: int) -> Place:
        return Place(name, line, len(lines[line - 1].encode()[:byte].decode()) + 1)

    for node, qualified_name in _definitions(parsed, ""):
        word = "class" if isinstance(node, ast.ClassDef) else "def"
        text_line = lines[node.lineno - 1]
        start = text_line.find(
            node.name, text_line.find(word, place(node.lineno, node.col_offset).column - 1)
        )
        kind = "class" if word == "class" else "function"
        target = Target(name, qualified_name, kind)
        tree.definitions[Place(name, node.lineno, start + 1)] = target
    tree.renamed[name] = {n.asname for n in ast.walk(parsed) if isinstance(n, ast.alias) and n.asname}
    for call in ast.walk(parsed):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
            callee, end = call.func, (call.func.end_lineno or 0, call.func.end_col_offset or 0)
            last = callee.id if isinstance(callee, ast.Name) else callee.attr
            site = place(end[0], end[1] - len(last.encode()))
            if lines[site.line - 1][site.column - 1 :].startswith(last):
                tree.sites.append(site)
                tree.ends[name, call.end_lineno or 0, call.end_col_offset or 0] = site
                tree.callee[site] = ast.unparse(callee)


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[Definition, str]]:
    """Every class and function with its qualified name, outer ones first."""
    pending = [(node, prefix)]
    while pending:
        current, outer = pending.pop()
        for child in ast.iter_child_nodes(current):
            if isinstance(child, Definition):
                inner = f"{outer}.{child.name}" if outer else child.name
                yield child, inner
                pending.append((child, inner))
            else:
                pending.append((child, outer))
