"""Graphs that travel into Neo4j and out of it, and into a checkout that reads a snapshot there."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from git_trees import GitRepository
from graph_trees import contents, write_files
from neo4j_server import cypher
from test_portable import BROKEN, FILES

import index.neo4j.change
from index.errors import BadExport, UpdateCancelled
from index.graph import index_tree, open_graph
from index.portable import export_lines
from index.portable_import import import_lines
from index.store import open_store


@pytest.fixture
def exported(tmp_path) -> list[str]:
    write_files(tmp_path / "tree", FILES)
    with closing(open_graph(tmp_path / "tree")) as graph:
        graph.update()
        return list(export_lines(graph.store))


@pytest.mark.parametrize("size", ["in one transaction", "in many"])
def test_export_of_an_import_into_neo4j_is_the_same_to_the_byte(neo4j_url, exported, size, monkeypatch):
    if size == "in many":
        monkeypatch.setattr(index.neo4j.change, "_MAX_ROWS_AT_ONCE", 1)
        monkeypatch.setattr(index.neo4j.change, "_ROWS_PER_TRANSACTION", 10)
        monkeypatch.setattr(index.neo4j.change, "_READERS_GRACE_S", 0.0)
    for repository in (".", "git@example.org:other/name"):
        with closing(open_store(neo4j_url, repository)) as store:
            for _ in range(2):
                assert import_lines(store, exported) == len(FILES)
                assert list(export_lines(store)) == exported


def test_graph_in_neo4j_equals_the_one_that_was_exported_and_can_be_searched(neo4j_url, exported, tmp_path):
    with (
        closing(open_store(f"sqlite:{tmp_path}/local.db", "repo")) as local,
        closing(open_store(neo4j_url, "repo")) as shared,
    ):
        for store in (local, shared):
            import_lines(store, exported)
        assert contents(shared) == contents(local)
        assert [path for path, _ in shared.search({"alpha": 1.0}, "files", limit=3)] == ["README.md"]


def test_export_that_is_broken_or_stopped_leaves_the_graph_in_neo4j_as_it_was(neo4j_url, exported):
    with closing(open_store(neo4j_url, "repo")) as store:
        import_lines(store, exported)
        for how in ("cut short", "no facts", "an edge to nothing"):
            damage, message = BROKEN[how]
            with pytest.raises(BadExport, match=message):
                import_lines(store, damage(exported))
        with pytest.raises(UpdateCancelled):
            import_lines(store, exported, cancelled=lambda: True)
        assert list(export_lines(store)) == exported
        assert store.faults() == []


def test_import_over_a_snapshot_is_seen_in_this_checkout_only(neo4j_url, tmp_path):
    """As `graft graph import --store neo4j://…` does it: what is imported was not committed, so it is not sent."""
    origin = GitRepository(tmp_path / "first")
    origin.git("remote", "add", "origin", "https://git.example.org/team/sample.git")
    origin.commit(dict(FILES))
    index_tree(origin.root, neo4j_url)
    with closing(open_graph(origin.root)) as local:
        write_files(origin.root, {"b.py": "def fresh(): pass\n"})
        local.update()
        lines = list(export_lines(local.store))
    (origin.root / "b.py").write_text(FILES["b.py"])
    before = cypher(neo4j_url, "MATCH (n) RETURN count(n)")
    with closing(open_graph(origin.root, neo4j_url)) as graph:
        assert import_lines(graph.store, lines) == json.loads(lines[0])["files"]
        assert list(export_lines(graph.store)) == lines
        assert [symbol.path for symbol in graph.symbols(name="fresh")] == ["b.py"]
        graph.update()
        assert graph.symbols(name="fresh") == [], "the tree has it no more"
    assert cypher(neo4j_url, "MATCH (n) RETURN count(n)") == before
