"""What SYMBOL or FILE:LINE:COL on the command line stands for. Says on stderr where that is not plain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from index.graph import WorkTreeGraph
    from index.queries import Answer
    from index.types import Symbol

_PLACE = re.compile(r"(?P<path>.+?):(?P<line>[1-9]\d*)(?::(?P<column>[1-9]\d*))?")
NAMESAKES_SHOWN = 5


def targets_of(graph: WorkTreeGraph, text: str) -> list[Answer]:
    """The symbols that an argument means, each with how sure that is; none, and near names told, if unknown."""
    from index.names import find_symbols
    from index.queries import at_symbols

    match = _PLACE.fullmatch(text)
    if match is not None and "::" not in text:
        return _at_place(graph, match["path"], int(match["line"]), int(match["column"] or 0))
    symbols = find_symbols(graph.store, text)
    if not symbols:
        _tell_unknown(graph, text)
    elif len(symbols) > 1:
        _tell_ambiguous(text, symbols)
    return at_symbols(symbols)


def _at_place(graph: WorkTreeGraph, name: str, line: int, column: int) -> list[Answer]:
    from index.queries import at_symbols, definition

    path = path_in_graph(graph.root, name)
    if column:
        found = definition(graph.store, path, line, column)
    else:
        around = graph.symbol_at(path, line)
        found = at_symbols([around] if around else [])
    if not found:
        record = next((each for each in graph.files() if each.path == path), None)
        why = "no such file is in the graph" if record is None else f"it was skipped ({record.skipped})"
        if record is not None and record.skipped is None:
            why = "nothing is defined there"
        click.echo(f"{path}:{line}: {why}.", err=True)
    return found


def path_in_graph(root: Path, name: str) -> str:
    """A file as the graph names it: as it is, counted from the repository, or from the current folder."""
    if (root / name).is_file() and not Path(name).is_absolute():
        return Path(name).as_posix()
    resolved = Path(name).absolute()
    for each in (resolved, resolved.resolve()):
        if each.is_relative_to(root):
            return each.relative_to(root).as_posix()
    return Path(name).as_posix()


def _tell_unknown(graph: WorkTreeGraph, text: str) -> None:
    from index.names import similar_names

    near = similar_names(graph.store, text)
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    click.echo(f"No symbol {text!r} in the graph.{hint}", err=True)


def _tell_ambiguous(text: str, symbols: list[Symbol]) -> None:
    shown = ", ".join(f"{s.path}::{s.qualified_name}" for s in symbols[:NAMESAKES_SHOWN])
    more = f" and {len(symbols) - NAMESAKES_SHOWN} more" if len(symbols) > NAMESAKES_SHOWN else ""
    click.echo(f"{text!r} names {len(symbols)} symbols, all answered for: {shown}{more}.", err=True)
