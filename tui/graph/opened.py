"""Open the graph that a command asks, brought up to date unless told otherwise. Knows no command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from index.graph import WorkTreeGraph

Function = TypeVar("Function", bound=Callable[..., object])
STORE_HELP = "The graph store. [default: index.store of the settings]"


def store_option(function: Function) -> Function:
    """Add --store."""
    return click.option("--store", metavar="URL", help=STORE_HELP)(function)


def graph_options(function: Function) -> Function:
    """Add --store and --no-update."""
    option = click.option("--no-update", is_flag=True, help="Answer from the graph as it is.")
    return store_option(option(function))


@contextmanager
def opened_graph(folder: Path, store: str | None, *, update: bool) -> Iterator[WorkTreeGraph]:
    """The graph of the repository at `folder`; with `update` first brought up to its tree.

    Raises NotIndexed where nothing was ever indexed and nothing is to be.
    """
    from agent.config import load_config
    from index.errors import NotIndexed
    from index.graph import open_graph
    from tui.arguments import repository
    from tui.progress import graph_progress, shown_progress
    from tui.stopping import stoppable

    root = repository(folder)
    graph = open_graph(root, load_config(folder, {"index.store": store}).index.store)
    try:
        if update:
            with stoppable() as cancelled, shown_progress() as observe:
                graph.update(graph_progress(observe, "index"), cancelled)
        elif graph.store.indexed_at() == 0:
            raise NotIndexed(f"{graph.store.location} holds no graph of {root} yet. Run `graft index` first.")
        yield graph
    finally:
        graph.close()


def repository_and_rest(words: tuple[str, ...], what: str) -> tuple[Path, str]:
    """(repository, the other argument): the repository comes first, and may be left out. Raises UsageError."""
    match words:
        case (rest,) if rest.strip():
            return Path(), rest
        case (repo, rest) if rest.strip():
            return Path(repo), rest
        case _ if len(words) < 2:
            raise click.UsageError(
                f"There is no {what}. Give one, after the repository if that is named too."
            )
        case _:
            raise click.UsageError(f"Too many arguments. Give REPO, if not the current folder, and {what}.")
