"""Pack a graph for the page of `graft graph html`: strings as JSON, numbers as arrays, all of it compressed.

Modules stand for their files. Knows nothing of the page but this form.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
import sys
from array import array
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from index.structure import STRUCTURAL_TYPES
from index.types import EdgeType, Resolution, SymbolKind

if TYPE_CHECKING:
    from index.repository import Progress
    from index.store import GraphReader
    from index.types import Symbol

KINDS = tuple(SymbolKind)
TYPES = (EdgeType.PARENT_OF, *(type_ for type_ in EdgeType if type_ not in STRUCTURAL_TYPES))
RESOLUTIONS = tuple(Resolution)
MAX_SIGNATURE_CHARS = 160
_ALIGNMENT = 4


def packed(
    store: GraphReader, title: str, focus: str | None, progress: Progress, cancelled: Callable[[], bool]
) -> str:
    """The graph as base64 text; `focus` is the uid that the page opens at. Raises UpdateCancelled."""
    symbols = store.symbols()
    numbers = {symbol.uid: number for number, symbol in enumerate(symbols)}
    modules = {s.path: numbers[s.uid] for s in symbols if s.kind is SymbolKind.MODULE}
    edges = _edges(store, numbers | modules, symbols, progress, cancelled)
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
    codes, sureness = {t: n for n, t in enumerate(TYPES)}, {r: n for n, r in enumerate(RESOLUTIONS)}
    paths = list(dict.fromkeys(symbol.path for symbol in symbols))
    for done, path in enumerate(paths):
        look_up(cancelled, progress, "draw", done, len(paths))
        resolved = store.resolution(path)
        for edge in resolved.edges if resolved else ():
            if edge.source in numbers and edge.target in numbers:
                key = (numbers[edge.source], numbers[edge.target], codes[edge.type])
                found[key] = min(found.get(key, len(RESOLUTIONS)), sureness[edge.resolution])
    return found


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
