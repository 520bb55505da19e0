"""Read a GGUF file: its settings and where its tensors lie. Knows no torch, no quantisation and no family.

The format: magic, version, counts; the settings; the tensors' names, shapes, types and offsets; the data,
aligned. All little-endian. Lengths are checked against the file's size before anything is read by them.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.types import CheckpointError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
DEFAULT_ALIGNMENT = 32
MAX_NESTING = 4  # of arrays in arrays; the format sets no bound
MAX_DIMENSIONS = 4

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9


@dataclass(frozen=True, slots=True)
class Layout:
    """How a tensor type lies on disk: `bytes` hold `values` numbers."""

    name: str
    values: int
    bytes: int


LAYOUTS = {
    0: Layout("F32", 1, 4),
    1: Layout("F16", 1, 2),
    2: Layout("Q4_0", 32, 18),
    3: Layout("Q4_1", 32, 20),
    8: Layout("Q8_0", 32, 34),
    12: Layout("Q4_K", 256, 144),
    13: Layout("Q5_K", 256, 176),
    14: Layout("Q6_K", 256, 210),
    30: Layout("BF16", 1, 2),
}


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """One tensor. `shape` is outermost first, as torch has it; `offset` counts bytes from the file's start."""

    shape: tuple[int, ...]
    layout: Layout
    offset: int

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) // self.layout.values * self.layout.bytes


@dataclass(frozen=True, slots=True)
class GGUFFile:
    """What the head of a file says. Arrays are lists; strings are text."""

    path: Path
    settings: dict[str, object]
    tensors: dict[str, TensorPlace]


def read_gguf(path: Path) -> GGUFFile:
    """Read the head of `path`. Raises CheckpointError when it is unreadable, truncated or malformed."""
    try:
        with path.open("rb") as file:
            size_bytes = path.stat().st_size
            return _Head(path, file, size_bytes).read()
    except OSError as error:
        raise CheckpointError(
            f"Cannot read the model {path} ({error.strerror}).\nName a GGUF file or a directory."
        ) from error


class _Head:
    """The reader's place in one file."""

    def __init__(self, path: Path, file: BinaryIO, size_bytes: int) -> None:
        self._path, self._file, self._left = path, file, size_bytes
        self._size = size_bytes

    def read(self) -> GGUFFile:
        magic = self._bytes(4)
        if magic != MAGIC:
            raise self._damaged("it does not begin as a GGUF file does")
        version = self._number("I")
        if version not in VERSIONS:
            raise self._damaged(f"it has version {version}; the engine reads versions 2 and 3, little-endian")
        tensor_count, setting_count = self._number("Q"), self._number("Q")
        settings: dict[str, object] = {}
        for _ in range(setting_count):
            name = self._string()
            settings[name] = self._value(self._number("I"))
        alignment = settings.get("general.alignment", DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 8 or alignment % 8:
            raise self._damaged(f"its alignment is {alignment!r}")
        heads = [self._tensor() for _ in range(tensor_count)]
        read_bytes = self._size - self._left
        start = -(-read_bytes // alignment) * alignment
        tensors = {name: TensorPlace(shape, layout, start + offset) for name, shape, layout, offset in heads}
        for name, place in tensors.items():
            if place.offset % 8:
                raise self._damaged(f"the tensor {name} is not aligned")
            if place.offset + place.bytes > self._size:
                raise self._damaged(f"it ends before the tensor {name} does, so it is truncated")
        return GGUFFile(self._path, settings, tensors)

    def _tensor(self) -> tuple[str, tuple[int, ...], Layout, int]:
        name = self._string()
        dimensions = self._number("I")
        if not 1 <= dimensions <= MAX_DIMENSIONS:
            raise self._damaged(f"the tensor {name} has {dimensions} dimensions")
        shape = tuple(reversed([self._number("Q") for _ in range(dimensions)]))
        if 0 in shape:
            raise self._damaged(f"the tensor {name} is empty")
        kind, offset = self._number("I"), self._number("Q")
        if kind not in LAYOUTS:
            known = ", ".join(layout.name for layout in LAYOUTS.values())
            raise CheckpointError(
                f"{self._path}: the tensor {name} is of GGUF type {kind}, which the engine does not read.\n"
                f"Take a file that is quantised as one of {known}."
            )
        if shape[-1] % LAYOUTS[kind].values:
            raise self._damaged(f"the rows of {name} are {shape[-1]} wide, no multiple of its blocks")
        return name, shape, LAYOUTS[kind], offset

    def _value(self, kind: int, depth: int = 0) -> object:
        if kind in SCALARS:
            return self._scalar(SCALARS[kind])
        if kind == STRING:
            return self._string()
        if kind != ARRAY or depth == MAX_NESTING:
            raise self._damaged(f"it has a setting of type {kind}, nested {depth} deep")
        item, count = self._number("I"), self._number("Q")
        if item in SCALARS:
            width = struct.calcsize("<" + SCALARS[item])
            return list(struct.unpack(f"<{count}{SCALARS[item]}", self._bytes(count * width)))
        if count > self._left:  # an item takes a byte or more
            raise self._damaged("an array is longer than the file, so it is truncated")
        return [self._value(item, depth + 1) for _ in range(count)]

    def _string(self) -> str:
        return self._bytes(self._number("Q")).decode("utf-8", errors="replace")

    def _number(self, code: str) -> int:
        return int(self._scalar(code))

    def _scalar(self, code: str) -> int | float | bool:
        value: int | float | bool = struct.unpack("<" + code, self._bytes(struct.calcsize("<" + code)))[0]
        return value

    def _bytes(self, count: int) -> bytes:
        if count > self._left:
            raise self._damaged("it ends in the middle of its head, so it is truncated")
        self._left -= count
        return self._file.read(count)

    def _damaged(self, cause: str) -> CheckpointError:
        return CheckpointError(f"{self._path}: not a usable GGUF file: {cause}.\nDownload it anew.")
