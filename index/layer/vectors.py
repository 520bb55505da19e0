"""Vectors in memory, and vectors of a layer over those of its base. Knows no model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from index.retrieval.matrix import Matrix, matrices
from index.store import Among, FileVectors, VectorStore


class MemoryVectors:
    """See VectorStore. Safe to use from several threads: what is kept is replaced, never changed."""

    def __init__(self) -> None:
        self._files: dict[str, FileVectors] = {}
        self._matrices: dict[Among, Matrix] | None = None

    def made_of(self) -> dict[str, str]:
        return {path: file.made_of for path, file in self._files.items()}

    def read(self, paths: Collection[str]) -> list[FileVectors]:
        files = self._files
        return [files[path] for path in sorted(paths) if path in files]

    def put(self, files: Sequence[FileVectors], gone: Collection[str] = ()) -> None:
        kept = {path: file for path, file in self._files.items() if path not in set(gone)}
        self._files, self._matrices = kept | {file.path: file for file in files}, None

    def nearest(self, vector: Sequence[float], among: Among, *, limit: int) -> list[tuple[str, str, float]]:
        if not self._files:
            return []
        kept = self._matrices
        if kept is None:
            kept = self._matrices = matrices(file for _, file in sorted(self._files.items()))
        return kept[among].nearest(vector, limit)


class HasVectors(Protocol):
    @property
    def vectors(self) -> VectorStore: ...


class LayeredVectors:
    """See VectorStore. A file's are the layer's where it has any; else the base's, though its text may be newer."""

    def __init__(self, base: HasVectors, layer: HasVectors) -> None:
        self._base, self._layer = base, layer

    def made_of(self) -> dict[str, str]:
        return self._base.vectors.made_of() | self._layer.vectors.made_of()

    def read(self, paths: Collection[str]) -> list[FileVectors]:
        own = self._layer.vectors.read(paths)
        found = {file.path for file in own}
        return own + self._base.vectors.read([path for path in paths if path not in found])

    def put(self, files: Sequence[FileVectors], gone: Collection[str] = ()) -> None:
        """The base is never written: what is gone there leads to no symbol, and so to no hit."""
        self._layer.vectors.put(files, [path for path in self._layer.vectors.made_of() if path in set(gone)])

    def nearest(self, vector: Sequence[float], among: Among, *, limit: int) -> list[tuple[str, str, float]]:
        own = self._layer.vectors.made_of()
        # A changed file has tens of definitions, most of them far away: twice as many leave enough.
        below = self._base.vectors.nearest(vector, among, limit=2 * limit if own else limit)
        found = [hit for hit in below if hit[0] not in own]
        found += self._layer.vectors.nearest(vector, among, limit=limit)
        return sorted(found, key=lambda hit: (-hit[2], hit[:2]))[:limit]
