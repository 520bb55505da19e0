"""Many vectors in 8 bits as one matrix, and the nearest of them to another vector. Knows no store and no model.

N vectors, D width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from index.store import Among, FileVectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_STEPS = 127
_ROWS_AT_ONCE = 4_096
"""Rows made floats at a time: 6 MB of them stay in the processor's cache."""


def quantise(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """[N, D] -> scales [N] and values [N, D]; a value is off by half a scale at most."""
    import numpy as np

    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-12) / _STEPS
    return scales.astype(np.float32), np.rint(vectors / scales[:, None]).astype(np.int8)


class Matrix:
    """Vectors with their names: D + 4 bytes each. Never changed once made."""

    def __init__(self, names: list[tuple[str, str]], scales: bytes, values: bytes) -> None:
        import numpy as np

        self._np = np
        self._names = names
        self._scales = np.frombuffer(scales, np.float32)
        self._values = np.frombuffer(values, np.int8).reshape(len(names), -1 if names else 0)

    def nearest(self, vector: Sequence[float], limit: int) -> list[tuple[str, str, float]]:
        """(path, uid, cosine), nearest first; none where the vectors are those of a model of another width."""
        np = self._np
        query = np.asarray(vector, np.float32)
        if not self._names or self._values.shape[1] != len(query) or limit <= 0:
            return []
        scores = np.empty(len(self._names), np.float32)
        for start in range(0, len(scores), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            scores[rows] = self._values[rows].astype(np.float32) @ query
        scores *= self._scales
        best = np.argpartition(-scores, min(limit, len(scores)) - 1)[:limit]
        found = [(*self._names[n], float(scores[n])) for n in best]
        return sorted(found, key=lambda hit: (-hit[2], hit[:2]))


def matrices(files: Iterable[FileVectors]) -> dict[Among, Matrix]:
    """The vectors of files, and those of their definitions."""
    blocks: dict[Among, tuple[list[tuple[str, str]], bytearray, bytearray]] = {
        "files": ([], bytearray(), bytearray()),
        "symbols": ([], bytearray(), bytearray()),
    }
    for file in files:
        for uid, _, scale, row in file.rows():
            names, scales, values = blocks["symbols" if uid else "files"]
            names.append((file.path, uid))
            scales += scale
            values += row
    return {
        among: Matrix(names, bytes(scales), bytes(values))
        for among, (names, scales, values) in blocks.items()
    }
