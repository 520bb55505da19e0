"""Commits in a shared store, read by checkouts that differ from them. What is not committed is never sent."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from git_trees import GitRepository, histories
from graph_trees import contents, write_files
from neo4j_server import cypher

from index.errors import NotIndexed, OriginUnknown, StoreUnavailable
from index.graph import WorkTreeGraph, index_tree, open_graph
from index.layer.store import LayeredStore
from index.neo4j.address import PASSWORD_VARIABLE
from index.neo4j.snapshot import open_first
from index.store import open_store

FILES: dict[str, str | bytes | None] = {
    "pkg/a.py": "from pkg.b import helper\n\ndef alpha():\n    return helper() + missing()\n",
    "pkg/b.py": "def helper():\n    return 1\n\ndef unused(): pass\n",
    "pkg/__init__.py": "",
    "test_a.py": "from pkg.a import alpha\n\ndef test_alpha():\n    assert alpha()\n",
    "README.md": "About alpha.\n\n" * 200,
    "logo.png": b"\x89PNG\0\0",
    ".env": "SECRET=1\n",
    ".gitignore": "*.log\n",
}


@pytest.fixture
def origin(tmp_path) -> GitRepository:
    """A repository with a commit, and a remote that all its clones have, too."""
    repository = GitRepository(tmp_path / "first")
    repository.git("remote", "add", "origin", "https://git.example.org/team/sample.git")
    repository.commit(FILES)
    return repository


def clone(origin: GitRepository, name: str) -> GitRepository:
    """A clone in another place."""
    target = origin.root.parent / name
    subprocess.run(["git", "clone", "-q", origin.root, target], check=True, capture_output=True)
    copy = GitRepository(target)
    copy.day = origin.day
    copy.git("remote", "set-url", "origin", "git@git.example.org:team/sample.git")
    return copy


def clean(graph: WorkTreeGraph) -> WorkTreeGraph:
    """The same tree, built anew."""
    built = WorkTreeGraph(graph.root, open_store("memory:", graph.store.repository))
    built.update()
    return built


def hidden(graph: WorkTreeGraph) -> set[str]:
    """Files of which something is read from the layer."""
    assert isinstance(graph.store, LayeredStore)
    return set(graph.store.shadows().resolutions)


def assert_like_a_clean_one(graph: WorkTreeGraph) -> None:
    graph.update()
    assert contents(graph.store) == contents(clean(graph).store)


def test_clone_reads_what_another_wrote(origin, neo4j_url):
    written = index_tree(origin.root, neo4j_url)
    assert (written.files_parsed, written.history) == (4, f"1 commits, as of commit {_head(origin)[:12]}")
    other = clone(origin, "second")
    with closing(open_graph(other.root, neo4j_url)) as graph:
        assert [symbol.name for symbol in graph.symbols(name="alpha")] == ["alpha"], "before any update"
        assert graph.update().files_parsed == 0
        assert hidden(graph) == set()
        assert_like_a_clean_one(graph)
        assert histories(graph) == histories(clean(graph))
    assert sorted(path.name for path in other.root.glob(".graft/*")) == [".gitignore", "layers"]


def test_uncommitted_work_is_seen_here_and_sent_nowhere(origin, neo4j_url):
    index_tree(origin.root, neo4j_url)
    before = cypher(neo4j_url, "MATCH (n) RETURN count(n)")
    other = clone(origin, "second")
    write_files(other.root, {"pkg/b.py": "def secret_plan(): pass\n\ndef helper(): return secret_plan()\n"})
    write_files(other.root, {"new.py": "from pkg.b import unused\nunused()\n"})
    (other.root / "test_a.py").unlink()
    with closing(open_graph(other.root, neo4j_url)) as graph:
        assert graph.update().files_parsed == 2
        assert hidden(graph) == {"pkg/a.py", "pkg/b.py", "new.py", "test_a.py"}
        assert_like_a_clean_one(graph)
        assert graph.locate("secret_plan fails").files[0].path == "pkg/b.py"
    with closing(open_graph(other.root, neo4j_url)) as graph:
        assert graph.update().files_parsed == 0, "the layer is found again"
        assert [caller.name for caller in graph.callers(graph.symbols(name="secret_plan")[0].uid)] == [
            "helper"
        ]
    assert cypher(neo4j_url, "MATCH (n) RETURN count(n)") == before
    assert cypher(neo4j_url, "MATCH (n) WHERE n.name = 'secret_plan' RETURN n.name") == []


def test_only_what_is_committed_is_written(origin, neo4j_url):
    write_files(origin.root, {"pkg/b.py": "def secret_plan(): pass\n", "new.py": "x = 1\n"})
    index_tree(origin.root, neo4j_url)
    assert cypher(neo4j_url, "MATCH (s:Symbol {name: 'helper'}) RETURN count(s)") == [[1]]
    assert cypher(neo4j_url, "MATCH (n) WHERE n.name IN ['secret_plan', 'new.py'] RETURN n.name") == []
    with closing(open_graph(origin.root, neo4j_url)) as graph:
        assert_like_a_clean_one(graph)


def test_branch_without_a_snapshot_reads_that_of_its_nearest_ancestor(origin, neo4j_url):
    index_tree(origin.root, neo4j_url)
    other = clone(origin, "second")
    other.git("checkout", "-q", "-b", "feature")
    other.commit({"pkg/c.py": "from pkg.a import alpha\n\ndef gamma(): return alpha()\n", "pkg/b.py": None})
    with closing(open_graph(other.root, neo4j_url)) as graph:
        assert graph.update().files_parsed == 1
        assert_like_a_clean_one(graph)
        assert histories(graph) == histories(clean(graph))
        other.git("checkout", "-q", "main")
        assert_like_a_clean_one(graph)
    other.git("checkout", "-q", "feature")
    index_tree(other.root, neo4j_url)
    with closing(open_graph(other.root, neo4j_url)) as graph:
        assert graph.store.repository.endswith(_head(other)), "now it has its own"
        assert graph.update().files_parsed == 0
        assert hidden(graph) == set()
        assert_like_a_clean_one(graph)
    names = cypher(neo4j_url, "MATCH (r:Repository) RETURN r.name ORDER BY r.name")
    assert {name.partition("@")[0] for (name,) in names} == {"git.example.org/team/sample"}
    assert len(names) == 2


def test_folder_of_a_repository_is_a_snapshot_of_its_own(origin, neo4j_url):
    assert index_tree(origin.root / "pkg", neo4j_url).files_seen == 3
    with closing(open_graph(origin.root / "pkg", neo4j_url)) as graph:
        assert [record.path for record in graph.files()] == ["__init__.py", "a.py", "b.py"]
        assert_like_a_clean_one(graph)
    with pytest.raises(NotIndexed):
        open_graph(origin.root, neo4j_url)


def test_snapshot_that_is_there_is_not_written_again(origin, neo4j_url):
    first = index_tree(origin.root, neo4j_url)
    again = index_tree(origin.root, neo4j_url)
    assert again.files_parsed == 0
    assert (again.files_seen, again.symbols, again.edges) == (first.files_seen, first.symbols, first.edges)
    assert again.skipped == first.skipped


def test_snapshot_takes_no_change(origin, neo4j_url):
    index_tree(origin.root, neo4j_url)
    snapshot = open_first(neo4j_url, [f"git.example.org/team/sample@{_head(origin)}"])
    assert snapshot is not None
    with closing(snapshot), pytest.raises(StoreUnavailable, match="is never changed"), snapshot.change():
        pass


def test_commit_without_a_snapshot_is_told_how_to_get_one(origin, neo4j_url, tmp_path):
    key = f"git.example.org/team/sample@{_head(origin)}"
    password = os.environ.get(PASSWORD_VARIABLE, "")
    url = neo4j_url.replace("://", f"://neo4j:{quote(password)}@") if password else neo4j_url
    with pytest.raises(NotIndexed, match=rf"no snapshot of {key}.*Run `graft index --store bolt") as caught:
        open_graph(origin.root, url)
    assert not password or quote(password) not in str(caught.value)
    alone = GitRepository(tmp_path / "alone")
    alone.commit({"a.py": "x = 1\n"})
    with pytest.raises(OriginUnknown, match="has no remote"):
        open_graph(alone.root, neo4j_url)
    with pytest.raises(OriginUnknown, match="no git repository"):
        index_tree(Path(tmp_path), neo4j_url)


def test_layers_of_forgotten_commits_are_deleted(origin, neo4j_url):
    for number in range(6):
        origin.commit({"pkg/b.py": f"def helper(): return {number}\n"})
        index_tree(origin.root, neo4j_url)
        open_graph(origin.root, neo4j_url).close()
    assert len(list(origin.root.glob(".graft/layers/*.db"))) == 4


def test_outdated_snapshots_are_deleted_but_for_the_newest_few_of_each_branch(origin, neo4j_url, monkeypatch):
    monkeypatch.setattr("index.neo4j.retire.KEPT_PER_BRANCH", 2)
    (origin.root / "pkg" / "sub").mkdir()
    heads = []
    for branch, number in (("main", 1), ("main", 2), ("side", 3), ("main", 4), ("main", 5)):
        if branch not in origin.git("branch", "--format=%(refname:short)").split():
            origin.git("branch", branch)
        origin.git("checkout", "-q", branch)
        origin.commit({"pkg/b.py": f"def helper(): return {number}\n", "pkg/sub/c.py": "x = 1\n"})
        heads.append(_head(origin))
        index_tree(origin.root, neo4j_url)
        index_tree(origin.root / "pkg", neo4j_url)
    assert len(_snapshots(neo4j_url)) == 10, "all are too young"
    week_ms = 7 * 24 * 3_600_000
    cypher(neo4j_url, "MATCH (r:Repository) SET r.written = r.written - $long", long=week_ms + 1)
    cypher(neo4j_url, "CREATE (:Repository {name: 'git.example.org/team/sample2@0', graph: 99, written: 0})")
    origin.commit({"pkg/b.py": "def helper(): return 6\n"})
    heads.append(_head(origin))
    index_tree(origin.root, neo4j_url)
    kept = {name.partition("@")[2] for name in _snapshots(neo4j_url)}
    wanted = {heads[2], heads[4], heads[5], "0"} | {f"{head}:pkg" for head in heads[:5]}
    assert kept == wanted, "the newest two of main, that of side; another folder's when that is written"
    numbers = cypher(neo4j_url, "MATCH (f:File) RETURN count(DISTINCT f.graph)")
    assert numbers == [[len(wanted) - 1]]
    with closing(open_graph(origin.root, neo4j_url)) as graph:
        assert_like_a_clean_one(graph)


def test_who_reads_a_snapshot_that_is_deleted_is_told(origin, neo4j_url, monkeypatch):
    monkeypatch.setattr("index.neo4j.snapshot._LOOK_AGAIN_S", 0.0)
    index_tree(origin.root, neo4j_url)
    snapshot = open_first(neo4j_url, [f"git.example.org/team/sample@{_head(origin)}"])
    assert snapshot is not None
    with closing(snapshot):
        assert snapshot.symbols(name="nobody") == []
        cypher(neo4j_url, "MATCH (r:Repository) SET r.graph = 0")
        with pytest.raises(StoreUnavailable, match="was deleted, as newer ones took its place"):
            snapshot.symbols(name="helper")


def _snapshots(url: str) -> list[str]:
    return [str(name) for (name,) in cypher(url, "MATCH (r:Repository) RETURN r.name")]


def _head(repository: GitRepository) -> str:
    return repository.git("rev-parse", "HEAD")
