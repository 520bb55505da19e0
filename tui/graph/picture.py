"""Pack a graph for the page of `graft graph html`: strings as JSON, numbers as arrays, all of it compressed.

Modules stand for their files, and texts that speak of symbols are modules; commits are left out. Knows nothing of
the page but this form.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from index.documented import by_name, edges_of, text_as_symbol
from index.structure import STRUCTURAL_TYPES
from index.types import EdgeType, Resolution, SymbolKind

if TYPE_CHECKING:
    from index.repository import Progress
    from index.store import GraphReader
    from index.types import Edge, Symbol

KINDS = tuple(SymbolKind)
_NOT_DRAWN = STRUCTURAL_TYPES | {EdgeType.TOUCHED_BY}
TYPES = (EdgeType.PARENT_OF, *(type_ for type_ in EdgeType if type_ not in _NOT_DRAWN))
RESOLUTIONS = tuple(Resolution)
_CODES = {type_: code for code, type_ in enumerate(TYPES)}
_SURENESS = {resolution: rank for rank, resolution in enumerate(RESOLUTIONS)}
MAX_SIGNATURE_CHARS = 160
_ALIGNMENT = 4


def packed(
    store: GraphReader, title: str, focus: str | None, progress: Progress, cancelled: Callable[[], bool]
) -> str:
    """The graph as base64 text; `focus` is the uid that the page opens at. Raises UpdateCancelled."""
    symbols = store.symbols()
    documents = edges_of(store.references(), by_name(symbols))
    symbols += _texts(documents)
    numbers = {symbol.uid: number for number, symbol in enumerate(symbols)}
    modules = {s.path: numbers[s.uid] for s in symbols if s.kind is SymbolKind.MODULE}
    drawn = numbers | modules
    edges = _edges(store, drawn, symbols, progress, cancelled)
    for edge in (*documents, *store.edges(types=[EdgeType.CHANGED_WITH])):
        _draw(edge, drawn, edges)
    paths = list(dict.fromkeys(symbol.path for symbol in symbols))
    place = {path: number for number, path in enumerate(paths)}
    order = sorted(edges)
    strings = {
        "title": title,
        "focus": numbers.get(focus or "", -1),
        "paths": paths,
        "names": [symbol.qualified_name for symbol in symbols],
        "signatures": [symbol.signature[:MAX_SIGNATURE_CHARS] for symbol in symbols],
        "kinds": [kind.value for kind in KINDS],
        "types": [type_.value for type_ in TYPES],
        "resolutions": [resolution.value for resolution in RESOLUTIONS],
        "symbols": len(symbols),
        "edges": len(order),
    }
    arrays = [
        array("I", [place[symbol.path] for symbol in symbols]),
        array("I", [symbol.span.start_line for symbol in symbols]),
        array("I", [source for source, _, _ in order]),
        array("I", [target for _, target, _ in order]),
        array("B", [KINDS.index(symbol.kind) for symbol in symbols]),
        array("B", [type_ for _, _, type_ in order]),
        array("B", [edges[key] for key in order]),
    ]
    return base64.b64encode(gzip.compress(_joined(strings, arrays), mtime=0)).decode()


def _edges(
    store: GraphReader,
    numbers: dict[str, int],
    symbols: list[Symbol],
    progress: Progress,
    cancelled: Callable[[], bool],
) -> dict[tuple[int, int, int], int]:
    """(source, target, type) → resolution, the surest one."""
    from index.portable import look_up

    found = {
        (numbers[symbol.parent_uid], numbers[symbol.uid], 0): 0
        for symbol in symbols
        if symbol.parent_uid in numbers
    }
    paths = list(dict.fromkeys(symbol.path for symbol in symbols))
    for done, path in enumerate(paths):
        look_up(cancelled, progress, "draw", done, len(paths))
        resolved = store.resolution(path)
        for edge in resolved.edges if resolved else ():
            _draw(edge, numbers, found)
    return found


def _draw(edge: Edge, numbers: dict[str, int], found: dict[tuple[int, int, int], int]) -> None:
    """Add an edge whose ends are drawn."""
    if edge.source in numbers and edge.target in numbers:
        key = (numbers[edge.source], numbers[edge.target], _CODES[edge.type])
        found[key] = min(found.get(key, len(RESOLUTIONS)), _SURENESS[edge.resolution])


def _texts(documents: list[Edge]) -> list[Symbol]:
    """Symbols that stand for the texts among the sources of some DOCUMENTS edges."""
    spans = {edge.source: edge.span for edge in documents if edge.span and edge.source == edge.span.path}
    return [text_as_symbol(replace(span, start_line=1)) for span in spans.values()]


def _joined(strings: dict[str, object], arrays: list[array[int]]) -> bytes:
    """Length of the JSON, the JSON, then each array, every part at a multiple of four bytes, little-endian."""
    text = json.dumps(strings, separators=(",", ":"), ensure_ascii=True).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return b"".join((struct.pack("<I", len(text)), text, *map(_aligned, _little_endian(arrays))))


def _little_endian(arrays: list[array[int]]) -> Iterator[bytes]:
    for numbers in arrays:
        if sys.byteorder == "big":
            numbers.byteswap()
        yield numbers.tobytes()


def _aligned(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % _ALIGNMENT)
