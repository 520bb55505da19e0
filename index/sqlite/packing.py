"""Many small values as one compressed blob: rows of integers column by column, anything else as JSON. Knows no table.

A row of its own costs SQLite, with its indexes, ten times the bytes: edges of one file are near each other.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Collection, Sequence
from itertools import accumulate, chain
from operator import sub
from typing import Any

_COMPRESSION = 6
_WINDOW_BYTES = 32_000
_WIDTHS = tuple((code, array(code).itemsize) for code in "bBhHiIqQ")
_HEADER_BYTES = 4


_COMMON = (
    b'{"os":[["i","0:os",""]],"sys":[["i","0:sys",""]],"re":[["i","0:re",""]],"typing":[["i","0:typing","Any"]],'
    b'"property",["object"],["Exception"],["str"],["int"],{"name":[["v","","str"]],"value":[["v","","self.value"]],'
    b'"setUp":[["d","test_":[["v","","!.*.()"]],"__str__":[["d","__init__":[["d",],null,[],"",{}]"class","",["'
    b'"function","static",[],{},""],"function","property",[],{},""],"class","",[],{"'
    b'","function","test",[],{},""],"","function","",[],{},""]},null,[],"",{}]'
)
"""What many interfaces say (index/facts.py), the commonest last: most are of some hundred bytes."""
_RAW = -15
"""Deflate without the six bytes of zlib's frame: most texts and columns are of some hundred bytes."""


def pack_bare(data: bytes, known: bytes = b"") -> bytes:
    """Without a frame, and without what is said in `known`, which unpacking needs again."""
    if known:
        packer = zlib.compressobj(_COMPRESSION, wbits=_RAW, zdict=known[-_WINDOW_BYTES:])
    else:
        packer = zlib.compressobj(_COMPRESSION, wbits=_RAW)
    return packer.compress(data) + packer.flush()


def unpack_bare(data: bytes, known: bytes = b"") -> bytes:
    if not known:
        return zlib.decompress(data, _RAW)
    return zlib.decompressobj(_RAW, zdict=known[-_WINDOW_BYTES:]).decompress(data)


def pack_pair(first: bytes, second: bytes) -> tuple[bytes, bytes]:
    """Two texts that say much of the same; the second can be read with the first only."""
    packer = zlib.compressobj(_COMPRESSION, zdict=first[-_WINDOW_BYTES:])
    first_packer = zlib.compressobj(_COMPRESSION, zdict=_COMMON)
    return first_packer.compress(first) + first_packer.flush(), packer.compress(second) + packer.flush()


def unpack_pair(first: bytes, second: bytes) -> tuple[bytes, bytes]:
    known = zlib.decompressobj(zdict=_COMMON).decompress(first)
    return known, zlib.decompressobj(zdict=known[-_WINDOW_BYTES:]).decompress(second)


def pack_json(value: object) -> bytes:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return pack_bare(text.encode("utf-8", "surrogatepass"))


def unpack_json(data: bytes) -> Any:
    return json.loads(unpack_bare(data).decode("utf-8", "surrogatepass"))


def pack_rows(rows: Sequence[Sequence[int]], stepped: Collection[int] = ()) -> bytes:
    """Rows of equal length; columns `stepped` are kept as differences from the row before. No rows are no bytes."""
    return pack_columns(list(zip(*rows, strict=True)), stepped)


def pack_columns(columns: Sequence[Sequence[int]], stepped: Collection[int] = ()) -> bytes:
    """The same, given column by column."""
    if not columns:
        return b""
    parts = [len(columns[0]).to_bytes(_HEADER_BYTES, "little")]
    for number, column in enumerate(columns):
        values = list(map(sub, column, chain((0,), column))) if number in stepped else column
        code = _narrowest(min(values), max(values))
        parts += (code.encode(), array(code, values).tobytes())
    return pack_bare(b"".join(parts))


def unpack_columns(data: bytes, stepped: Collection[int] = ()) -> list[Sequence[int]]:
    """The columns of packed rows; none where there are no rows."""
    if not data:
        return []
    data = unpack_bare(data)
    rows, place = int.from_bytes(data[:_HEADER_BYTES], "little"), _HEADER_BYTES
    columns: list[Sequence[int]] = []
    while place < len(data):
        column = array(chr(data[place]))
        end = place + 1 + rows * column.itemsize
        column.frombytes(data[place + 1 : end])
        columns.append(list(accumulate(column)) if len(columns) in stepped else column)
        place = end
    return columns


def pack_numbers(numbers: Sequence[int]) -> bytes:
    """Numbers, each near the one before."""
    return pack_columns([numbers] if len(numbers) else [], (0,))


def unpack_numbers(data: bytes) -> Sequence[int]:
    columns = unpack_columns(data, (0,))
    return columns[0] if columns else ()


def pack_narrow(numbers: Sequence[int]) -> bytes:
    """Numbers in the fewest bytes that hold each of them; not compressed."""
    code = _narrowest(min(numbers, default=0), max(numbers, default=0))
    return code.encode() + array(code, numbers).tobytes()


def unpack_narrow(data: bytes) -> Sequence[int]:
    numbers = array(chr(data[0]))
    numbers.frombytes(data[1:])
    return numbers


def _narrowest(least: int, most: int) -> str:
    """The code of the smallest array items that hold this range."""
    for code, width in _WIDTHS:
        low = -(1 << 8 * width - 1) if code.islower() else 0
        if low <= least and most < low + (1 << 8 * width):
            return code
    raise OverflowError(f"A number needs more than 64 bits: {least} or {most}.")
