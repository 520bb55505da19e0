"""Graphs that a thread keeps up to their trees, for tests to wait on."""

from __future__ import annotations

import threading
import time

import pytest
from graph_trees import write_files

from index.graph import open_graph


class WatchedTree:
    """A graph and the thread that watches its tree, which runs `_run`; a subclass says how, and what to show."""

    patience_s = 60.0

    def __init__(self, root, store="sqlite:.graft/graph.db"):
        self.graph = open_graph(root, store)
        self.stop = threading.Event()

    def start(self, **options):
        self.thread = threading.Thread(target=self._run, kwargs=options)
        self.thread.start()

    def until(self, condition):
        deadline = time.monotonic() + self.patience_s
        while not condition():
            assert time.monotonic() < deadline, self.seen()
            time.sleep(0.01)

    def close(self):
        self.stop.set()
        self.thread.join(30)
        assert not self.thread.is_alive()
        self.release()

    def release(self):
        self.graph.close()


def watched_trees(kind):
    """A fixture that writes files and watches them; all is stopped at the end."""

    @pytest.fixture
    def watched(tmp_path):
        opened = []

        def start(files, **options):
            write_files(tmp_path, files)
            opened.append(kind(tmp_path, **options))
            return opened[-1]

        yield start
        for each in opened:
            each.close()

    return watched
