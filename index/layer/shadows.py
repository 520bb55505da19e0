"""What a layer hides of its base, and how a layer says so. Reads both stores, writes neither.

The layer's own records carry it: one whose reason to skip is a mark below stands for no content of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from index.layer.memory import MemoryStore
from index.retrieval.bm25 import WordIndex
from index.store import FileEntry, GraphReader, ResolvedFile
from index.types import FileRecord

REMOVED = "removed in this layer"
RESOLVED = "resolved in this layer"
"""Contents are the base's, edges, references and links the layer's."""
SEEN = "seen in this layer"
"""All is the base's but the record's size and time stamp."""
ELSEWHERE = "not in this layer"
"""A stand-in, so that the layer can keep edges to files and symbols of the base. Hides nothing."""
MARKS = frozenset({REMOVED, RESOLVED, SEEN, ELSEWHERE})


class Shadows:
    """One state of a layer over one state of its base."""

    def __init__(self, stamp: tuple[int, int], base: GraphReader, layer: GraphReader) -> None:
        self.stamp = stamp
        self._base = base
        self.layer = layer = layer.frozen() if isinstance(layer, MemoryStore) else layer
        self._own = {record.path: record for record in layer.files()}
        marks = {path: record.skipped for path, record in self._own.items()}
        self.removed = frozenset(path for path, mark in marks.items() if mark == REMOVED)
        self._whole = frozenset(path for path, mark in marks.items() if mark not in MARKS)
        self.contents = self.removed | self._whole
        """Files of whose content nothing is the base's."""
        self.resolutions = self.contents | {path for path, mark in marks.items() if mark == RESOLVED}
        """Files of whose edges, references, links and keys nothing is the base's."""
        self._hidden: list[tuple[FileEntry, ResolvedFile]] | None = None
        self._gone: frozenset[str] | None = None
        self._base_uids: frozenset[str] | None = None
        self._words: dict[str, WordIndex] | None = None

    def records(self, base: Iterable[FileRecord]) -> list[FileRecord]:
        """The records of both, the layer's first, in alphabetical order."""
        return merged_records(base, self._own)

    def seen(self, entry: FileEntry | None) -> FileEntry | None:
        """An entry of the base with what the layer knows of the file's size and time stamp."""
        if entry is None or entry.record.path not in self._own:
            return entry
        return replace(entry, record=_seen(entry.record, self._own[entry.record.path]))

    def hidden(self) -> list[tuple[FileEntry, ResolvedFile]]:
        """What the base has of the files that are hidden: their contents, or their resolution."""
        if self._hidden is None:
            self._hidden = []
            for path in self.resolutions:
                entry = self._base.entry(path)
                if entry is not None:
                    self._hidden.append((entry, self._base.resolution(path) or ResolvedFile()))
        return self._hidden

    def base_uids(self) -> frozenset[str]:
        """Symbols of the base in files whose contents are hidden."""
        if self._base_uids is None:
            self._base_uids = frozenset(
                symbol.uid for path in self.contents for symbol in self._base.symbols(path=path)
            )
        return self._base_uids

    def gone(self) -> frozenset[str]:
        """Paths and symbols of the base that the layer took away."""
        if self._gone is None:
            kept = {symbol.uid for path in self._whole for symbol in self.layer.symbols(path=path)}
            self._gone = self.removed | (self.base_uids() - kept)
        return self._gone

    def words(self) -> dict[str, WordIndex]:
        """The documents of the layer's own files."""
        if self._words is None:
            entries = ((path, self.layer.entry(path)) for path in self._whole)
            self._words = {path: WordIndex(entry.documents) for path, entry in entries if entry}
        return self._words


def merged_records(base: Iterable[FileRecord], own: dict[str, FileRecord]) -> list[FileRecord]:
    """Records of a base as a layer's records change them, in alphabetical order."""
    found = {record.path: record for record in base}
    for path, record in own.items():
        if record.skipped == REMOVED:
            found.pop(path, None)
        elif record.skipped not in MARKS:
            found[path] = record
        elif path in found:
            found[path] = _seen(found[path], record)
    return [found[path] for path in sorted(found)]


def _seen(base: FileRecord, own: FileRecord) -> FileRecord:
    if own.skipped == ELSEWHERE or own.content_hash != base.content_hash:
        return base
    return replace(base, size_bytes=own.size_bytes, mtime_ns=own.mtime_ns)
