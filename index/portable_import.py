"""Take the JSON lines of an export into a store, all or nothing. Knows no store's inside; trusts no line."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from index.errors import BadExport, StoreTooNew
from index.portable import FORMAT, PORTABLE_REPOSITORY, look_up, rename_uids, silent
from index.python.scopes import symbol_uid
from index.repository import Progress
from index.store import SCHEMA_VERSION, Document, FileEntry, GraphChange, GraphStore, ResolvedFile
from index.types import Edge, EdgeType, FileRecord, Reference, Resolution, Span, Symbol, SymbolKind, TextChunk


def import_lines(
    store: GraphStore,
    lines: Iterable[str],
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Replace the store's graph by an export, in one transaction. Returns how many files it has.

    The next update reads every file once, to see that it is the one that was exported, and parses only what differs.
    Raises BadExport, StoreTooNew, StoreError, UpdateCancelled; then the old graph stands.
    """
    reading = _Reading(lines)
    header = reading.header(store.location)
    with store.change() as change:
        try:
            importing = _Importing(store.repository, change, reading, progress or silent, cancelled)
            importing.run(reading.whole(header, "files"))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise reading.bad(f"is not as an export has it ({type(error).__name__}: {error})") from error
        change.set_indexed_at(time.time_ns())
    return reading.whole(header, "files")


class _Reading:
    """The lines of an export as rows, counted. `row` is the one to be taken next."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.number = 0
        self.row: dict[str, Any] = {}

    def next(self) -> dict[str, Any]:
        """Take a row, and read the one after it."""
        taken = self.row
        self.number += 1
        try:
            self.row = json.loads(next(self._lines))
        except StopIteration:
            raise self.bad("is missing: the export ends too early") from None
        except (ValueError, RecursionError) as error:
            raise self.bad(f"is no JSON ({error})") from error
        if not isinstance(self.row, dict):
            raise self.bad("is no JSON object")
        return taken

    def header(self, location: str) -> dict[str, Any]:
        """The first row. Raises BadExport, StoreTooNew."""
        self.next()
        header = self.row
        if header.get("row") != "graft-graph":
            raise self.bad("is not the header of an export: it was not made by `graft graph export`")
        schema, format_ = self.whole(header, "schema"), self.whole(header, "format")
        if schema > SCHEMA_VERSION or format_ > FORMAT:
            raise StoreTooNew(
                f"The export has schema {schema}, this Graft knows {SCHEMA_VERSION}. "
                "Upgrade Graft, or export the graph with this one.",
                location,
            )
        if schema < SCHEMA_VERSION or format_ < FORMAT:
            raise self.bad(f"says schema {schema}, this Graft needs {SCHEMA_VERSION}. Export the graph again")
        self.next()
        return header

    def whole(self, row: Mapping[str, Any], name: str) -> int:
        number = row.get(name)
        if not isinstance(number, int) or number < 0:
            raise self.bad(f"lacks the number {name}")
        return number

    def rows(self, kind: str, number: int) -> Iterator[dict[str, Any]]:
        """The next rows, which must be of that kind."""
        for _ in range(number):
            if self.row.get("row") != kind:
                raise self.bad(f"is not the {kind} that was announced")
            yield self.next()

    def bad(self, what: str) -> BadExport:
        return BadExport(f"Cannot import: line {self.number} {what}. The store is as before.", self.number)


class _Importing:
    """One import inside one transaction."""

    def __init__(
        self,
        repository: str,
        change: GraphChange,
        reading: _Reading,
        progress: Progress,
        cancelled: Callable[[], bool],
    ) -> None:
        self._repository, self._change, self._reading = repository, change, reading
        self._progress, self._cancelled = progress, cancelled
        self._nodes: dict[str, str] = {}
        """Uids and paths of the export → those of the store."""

    def run(self, files: int) -> None:
        for known in self._change.files():
            self._change.remove_file(known.path)
        reading = self._reading
        for done, row in enumerate(reading.rows("file", files)):
            look_up(self._cancelled, self._progress, "import files", done, files)
            self._change.put_file(self._entry(row))
        done = 0
        while reading.row.get("row") == "resolution":
            look_up(self._cancelled, self._progress, "import edges", done, files)
            row = reading.next()
            path = self._nodes[row["path"]]
            self._change.put_resolution(path, self._resolved(path, row))
            done += 1
        if reading.row.get("row") != "end" or reading.row.get("lines") != reading.number:
            raise reading.bad("is not the end of the export, or lines are missing before it")

    def _entry(self, row: Mapping[str, Any]) -> FileEntry:
        path, reading = _safe_path(row["path"]), self._reading
        if path in self._nodes:
            raise ValueError(f"{path} comes twice")
        self._nodes[path] = path
        record = FileRecord(
            path,
            row["content_hash"],
            row["size_bytes"],
            0,
            row["language"],
            row["has_errors"],
            row["skipped"],
        )
        renamed: dict[str, str] = {}
        symbols = [self._symbol(path, each, renamed) for each in reading.rows("symbol", row["symbols"])]
        self._nodes |= renamed or {symbol.uid: symbol.uid for symbol in symbols}
        chunks = [
            TextChunk(each["uid"], path, each["ordinal"], each["text"], _span(path, each["span"]))
            for each in reading.rows("chunk", row["chunks"])
        ]
        documents = [
            Document(self._nodes[each["uid"]] if each["uid"] else "", *(each[name] for name in _WORD_FIELDS))
            for each in reading.rows("words", row["words"])
        ]
        interface, body = (
            rename_uids(base64.b64decode(row[name], validate=True), renamed) for name in ("interface", "body")
        )
        return FileEntry(record, symbols, chunks, documents, interface, body, row["exports"])

    def _symbol(self, path: str, row: Mapping[str, Any], renamed: dict[str, str]) -> Symbol:
        kind, uid = SymbolKind(row["kind"]), row["uid"]
        wanted = symbol_uid(PORTABLE_REPOSITORY, path, kind, row["qualified_name"], row["ordinal"])
        if uid != wanted or uid in self._nodes:
            raise ValueError(f"the uid of {row['qualified_name']} is {uid}, not {wanted}, or comes twice")
        if self._repository != PORTABLE_REPOSITORY:
            renamed[uid] = symbol_uid(self._repository, path, kind, row["qualified_name"], row["ordinal"])
        parent = row["parent"]
        return Symbol(
            renamed.get(uid, uid), path, kind, row["name"], row["qualified_name"], _span(path, row["span"]),
            row["language"], row["signature"], row["docstring"], row["body_hash"], row["ordinal"],
            None if parent is None else renamed.get(parent, parent),
        )  # fmt: skip

    def _resolved(self, path: str, row: Mapping[str, Any]) -> ResolvedFile:
        nodes, reading = self._nodes, self._reading
        edges = [
            Edge(
                nodes[each["source"]], nodes[each["target"]], EdgeType(each["type"]), Resolution(each["resolution"]),
                float(each["confidence"]), None if each["span"] is None else _span(path, each["span"]),
            )
            for each in reading.rows("edge", row["edges"])
        ]  # fmt: skip
        references = [
            Reference(nodes[each["source"]], each["name"], EdgeType(each["type"]), _span(path, each["span"]))
            for each in reading.rows("reference", row["references"])
        ]
        links = {nodes[target]: float(weight) for target, weight in row["links"].items()}
        return ResolvedFile(edges, references, links, row["keys"])


_WORD_FIELDS = ("path", "names", "prose", "body")


def _safe_path(path: str) -> str:
    """The path, if it stays below the repository's root: spans of it will be read. Raises ValueError."""
    parts = PurePosixPath(path).parts
    if not path or path.startswith("/") or ".." in parts or "\0" in path:
        raise ValueError(f"{path!r} is no path inside a repository")
    return path


def _span(path: str, numbers: list[int]) -> Span:
    start_byte, end_byte, start_line, start_column, end_line, end_column = map(int, numbers)
    return Span(path, start_byte, end_byte, start_line, start_column, end_line, end_column)
