"""Write trees, and read graphs in words, for the tests of `index`."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from index.graph import WorkTreeGraph
from index.store import GraphStore
from index.types import EdgeType


def write_files(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())


def edge_lines(graph: WorkTreeGraph, *types: str) -> set[str]:
    """Edges as `path::name TYPE path::name`, the resolution added unless it is exact."""
    named = {s.uid: f"{s.path}::{s.qualified_name}" for s in graph.symbols()}
    lines = set()
    for edge in graph.edges():
        if edge.type.name in types:
            source, target = named.get(edge.source, edge.source), named.get(edge.target, edge.target)
            mark = "" if edge.resolution == "exact" else f" ({edge.resolution})"
            lines.add(f"{source} {edge.type} {target}{mark}")
    return lines


def lines_of_calls(graph: WorkTreeGraph, qualified_name: str) -> list[int]:
    """Lines from which a definition is called."""
    target = graph.symbols(qualified_name=qualified_name)[0].uid
    return sorted(
        edge.span.start_line for edge in graph.edges(target=target, types=[EdgeType.CALLS]) if edge.span
    )


def snapshot(graph: WorkTreeGraph, *, scores: bool = True) -> dict[str, object]:
    """Everything that the store answers, in an order of its own.

    Without scores, only who is found: a server's depend on what else is, or was, in it.
    """
    return {
        **contents(graph.store),
        "words": [
            _found(graph.store.search({w: 1.0}, among, limit=1_000), scores)
            for w in ("alpha", "beta", "run", "value", "helper", "pkg")
            for among in ("files", "symbols")
        ],
    }


def contents(store: GraphStore) -> dict[str, object]:
    """Everything that the store answers but its rankings, in an order of its own."""
    paths = [record.path for record in store.files()]
    return {
        "files": [(r.path, r.content_hash, r.language, r.has_errors, r.skipped) for r in store.files()],
        "symbols": sorted(store.symbols(), key=lambda s: s.uid),
        "edges": sorted(map(repr, store.edges())),
        "references": sorted(map(repr, store.references())),
        "links": sorted(store.links(paths, incoming=False)),
        "chunks": [store.chunks(path) for path in paths],
        "counts": store.counts(),
    }


def _found(hits: list[tuple[str, float]], scores: bool) -> list[object]:
    return [(key, round(score, 6)) for key, score in hits] if scores else sorted(key for key, _ in hits)
