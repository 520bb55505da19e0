"""What only a server can suffer: other writers, dead ones, lost connections, wrong passwords, other versions."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from contextlib import closing, suppress

import pytest
from graph_trees import snapshot, write_files
from neo4j_server import GIVEN, assembled, cypher
from test_store import entry, symbol

import index.neo4j.change
from index.errors import (
    StoreBusy,
    StoreTooNew,
    StoreUnavailable,
    UnknownStoreURL,
    UpdateCancelled,
)
from index.graph import WorkTreeGraph
from index.neo4j.address import PASSWORD_VARIABLE, USER_VARIABLE, masked, parse_address
from index.neo4j.database import Database
from index.neo4j.server import Server, free_port, running
from index.store import SCHEMA_VERSION, ResolvedFile, open_store
from index.types import Edge, EdgeType


@pytest.fixture
def tiny_transactions(monkeypatch):
    """Every change is built beside the current graph, as only a large one is."""
    monkeypatch.setattr(index.neo4j.change, "_MAX_ROWS_AT_ONCE", 1)
    monkeypatch.setattr(index.neo4j.change, "_ROWS_PER_TRANSACTION", 60)
    monkeypatch.setattr(index.neo4j.change, "_WORDS_AT_ONCE_CHARS", 500)
    monkeypatch.setattr(index.neo4j.change, "_READERS_GRACE_S", 0.0)


# Addresses


def test_address_takes_what_it_lacks_from_the_environment(monkeypatch):
    monkeypatch.setenv(USER_VARIABLE, "team")
    monkeypatch.setenv(PASSWORD_VARIABLE, "s3cret")
    address = parse_address("neo4j+s://graph.example.org")
    assert (address.uri, address.database) == ("neo4j+s://graph.example.org:7687", "neo4j")
    assert (address.user, address.password) == ("team", "s3cret")
    assert "s3cret" not in repr(address) + address.location
    address = parse_address("bolt://me:p%40ss@[::1]:9/other")
    assert (address.uri, address.database) == ("bolt://[::1]:9", "other")
    assert (address.user, address.password) == ("me", "p@ss")
    assert address.location == "bolt://[::1]:9/other"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("neo4j://me:s3cret@host:1/db", "neo4j://me:***@host:1/db"),
        ("neo4j://:s3:cr@et@host", "neo4j://:***@host"),
        ("neo4j://me@host:1/db", "neo4j://me@host:1/db"),
        ("sqlite:.graft/graph.db", "sqlite:.graft/graph.db"),
    ],
)
def test_password_in_an_address_is_masked(url, shown):
    assert masked(url) == shown


@pytest.mark.parametrize("url", ["neo4j://", "neo4j:///db", "neo4j://me:s3cret@host:port", "bolt:host"])
def test_unreadable_address_is_shown_masked(url):
    with pytest.raises(UnknownStoreURL, match="Write neo4j://host:port/database") as caught:
        open_store(url, "repo")
    assert "s3cret" not in str(caught.value)


def test_server_that_is_not_there_is_named():
    port = free_port()
    with pytest.raises(
        StoreUnavailable, match=rf"127.0.0.1:{port}/neo4j \(no server answers there\). Start it"
    ):
        open_store(f"neo4j://127.0.0.1:{port}", "repo")


def test_wrong_password_is_not_repeated(neo4j_url, monkeypatch):
    if not os.environ.get(PASSWORD_VARIABLE):
        pytest.skip(f"the server of {GIVEN} asks for no password")
    monkeypatch.setenv(PASSWORD_VARIABLE, "wr0ng")
    with pytest.raises(StoreUnavailable, match=f"refuses the user 'neo4j'. Set {USER_VARIABLE}") as caught:
        open_store(neo4j_url, "repo")
    assert "wr0ng" not in str(caught.value)


def test_unknown_database_is_named(neo4j_url):
    with pytest.raises(StoreUnavailable, match="nowhere has no such database"):
        open_store(f"{neo4j_url}/nowhere", "repo")


# Versions


def test_newer_schema_is_refused_and_left_alone(neo4j_url):
    store = open_store(neo4j_url, "repo")
    with store.change() as change:
        change.put_file(entry("a.py", symbol("one")))
    cypher(neo4j_url, "MATCH (s:GraftStore) SET s.version = 999")
    with pytest.raises(StoreTooNew, match=rf"has schema 999, this Graft knows {SCHEMA_VERSION}\. Upgrade"):
        open_store(neo4j_url, "repo")
    with pytest.raises(StoreTooNew), store.change():
        pass
    assert cypher(neo4j_url, "MATCH (s:Symbol) RETURN s.name") == [["one"]]
    store.close()


def test_older_schema_is_built_again_by_the_next_change_only(neo4j_url):
    with closing(open_store(neo4j_url, "repo")) as store, store.change() as change:
        change.put_file(entry("a.py", symbol("one")))
    cypher(neo4j_url, "CREATE (:File {path: 'not ours'})")
    cypher(neo4j_url, "MATCH (s:GraftStore) SET s.version = $old", old=SCHEMA_VERSION - 1)
    store = open_store(neo4j_url, "repo")
    assert (store.files(), store.search({"one": 1.0}, "symbols", limit=3)) == ([], [])
    assert cypher(neo4j_url, "MATCH (s:Symbol) RETURN s.name") == [["one"]]
    with store.change() as change:
        change.put_file(entry("b.py", symbol("two", "b.py")))
    assert [found.name for found in store.symbols()] == ["two"]
    assert cypher(neo4j_url, "MATCH (f:File) RETURN f.path ORDER BY f.path") == [["b.py"], ["not ours"]]
    store.close()


# Large changes


def test_large_change_over_an_existing_graph_equals_a_clean_one(neo4j_url, tmp_path, tiny_transactions):
    source = "import m{0}\n\nclass A{1}(m{0}.A{0}):\n    def f(self): return m{0}.f(self).gone()\n\ndef f(): pass\n"
    files = {f"pkg/m{n}.py": source.format(n - 1, n) for n in range(12)}
    write_files(tmp_path, {**files, "README.md": "About alpha.\n\n" * 200})
    graph = WorkTreeGraph(tmp_path, open_store(neo4j_url, "repo"))
    graph.update()
    write_files(
        tmp_path, {f"pkg/m{n}.py": "def f(): run()\n" for n in range(0, 12, 2)} | {"new/beta.py": "x = 1\n"}
    )
    (tmp_path / "pkg" / "m5.py").unlink()
    graph.update()
    clean = WorkTreeGraph(tmp_path, open_store(f"sqlite:{tmp_path}.db", "repo"))
    clean.update()
    assert snapshot(graph, scores=False) == snapshot(clean, scores=False)
    numbers = cypher(neo4j_url, "MATCH (n) WHERE n:Symbol OR n:Resolution OR n:Facts RETURN DISTINCT n.graph")
    assert len(numbers) == 1, "graphs that were replaced are deleted"
    graph.close()
    clean.close()


def test_large_change_that_fails_leaves_nothing_behind(neo4j_url, tiny_transactions):
    store = open_store(neo4j_url, "repo")
    with store.change() as change:
        change.put_file(entry("a.py", symbol("one")))
    with pytest.raises(ZeroDivisionError), store.change() as change:
        for number in range(2, 9):
            change.put_file(entry(f"m{number}.py", symbol("other", f"m{number}.py", number)))
            assert [found.name for found in store.symbols()] == ["one"]
        raise ZeroDivisionError
    assert cypher(neo4j_url, "MATCH (s:Symbol) RETURN s.name") == [["one"]]
    store.close()


# Writers


DIES = textwrap.dedent(
    """
    import os, signal, sys
    sys.path[:0] = sys.argv[2:]
    import index.neo4j.change
    from index.store import open_store
    from test_store import entry, symbol

    index.neo4j.change._MAX_ROWS_AT_ONCE = index.neo4j.change._ROWS_PER_TRANSACTION = 1
    with open_store(sys.argv[1], "repo").change() as change:
        change.put_file(entry("half.py", symbol("half", "half.py", 7)))
        change.put_file(entry("rest.py", symbol("rest", "rest.py", 8)))  # waits until the first was sent
        os.kill(os.getpid(), signal.SIGKILL)
    """
)


def silence_writer(url):
    """As if the writer had given no sign of life for long."""
    assert cypher(url, "MATCH (r:Repository) WHERE r.writer IS NOT NULL SET r.writer_seen = 0 RETURN 1")


def test_lock_of_a_writer_that_died_is_taken_over_and_its_half_is_deleted(neo4j_url):
    store = open_store(neo4j_url, "repo")
    with store.change() as change:
        change.put_file(entry("a.py", symbol("one")))
    ended = subprocess.run(
        [sys.executable, "-c", DIES, neo4j_url, os.path.dirname(__file__)],  # noqa: PTH120
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert cypher(neo4j_url, "MATCH (s:Symbol {name: 'half'}) RETURN count(s)") == [[1]]
    assert [found.name for found in store.symbols()] == ["one"]

    def give_up() -> None:
        raise UpdateCancelled

    with pytest.raises(UpdateCancelled), store.change(give_up):
        pass
    silence_writer(neo4j_url)
    with store.change(give_up) as change:
        change.put_file(entry("b.py", symbol("two", "b.py", 2)))
    assert [found.name for found in store.symbols()] == ["one", "two"]
    assert cypher(neo4j_url, "MATCH (s:Symbol {name: 'half'}) RETURN count(s)") == [[0]]
    store.close()


@pytest.mark.parametrize("large", [False, True])
def test_writer_that_was_thought_dead_can_write_no_more(neo4j_url, large, request):
    if large:
        request.getfixturevalue("tiny_transactions")
    store, other = open_store(neo4j_url, "repo"), open_store(neo4j_url, "repo")
    with pytest.raises(StoreBusy, match="another writer took over"), store.change() as late:
        late.put_file(entry("late.py", symbol("late", "late.py", 3)))
        silence_writer(neo4j_url)
        with other.change() as change:
            change.put_file(entry("a.py", symbol("one")))
        late.put_file(entry("later.py", symbol("later", "later.py", 4)))
    assert [found.name for found in store.symbols()] == ["one"]
    assert cypher(neo4j_url, "MATCH (s:Symbol) RETURN s.name") == [["one"]]
    store.close()
    other.close()


def test_second_writer_waits_for_the_first(neo4j_url):
    first, second = open_store(neo4j_url, "repo"), open_store(neo4j_url, "repo")
    waited = threading.Event()

    def write_second() -> None:
        with second.change(waited.set) as change:
            change.put_file(entry("b.py", symbol("two", "b.py", 2)))
            seen.extend(record.path for record in change.files())

    seen: list[str] = []
    thread = threading.Thread(target=write_second)
    with first.change() as change:
        thread.start()
        assert waited.wait(60)
        change.put_file(entry("a.py", symbol("one")))
    thread.join()
    assert seen == ["a.py", "b.py"]
    first.close()
    second.close()


# Connections


class Wire:
    """A connection to a server that can be cut."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                there = socket.create_connection(("127.0.0.1", self._target))
                self._open += [here, there]
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)

    def cut(self) -> None:
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.mark.parametrize("large", [False, True])
def test_connection_lost_in_a_change_is_told_and_leaves_the_old_state(neo4j_url, monkeypatch, large, request):
    if large:
        request.getfixturevalue("tiny_transactions")
    monkeypatch.setattr("index.neo4j.database._RETRY_S", 0.5)
    wire = Wire(int(neo4j_url.rpartition(":")[2].partition("/")[0]))
    store, direct = open_store(f"bolt://127.0.0.1:{wire.port}", "repo"), open_store(neo4j_url, "repo")
    with store.change() as change:
        change.put_file(entry("a.py", symbol("one")))
    with pytest.raises(StoreUnavailable, match="Cannot reach Neo4j"), store.change() as change:
        change.put_file(entry("b.py", symbol("two", "b.py", 2)))
        wire.cut()
        change.put_file(entry("c.py", symbol("three", "c.py", 3)))
    assert [found.name for found in direct.symbols()] == ["one"]
    silence_writer(neo4j_url)
    with direct.change() as change:
        change.put_file(entry("d.py", symbol("four", "d.py", 4)))
    assert sorted(name for (name,) in cypher(neo4j_url, "MATCH (s:Symbol) RETURN s.name")) == ["four", "one"]
    store.close()
    direct.close()


def test_who_may_only_read_can_open_and_ask_but_not_change(neo4j_url, monkeypatch):
    with closing(open_store(neo4j_url, "repo")) as store, store.change() as change:
        change.put_file(entry("a.py", symbol("one")))
    # Community has no users without the right to write; it does refuse writes in a session for reading.
    monkeypatch.setattr(Database, "write", lambda self, work, timeout_s=None: self.read(work))
    with closing(open_store(neo4j_url, "repo")) as store:
        assert [found.name for found in store.symbols()] == ["one"]
        assert [path for path, _ in store.search({"shared": 1.0}, "files", limit=3)] == ["a.py"]
        with pytest.raises(StoreUnavailable, match="read only"), store.change():
            pass


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("GRAFT_SLOW_TESTS"),
    reason="starts a server twice, a lost connection is its reduced form; set GRAFT_SLOW_TESTS=1",
)
@pytest.mark.timeout(900)
def test_killed_server_serves_the_old_state_when_it_comes_back(tmp_path, monkeypatch, tiny_transactions):
    assembled()
    monkeypatch.setattr("index.neo4j.database._RETRY_S", 0.5)
    monkeypatch.setenv(PASSWORD_VARIABLE, "")
    server = Server(tmp_path, free_port(), is_brief=True)
    with running(server):
        store = open_store(server.uri, "repo")
        with store.change() as change:
            change.put_file(entry("a.py", symbol("one")))
        with pytest.raises(StoreUnavailable, match="Cannot reach Neo4j"), store.change() as change:
            change.put_file(entry("half.py", symbol("half", "half.py", 2)))
            server.kill()
            change.put_file(entry("rest.py", symbol("rest", "rest.py", 3)))
        store.close()
    with running(server), closing(open_store(server.uri, "repo")) as store:
        assert [found.name for found in store.symbols()] == ["one"]
        assert store.search({"half": 1.0}, "symbols", limit=3) == []


def test_names_too_long_for_an_index_are_kept_and_found(neo4j_url):
    name = "n" * 9_000
    one = symbol(name)
    with closing(open_store(neo4j_url, "repo")) as store:
        with store.change() as change:
            change.put_file(entry("a.py", one))
            change.put_resolution("a.py", ResolvedFile([Edge(one.uid, one.uid, EdgeType.CALLS)]))
        assert store.symbols(name=name) == store.symbols(path="a.py", qualified_name=name) == [one]
        assert store.symbols(name=name[:-1]) == []


def test_word_that_very_many_hold_is_not_counted_to_the_end(neo4j_url, monkeypatch):
    with closing(open_store(neo4j_url, "repo")) as store:
        with store.change() as change:
            for number in range(1, 6):
                change.put_file(entry(f"m{number}.py", symbol("name", f"m{number}.py", number)))
        found = store.word_statistics(["shared", "m1", "nowhere"], "files")
        assert (found.documents, found.holding) == (5, {"shared": 5, "m1": 1, "nowhere": 0})
        monkeypatch.setattr("index.neo4j.read._COUNTED_DOCUMENTS", 3)
        assert store.word_statistics(["shared"], "files").holding == {"shared": 3}
