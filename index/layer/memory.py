"""A graph store in this process's memory: the layer of unsaved text. Written nowhere, seen by no other process.

A committed state is never changed, only replaced: readers need no lock and see whole changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from typing import Literal

from index.layer.memory_history import Histories
from index.layer.vectors import MemoryVectors
from index.retrieval.bm25 import Scored, WordIndex, statistics_of
from index.store import (
    Counts,
    FileEntry,
    FileHistory,
    HistoryState,
    ResolvedFile,
    StoredFacts,
    Tally,
    WordStatistics,
)
from index.tally import tally_of
from index.types import HISTORY_TYPES, Commit, Edge, EdgeType, FileRecord, Reference, Symbol, TextChunk

_TYPE_ORDER = {type_: number for number, type_ in enumerate(EdgeType)}
_POLL_S = 0.25


@dataclass(frozen=True)
class _File:
    """One file's share. What is derived is computed when first asked for, and kept as long as the file stays."""

    entry: FileEntry
    resolved: ResolvedFile = field(default_factory=ResolvedFile)

    @cached_property
    def symbols(self) -> dict[str, Symbol]:
        ordered = sorted(self.entry.symbols, key=lambda symbol: symbol.span.start_byte)
        return {symbol.uid: symbol for symbol in ordered}

    @cached_property
    def edges(self) -> list[Edge]:
        unique = {(e.source, e.span and e.span.start_byte, e.type, e.target): e for e in self.resolved.edges}
        return sorted(
            unique.values(), key=lambda e: (e.span.start_byte if e.span else -1, _TYPE_ORDER[e.type])
        )

    @cached_property
    def by_source(self) -> dict[str, list[Edge]]:
        return _grouped(self.edges, lambda edge: edge.source)

    @cached_property
    def by_target(self) -> dict[str, list[Edge]]:
        return _grouped(self.edges, lambda edge: edge.target)

    @cached_property
    def references(self) -> list[Reference]:
        unique = {(r.source, r.span.start_byte, r.type, r.name): r for r in self.resolved.references}
        return sorted(unique.values(), key=lambda reference: reference.span.start_byte)

    @cached_property
    def keys(self) -> frozenset[int]:
        return frozenset(self.resolved.keys)

    @cached_property
    def exports(self) -> frozenset[int]:
        return frozenset(self.entry.exports)

    @cached_property
    def words(self) -> WordIndex:
        return WordIndex(self.entry.documents)


class _Facts:
    """What an update reads too, inside its change."""

    def __init__(self, state: dict[str, _File]) -> None:
        self._state = state

    def files(self) -> list[FileRecord]:
        return [self._state[path].entry.record for path in sorted(self._state)]

    def facts(self, path: str) -> StoredFacts | None:
        file = self._state.get(path)
        if file is None or not (file.entry.interface or file.entry.documents):
            return None
        return StoredFacts(file.entry.interface, file.entry.body, tuple(sorted(file.exports)))

    def readers(self, keys: Collection[int]) -> set[str]:
        wanted = frozenset(keys)
        return {path for path, file in self._state.items() if not wanted.isdisjoint(file.keys)}

    def providers(self, export: int) -> list[str]:
        return sorted(path for path, file in self._state.items() if export in file.exports)


class MemoryChange(_Facts):
    """See GraphChange."""

    def __init__(self, state: dict[str, _File], indexed_at: int, histories: Histories) -> None:
        super().__init__(dict(state))
        self.indexed_at, self.histories = indexed_at, histories

    @property
    def state(self) -> dict[str, _File]:
        return self._state

    def set_indexed_at(self, time_ns: int) -> None:
        self.indexed_at = time_ns

    def touch(self, record: FileRecord) -> None:
        known = self._state.get(record.path)
        entry = replace(known.entry, record=record) if known else FileEntry(record)
        self._state[record.path] = _File(entry, known.resolved if known else ResolvedFile())

    def put_file(self, entry: FileEntry) -> None:
        path = entry.record.path
        known = self._state.get(path)
        self._state[path] = fresh = _File(entry)
        if known is not None:
            self._drop_edges_to(known.symbols.keys() - fresh.symbols.keys())

    def remove_file(self, path: str) -> None:
        known = self._state.pop(path, None)
        if known is not None:
            self.histories = self.histories.without(path)
            self._drop_edges_to({path, *known.symbols})
            for other, file in self._state.items():
                if path in file.resolved.links:
                    links = {target: w for target, w in file.resolved.links.items() if target != path}
                    self._state[other] = _File(file.entry, replace(file.resolved, links=links))

    def reveal(self, path: str) -> None:
        """Forget a file that is still there below this layer: what points to it stays."""
        self._state.pop(path, None)

    def put_resolution(self, path: str, resolved: ResolvedFile) -> None:
        if path not in self._state:
            raise KeyError(f"put_resolution before put_file of {path}")
        self._state[path] = _File(self._state[path].entry, resolved)

    def put_history(
        self, state: HistoryState, files: Mapping[str, FileHistory], log: Mapping[int, bytes]
    ) -> None:
        self.histories = self.histories.put(state, files, log, self._state.__contains__)

    def _drop_edges_to(self, gone: Collection[str]) -> None:
        if not gone:
            return
        for path, file in self._state.items():
            if not file.by_target.keys().isdisjoint(gone):
                edges = [edge for edge in file.resolved.edges if edge.target not in gone]
                self._state[path] = _File(file.entry, replace(file.resolved, edges=edges))


class MemoryStore(_Facts):
    """See GraphStore."""

    def __init__(self, repository: str) -> None:
        super().__init__({})
        self.location, self.repository = "memory", repository
        self._indexed_at, self._histories = 0, Histories()
        self.vectors = MemoryVectors()
        self._writing = Lock()

    def frozen(self) -> MemoryStore:
        """The state as it is now, whatever is written afterwards."""
        other = MemoryStore(self.repository)
        other._state, other._indexed_at = self._state, self._indexed_at
        other._histories = self._histories
        return other

    def indexed_at(self) -> int:
        return self._indexed_at

    @contextmanager
    def change(self, waiting: Callable[[], None] = lambda: None) -> Iterator[MemoryChange]:
        """Begin a transaction. See GraphStore."""
        while not self._writing.acquire(timeout=_POLL_S):
            waiting()
        try:
            change = MemoryChange(self._state, self._indexed_at, self._histories)
            yield change
            self._state, self._indexed_at = change.state, change.indexed_at
            self._histories = change.histories
        finally:
            self._writing.release()

    def close(self) -> None:
        self._state = {}

    # Reads

    def counts(self) -> Counts:
        files = self._state.values()
        return Counts(
            len(files),
            sum(len(file.symbols) for file in files),
            sum(len(file.edges) for file in files),
            sum(len(file.references) for file in files),
        )

    def tally(self) -> Tally:
        files = list(self._state.values())
        tally = tally_of((file.entry, file.resolved) for file in files)
        return replace(tally, store_bytes=sum(len(f.entry.interface) + len(f.entry.body) for f in files))

    def faults(self) -> list[str]:
        return []

    def entry(self, path: str) -> FileEntry | None:
        file = self._state.get(path)
        return replace(file.entry, symbols=list(file.symbols.values())) if file else None

    def resolution(self, path: str) -> ResolvedFile | None:
        file = self._state.get(path)
        if file is None:
            return None
        links = dict(sorted(file.resolved.links.items()))
        return ResolvedFile(list(file.edges), list(file.references), links, sorted(file.keys))

    def symbols(
        self, *, path: str | None = None, name: str | None = None, qualified_name: str | None = None
    ) -> list[Symbol]:
        return [
            symbol
            for file in self._files(path)
            for symbol in file.symbols.values()
            if (name is None or symbol.name == name)
            and (qualified_name is None or symbol.qualified_name == qualified_name)
        ]

    def symbols_by_uid(self, uids: Iterable[str]) -> dict[str, Symbol]:
        wanted = set(uids)
        return {
            uid: file.symbols[uid]
            for file in self._state.values()
            for uid in wanted & file.symbols.keys()
        }  # fmt: skip

    def edges(
        self, *, source: str | None = None, target: str | None = None, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        wanted = frozenset(types)
        found: list[Edge] = []
        for file in self._files(None):
            if source is not None:
                edges = file.by_source.get(source, [])
            else:
                edges = file.edges if target is None else file.by_target.get(target, [])
            found += [
                edge
                for edge in edges
                if (target is None or edge.target == target) and (not wanted or edge.type in wanted)
            ]
        if not wanted or EdgeType.CHANGED_WITH in wanted:
            found += self._histories.edges(source, target)
        if not wanted or EdgeType.TOUCHED_BY in wanted:
            found += self._histories.touch_edges(source, target)
        return found

    def edges_at(
        self, nodes: Collection[str], *, incoming: bool, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        wanted, ends = set(types or EdgeType) - HISTORY_TYPES, set(nodes)
        return [
            edge
            for file in self._files(None)
            for end in sorted(ends & (file.by_target if incoming else file.by_source).keys())
            for edge in (file.by_target if incoming else file.by_source)[end]
            if edge.type in wanted
        ]

    def references(
        self, *, name: str | Collection[str] | None = None, source: str | None = None
    ) -> list[Reference]:
        wanted = {name} if isinstance(name, str) else name
        return [
            reference
            for file in self._files(None)
            for reference in file.references
            if (wanted is None or reference.name in wanted) and source in (None, reference.source)
        ]

    def chunks(self, path: str) -> list[TextChunk]:
        file = self._state.get(path)
        return sorted(file.entry.chunks, key=lambda chunk: chunk.ordinal) if file else []

    def links(self, paths: Collection[str], *, incoming: bool) -> list[tuple[str, str, float]]:
        wanted, state = set(paths), self._state
        sources = sorted(state if incoming else wanted & state.keys())
        return [
            (source, target, weight)
            for source in sources
            for target, weight in sorted(state[source].resolved.links.items())
            if not incoming or target in wanted
        ]

    def changed_with(self, paths: Collection[str]) -> list[tuple[str, str, float]]:
        return self._histories.changed_with(paths)

    def touched_by(self, path: str) -> list[Commit]:
        return self._histories.touched_by(path)

    def recency(self) -> dict[str, float]:
        return self._histories.recency()

    def history_state(self) -> HistoryState:
        return self._histories.state

    def history_log(self) -> dict[int, bytes]:
        return dict(self._histories.log)

    def search(
        self, words: Mapping[str, float], among: Literal["files", "symbols"], *, limit: int
    ) -> list[tuple[str, float]]:
        scored = Scored(self.word_statistics(words, among), words, among)
        for path, file in self._state.items():
            scored.add(path, file.words)
        return scored.best(limit)

    def word_statistics(self, words: Iterable[str], among: Literal["files", "symbols"]) -> WordStatistics:
        return statistics_of((file.words for file in self._state.values()), words, among)

    def _files(self, path: str | None) -> list[_File]:
        state = self._state
        if path is not None:
            return [state[path]] if path in state else []
        return [state[each] for each in sorted(state)]


def _grouped(edges: Iterable[Edge], key: Callable[[Edge], str]) -> dict[str, list[Edge]]:
    groups: dict[str, list[Edge]] = {}
    for edge in edges:
        groups.setdefault(key(edge), []).append(edge)
    return groups
