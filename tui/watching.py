"""Follow a tree for `graft index --watch` and tell each update, until the user asks to stop."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from index.graph import WorkTreeGraph
    from index.idle import IdleVectors
    from index.types import UpdateReport
    from index.vectors import VectorReport

_ASK_EVERY_S = 0.1
_REPEAT_S = 5.0


def follow(root: Path, store: str, *, vectors: bool | None, as_json: bool) -> None:
    """Bring the graph up to the tree, first now and then after each change; returns when asked to stop.

    Vectors are made in between: always if wanted, those that there are where None. Raises ModelUnusable if wanted.
    """
    from index.graph import open_graph
    from index.idle import IdleVectors
    from index.vectors import drop_vectors
    from tui.stopping import stoppable

    # Before numpy is loaded: what has time takes one core, and threads that find none free wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    graph = open_graph(root, store)
    try:
        if vectors is False:
            drop_vectors(graph.store)
        idle = IdleVectors(
            graph.store,
            wanted=bool(vectors),
            on_progress=_Progress(),
            on_report=_tell_vectors,
            on_trouble=_warn,
        )
        try:
            with stoppable() as asked:
                _follow(graph, idle, asked, _tell_json if as_json else _tell)
        finally:
            idle.close()
    finally:
        graph.close()


def _follow(
    graph: WorkTreeGraph,
    idle: IdleVectors,
    asked: Callable[[], bool],
    tell: Callable[[UpdateReport], None],
) -> None:
    """Watch in a thread, since only the main one hears signals."""
    from index.watch import watch

    stop = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="watch") as threads:
        watching = threads.submit(watch, graph, tell, stop, on_trouble=_warn, vectors=idle)
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


class _Progress:
    """A line on stderr now and then, however often it is called."""

    def __init__(self) -> None:
        self._told = monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        now = monotonic()
        if done < total and now - self._told >= _REPEAT_S:
            self._told = now
            _warn(f"{datetime.now():%H:%M:%S} vectors: {done} of {total} files")


def _tell_vectors(report: VectorReport) -> None:
    _warn(
        f"{datetime.now():%H:%M:%S} vectors: {report.files} files, {report.embedded} texts embedded, "
        f"{report.kept} as before"
    )


def _warn(message: str) -> None:
    click.echo(message, err=True)
