"""One change of the Neo4j store: gathered here, written in one transaction or, if large, beside the current graph.

What a change reads is what it wrote, over what was committed before it. Neither needs the server to have seen the
writes: until the end nothing is sent, unless there is so much that the server could not hold it in one transaction.
Then the changed graph is built as a new one in many transactions, and becomes the current one in a last, small one.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from tempfile import SpooledTemporaryFile

from index.errors import StoreError
from index.neo4j.database import Database, Transaction
from index.neo4j.graphs import copy_graph, delete_graph, new_graph
from index.neo4j.history import HistoryChange, differing
from index.neo4j.lock import WriterLock
from index.neo4j.read import Neo4jReader
from index.neo4j.write import GraphWriter, KnownNodes
from index.store import Document, FileEntry, FileHistory, HistoryState, ResolvedFile, StoredFacts
from index.types import FileRecord

_MAX_ROWS_AT_ONCE = 30_000
"""Nodes and relationships that one transaction may touch: about 100 MB of the server's heap."""
_ROWS_PER_TRANSACTION = 20_000
_WORDS_AT_ONCE_CHARS = 12_000_000
"""Search words are sent many together: what each transaction adds to a full-text index, the server merges later."""
_BARE_WORDS_CHARS = 100
"""What a document has beside its body and prose, about."""
_FACTS_IN_MEMORY_BYTES = 32 << 20
_READERS_GRACE_S = 1.0
"""How long queries that began on the graph before may still take."""


@dataclass(slots=True)
class _Pending:
    """Writes that the server has not seen. A file is an entry, a record alone if its content is the same, or gone."""

    files: dict[str, FileEntry | FileRecord | None] = field(default_factory=dict)
    words: dict[str, Sequence[Document]] = field(default_factory=dict)
    resolutions: dict[str, ResolvedFile] = field(default_factory=dict)
    stale: set[str] = field(default_factory=set)
    """Files of which the graph may have an older resolution."""
    history: HistoryChange = field(default_factory=HistoryChange)
    rows: int = 0

    def takes_away(self, known: Collection[str]) -> bool:
        """Whether nodes that are in the graph may be gone afterwards."""
        return any(not isinstance(each, FileRecord) and path in known for path, each in self.files.items())

    def write(self, writer: GraphWriter, known: Collection[str], paths: Collection[str]) -> None:
        """`known` are those of the files that the graph has, `paths` all that it ever had in this change."""
        entries = [each for each in self.files.values() if isinstance(each, FileEntry)]
        writer.remove_files([path for path, each in self.files.items() if each is None and path in known])
        writer.put_files(entries, known)
        writer.put_words(self.words)
        writer.put_records([each for each in self.files.values() if isinstance(each, FileRecord)])
        if self.stale:
            writer.drop_resolutions(sorted(self.stale))
        writer.put_resolutions(self.resolutions, paths)
        self.history.write(writer.run)


class Neo4jChange:
    """See GraphChange. The caller holds the lock, and calls `commit` or `discard` at the end."""

    def __init__(
        self, database: Database, base: Neo4jReader, lock: WriterLock, graph: int, waiting: Callable[[], None]
    ) -> None:
        self._database, self._base, self._lock, self._waiting = database, base, lock, waiting
        self._graph = graph
        self._staged = 0
        self._records = {record.path: record for record in base.files()} if graph else {}
        self._known = set(self._records)
        self._paths = set(self._records)
        self._nodes = KnownNodes()
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="graft-neo4j")
        self._sending: Future[None] | None = None
        self._facts = _OwnFacts()
        self._replaced: set[str] = set()
        self._unresolved: set[str] = set()
        self._keys: dict[str, array[int]] = {}
        self._providers: dict[int, set[str]] = {}
        self._pending = _Pending()
        self._words: dict[str, Sequence[Document]] = {}
        self._words_chars = 0
        self._indexed_at: int | None = None
        self._digests: dict[str, str] | None = None
        self._rows_of_a_file = self._mean_rows() if graph else 0

    # What the update reads

    def files(self) -> list[FileRecord]:
        return sorted(self._records.values(), key=lambda record: record.path)

    def facts(self, path: str) -> StoredFacts | None:
        if path in self._replaced:
            return self._facts.get(path)
        return self._base.facts(path) if path in self._known else None

    def readers(self, keys: Collection[int]) -> set[str]:
        wanted = set(keys)
        before = self._base.readers(wanted) if self._graph else set()
        found = {path for path in before if path not in self._replaced and path not in self._keys}
        return found | {path for path, own in self._keys.items() if not wanted.isdisjoint(own)}

    def providers(self, export: int) -> list[str]:
        before = self._base.providers(export) if self._graph else []
        return sorted(self._providers.get(export, set()).union(set(before) - self._replaced))

    # What it writes

    def touch(self, record: FileRecord) -> None:
        pending = self._pending.files.get(record.path)
        entry = replace(pending, record=record) if isinstance(pending, FileEntry) else record
        self._records[record.path] = record
        self._add(record.path, entry, 1)

    def put_file(self, entry: FileEntry) -> None:
        path = entry.record.path
        self._forget(path)
        self._paths.add(path)
        self._unresolved.add(path)
        self._records[path] = entry.record
        if entry.interface or entry.documents:
            self._facts.put(path, StoredFacts(entry.interface, entry.body, tuple(sorted(entry.exports))))
            for export in entry.exports:
                self._providers.setdefault(export, set()).add(path)
        self._words[path] = entry.documents
        self._words_chars += sum(len(d.body) + len(d.prose) + _BARE_WORDS_CHARS for d in entry.documents)
        rows = 4 + 2 * len(entry.symbols) + 2 * len(entry.chunks)
        self._add(path, entry, rows + self._rows_of_a_file * (path in self._known))

    def remove_file(self, path: str) -> None:
        if self._records.pop(path, None) is not None:
            self._forget(path)
            self._pending.history.is_partial = True
            self._add(path, None, 1 + self._rows_of_a_file)

    def put_resolution(self, path: str, resolved: ResolvedFile) -> None:
        if path not in self._records:
            raise KeyError(f"put_resolution before put_file of {path}")
        self._keys[path] = array("I", sorted(resolved.keys))
        if path in self._unresolved:
            self._unresolved.discard(path)
        else:
            self._pending.stale.add(path)
        self._pending.resolutions[path] = resolved
        self._grow(2 + len(resolved.edges) + len(resolved.links))

    def put_history(
        self, state: HistoryState, files: Mapping[str, FileHistory], log: Mapping[int, bytes]
    ) -> None:
        if self._digests is None:
            self._digests = self._base.history_digests() if self._graph else {}
        changed = differing(files, self._digests, self._records.keys())
        for path, kept in changed.items():
            self._pending.history.files[path] = kept
            self._grow(1 if kept is None else 2 + len(kept[0].commits) + len(kept[0].changed_with))
        self._digests = {path: digest for path, digest in self._digests.items() if path not in changed}
        self._digests.update({path: kept[1] for path, kept in changed.items() if kept is not None})
        self._pending.history.state = state
        self._pending.history.log.update(log)
        self._grow(1 + len(log))

    def set_indexed_at(self, time_ns: int) -> None:
        self._indexed_at = time_ns

    # Its end

    def commit(self) -> None:
        """Make the change what everybody sees. Raises StoreError; then the old state stands."""
        if not self._staged:
            self._database.write(self._write_at_once)
            return
        self._flush(with_words=True)
        self._wait_until_sent()
        self._database.write(lambda transaction: self._become_current(transaction, self._staged))
        self._staged = 0
        if self._graph:
            time.sleep(_READERS_GRACE_S)
            with suppress(StoreError):  # else the next writer deletes it
                delete_graph(self._database, self._graph)

    def discard(self) -> None:
        """Take back what was built beside the current graph."""
        if self._staged:
            with suppress(StoreError):
                self._wait_until_sent()
            with suppress(StoreError):  # else the next writer deletes it
                delete_graph(self._database, self._staged)

    def close(self) -> None:
        self._sender.shutdown()
        self._facts.close()

    # Parts

    def _mean_rows(self) -> int:
        counts = self._base.counts()
        return (3 * counts.symbols + counts.edges) // max(1, counts.files)

    def _forget(self, path: str) -> None:
        """Drop what this change knows of a file; from here on, what was committed of it counts no more."""
        old = self._facts.drop(path)
        for export in old.exports if old else ():
            self._providers[export].discard(path)
        self._keys.pop(path, None)
        self._pending.resolutions.pop(path, None)
        self._pending.stale.discard(path)
        self._words.pop(path, None)
        self._replaced.add(path)

    def _add(self, path: str, file: FileEntry | FileRecord | None, rows: int) -> None:
        self._pending.files[path] = file
        self._grow(rows)

    def _grow(self, rows: int) -> None:
        self._pending.rows += rows
        many_words = self._words_chars > _WORDS_AT_ONCE_CHARS
        if not self._staged and (self._pending.rows > _MAX_ROWS_AT_ONCE or many_words):
            self._stage()
        if self._staged and (self._pending.rows > _ROWS_PER_TRANSACTION or many_words):
            self._flush(with_words=many_words)

    def _write_at_once(self, transaction: Transaction) -> None:
        self._lock.confirm(transaction)
        graph = self._graph or new_graph(transaction)
        writer = GraphWriter(transaction, self._base.repository, graph, KnownNodes())
        self._pending.words = self._words
        self._pending.write(writer, self._known, self._paths)
        self._become_current(transaction, graph)

    def _stage(self) -> None:
        """Begin to build a graph beside the current one, from a copy of it."""

        def begin(transaction: Transaction) -> int:
            self._lock.confirm(transaction)
            graph = new_graph(transaction)
            statement = "MATCH (r:Repository {name: $name}) SET r.staged = $graph"
            transaction.write(statement, {"name": self._base.repository, "graph": graph})
            return graph

        self._staged = self._database.write(begin)
        if self._graph:
            copy_graph(self._database, self._graph, self._staged, self._waiting)

    def _flush(self, *, with_words: bool) -> None:
        """Send what is pending to the graph beside, while the change goes on gathering."""
        pending, self._pending = self._pending, _Pending()
        if with_words:
            pending.words, self._words, self._words_chars = self._words, {}, 0
        known = self._known & pending.files.keys()
        for path, file in pending.files.items():
            (self._known.discard if file is None else self._known.add)(path)
        self._wait_until_sent()
        self._sending = self._sender.submit(self._send, pending, known)

    def _send(self, pending: _Pending, known: Collection[str]) -> None:
        if pending.takes_away(known):
            self._nodes = KnownNodes()

        def write(transaction: Transaction) -> KnownNodes:
            self._lock.confirm(transaction)
            writer = GraphWriter(transaction, self._base.repository, self._staged, self._nodes)
            pending.write(writer, known, self._paths)
            return writer.made

        self._nodes.take(self._database.write(write))

    def _wait_until_sent(self) -> None:
        """Raises what went wrong with the writes sent last."""
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.result()

    def _become_current(self, transaction: Transaction, graph: int) -> None:
        self._lock.confirm(transaction)
        transaction.write(
            "MATCH (r:Repository {name: $name}) "
            "SET r.retired = CASE WHEN r.graph <> $graph THEN r.graph END, r.graph = $graph, r.staged = null, "
            "r.indexed_at = coalesce($indexed_at, r.indexed_at, 0)",
            {"name": self._base.repository, "graph": graph, "indexed_at": self._indexed_at},
        )


def drop_leftovers(database: Database, lock: WriterLock) -> int:
    """Delete graphs of the repository that are not its current one, and return the current one or 0.

    For who holds the repository's lock: such graphs are what a writer that died was building or had replaced.
    """
    rows = database.query(f"{lock.node} RETURN n.graph, n.staged, n.retired", lock.parameters)
    graph, *others = rows[0] if rows else (0,)
    left = [other for other in others if other]
    for other in left:
        delete_graph(database, other)
    if left:
        database.run(f"{lock.node} SET n.staged = null, n.retired = null", lock.parameters)
    return int(graph or 0)


class _OwnFacts:
    """Facts of files that the change wrote, in a file of their own once they are many."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile[bytes](max_size=_FACTS_IN_MEMORY_BYTES)
        self._places: dict[str, tuple[int, int, int, tuple[int, ...]]] = {}
        self._end = 0

    def put(self, path: str, facts: StoredFacts) -> None:
        self._file.seek(self._end)
        self._file.write(facts.interface + facts.body)
        self._places[path] = self._end, len(facts.interface), len(facts.body), facts.exports
        self._end += len(facts.interface) + len(facts.body)

    def get(self, path: str) -> StoredFacts | None:
        if path not in self._places:
            return None
        start, interface_bytes, body_bytes, exports = self._places[path]
        self._file.seek(start)
        return StoredFacts(self._file.read(interface_bytes), self._file.read(body_bytes), exports)

    def drop(self, path: str) -> StoredFacts | None:
        facts = self.get(path)
        self._places.pop(path, None)
        return facts

    def close(self) -> None:
        self._file.close()
