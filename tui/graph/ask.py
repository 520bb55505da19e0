"""`graft graph definition|references|callers|callees|tests`: one question each about a symbol or a place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tui.graph.opened import graph_options, opened_graph, repository_and_rest

if TYPE_CHECKING:
    from index.queries import Answer
    from index.store import GraphReader

    Query = Callable[[GraphReader, Sequence[Answer], bool], list[Answer]]

Command = TypeVar("Command", bound=Callable[..., object])
EPILOG = "Exit: 0 answers found, 1 none, 2 bad usage, 3 environment broken or internal error, 130 cancelled."
QUESTIONS = {
    "definition": ("Where a symbol, or the use at a place, is defined.", "definition of"),
    "references": ("Every use of a symbol.", "use of"),
    "callers": ("The symbols that call or instantiate a symbol.", "caller of"),
    "callees": ("The symbols that a symbol calls or instantiates.", "callee of"),
    "tests": ("The tests that reach a symbol.", "test of"),
}
"""Short help, and what to say where there is none."""


def question(name: str) -> click.Command:
    """The subcommand that asks this question."""

    @click.command(name=name, short_help=QUESTIONS[name][0], epilog=EPILOG)
    @click.argument("words", nargs=-1, metavar="[REPO] (SYMBOL|FILE:LINE:COL)")
    @_all_option(name)
    @graph_options
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON list on stdout, and nothing else.")
    def command(
        words: tuple[str, ...], store: str | None, no_update: bool, as_json: bool, name_only: bool = False
    ) -> int:
        return _answer(name, words, name_only, store, no_update, as_json)

    command.help = (
        f"{QUESTIONS[name][0]}\n\n"
        "SYMBOL is a name, Class.method, pkg.mod.name, path::qualified.name or a uid. Lines and columns are "
        "1-based, columns count code points."
    )
    return command


def _all_option(name: str) -> Callable[[Command], Command]:
    """--all, for those questions whose answer it changes."""
    if name in ("definition", "tests"):
        return lambda function: function
    return click.option("--all", "name_only", is_flag=True, help="Answer also by name what was not resolved.")


def _answer(
    name: str, words: tuple[str, ...], name_only: bool, store: str | None, no_update: bool, as_json: bool
) -> int:
    from tui.console import print_json
    from tui.graph.target import targets_of

    folder, text = repository_and_rest(words, "SYMBOL")
    with opened_graph(folder, store, update=not no_update) as graph:
        targets = targets_of(graph, text)
        answers = _query(name)(graph.store, targets, name_only) if targets else []
    if as_json:
        print_json([to_json(answer) for answer in answers])
    elif answers:
        for answer in answers:
            click.echo(as_line(answer))
    elif targets:
        click.echo(f"No {QUESTIONS[name][1]} {targets[0].symbol.qualified_name} in the graph.", err=True)
    return 0 if answers else 1


def _query(name: str) -> Query:
    from index import queries

    match name:
        case "references":
            return lambda store, targets, all_: queries.references(store, targets, name_only=all_)
        case "callers":
            return lambda store, targets, all_: queries.callers(store, targets, name_only=all_)
        case "callees":
            return lambda store, targets, all_: queries.callees(store, targets, name_only=all_)
        case "tests":
            return lambda store, targets, _: queries.covering_tests(store, targets)
    return lambda _, targets, __: list(targets)


def to_json(answer: Answer) -> dict[str, Any]:
    """An answer as the documented object."""
    return {
        "path": answer.span.path,
        "qualified_name": answer.symbol.qualified_name,
        "kind": answer.symbol.kind.value,
        "start_line": answer.span.start_line,
        "end_line": answer.span.end_line,
        "column": answer.span.start_column,
        "resolution": answer.resolution.value,
        "confidence": answer.confidence,
    }


def as_line(answer: Answer) -> str:
    """An answer as `path:line:column  name (kind)`, how it was found added unless that is certain."""
    span, symbol = answer.span, answer.symbol
    sure = "" if answer.resolution == "exact" else f"  {answer.resolution.value} {answer.confidence:g}"
    place = f"{span.path}:{span.start_line}:{span.start_column}"
    return f"{place}  {symbol.qualified_name} ({symbol.kind.value}){sure}"
