"""Find the definition that somebody means: by uid, by `path::qualified.name`, or by a path and a line.

Reads the file as it is now; what the graph says of an older content only leads to the name. Edits nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol

from index.ast.extent import extent_of
from index.content import Unreadable
from index.definitions import Definition, definitions, named
from index.errors import SymbolNotFound, WriteRefused
from index.syntax import SourceFile, read_source
from index.types import Symbol


class KnowsSymbols(Protocol):
    """The part of a RepositoryGraph that turns a uid into a symbol."""

    def symbol(self, uid: str) -> Symbol | None: ...


@dataclass(frozen=True, slots=True)
class Target:
    """A definition in the file as it is now."""

    source: SourceFile
    definition: Definition


def find_target(
    root: Path, address: str | tuple[str, int] | Symbol, graph: KnowsSymbols | None = None
) -> Target:
    """The definition at `path::qualified.name`, at (path, 1-based line), of a Symbol or of a uid that `graph` knows.

    A name may leave out its first parts where that is clear. Raises SymbolNotFound and WriteRefused.
    """
    match address:
        case Symbol():
            source = _read(root, address.path)
            return Target(source, definition_of(source, address))
        case (path, line):
            source = _read(root, path)
            return Target(source, definition_at(source, line))
        case str() if "::" in address:
            path, _, name = address.partition("::")
            source = _read(root, path)
            return Target(source, definition_named(source, name))
        case _:
            symbol = graph.symbol(address) if graph is not None else None
            if symbol is None:
                raise SymbolNotFound(
                    f"No symbol is called {address}. Name it as path::qualified.name, or by a path and a line.",
                    "",
                )
            return find_target(root, symbol)


def definition_named(source: SourceFile, name: str) -> Definition:
    """The one definition of that name in a file. Raises SymbolNotFound where there is none or more than one."""
    found = named(source, name)
    if len(found) == 1:
        return found[0]
    if found:
        raise SymbolNotFound(_ambiguous(source, name, found), source.path)
    names = list(dict.fromkeys(each.qualified_name for each in definitions(source)))
    last = name.rpartition(".")[2]
    near = [each for each in names if each.rpartition(".")[2] == last] or get_close_matches(
        name, names, 3, 0.5
    )
    said = f"Did you mean {' or '.join(near[:3])}?" if near else "Name it by a path and a line."
    raise SymbolNotFound(f"{source.path} defines no {name}. {said}", source.path)


def definition_at(source: SourceFile, line: int) -> Definition:
    """The innermost definition whose lines hold that one, its decorators and comments included.

    Raises SymbolNotFound.
    """
    best = None
    for each in definitions(source):
        extent = extent_of(source, each)
        first = source.lines.position(extent.attached_start)[0]
        if first <= line <= source.lines.position(extent.end)[0]:
            best = each
    if best is None:
        raise SymbolNotFound(
            f"No definition is at {source.path}:{line}. Name a line inside of one.", source.path
        )
    return best


def definition_of(source: SourceFile, symbol: Symbol) -> Definition:
    """The definition of a graph's symbol: of its name, nearest to where it was. Raises SymbolNotFound."""
    every = definitions(source)
    alike = [each for each in every if each.qualified_name == symbol.qualified_name]
    alike = alike or [each for each in every if each.name == symbol.name]
    if not alike:
        return definition_named(source, symbol.qualified_name)
    middle = symbol.span.start_byte
    return min(alike, key=lambda each: abs(extent_of(source, each).start - middle))


def _ambiguous(source: SourceFile, name: str, found: Sequence[Definition]) -> str:
    places = ", ".join(str(source.span(each.node).start_line) for each in found[:10])
    return f"{source.path} defines {name} at lines {places}. Name it by a path and a line."


def _read(root: Path, path: str) -> SourceFile:
    try:
        top, target = root.resolve(), (root / path).resolve()
        inside = target.is_relative_to(top) and ".git" not in target.relative_to(top).parts
    except (OSError, RuntimeError, ValueError):
        inside = False
    if not inside:
        raise WriteRefused(
            f"{path} lies outside of {root}, or leads there by a link. Name a file inside.", path
        )
    try:
        return read_source(root, path)
    except Unreadable as reason:
        raise SymbolNotFound(f"Cannot edit {path}: {reason}.", path) from None
