"""`graft graph show`: a symbol and what stands around it, as a tree in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from tui.graph.opened import graph_options, opened_graph, repository_and_rest

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

    from index.graph import WorkTreeGraph
    from index.queries import Answer
    from index.types import EdgeType, Symbol

SHOWN_OF_EACH = 12
SYMBOLS_SHOWN = 8
LINE_WIDTH = 1_000
"""Lines are never cut: the terminal wraps them, and a pipe gets them whole."""


@click.command(
    name="show",
    short_help="A symbol with its callers, callees, members, tests and bases.",
    epilog="Exit: 0 shown, 1 no such symbol, 2 bad usage, 3 environment broken or internal error, 130 cancelled.",
)
@click.argument("words", nargs=-1, metavar="[REPO] (SYMBOL|FILE:LINE:COL)")
@click.option(
    "--all", "everything", is_flag=True, help=f"Show all of each group. [default: the first {SHOWN_OF_EACH}]"
)
@graph_options
def command(words: tuple[str, ...], everything: bool, store: str | None, no_update: bool) -> int:
    """Print SYMBOL of REPO [default: the current folder] and its neighbours as a tree."""
    from tui.console import console
    from tui.graph.target import targets_of

    folder, text = repository_and_rest(words, "SYMBOL")
    with opened_graph(folder, store, update=not no_update) as graph:
        targets = targets_of(graph, text)
        for target in targets if everything else targets[:SYMBOLS_SHOWN]:
            tree = tree_of(graph, target, None if everything else SHOWN_OF_EACH)
            console().print(tree, width=LINE_WIDTH, no_wrap=True, crop=False)
    if not everything and len(targets) > SYMBOLS_SHOWN:
        click.echo(f"and {len(targets) - SYMBOLS_SHOWN} more; --all shows them", err=True)
    return 0 if targets else 1


def tree_of(graph: WorkTreeGraph, target: Answer, limit: int | None) -> Tree:
    """The symbol as a tree, groups without anything left out."""
    from rich.text import Text
    from rich.tree import Tree

    symbol = target.symbol
    head = Text(symbol.signature or f"{symbol.kind.value} {symbol.qualified_name}", style="bold")
    head.append(f"  {symbol.path}:{symbol.span.start_line}-{symbol.span.end_line}", style="dim")
    tree = Tree(head, guide_style="dim")
    if symbol.docstring.strip():
        tree.add(Text(symbol.docstring.strip().splitlines()[0], style="italic"))
    for title, answers in _groups(graph, target):
        if not answers:
            continue
        branch = tree.add(Text(f"{title} ({len(answers)})", style="cyan"))
        for answer in answers[:limit]:
            branch.add(_line(answer, title))
        if limit is not None and len(answers) > limit:
            branch.add(Text(f"and {len(answers) - limit} more", style="dim"))
    _add_places(graph, symbol, tree, limit)
    return tree


def _add_places(graph: WorkTreeGraph, symbol: Symbol, tree: Tree, limit: int | None) -> None:
    """The places in texts that speak of the symbol."""
    from rich.text import Text

    from index.documented import document_edges, text_places

    places = text_places(document_edges(graph.store, target=symbol.uid))
    if not places:
        return
    branch = tree.add(Text(f"documented in ({len(places)})", style="cyan"))
    for span in places[:limit]:
        branch.add(Text(f"{span.path}:{span.start_line}"))
    if limit is not None and len(places) > limit:
        branch.add(Text(f"and {len(places) - limit} more", style="dim"))


def _groups(graph: WorkTreeGraph, target: Answer) -> Iterator[tuple[str, list[Answer]]]:
    from index import queries
    from index.types import EdgeType

    store, symbol = graph.store, target.symbol
    yield "bases", _neighbours(graph, symbol, EdgeType.INHERITS, outgoing=True)
    yield "subclasses", _neighbours(graph, symbol, EdgeType.INHERITS, outgoing=False)
    yield "overrides", _neighbours(graph, symbol, EdgeType.OVERRIDES, outgoing=True)
    yield "overridden by", _neighbours(graph, symbol, EdgeType.OVERRIDES, outgoing=False)
    members = [each for each in store.symbols(path=symbol.path) if each.parent_uid == symbol.uid]
    yield "members", queries.at_symbols(members)
    yield "callers", queries.callers(store, [target])
    yield "callees", queries.callees(store, [target])
    yield "tests", queries.covering_tests(store, [target])


def _neighbours(graph: WorkTreeGraph, symbol: Symbol, type_: EdgeType, *, outgoing: bool) -> list[Answer]:
    from index.queries import Answer

    here = {"source" if outgoing else "target": symbol.uid}
    edges = graph.edges(**here, types=[type_])
    ends = {(edge.target if outgoing else edge.source): edge for edge in edges}
    symbols = graph.store.symbols_by_uid(ends)
    return [
        Answer(symbols[uid], symbols[uid].span, edge.resolution, edge.confidence)
        for uid, edge in ends.items()
        if uid in symbols
    ]


def _line(answer: Answer, title: str) -> Text:
    from rich.text import Text

    symbol = answer.symbol
    name = symbol.name if title == "members" else symbol.qualified_name
    line = Text(name)
    line.append(f"  {symbol.kind.value}", style="dim")
    line.append(f"  {symbol.path}:{symbol.span.start_line}", style="dim")
    if answer.resolution != "exact":
        line.append(f"  {answer.resolution.value} {answer.confidence:g}", style="yellow")
    return line
