"""Count what files hold, and add or take away counts. Knows no store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from index.store import FileEntry, ResolvedFile, Tally
from index.types import EdgeType, Resolution, SymbolKind

Key = TypeVar("Key", bound=Hashable)


def tally_of(files: Iterable[tuple[FileEntry, ResolvedFile]]) -> Tally:
    """How much there is of what in these files."""
    languages, skipped = Counter[str](), Counter[str]()
    kinds, chunks = Counter[SymbolKind](), 0
    edges, references = Counter[tuple[EdgeType, Resolution]](), Counter[EdgeType]()
    for entry, resolved in files:
        if entry.record.skipped is None:
            languages[entry.record.language or ""] += 1
        else:
            skipped[entry.record.skipped] += 1
        kinds.update(symbol.kind for symbol in entry.symbols)
        chunks += len(entry.chunks)
        edges.update((edge.type, edge.resolution) for edge in resolved.edges)
        references.update(reference.type for reference in resolved.references)
    return Tally(languages, skipped, kinds, edges, references, chunks, 0)


def plus(one: Tally, other: Tally) -> Tally:
    return _joined(one, other, lambda a, b: a + b)


def minus(one: Tally, other: Tally) -> Tally:
    return _joined(one, other, lambda a, b: a - b)


def _joined(one: Tally, other: Tally, join: Callable[[int, int], int]) -> Tally:
    def each(a: Mapping[Key, int], b: Mapping[Key, int]) -> dict[Key, int]:
        joined = {key: join(a.get(key, 0), b.get(key, 0)) for key in {**a, **b}}
        return {key: count for key, count in joined.items() if count}

    return replace(
        one,
        languages=each(one.languages, other.languages),
        skipped=each(one.skipped, other.skipped),
        kinds=each(one.kinds, other.kinds),
        edges=each(one.edges, other.edges),
        references=each(one.references, other.references),
        chunks=join(one.chunks, other.chunks),
    )
