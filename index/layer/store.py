"""A store over a store: what changed lies in a layer, the rest is read from a base that is never written.

One mechanism for unsaved text over a work tree's store, a checkout over a shared snapshot, a branch over another.
A file of the base is hidden by the layer's version of it, wholly or in its resolution only; then its edges, uses
and links are the layer's, and whatever points to what the layer took away is not seen. The base may be shared: its
answers are filtered here. Where base and layer are two databases, an answer may mix the states around a commit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from pathlib import Path
from typing import Literal, Protocol

from index.layer.change import LayerChange, LayeredChange
from index.layer.shadows import Shadows
from index.layer.vectors import LayeredVectors
from index.retrieval.bm25 import Scored
from index.store import (
    Counts,
    FileEntry,
    GraphReader,
    GraphStore,
    HistoryState,
    ResolvedFile,
    StoredFacts,
    Tally,
    WordStatistics,
)
from index.tally import minus, plus, tally_of
from index.types import HISTORY_TYPES, Commit, Edge, EdgeType, FileRecord, Reference, Symbol, TextChunk

_TYPE_ORDER = {type_: number for number, type_ in enumerate(EdgeType)}


class Layer(GraphStore, Protocol):
    """A store that keeps edges to what it does not hold."""

    def change(self, waiting: Callable[[], None] = lambda: None) -> AbstractContextManager[LayerChange]: ...


class LayeredStore:
    """See GraphStore. Reads see the layer over the base; writes go to the layer."""

    def __init__(self, base: GraphStore, layer: Layer) -> None:
        """`layer` must keep edges to what it does not hold: a MemoryStore, or a SQLiteStore opened for it."""
        self.location = f"{layer.location} over {base.location}"
        self.repository = base.repository
        self._base, self._layer = base, layer
        self.vectors = LayeredVectors(base, layer)
        self._kept: Shadows | None = None
        self._base_records: tuple[int, dict[str, FileRecord]] = (0, {})

    def indexed_at(self) -> int:
        return self._layer.indexed_at()

    @contextmanager
    def change(self, waiting: Callable[[], None] = lambda: None) -> Iterator[LayeredChange]:
        """Begin a transaction on the layer. See GraphStore."""
        with self._layer.change(waiting) as change:
            yield LayeredChange(self._base, change, self._records)
        self._kept = None

    def close(self) -> None:
        self._layer.close()
        self._base.close()

    def shadows(self) -> Shadows:
        """What the layer hides, read again whenever either side changed."""
        stamp = (self._base.indexed_at(), self._layer.indexed_at())
        kept = self._kept
        if kept is None or kept.stamp != stamp:
            kept = self._kept = Shadows(stamp, self._base, self._layer)
        return kept

    def _records(self) -> dict[str, FileRecord]:
        """The base's records, read again when it changed."""
        stamp = self._base.indexed_at()
        if stamp != self._base_records[0] or not stamp:
            self._base_records = (stamp, {record.path: record for record in self._base.files()})
        return self._base_records[1]

    # Files

    def files(self) -> list[FileRecord]:
        return self.shadows().records(self._records().values())

    def entry(self, path: str) -> FileEntry | None:
        shadows = self.shadows()
        if path in shadows.contents:
            return None if path in shadows.removed else shadows.layer.entry(path)
        return shadows.seen(self._base.entry(path))

    def resolution(self, path: str) -> ResolvedFile | None:
        shadows = self.shadows()
        if path in shadows.resolutions:
            return None if path in shadows.removed else shadows.layer.resolution(path)
        return self._base.resolution(path)

    def chunks(self, path: str) -> list[TextChunk]:
        shadows = self.shadows()
        if path in shadows.contents:
            return [] if path in shadows.removed else shadows.layer.chunks(path)
        return self._base.chunks(path)

    def facts(self, path: str) -> StoredFacts | None:
        shadows = self.shadows()
        if path in shadows.contents:
            return None if path in shadows.removed else shadows.layer.facts(path)
        return self._base.facts(path)

    def readers(self, keys: Collection[int]) -> set[str]:
        shadows = self.shadows()
        return (self._base.readers(keys) - shadows.resolutions) | shadows.layer.readers(keys)

    def providers(self, export: int) -> list[str]:
        shadows = self.shadows()
        kept = [path for path in self._base.providers(export) if path not in shadows.contents]
        return sorted({*kept, *shadows.layer.providers(export)})

    # Counts

    def counts(self) -> Counts:
        base, hidden, added = self._base.counts(), self.shadows().hidden(), self._own_files()
        return Counts(
            len(self.files()),
            base.symbols + sum(len(e.symbols) for e, _ in added) - sum(len(e.symbols) for e, _ in hidden),
            base.edges + sum(len(r.edges) for _, r in added) - sum(len(r.edges) for _, r in hidden),
            base.references
            + sum(len(r.references) for _, r in added)
            - sum(len(r.references) for _, r in hidden),
        )

    def tally(self) -> Tally:
        hidden, added = tally_of(self.shadows().hidden()), tally_of(self._own_files())
        return minus(plus(self._base.tally(), added), hidden)

    def faults(self) -> list[str]:
        return [*self._base.faults(), *self._layer.faults()]

    def _own_files(self) -> list[tuple[FileEntry, ResolvedFile]]:
        """What the layer has in the place of what it hides."""
        shadows = self.shadows()
        files = []
        for path in shadows.resolutions - shadows.removed:
            entry = self.entry(path)
            if entry is not None:
                files.append((entry, shadows.layer.resolution(path) or ResolvedFile()))
        return files

    # Symbols and edges

    def symbols(
        self, *, path: str | None = None, name: str | None = None, qualified_name: str | None = None
    ) -> list[Symbol]:
        shadows = self.shadows()
        found: list[Symbol] = []
        for store, hidden in ((self._base, True), (shadows.layer, False)):
            if path is None or (path in shadows.contents) != hidden:
                symbols = store.symbols(path=path, name=name, qualified_name=qualified_name)
                found += [symbol for symbol in symbols if (symbol.path in shadows.contents) != hidden]
        return sorted(found, key=lambda symbol: (symbol.path, symbol.span.start_byte))

    def symbols_by_uid(self, uids: Iterable[str]) -> dict[str, Symbol]:
        wanted, shadows = list(dict.fromkeys(uids)), self.shadows()
        contents = shadows.contents
        found = {
            uid: symbol
            for uid, symbol in self._base.symbols_by_uid(wanted).items()
            if symbol.path not in contents
        }
        if contents:
            own = shadows.layer.symbols_by_uid(wanted)
            found.update((uid, symbol) for uid, symbol in own.items() if symbol.path in contents)
        return found

    def edges(
        self, *, source: str | None = None, target: str | None = None, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        wanted, shadows = set(types) or set(EdgeType), self.shadows()
        of_history = wanted & HISTORY_TYPES
        found = wanted - of_history
        kept: list[Edge] = []
        if found:
            kept = self._seen_edges(
                self._base.edges(source=source, target=target, types=found),
                shadows.layer.edges(source=source, target=target, types=found),
                shadows,
            )
        if of_history:
            edges = self._history().edges(source=source, target=target, types=of_history)
            kept += [edge for edge in edges if shadows.removed.isdisjoint((edge.source, edge.target))]
        return kept

    def edges_at(
        self, nodes: Collection[str], *, incoming: bool, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        wanted, shadows = (
            set(types or EdgeType) - HISTORY_TYPES,
            self.shadows(),
        )
        if not wanted:
            return []
        below = self._base.edges_at(nodes, incoming=incoming, types=wanted)
        return self._seen_edges(
            below, shadows.layer.edges_at(nodes, incoming=incoming, types=wanted), shadows
        )

    def _seen_edges(self, below: list[Edge], own: list[Edge], shadows: Shadows) -> list[Edge]:
        """Edges of both sides, those that the layer hides left out, in order of place."""
        gone = shadows.gone()
        kept = [edge for edge in self._not_hidden(below, shadows) + own if edge.target not in gone]
        places = self._places(kept)
        return sorted(kept, key=lambda edge: (places(edge), _start(edge), _TYPE_ORDER[edge.type]))

    def _not_hidden(self, edges: list[Edge], shadows: Shadows) -> list[Edge]:
        if not shadows.resolutions:
            return edges
        places = self._places(edges, self._base)
        return [edge for edge in edges if places(edge) not in shadows.resolutions]

    def _places(self, edges: list[Edge], store: GraphStore | None = None) -> Callable[[Edge], str]:
        """Tells the file that an edge stands in: its span's, else its source's."""
        bare = {edge.source for edge in edges if edge.span is None}
        symbols = (store or self).symbols_by_uid(bare) if bare else {}

        def place(edge: Edge) -> str:
            if edge.span is not None:
                return edge.span.path
            symbol = symbols.get(edge.source)
            return symbol.path if symbol else edge.source

        return place

    def references(
        self, *, name: str | Collection[str] | None = None, source: str | None = None
    ) -> list[Reference]:
        shadows = self.shadows()
        hidden = shadows.resolutions
        kept = [
            reference
            for reference in self._base.references(name=name, source=source)
            if reference.span.path not in hidden
        ]
        if hidden:
            kept += shadows.layer.references(name=name, source=source)
        return sorted(kept, key=lambda reference: (reference.span.path, reference.span.start_byte))

    def links(self, paths: Collection[str], *, incoming: bool) -> list[tuple[str, str, float]]:
        shadows = self.shadows()
        kept = [
            link for link in self._base.links(paths, incoming=incoming) if link[0] not in shadows.resolutions
        ]
        if shadows.resolutions:
            kept += shadows.layer.links(paths, incoming=incoming)
        return [link for link in kept if link[1] not in shadows.removed]

    # History: the layer's where it has one, else the base's

    def _history(self) -> GraphReader:
        own = self.shadows().layer
        return self._base if own.history_state() == HistoryState() else own

    def changed_with(self, paths: Collection[str]) -> list[tuple[str, str, float]]:
        removed = self.shadows().removed
        return [row for row in self._history().changed_with(paths) if removed.isdisjoint(row[:2])]

    def touched_by(self, path: str) -> list[Commit]:
        return [] if path in self.shadows().removed else self._history().touched_by(path)

    def recency(self) -> dict[str, float]:
        removed = self.shadows().removed
        return {path: value for path, value in self._history().recency().items() if path not in removed}

    def history_state(self) -> HistoryState:
        return self._history().history_state()

    def history_log(self) -> dict[int, bytes]:
        return self._history().history_log()

    # Search

    def search(
        self, words: Mapping[str, float], among: Literal["files", "symbols"], *, limit: int
    ) -> list[tuple[str, float]]:
        """The layer's documents are scored by the base's statistics, so that the two lists are one ranking."""
        shadows = self.shadows()
        if not shadows.contents:
            return self._base.search(words, among, limit=limit)
        hidden = shadows.contents if among == "files" else shadows.base_uids()
        found = self._base.search(words, among, limit=limit + len(hidden))
        kept = [hit for hit in found if hit[0] not in hidden]
        own = shadows.words()
        known = [word for word in words if any(index.holds(word, among) for index in own.values())]
        scored = Scored(self._base.word_statistics(known, among), words, among)
        for path, index in own.items():
            scored.add(path, index)
        return sorted(chain(kept, scored.best(limit)), key=lambda hit: (-hit[1], hit[0]))[:limit]

    def word_statistics(self, words: Iterable[str], among: Literal["files", "symbols"]) -> WordStatistics:
        return self._base.word_statistics(words, among)


def open_layered(base: GraphStore, path: Path) -> LayeredStore:
    """A layer kept in a SQLite file, over a base that no longer changes: a commit's snapshot.

    `update_store` brings it up to a checkout; it then holds what differs from the snapshot. Raises StoreError.
    """
    from index.sqlite.store import SQLiteStore

    return LayeredStore(base, SQLiteStore(path, base.repository, is_layer=True))


def _start(edge: Edge) -> int:
    return edge.span.start_byte if edge.span else -1
