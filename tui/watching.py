"""Follow a tree for `graft index --watch` and tell each update, until the user asks to stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from index.graph import WorkTreeGraph
    from index.types import UpdateReport

_ASK_EVERY_S = 0.1


def follow(root: Path, store: str, *, as_json: bool) -> None:
    """Bring the graph up to the tree, first now and then after each change; returns when asked to stop."""
    from index.graph import open_graph
    from tui.stopping import stoppable

    graph = open_graph(root, store)
    try:
        with stoppable() as asked:
            _follow(graph, asked, _tell_json if as_json else _tell)
    finally:
        graph.close()


def _follow(graph: WorkTreeGraph, asked: Callable[[], bool], tell: Callable[[UpdateReport], None]) -> None:
    """Watch in a thread, since only the main one hears signals."""
    from index.watch import watch

    stop = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="watch") as threads:
        watching = threads.submit(watch, graph, tell, stop, on_trouble=_warn)
        try:
            while not asked():
                try:
                    watching.result(timeout=_ASK_EVERY_S)
                    return
                except TimeoutError:
                    continue
        finally:
            stop.set()
        watching.result()


def _tell(report: UpdateReport) -> None:
    click.echo(
        f"{datetime.now():%H:%M:%S} {report.files_parsed} parsed, {report.files_removed} removed; "
        f"{report.symbols} symbols, {report.edges} edges; {report.seconds:.2f} s"
    )


def _tell_json(report: UpdateReport) -> None:
    from tui.commands.index import to_json

    click.echo(json.dumps(to_json(report)))


def _warn(message: str) -> None:
    click.echo(message, err=True)
