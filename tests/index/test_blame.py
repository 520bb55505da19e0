"""Who changed a symbol, and when: blame and history of files and symbols in real repositories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from git_trees import GitRepository
from graph_trees import write_files

from index.errors import HistoryUnavailable
from index.graph import WorkTreeGraph, open_graph
from index.types import EdgeType

FIRST = "def one():\n    a = 1\n    return a\n\n\ndef two():\n    return 2\n"
SECOND = FIRST.replace("a = 1", "a = 10")
THIRD = SECOND.replace("return 2", "return 20")


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository(tmp_path / "tree")
    made.commit({"old.py": FIRST}, "Begin")
    made.commit({"old.py": SECOND}, "Change one")
    made.git("mv", "old.py", "new.py")
    made.commit({}, "Move")
    made.commit({"new.py": THIRD}, "Change two")
    return made


@pytest.fixture
def graph(repository: GitRepository, tmp_path: Path) -> Iterator[WorkTreeGraph]:
    opened = open_graph(repository.root, f"sqlite:{tmp_path}/graph.db")
    opened.update()
    yield opened
    opened.close()


def blamed(graph: WorkTreeGraph, name: str) -> list[tuple[str, int]]:
    graph.update()
    (symbol,) = graph.symbols(name=name)
    return [(origin.commit.subject, origin.lines) for origin in graph.blame(symbol.uid)]


def told(graph: WorkTreeGraph, name: str) -> list[str]:
    graph.update()
    (symbol,) = graph.symbols(name=name)
    return [commit.subject for commit in graph.history(symbol.uid)]


def test_symbol_is_blamed_on_the_commits_of_its_lines_across_a_rename(graph):
    assert blamed(graph, "one") == [("Change one", 1), ("Begin", 2)]
    assert blamed(graph, "two") == [("Change two", 1), ("Begin", 1)]


def test_history_of_a_symbol_leaves_out_commits_of_its_neighbours(graph):
    assert told(graph, "one") == ["Change one", "Begin"]
    assert told(graph, "two") == ["Change two", "Begin"]
    assert [c.subject for c in graph.history("new.py")] == ["Change two", "Move", "Change one", "Begin"]
    assert [c.subject for c in graph.history("new.py", limit=2)] == ["Change two", "Move"]
    newest = graph.history("new.py")[0]
    assert (newest.author, len(newest.sha), newest.time_s) == ("Graft", 40, 1_700_000_000 + 4 * 86_400)


def test_uncommitted_edits_move_lines_and_are_told_apart(repository, graph):
    edited = (
        "import os\n\n\n"
        + THIRD.replace("    return a\n", "    return a + 1\n")
        + "\n\ndef fresh():\n    pass\n"
    )
    write_files(repository.root, {"new.py": edited})
    assert blamed(graph, "one") == [("not committed yet", 1), ("Change one", 1), ("Begin", 1)]
    assert blamed(graph, "two") == [("Change two", 1), ("Begin", 1)]
    assert told(graph, "two") == ["Change two", "Begin"]
    assert blamed(graph, "fresh") == [("not committed yet", 2)]
    assert told(graph, "fresh") == []


def test_crlf_in_the_work_tree_alone_is_no_change_of_history(repository, graph):
    (repository.root / "new.py").write_bytes(THIRD.replace("\n", "\r\n").encode())
    assert told(graph, "two") == ["Change two", "Begin"]


def test_file_that_is_not_committed_has_no_history_yet(repository, graph):
    write_files(repository.root, {"fresh.py": "def brand_new():\n    pass\n"})
    assert blamed(graph, "brand_new") == [("not committed yet", 2)]
    assert told(graph, "brand_new") == graph.history("fresh.py") == []


def test_asking_outside_a_repository_or_outside_the_tree_says_what_is_wrong(graph, tmp_path):
    with pytest.raises(HistoryUnavailable, match=r"lies outside .* Give a path inside"):
        graph.history("../../elsewhere.py")
    write_files(tmp_path / "plain", {"a.py": "def f(): pass\n"})
    plain = open_graph(tmp_path / "plain")
    plain.update()
    with pytest.raises(HistoryUnavailable, match="not in a git repository"):
        plain.blame(plain.symbols(name="f")[0].uid)
    plain.close()


def test_a_symbol_and_its_file_are_touched_by_commits(repository, graph):
    (two,) = graph.symbols(name="two")
    shas = [commit.sha for commit in graph.history("new.py")]
    touched = [EdgeType.TOUCHED_BY]
    newest = f"commit:{shas[0]}"
    assert [edge.target for edge in graph.edges(source=two.uid, types=touched)] == [
        newest, f"commit:{shas[-1]}",
    ]  # fmt: skip
    of_file = graph.edges(source="new.py", types=touched)
    assert newest in {edge.target for edge in of_file} <= {f"commit:{sha}" for sha in shas}
    assert graph.edges(target=newest) == of_file[:1]
    assert [edge.target for edge in graph.edges(source=two.uid, target=newest, types=touched)] == [newest]
    write_files(repository.root, {"new.py": "def two():\n    return 3\n"})
    graph.update()
    (two,) = graph.symbols(name="two")
    assert "commit:" not in [edge.target for edge in graph.edges(source=two.uid, types=touched)]


def test_a_symbol_outside_of_any_history_is_touched_by_nothing(tree):
    graph = tree({"a.py": "def f(): pass\n"})
    (symbol,) = graph.symbols(name="f")
    assert graph.edges(source=symbol.uid, types=[EdgeType.TOUCHED_BY]) == []
