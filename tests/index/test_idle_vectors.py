"""Vectors that are made while a watched tree rests: they follow edits, give way to them, and nothing done is lost."""

from __future__ import annotations

import os
import sys
import threading
import time

import numpy as np
import pytest
from graph_trees import write_files
from watched_trees import WatchedTree, watched_trees

from index.errors import GraphError, ModelUnusable
from index.idle import IdleVectors
from index.vectors import update_vectors
from index.watch import watch

FEW = {
    "mail.py": "def send_invoice(cart): pass\n",
    "dates.py": "def parse_day(text): pass\n",
}
MANY = {"many.py": "\n".join(f"def number_{n}(): pass" for n in range(300))}
MANY_TEXTS = 301


class SlowEmbedder:
    """Takes time, as the real one does, but no processor's; notes when it was asked, and at which priority."""

    name, width = "slow", 4

    def __init__(self, text_s=0.01):
        self.text_s, self.texts, self.last = text_s, 0, 0.0
        self.priorities, self.failure = set(), None

    def encode(self, texts, max_pieces):
        if self.failure:
            raise self.failure
        time.sleep(self.text_s * len(texts))
        self.texts += len(texts)
        self.last = time.monotonic()
        if sys.platform == "linux":
            self.priorities.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return np.eye(4, dtype=np.float32)[[0] * len(texts)]


class Watched(WatchedTree):
    """A graph that a thread keeps up to its tree, with its vectors."""

    patience_s = 120.0

    def __init__(self, root, *, polling=False, **options):
        super().__init__(root)
        self.updates, self.reports, self.troubles = [], [], []
        self.idle = IdleVectors(
            self.graph.store, on_report=self.reports.append, on_trouble=self.troubles.append, **options
        )
        self.start(polling=polling)

    def _run(self, polling):
        watch(self.graph, self.updates.append, self.stop, polling=polling, vectors=self.idle)

    def seen(self):
        return self.updates, self.reports, self.troubles

    def release(self):
        self.idle.close()
        super().release()


watched = watched_trees(Watched)


@pytest.mark.parametrize("polling", [False, True])
def test_vectors_follow_a_watched_tree(watched, tmp_path, polling):
    slow = SlowEmbedder(0)
    seen = watched(FEW, wanted=True, polling=polling, load=lambda: slow)
    seen.until(lambda: seen.reports)
    assert seen.graph.store.vectors.made_of().keys() == FEW.keys()
    write_files(tmp_path, {"mail.py": "def repaint(wall): pass\n", "bills.py": "def bill(customer): pass\n"})
    (tmp_path / "dates.py").unlink()
    seen.until(lambda: seen.graph.store.vectors.made_of().keys() == {"mail.py", "bills.py"})
    seen.until(lambda: update_vectors(seen.graph.store, slow).files == 0)
    assert slow.texts == 8, "two files with a definition each, twice"
    assert seen.troubles == []


def test_a_change_stops_the_work_at_once_and_nothing_done_is_lost(watched, tmp_path):
    slow = SlowEmbedder()
    seen = watched(MANY, wanted=True, load=lambda: slow)
    seen.until(lambda: slow.texts > 40)
    before = len(seen.updates)
    write_files(tmp_path, {"new.py": "def fresh(): pass\n"})
    seen.until(lambda: len(seen.updates) > before)
    assert slow.texts < MANY_TEXTS, "the update did not wait for vectors"
    seen.until(lambda: seen.reports)
    assert seen.graph.store.vectors.made_of().keys() == {"many.py", "new.py"}
    assert slow.texts == MANY_TEXTS + 2
    assert slow.priorities <= {19}


def test_rest_and_close_end_within_a_moment(watched):
    slow = SlowEmbedder()
    seen = watched(MANY, wanted=True, load=lambda: slow)
    seen.until(lambda: slow.texts)
    seen.idle.rest()
    rested = time.monotonic()
    time.sleep(1.5)
    assert slow.last - rested < 0.5
    assert slow.texts < MANY_TEXTS
    seen.idle.go_on()
    texts = slow.texts
    seen.until(lambda: slow.texts > texts)
    began = time.monotonic()
    seen.idle.close()
    assert time.monotonic() - began < 1
    assert slow.texts < MANY_TEXTS
    slow.text_s = 0
    update_vectors(seen.graph.store, slow)
    assert slow.texts == MANY_TEXTS


def test_a_graph_without_vectors_gets_none_unasked(watched):
    slow = SlowEmbedder()
    seen = watched(FEW, load=lambda: slow)
    seen.until(lambda: seen.updates)
    time.sleep(1.5)
    assert slow.texts == 0
    assert seen.graph.store.vectors.made_of() == {}


def test_trouble_is_told_and_the_work_tried_again_after_the_next_change(watched, tmp_path):
    slow = SlowEmbedder(0)
    slow.failure = GraphError("The disk is full.")
    seen = watched(FEW, wanted=True, load=lambda: slow)
    seen.until(lambda: seen.troubles)
    slow.failure = None
    write_files(tmp_path, {"new.py": "def fresh(): pass\n"})
    seen.until(lambda: seen.reports)
    assert seen.troubles == ["The disk is full. Vectors will be made after the next change."]


def test_a_model_that_cannot_be_read_is_told_once(watched, tmp_path):
    def load():
        raise ModelUnusable("The model is damaged.", None)

    seen = watched(FEW, wanted=True, load=load)
    seen.until(lambda: seen.troubles)
    before = len(seen.updates)
    write_files(tmp_path, {"new.py": "def fresh(): pass\n"})
    seen.until(lambda: len(seen.updates) > before)
    time.sleep(1.5)
    assert seen.troubles == ["The model is damaged."]
