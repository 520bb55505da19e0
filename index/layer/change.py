"""One transaction on a layer over a base: reads see both, writes go to the layer. Knows no back-end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Protocol

from index.layer.shadows import ELSEWHERE, MARKS, REMOVED, RESOLVED, SEEN, merged_records
from index.store import (
    FileEntry,
    FileHistory,
    GraphChange,
    GraphReader,
    HistoryState,
    ResolvedFile,
    StoredFacts,
)
from index.types import FileRecord


class LayerChange(GraphChange, Protocol):
    """A change of a store that can be a layer."""

    def reveal(self, path: str) -> None:
        """Forget a file that is still there below: what points to it stays."""


class LayeredChange:
    """See GraphChange."""

    def __init__(
        self, base: GraphReader, change: LayerChange, in_base: Callable[[], Mapping[str, FileRecord]]
    ) -> None:
        self._base, self._change, self._in_base = base, change, in_base
        self._own = {record.path: record for record in change.files()}

    def files(self) -> list[FileRecord]:
        return merged_records(self._in_base().values(), self._own)

    def facts(self, path: str) -> StoredFacts | None:
        mark = self._mark(path)
        if mark == REMOVED:
            return None
        return self._change.facts(path) if mark is None else self._base.facts(path)

    def readers(self, keys: Collection[int]) -> set[str]:
        hidden = {path for path in self._own if self._mark(path) in (None, REMOVED, RESOLVED)}
        return (self._base.readers(keys) - hidden) | self._change.readers(keys)

    def providers(self, export: int) -> list[str]:
        kept = [path for path in self._base.providers(export) if self._mark(path) not in (None, REMOVED)]
        return sorted({*kept, *self._change.providers(export)})

    def touch(self, record: FileRecord) -> None:
        mark, below = self._mark(record.path), self._in_base().get(record.path)
        if mark is not None and below is not None and record.skipped == below.skipped:
            record = replace(record, skipped=RESOLVED if mark == RESOLVED else SEEN)
        self._own[record.path] = record
        self._change.touch(record)

    def put_file(self, entry: FileEntry) -> None:
        self._own[entry.record.path] = entry.record
        self._change.put_file(entry)

    def remove_file(self, path: str) -> None:
        if path in self._in_base():
            self._change.remove_file(path)
            self.put_file(FileEntry(FileRecord(path, "", 0, 0, skipped=REMOVED)))
        else:
            self._own.pop(path, None)
            self._change.remove_file(path)

    def put_resolution(self, path: str, resolved: ResolvedFile) -> None:
        mark = self._mark(path)
        if mark in (_ABSENT, ELSEWHERE, SEEN):
            record = self._own.get(path) if mark == SEEN else self._in_base().get(path)
            if record is None:
                raise KeyError(f"put_resolution before put_file of {path}")
            self._own[path] = marked = replace(record, skipped=RESOLVED)
            self._change.touch(marked)
        self._change.put_resolution(path, resolved)

    def put_history(
        self, state: HistoryState, files: Mapping[str, FileHistory], log: Mapping[int, bytes]
    ) -> None:
        self._change.put_history(state, files, log)

    def reveal(self, path: str) -> None:
        """Let the base's version of a file be seen again. For a layer in memory, which loses no edge by it."""
        self._own.pop(path, None)
        self._change.reveal(path)

    def holds(self, path: str) -> bool:
        """Whether the layer has its own content for a file."""
        return self._mark(path) is None

    def base_record(self, path: str) -> FileRecord | None:
        return self._in_base().get(path)

    def set_indexed_at(self, time_ns: int) -> None:
        self._change.set_indexed_at(time_ns)

    def _mark(self, path: str) -> str | None:
        """How the layer marks a file: None where it holds the file itself."""
        record = self._own.get(path)
        if record is None:
            return _ABSENT
        return record.skipped if record.skipped in MARKS else None


_ABSENT = "absent"
