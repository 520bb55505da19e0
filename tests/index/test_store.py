"""The contract of every graph store, and what only a file can suffer."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
import struct
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from graph_trees import snapshot, write_files

from index.errors import StoreCorrupt, StoreTooNew, StoreUnavailable, UnknownStoreURL
from index.graph import WorkTreeGraph, open_graph
from index.layer.store import LayeredStore, open_layered
from index.store import (
    SCHEMA_VERSION,
    Document,
    FileEntry,
    FileHistory,
    FileVectors,
    GraphStore,
    HistoryState,
    ResolvedFile,
    StoredFacts,
    open_store,
)
from index.types import (
    Commit,
    Edge,
    EdgeType,
    FileRecord,
    Reference,
    Resolution,
    Span,
    Symbol,
    SymbolKind,
    TextChunk,
)

SPAN = Span("a.py", 0, 5, 1, 1, 1, 6)


def symbol(name: str, path: str = "a.py", number: int = 1) -> Symbol:
    return Symbol(
        f"{number:016x}", path, SymbolKind.FUNCTION, name, name, Span(path, 0, 5, 1, 1, 1, 6), "python",
        f"def {name}()", "Says ça.", "00ff", 0, None,
    )  # fmt: skip


def entry(path: str, *symbols: Symbol) -> FileEntry:
    record = FileRecord(path, "hash", 10, 20, "python", has_errors=True)
    words = [Document(s.uid, "a", s.name, "", "shared") for s in symbols]
    return FileEntry(
        record, symbols, (), [Document("", path, "names", "", "shared"), *words], b"I", b"B", [2**64 - 1, 3]
    )


def store_facts(*exports: int) -> StoredFacts:
    return StoredFacts(b"I", b"B", exports)


STORES = ("sqlite", "neo4j", "memory", "memory over sqlite", "sqlite over sqlite")


@pytest.fixture(params=STORES)
def url(request, tmp_path):
    """An empty store of each kind."""
    if request.param == "neo4j":
        return request.getfixturevalue("neo4j_url")
    return {"sqlite": f"sqlite:{tmp_path}/store/graph.db", "memory": "memory:"}.get(
        request.param, request.param
    )


@pytest.fixture(autouse=True)
def layers(monkeypatch, tmp_path):
    """Lets `open_store` open a layer over an empty base, too: it keeps the same contract."""

    def opened(url: str, repository: str, **where: Path) -> GraphStore:
        if " over " not in url:
            return open_any(url, repository, **where)
        base = open_any(f"sqlite:{tmp_path}/base.db", repository)
        if url.startswith("memory"):
            return LayeredStore(base, open_any("memory:", repository))
        return open_layered(base, tmp_path / "layer.db")

    open_any = open_store
    monkeypatch.setitem(globals(), "open_store", opened)


def test_store_gives_back_what_was_put_in(url):
    store = open_store(url, "repo")
    one, two = symbol("one"), symbol("two", "b.py", 2)
    edges = [
        Edge(one.uid, two.uid, EdgeType.CALLS, Resolution.SCOPED, 0.85, SPAN),
        Edge("a.py", "b.py", EdgeType.TESTS, Resolution.NAME_ONLY, 0.5),
    ]
    reference = Reference(one.uid, "get", EdgeType.CALLS, SPAN)
    with store.change() as change:
        change.put_file(entry("a.py", one))
        change.put_file(entry("b.py", two))
        change.put_resolution("a.py", ResolvedFile(edges, [reference], {"b.py": 1.5}, [7, 2**32 - 1]))
        change.set_indexed_at(99)
        assert change.facts("a.py") == store_facts(3, 2**64 - 1)
        assert change.readers([7]) == change.readers([2**32 - 1, 8]) == {"a.py"}
    assert store.symbols() == [one, two]
    assert store.symbols(name="two") == store.symbols(path="b.py", qualified_name="two") == [two]
    assert store.symbols_by_uid([two.uid, "f" * 16, "no uid"]) == {two.uid: two}
    assert sorted(store.edges(), key=repr) == sorted(edges, key=repr)
    assert store.edges(source=one.uid) == store.edges(target=two.uid, types=[EdgeType.CALLS]) == edges[:1]
    assert store.edges(source="a.py") == store.edges(target="b.py") == edges[1:]
    assert store.edges(source="nowhere.py") == []
    both = store.edges_at([two.uid, "b.py", "nowhere.py"], incoming=True)
    assert sorted(both, key=repr) == sorted(edges, key=repr)
    assert store.edges_at(["a.py", two.uid], incoming=False) == edges[1:]
    assert store.edges_at([one.uid], incoming=False, types=[EdgeType.CALLS]) == edges[:1]
    assert store.edges_at([one.uid], incoming=False, types=[EdgeType.TESTS]) == []
    assert store.references(name="get") == store.references(source=one.uid) == [reference]
    assert store.references(name=["get", "got"]) == [reference]
    assert store.references(name=["got"]) == store.references(name=[]) == []
    assert store.links(["b.py"], incoming=True) == [("a.py", "b.py", 1.5)]
    assert [record.path for record in store.files()] == ["a.py", "b.py"]
    assert store.files()[0].has_errors
    assert store.indexed_at() == 99
    assert store.facts("a.py") == store_facts(3, 2**64 - 1)
    assert store.facts("nowhere.py") is None
    assert store.readers([7, 9]) == {"a.py"}
    assert store.providers(2**64 - 1) == ["a.py", "b.py"]
    assert store.providers(4) == []
    assert {path for path, _ in store.search({"shared": 1.0}, "files", limit=9)} == {"a.py", "b.py"}
    assert [uid for uid, _ in store.search({"two": 2.0, "shared": 1.0}, "symbols", limit=1)] == [two.uid]
    store.close()


def test_vectors_lie_beside_the_graph_and_the_nearest_come_first(url):
    store = open_store(url, "repo")
    one, two, other = symbol("one"), symbol("two", "a.py", 2), symbol("other", "b.py", 3)
    with store.change() as change:
        change.put_file(entry("a.py", one, two))
        change.put_file(entry("b.py", other))
        change.set_indexed_at(99)
    assert store.vectors.made_of() == {}
    assert store.vectors.nearest([1.0, 0.0], "symbols", limit=3) == []
    of_a = FileVectors(
        "a.py", "model:1", ["", one.uid, two.uid], b"00000000" + b"11111111" + b"22222222",
        struct.pack("<3f", *[1 / 127] * 3), struct.pack("6b", 127, 0, 127, 0, 0, 127),
    )  # fmt: skip
    of_b = FileVectors(
        "b.py", "model:2", [other.uid], b"3" * 8, struct.pack("<f", 0.8 / 127), struct.pack("2b", 127, 95)
    )
    store.vectors.put([of_a, of_b])
    assert store.vectors.made_of() == {"a.py": "model:1", "b.py": "model:2"}
    assert store.vectors.read(["b.py", "nowhere.py"]) == [of_b]
    assert store.vectors.read(["a.py"]) == [of_a]
    found = store.vectors.nearest([1.0, 0.0], "symbols", limit=2)
    assert [(path, uid) for path, uid, _ in found] == [("a.py", one.uid), ("b.py", other.uid)]
    assert [cosine for *_, cosine in found] == pytest.approx([1.0, 0.8], abs=0.01)
    assert store.vectors.nearest([1.0, 0.0], "files", limit=2) == [("a.py", "", pytest.approx(1.0, abs=0.01))]
    store.vectors.put([FileVectors("b.py", "model:3")], gone=["a.py"])
    assert store.vectors.made_of() == {"b.py": "model:3"}
    assert store.vectors.nearest([1.0, 0.0], "symbols", limit=2) == []
    assert store.symbols() == [one, two, other]
    store.close()


def test_whole_files_come_out_as_they_were_put_in(url):
    store = open_store(url, "repo")
    one, two = (
        entry("a.py", symbol("one")),
        entry("b.py", symbol("two", "b.py", 2), symbol("more", "b.py", 3)),
    )
    chunk = TextChunk("0" * 16, "c.md", 0, "Words.", Span("c.md", 0, 6, 1, 1, 1, 7))
    prose = FileEntry(FileRecord("c.md", "hash", 6, 20, "markdown"), (), (chunk,))
    skipped = FileEntry(FileRecord("d.py", "", 9, 20, "python", skipped="binary"))
    resolved = ResolvedFile(
        [
            Edge(symbol("one").uid, "b.py", EdgeType.IMPORTS, Resolution.SCOPED, 0.85, SPAN),
            Edge("a.py", symbol("two").uid.replace("1", "2"), EdgeType.TESTS, Resolution.NAME_ONLY, 0.5),
        ],
        [Reference(symbol("one").uid, "get", EdgeType.CALLS, SPAN)],
        {"b.py": 1.5},
        [7, 2**32 - 1],
    )
    with store.change() as change:
        for each in (one, two, prose, skipped):
            change.put_file(each)
        change.put_resolution("a.py", resolved)
    for given in (one, two, prose, skipped):
        assert plain(store.entry(given.record.path)) == plain(given)
    assert plain(store.resolution("a.py")) == plain(resolved)
    assert store.resolution("b.py") == store.resolution("d.py") == ResolvedFile([], [], {}, [])
    assert (store.entry("nowhere.py"), store.resolution("nowhere.py")) == (None, None)
    store.close()


def test_a_text_keeps_what_it_mentions_by_its_path(url):
    store = open_store(url, "repo")
    text = FileEntry(
        FileRecord("c.md", "hash", 30, 20, "markdown"), documents=[Document("", "c", "", "", "")]
    )
    spans = [Span("c.md", start, start + 3, 1, start + 1, 1, start + 4) for start in (2, 10)]
    mentions = [
        Reference("c.md", name, EdgeType.DOCUMENTS, span)
        for name, span in zip(("one", "a.one"), spans, strict=True)
    ]
    use = Reference(symbol("one").uid, "one", EdgeType.CALLS, SPAN)
    with store.change() as change:
        change.put_file(entry("a.py", symbol("one")))
        change.put_file(text)
        change.put_resolution("c.md", ResolvedFile(references=mentions))
        change.put_resolution("a.py", ResolvedFile(references=[use]))
    assert store.references() == [use, *mentions]
    assert store.references(source="c.md") == store.resolution("c.md").references == mentions
    assert store.references(name="one") == [use, mentions[0]]
    assert store.references(name=("a.one", "one"), source="c.md") == mentions
    assert store.counts().references == 3
    assert store.tally().references == {EdgeType.CALLS: 1, EdgeType.DOCUMENTS: 2}
    with store.change() as change:
        change.put_file(text)
        change.put_resolution("c.md", ResolvedFile(references=mentions[:1]))
    assert store.references(source="c.md") == mentions[:1]
    assert store.faults() == store.references(name="a.one") == []
    with store.change() as change:
        change.remove_file("c.md")
    assert (store.references(), store.counts().references) == ([use], 1)
    store.close()


def plain(value):
    """An entry or a resolution with every collection sorted."""
    return {
        name: sorted(field, key=repr) if isinstance(field, list | tuple) else field
        for name, field in ((each.name, getattr(value, each.name)) for each in dataclasses.fields(value))
    }


def test_tally_counts_one_repository_and_nothing_is_at_fault(url):
    first, second = open_store(url, "first"), open_store(url, "second")
    with second.change() as change:
        change.put_file(entry("a.py", symbol("other", number=9)))
    with first.change() as change:
        change.put_file(entry("a.py", symbol("one")))
        change.put_file(FileEntry(FileRecord("b.py", "", 9, 20, "python", skipped="binary")))
        change.put_file(FileEntry(FileRecord("c.bin", "", 9, 20, None, skipped="binary")))
        change.put_file(FileEntry(FileRecord("d.xyz", "", 9, 20, None)))
        edge = Edge(symbol("one").uid, symbol("one").uid, EdgeType.CALLS, Resolution.SCOPED, 0.85, SPAN)
        reference = Reference(symbol("one").uid, "get", EdgeType.CALLS, SPAN)
        change.put_resolution("a.py", ResolvedFile([edge, Edge("a.py", "b.py", EdgeType.TESTS)], [reference]))
    tally = first.tally()
    assert (tally.languages, tally.skipped) == ({"python": 1, "": 1}, {"binary": 2})
    assert tally.kinds == {SymbolKind.FUNCTION: 1}
    assert tally.edges == {(EdgeType.CALLS, Resolution.SCOPED): 1, (EdgeType.TESTS, Resolution.EXACT): 1}
    assert (tally.references, tally.chunks) == ({EdgeType.CALLS: 1}, 0)
    assert tally.store_bytes > 0 or url.startswith("bolt:"), "a server does not say"
    assert first.faults() == []
    first.close()
    second.close()


def test_replaced_file_keeps_inbound_edges_of_surviving_symbols_only(url):
    store = open_store(url, "repo")
    kept, gone, user = symbol("kept"), symbol("gone", number=2), symbol("user", "b.py", 3)
    with store.change() as change:
        change.put_file(entry("a.py", gone, kept))
        change.put_file(entry("b.py", user))
        edges = [Edge(user.uid, target.uid, EdgeType.CALLS, span=SPAN) for target in (kept, gone)]
        change.put_resolution("b.py", ResolvedFile(edges))
        change.put_resolution("a.py", ResolvedFile([Edge(gone.uid, kept.uid, EdgeType.CALLS)]))
    with store.change() as change:
        change.put_file(entry("a.py", kept))
    assert [(edge.source, edge.target) for edge in store.edges()] == [(user.uid, kept.uid)]
    assert store.search({"gone": 1.0}, "symbols", limit=9) == []
    with store.change() as change:
        change.remove_file("a.py")
    assert (store.edges(), store.symbols(), len(store.files())) == ([], [user], 1)
    assert (store.facts("a.py"), store.providers(3)) == (None, ["b.py"])
    assert [path for path, _ in store.search({"shared": 1.0}, "files", limit=9)] == ["b.py"]
    store.close()


ONE, TWO = Commit("1" * 40, 100, "Ann", "Say ça"), Commit("2" * 40, 200, "Bob", "Then")


PARTLY_READ = HistoryState("2" * 40, "abc", complete=False)


def fill_histories(store):
    with store.change() as change:
        for path in ("a.py", "b.py", "c.py"):
            change.put_file(entry(path))
        files = {
            "a.py": FileHistory(1.25, [TWO, ONE], {"b.py": 0.5, "c.py": 0.25}),
            "b.py": FileHistory(-3.5, [TWO]),
            "c.py": FileHistory(0.0, [], {}),
        }
        change.put_history(PARTLY_READ, files, {0: b"zero", 7: b"seven"})


def test_store_gives_back_histories(url):
    store = open_store(url, "repo")
    assert (store.history_state(), store.history_log(), store.recency()) == (HistoryState(), {}, {})
    fill_histories(store)
    assert store.history_state() == PARTLY_READ
    assert store.history_log() == {0: b"zero", 7: b"seven"}
    assert store.recency() == {"a.py": 1.25, "b.py": -3.5, "c.py": 0.0}
    assert store.touched_by("a.py") == [TWO, ONE]
    assert store.touched_by("c.py") == store.touched_by("nowhere.py") == []
    assert store.changed_with(["c.py", "nowhere.py"]) == [("c.py", "a.py", 0.25)]
    assert store.changed_with(["a.py", "b.py"]) == [
        ("a.py", "b.py", 0.5),
        ("b.py", "a.py", 0.5),
        ("a.py", "c.py", 0.25),
    ]
    edges = [
        Edge("a.py", other, EdgeType.CHANGED_WITH, confidence=w)
        for other, w in (("b.py", 0.5), ("c.py", 0.25))
    ]
    together = [EdgeType.CHANGED_WITH]
    assert store.edges(types=together) == store.edges(source="a.py", types=together) == edges
    assert store.edges(target="c.py") == store.edges(target="c.py", types=[*together, EdgeType.CALLS])
    assert store.edges(target="c.py") == edges[1:]
    assert store.edges(types=[EdgeType.CALLS]) == store.edges(source="c.py") == []
    touches = [
        Edge(path, f"commit:{commit.sha}", EdgeType.TOUCHED_BY)
        for path, commit in (("a.py", TWO), ("a.py", ONE), ("b.py", TWO))
    ]
    assert store.edges(types=[EdgeType.TOUCHED_BY]) == touches
    assert store.edges() == edges + touches
    assert store.edges(source="a.py") == edges + touches[:2]
    assert store.edges(target=f"commit:{TWO.sha}") == touches[::2]
    assert store.edges(source="b.py", target=f"commit:{TWO.sha}") == touches[2:]
    assert store.edges(target="commit:none", types=[EdgeType.TOUCHED_BY]) == []
    assert store.edges(target="a.py", types=[EdgeType.TOUCHED_BY]) == []
    assert store.counts().edges == 0
    store.close()


def test_put_histories_replace_all_but_the_segments_that_are_not_named(url):
    store = open_store(url, "repo")
    fill_histories(store)
    with store.change() as change:
        change.put_history(
            HistoryState("3" * 40), {"b.py": FileHistory(2.0, [ONE], {"c.py": 0.125})}, {7: b"", 8: b"8"}
        )
    assert store.history_state() == HistoryState("3" * 40)
    assert store.history_log() == {0: b"zero", 8: b"8"}
    assert store.recency() == {"b.py": 2.0}
    assert (store.touched_by("a.py"), store.touched_by("b.py")) == ([], [ONE])
    assert store.changed_with(["a.py", "b.py"]) == [("b.py", "c.py", 0.125)]
    store.close()


def test_removed_file_takes_its_history_along_and_a_parsed_one_keeps_it(url):
    store = open_store(url, "repo")
    fill_histories(store)
    with store.change() as change:
        change.put_file(entry("a.py"))
        change.put_resolution("a.py", ResolvedFile())
        change.remove_file("b.py")
    assert store.changed_with(["a.py"]) == [("a.py", "c.py", 0.25)]
    assert (store.touched_by("b.py"), set(store.recency())) == ([], {"a.py", "c.py"})
    fill_histories(store)
    assert store.changed_with(["b.py"]) == [("b.py", "a.py", 0.5)]
    other = open_store(url, "other")
    assert (other.history_state(), other.recency(), other.history_log()) == (HistoryState(), {}, {})
    assert other.changed_with(["a.py"]) == other.edges() == other.touched_by("a.py") == []
    other.close()
    store.close()


def test_failed_change_leaves_nothing(url):
    store = open_store(url, "repo")
    with pytest.raises(ZeroDivisionError), store.change() as change:
        change.put_file(entry("a.py", symbol("one")))
        raise ZeroDivisionError
    assert (store.files(), store.symbols(), store.search({"shared": 1.0}, "files", limit=9)) == ([], [], [])
    store.close()


def test_readers_see_the_last_commit_while_a_change_goes_on(url):
    store = open_store(url, "repo")
    with store.change() as change:
        change.put_file(entry("a.py", symbol("one")))
        assert store.symbols() == []
        assert [record.path for record in change.files()] == ["a.py"]
    assert len(store.symbols()) == 1
    store.close()


def test_repositories_in_one_store_do_not_see_each_other(url):
    first, second = open_store(url, "first"), open_store(url, "second")
    with first.change() as change:
        change.put_file(entry("a.py", symbol("one")))
    with second.change() as change:
        change.put_file(entry("a.py", symbol("other", number=9)))
        change.remove_file("a.py")
    assert second.counts().symbols == 0
    assert second.symbols_by_uid([symbol("one").uid]) == {}
    assert [s.name for s in first.symbols(path="a.py")] == ["one"]
    assert second.search({"shared": 1.0}, "files", limit=9) == []
    with first.change() as change:
        for number in range(20):
            change.put_file(entry(f"shared/shared{number}.py"))
    with second.change() as change:
        change.put_file(entry("b.py"))
    assert [path for path, _ in second.search({"shared": 1.0}, "files", limit=1)] == ["b.py"]
    first.close()
    second.close()


def test_threads_may_ask_at_the_same_time(url):
    store = open_store(url, "repo")
    with store.change() as change:
        change.put_file(entry("a.py", symbol("one")))
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(len(store.symbols()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 8
    store.close()


def test_unknown_scheme_names_what_is_supported():
    with pytest.raises(UnknownStoreURL, match=r"'http'.*Supported: sqlite:, neo4j:") as caught:
        open_store("http://me:s3cret@localhost", "repo")
    assert "http://me:***@localhost" in str(caught.value)
    with pytest.raises(UnknownStoreURL, match="Supported: sqlite:"):
        open_store("graph.db", "repo")


def test_newer_schema_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "graph.db"
    open_store(f"sqlite:{path}", "repo").close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(StoreTooNew, match=rf"has schema 999, this Graft knows {SCHEMA_VERSION}\. Upgrade"):
        open_store(f"sqlite:{path}", "repo")
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (999,)


def test_older_schema_is_built_again(tmp_path):
    write_files(tmp_path, {"a.py": "def f(): pass\n"})
    graph = open_graph(tmp_path)
    graph.update()
    graph.close()
    connection = sqlite3.connect(tmp_path / ".graft" / "graph.db")
    connection.execute("PRAGMA user_version = 0")
    connection.close()
    graph = open_graph(tmp_path)
    assert graph.files() == []
    graph.update()
    assert graph.symbols(name="f")
    graph.close()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, None])
def test_damaged_or_foreign_file_is_named(tmp_path, content):
    path = tmp_path / "graph.db"
    if content is None:
        sqlite3.connect(path).execute("CREATE TABLE mine (x)").connection.close()
    else:
        path.write_bytes(content)
    with pytest.raises(StoreCorrupt) as caught:
        open_store(f"sqlite:{path}", "repo")
    assert str(path) in str(caught.value)
    assert caught.value.location == str(path)
    if content is not None:
        assert path.read_bytes() == content


def test_unusable_place_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file"):
        open_store(f"sqlite:{tmp_path}/file/graph.db", "repo")


UPDATE = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from index.graph import WorkTreeGraph
    from index.store import open_store
    graph = WorkTreeGraph(Path(sys.argv[1]), open_store(sys.argv[2], "repo"))
    graph.update()
    print(graph.store.counts())
    """
)


@pytest.mark.parametrize("url", ["sqlite", "neo4j"], indirect=True)
def test_two_processes_updating_at_once_agree(tmp_path, url):
    write_files(tmp_path, {f"m{n}.py": f"import m{n - 1}\n\ndef f(): m{n - 1}.f()\n" for n in range(40)})
    command = [sys.executable, "-c", UPDATE, str(tmp_path), url]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    printed = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(printed) == 1
    together, alone = (
        WorkTreeGraph(tmp_path, open_store(each, "repo")) for each in (url, f"sqlite:{tmp_path}.db")
    )
    alone.update()
    assert snapshot(together)["counts"] == snapshot(alone)["counts"]
    together.close()
    alone.close()


FILL = textwrap.dedent(
    """
    import subprocess, sys
    from pathlib import Path
    from index.errors import StoreFull
    from index.graph import open_graph

    tree, disk = Path(sys.argv[1]), Path(sys.argv[2])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", disk], check=True)
    graph = open_graph(tree, f"sqlite:{disk}/graph.db")
    graph.update()
    before = graph.store.counts()
    (tree / "big.py").write_text("\\n".join(f"def some_{n}(a_{n}): return other_{n}(a_{n})" for n in range(9_000)))
    try:
        graph.update()
    except StoreFull as error:
        print(error)
    assert graph.store.counts() == before
    assert graph.symbols(name="small")
    """
)


def can_mount() -> bool:
    unshare = shutil.which("unshare")
    return (
        unshare is not None and subprocess.run([unshare, "-rm", "true"], capture_output=True).returncode == 0
    )


@pytest.mark.skipif(not can_mount(), reason="a small disk needs user and mount namespaces")
def test_full_disk_leaves_the_index_as_before(tmp_path: Path):
    tree, disk = tmp_path / "tree", tmp_path / "disk"
    write_files(tree, {"a.py": "def small(): pass\n"})
    disk.mkdir()
    ended = subprocess.run(
        ["unshare", "-rm", sys.executable, "-c", FILL, str(tree), str(disk)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("The disk is full: ")


@pytest.mark.parametrize("url", ["sqlite", "neo4j", "memory"], indirect=True)
def test_statistics_count_the_documents_that_hold_a_word(url):
    store = open_store(url, "repo")
    with store.change() as change:
        change.put_file(entry("a.py", symbol("one")))
        change.put_file(entry("b.py", symbol("two", "b.py", 2)))
    files = store.word_statistics(["shared", "names", "absent"], "files")
    assert (files.documents, files.holding) == (2, {"shared": 2, "names": 2, "absent": 0})
    assert files.mean_terms > 0
    symbols = store.word_statistics(["two"], "symbols")
    assert (symbols.documents, symbols.holding) == (2, {"two": 1})
    store.close()
