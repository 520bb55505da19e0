"""List a whole graph's edges in words, file by file, however many there are. Knows no output format."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from index.queries import by_name_confidence
from index.store import GraphReader
from index.structure import STRUCTURAL_TYPES, structural_edges
from index.types import Edge, EdgeType, Reference, Resolution, Span


@dataclass(frozen=True, slots=True)
class NamedEdge:
    """An edge between nodes as people write them: `path::qualified.name`, or the path of a file or folder.

    A chunk of text is `path::#ordinal`.
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
    names, namesakes = _names(store, with_namesakes=name_only)
    if wanted - STRUCTURAL_TYPES:
        for record in store.files():
            resolved = store.resolution(record.path)
            for edge in sorted(resolved.edges, key=_place) if resolved else ():
                if edge.type in wanted and (name_only or edge.resolution is not Resolution.NAME_ONLY):
                    yield _named(edge, names)
            for reference in sorted(resolved.references, key=_place) if resolved and name_only else ():
                if reference.type in wanted:
                    yield from _guesses(reference, names, namesakes)
    if EdgeType.CHANGED_WITH in wanted:
        for edge in store.edges(types=[EdgeType.CHANGED_WITH]):
            yield _named(edge, names)
    if wanted & STRUCTURAL_TYPES:
        names |= _chunk_names(store)
        for edge in structural_edges(store, None, None, wanted & STRUCTURAL_TYPES):
            yield _named(edge, names)


def _names(store: GraphReader, *, with_namesakes: bool) -> tuple[dict[str, str], dict[str, list[str]]]:
    """(node in words by uid, nodes in words by bare name)."""
    names: dict[str, str] = {}
    namesakes: dict[str, list[str]] = {}
    for symbol in store.symbols():
        names[symbol.uid] = f"{symbol.path}::{symbol.qualified_name}"
        if with_namesakes and symbol.name:
            namesakes.setdefault(symbol.name, []).append(names[symbol.uid])
    return names, namesakes


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


def _guesses(
    reference: Reference, names: dict[str, str], namesakes: dict[str, list[str]]
) -> Iterator[NamedEdge]:
    targets = namesakes.get(reference.name.rpartition(".")[2], [])
    source, confidence = names.get(reference.source, reference.source), by_name_confidence(len(targets))
    for target in targets:
        yield NamedEdge(source, target, reference.type, Resolution.NAME_ONLY, confidence, reference.span)


def _place(use: Edge | Reference) -> tuple[int, str, str]:
    start = -1 if use.span is None else use.span.start_byte
    return start, use.type, use.target if isinstance(use, Edge) else use.name
