"""Derive the structural edges from paths and symbols: they follow from them, so no store keeps them."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from posixpath import dirname

from index.store import GraphReader
from index.types import Edge, EdgeType, Symbol

ROOT_FOLDER = "."
"""The repository's root as a node."""
STRUCTURAL_TYPES = frozenset(
    {EdgeType.HAS_FILE, EdgeType.HAS_AST, EdgeType.PARENT_OF, EdgeType.HAS_TEXT, EdgeType.NEXT_CHUNK}
)


def structural_edges(
    store: GraphReader, source: str | None, target: str | None, types: Collection[EdgeType]
) -> list[Edge]:
    """HAS_FILE, HAS_AST, PARENT_OF, HAS_TEXT and NEXT_CHUNK edges of the given types and ends.

    A folder has its sub-folders and files; a file has its module symbol, or its chunks.
    """
    edges: list[Edge] = []
    if EdgeType.HAS_FILE in types:
        edges += _folder_edges([record.path for record in store.files()])
    if EdgeType.HAS_AST in types or EdgeType.PARENT_OF in types:
        edges += [edge for edge in _symbol_edges(store, source, target) if edge.type in types]
    if EdgeType.HAS_TEXT in types or EdgeType.NEXT_CHUNK in types:
        edges += [edge for edge in _chunk_edges(store, source) if edge.type in types]
    return [
        edge
        for edge in edges
        if (source is None or edge.source == source) and (target is None or edge.target == target)
    ]


def _folder_edges(paths: list[str]) -> list[Edge]:
    pairs: dict[tuple[str, str], None] = {}
    for path in paths:
        while path:
            folder = dirname(path)
            pairs[folder or ROOT_FOLDER, path] = None
            path = folder
    return [Edge(folder, path, EdgeType.HAS_FILE) for folder, path in pairs]


def _symbol_edges(store: GraphReader, source: str | None, target: str | None) -> list[Edge]:
    ends = store.symbols_by_uid([end for end in (source, target) if end is not None])
    symbols: list[Symbol]
    if source is None and target is None:
        symbols = store.symbols()
    elif ends:
        symbols = [
            s for path in dict.fromkeys(end.path for end in ends.values()) for s in store.symbols(path=path)
        ]
    else:
        symbols = store.symbols(path=source or "")
    return [
        Edge(symbol.path, symbol.uid, EdgeType.HAS_AST)
        if symbol.parent_uid is None
        else Edge(symbol.parent_uid, symbol.uid, EdgeType.PARENT_OF)
        for symbol in symbols
    ]


def _chunk_edges(store: GraphReader, source: str | None) -> list[Edge]:
    known = [record.path for record in store.files() if source is None or record.path == source]
    edges: list[Edge] = []
    for path in known:
        chunks = store.chunks(path)
        edges += [Edge(path, chunk.uid, EdgeType.HAS_TEXT) for chunk in chunks]
        edges += [Edge(one.uid, other.uid, EdgeType.NEXT_CHUNK) for one, other in pairwise(chunks)]
    return edges
