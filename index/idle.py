"""Make the vectors of a graph while nothing else goes on: in a thread of the lowest priority. Knows no watcher.

Whoever keeps the graph up to its tree says when that rests: a watch, or a language server.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from functools import partial

from index.errors import GraphError, ModelUnusable, UpdateCancelled
from index.repository import Progress
from index.retrieval.embed import Embedder, need_embedder, need_model
from index.retrieval.meaning import installed_embedder
from index.store import GraphStore
from index.vectors import VectorReport, update_vectors

_QUIET_S = 1.0
"""So long nothing may have changed before vectors are made: a burst of changes is over then."""
_LOWEST_PRIORITY = 19


class IdleVectors:
    """Keeps a store's vectors up between `go_on` and `rest`, from its first `go_on` to `close`.

    `rest` and `close` stop it within a quarter of a second's work, and nothing is lost by it. A store without
    vectors gets some only if they are `wanted`. The callbacks are called in the thread: `on_report` after each round
    that found work, `on_trouble` in words where a round failed, which is tried again after the next `go_on`.

    Raises ModelUnusable if vectors are wanted and no model is installed; a damaged one is told to `on_trouble`.
    """

    def __init__(
        self,
        store: GraphStore,
        *,
        wanted: bool = False,
        load: Callable[[], Embedder | None] | None = None,
        on_progress: Progress | None = None,
        on_report: Callable[[VectorReport], None] = lambda report: None,
        on_trouble: Callable[[str], None] = lambda message: None,
    ) -> None:
        if wanted and load is None:
            need_model()
        self._store, self._wanted = store, wanted
        self._load = load or (need_embedder if wanted else installed_embedder)
        self._on_progress, self._on_report, self._on_trouble = on_progress, on_report, on_trouble
        self._told = threading.Condition()
        self._closed, self._resting = False, True
        self._rests = self._asked = self._done = 0
        self._thread = threading.Thread(target=self._run, name="idle vectors", daemon=True)

    def rest(self) -> None:
        """Something changes, or is about to: stop. Does not wait for it."""
        with self._told:
            self._resting = True
            self._rests += 1
            self._told.notify_all()

    def go_on(self) -> None:
        """The graph is up to date, and nothing changes: make the vectors that it lacks."""
        with self._told:
            self._resting = False
            self._asked += 1
            self._told.notify_all()
            if self._thread.ident is None:
                self._thread.start()

    def close(self) -> None:
        """Stop for good. The store must not be closed before."""
        with self._told:
            self._closed = True
            self._told.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        _lower_priority()
        while (said := self._next()) is not None:
            try:
                self._round(partial(self._is_over, said[1]))
            except UpdateCancelled:
                continue
            except ModelUnusable as error:
                self._on_trouble(str(error))
                return
            except GraphError as error:
                self._on_trouble(f"{error} Vectors will be made after the next change.")
            self._done = said[0]

    def _next(self) -> tuple[int, int] | None:
        """Wait for work, and then for quiet: how often it was told to go on, and to rest. None when closed."""
        with self._told:
            while not self._closed:
                self._told.wait_for(self._is_due)
                said = self._asked, self._rests
                if not self._told.wait_for(partial(self._is_other, said), _QUIET_S):
                    return said
            return None

    def _is_due(self) -> bool:
        return self._closed or (not self._resting and self._asked != self._done)

    def _is_over(self, rests: int) -> bool:
        """Whether a round that began after so many rests is to stop: a rest may be over before it is noticed."""
        return self._closed or self._rests != rests

    def _is_other(self, said: tuple[int, int]) -> bool:
        return self._closed or (self._asked, self._rests) != said

    def _round(self, stopped: Callable[[], bool]) -> None:
        if not self._wanted and not self._store.vectors.made_of():
            return
        embedder = self._load()
        if embedder is None:
            return
        report = update_vectors(self._store, embedder, self._on_progress, stopped)
        if report.files:
            self._on_report(report)


def _lower_priority() -> None:
    """Of this thread, and those of the numeric library that it starts. Elsewhere than on Linux threads have none."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)
