"""List a whole graph's edges in words, file by file, however many there are. Knows no output format."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from index.documented import by_name, edges_of
from index.names import by_name_confidence
from index.store import GraphReader
from index.structure import STRUCTURAL_TYPES, structural_edges
from index.types import HISTORY_TYPES, Edge, EdgeType, Reference, Resolution, Span, Symbol


@dataclass(frozen=True, slots=True)
class NamedEdge:
    """An edge between nodes as people write them: `path::qualified.name`, or the path of a file or folder.

    A chunk of text is `path::#ordinal`, a commit `commit:<sha>`.
    """

    source: str
    target: str
    type: EdgeType
    resolution: Resolution
    confidence: float
    span: Span | None


def named_edges(
    store: GraphReader, types: Collection[EdgeType] = (), *, name_only: bool = False
) -> Iterator[NamedEdge]:
    """Every edge of these types, or of all: the semantic ones by file, then git's, then the structural ones.

    With `name_only` also those that rest on a name alone: for each unresolved use, one to everything of its name.
    """
    wanted = frozenset(types) or frozenset(EdgeType)
    symbols = store.symbols()
    names = {symbol.uid: f"{symbol.path}::{symbol.qualified_name}" for symbol in symbols}
    if wanted - STRUCTURAL_TYPES - HISTORY_TYPES:
        yield from _semantic(store, wanted, symbols, names, name_only)
    if wanted & HISTORY_TYPES:
        for edge in store.edges(types=wanted & HISTORY_TYPES):
            yield _named(edge, names)
    if wanted & STRUCTURAL_TYPES:
        names |= _chunk_names(store)
        for edge in structural_edges(store, None, None, wanted & STRUCTURAL_TYPES):
            yield _named(edge, names)


def _semantic(
    store: GraphReader,
    wanted: frozenset[EdgeType],
    symbols: list[Symbol],
    names: dict[str, str],
    name_only: bool,
) -> Iterator[NamedEdge]:
    """What resolving the files brought, file by file, what was not resolved last of each."""
    lookup = by_name(symbols)
    for record in store.files():
        resolved = store.resolution(record.path)
        if resolved is None:
            continue
        for edge in sorted(resolved.edges, key=_place):
            if edge.type in wanted and (name_only or edge.resolution is not Resolution.NAME_ONLY):
                yield _named(edge, names)
        references = sorted((each for each in resolved.references if each.type in wanted), key=_place)
        for edge in edges_of(references, lookup, name_only=name_only):
            yield _named(edge, names)
        for reference in references if name_only else ():
            if reference.type is not EdgeType.DOCUMENTS:
                targets = [names[symbol.uid] for symbol in lookup(reference.name.rpartition(".")[2])]
                yield from _guesses(reference, names, targets)


def _chunk_names(store: GraphReader) -> dict[str, str]:
    return {
        chunk.uid: f"{chunk.path}::#{chunk.ordinal}"
        for record in store.files()
        if record.skipped is None and record.language is not None
        for chunk in store.chunks(record.path)
    }


def _named(edge: Edge, names: dict[str, str]) -> NamedEdge:
    source, target = names.get(edge.source, edge.source), names.get(edge.target, edge.target)
    return NamedEdge(source, target, edge.type, edge.resolution, edge.confidence, edge.span)


def _guesses(reference: Reference, names: dict[str, str], targets: list[str]) -> Iterator[NamedEdge]:
    source, confidence = names.get(reference.source, reference.source), by_name_confidence(len(targets))
    for target in targets:
        yield NamedEdge(source, target, reference.type, Resolution.NAME_ONLY, confidence, reference.span)


def _place(use: Edge | Reference) -> tuple[int, str, str]:
    start = -1 if use.span is None else use.span.start_byte
    return start, use.type, use.target if isinstance(use, Edge) else use.name
