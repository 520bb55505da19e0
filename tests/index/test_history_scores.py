"""Scores from history: companions of the seeds come up, and what changed lately parts equals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.history_scores import RECENCY_SHARE, history_scores
from index.store import FileEntry, FileHistory, GraphStore, HistoryState, open_store
from index.types import FileRecord


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GraphStore]:
    opened = open_store(f"sqlite:{tmp_path}/graph.db", "repo")
    with opened.change() as change:
        for path in ("a.py", "b.py", "c.py", "d.py", "new.py"):
            change.put_file(FileEntry(FileRecord(path, "", 0, 0)))
        files = {
            "a.py": FileHistory(10.0, (), {"b.py": 0.5, "c.py": 0.25}),
            "b.py": FileHistory(12.0, (), {"c.py": 0.5}),
            "c.py": FileHistory(14.0),
            "d.py": FileHistory(10.0),
        }
        change.put_history(HistoryState("1" * 40), files, {})
    yield opened
    opened.close()


def test_companion_of_the_likelier_seed_scores_higher(store):
    scores = history_scores(store, {"a.py": 3.0, "d.py": 1.0})
    assert scores["b.py"] == (
        pytest.approx(0.5 * 0.75 + RECENCY_SHARE / 2),
        "often changed together with a.py",
    )
    assert scores["c.py"][0] == pytest.approx(0.25 * 0.75 + RECENCY_SHARE)
    assert scores["a.py"] == scores["d.py"] == (0.0, "changed lately")


def test_scores_do_not_depend_on_the_scale_of_the_seeds(store):
    assert history_scores(store, {"a.py": 3.0, "b.py": 1.0}) == history_scores(
        store, {"a.py": 30.0, "b.py": 10.0}
    )


def test_reason_names_the_seed_that_counts_most(store):
    assert history_scores(store, {"a.py": 1.0, "b.py": 1.0})["c.py"][1].endswith("b.py")
    assert history_scores(store, {"a.py": 9.0, "b.py": 1.0})["c.py"][1].endswith("a.py")


def test_without_seeds_or_history_nothing_is_scored(store, tmp_path):
    assert history_scores(store, {}) == history_scores(store, {"a.py": 0.0, "b.py": -1.0}) == {}
    assert set(history_scores(store, {"new.py": 1.0, "nowhere.py": 1.0})) == set()
    empty = open_store(f"sqlite:{tmp_path}/empty.db", "repo")
    assert history_scores(empty, {"a.py": 1.0}) == {}
    empty.close()
