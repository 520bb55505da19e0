"""One small project per language, with what the graph must know of it.

A language joins the contract test by a module of this folder with `SAMPLES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules


@dataclass(frozen=True)
class Sample:
    """`files` hold at least two files of the language, one of them a test."""

    language: str
    files: dict[str, str]
    symbols: frozenset[str]
    """`path::qualified name kind` of all symbols but modules."""
    edges: frozenset[str]
    """Lines of `edge_lines` that must be there: a call, an import, a base, a construction, a test."""
    documented: tuple[str, str]
    """(qualified name, its whole docstring)."""
    broken: tuple[str, str]
    """(path, content that does not parse but defines `kept` before the fault)."""
    never: frozenset[str] = frozenset()
    """Lines that must not be there."""


def lines(text: str) -> frozenset[str]:
    return frozenset(line.strip() for line in text.strip().splitlines())


def samples() -> list[Sample]:
    """The samples of every module here."""
    names = sorted(module.name for module in iter_modules(__path__))
    return [sample for name in names for sample in import_module(f"{__name__}.{name}").SAMPLES]
