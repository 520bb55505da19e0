"""Write a graph to a stream of JSON lines that any store can take in. Knows no store's inside.

The stream: a header; every file with its symbols, chunks and search words; then what each file resolves to; a last
line that counts the lines. It depends on nothing but the tree: no time stamps, and uids are those of a repository
called `.`, so that two machines write the same bytes. Each file's facts travel along (base64), so that an imported
graph is brought up to date as if it had been built in place.
"""

from __future__ import annotations

import base64
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from index.errors import ExportFailed, StoreBusy, UpdateCancelled
from index.python.scopes import symbol_uid
from index.repository import Progress
from index.store import SCHEMA_VERSION, FileEntry, GraphStore, ResolvedFile
from index.types import Edge, Reference, Span, Symbol

FORMAT = 1
PORTABLE_REPOSITORY = "."
"""The repository whose uids stand in an export."""
_UID_TEXT = re.compile(rb'"([0-9a-f]{16})"')


def export_lines(
    store: GraphStore, progress: Progress | None = None, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[str]:
    """The whole graph, a JSON object a line, in an order of its own. Raises StoreError, UpdateCancelled.

    Raises StoreBusy where an update is committed meanwhile: the lines so far are then of no use.
    """
    began, paths = store.indexed_at(), [record.path for record in store.files()]
    lines = 0
    for row in _rows(store, paths, progress or silent, cancelled):
        lines += 1
        yield json.dumps(row, separators=(",", ":"), sort_keys=True) + "\n"
    if store.indexed_at() != began:
        raise StoreBusy(
            f"{store.location} was updated while it was being exported. Try again.", store.location
        )
    yield json.dumps({"row": "end", "lines": lines + 1}, separators=(",", ":"), sort_keys=True) + "\n"


def export_file(
    store: GraphStore,
    target: Path,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Write an export to a file, all of it or nothing. Raises ExportFailed, StoreError, UpdateCancelled."""
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(descriptor, "w", encoding="ascii", newline="\n") as stream:
            stream.writelines(export_lines(store, progress, cancelled))
        Path(temporary).replace(target)
        temporary = None
    except OSError as error:
        raise ExportFailed(f"Cannot write {target} ({error.strerror}). Name another file.") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _rows(
    store: GraphStore, paths: list[str], progress: Progress, cancelled: Callable[[], bool]
) -> Iterator[dict[str, Any]]:
    renamed = portable_uids(store) if store.repository != PORTABLE_REPOSITORY else {}
    yield {"row": "graft-graph", "format": FORMAT, "schema": SCHEMA_VERSION, "files": len(paths)}
    for done, path in enumerate(paths):
        look_up(cancelled, progress, "export files", done, len(paths))
        entry = store.entry(path)
        if entry is not None:
            yield from _entry_rows(entry, renamed)
    for done, path in enumerate(paths):
        look_up(cancelled, progress, "export edges", done, len(paths))
        resolved = store.resolution(path)
        if resolved is not None and (
            resolved.edges or resolved.references or resolved.links or resolved.keys
        ):
            yield from _resolution_rows(path, resolved, renamed)


def look_up(cancelled: Callable[[], bool], progress: Progress, what: str, done: int, total: int) -> None:
    """Tell how far the work is. Raises UpdateCancelled."""
    if cancelled():
        raise UpdateCancelled("Stopped; nothing was changed.")
    progress(what, done, total)


def silent(_: str, __: int, ___: int) -> None:
    """Progress that nobody watches."""


def _entry_rows(entry: FileEntry, renamed: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    record = entry.record
    yield {
        "row": "file",
        "path": record.path,
        "content_hash": record.content_hash,
        "size_bytes": record.size_bytes,
        "language": record.language,
        "has_errors": record.has_errors,
        "skipped": record.skipped,
        "interface": base64.b64encode(rename_uids(entry.interface, renamed)).decode(),
        "body": base64.b64encode(rename_uids(entry.body, renamed)).decode(),
        "exports": sorted(entry.exports),
        "symbols": len(entry.symbols),
        "chunks": len(entry.chunks),
        "words": len(entry.documents),
    }
    symbols = sorted(entry.symbols, key=_symbol_order)
    place = {symbol.uid: number for number, symbol in enumerate(symbols)}
    for symbol in symbols:
        yield _symbol_row(symbol, renamed)
    for chunk in sorted(entry.chunks, key=lambda chunk: chunk.ordinal):
        yield {
            "row": "chunk",
            "uid": chunk.uid,
            "ordinal": chunk.ordinal,
            "text": chunk.text,
            "span": _span(chunk.span),
        }
    for words in sorted(entry.documents, key=lambda words: place.get(words.uid, -1)):
        yield {
            "row": "words",
            "uid": renamed.get(words.uid, words.uid),
            "path": words.path,
            "names": words.names,
            "prose": words.prose,
            "body": words.body,
        }


def _symbol_order(symbol: Symbol) -> tuple[int, int, str, str, int]:
    """Outer symbols first, and the same whatever the store's own order is."""
    span = symbol.span
    return span.start_byte, -span.end_byte, symbol.kind, symbol.qualified_name, symbol.ordinal


def _symbol_row(symbol: Symbol, renamed: Mapping[str, str]) -> dict[str, Any]:
    parent = symbol.parent_uid
    return {
        "row": "symbol",
        "uid": renamed.get(symbol.uid, symbol.uid),
        "kind": symbol.kind,
        "name": symbol.name,
        "qualified_name": symbol.qualified_name,
        "span": _span(symbol.span),
        "language": symbol.language,
        "signature": symbol.signature,
        "docstring": symbol.docstring,
        "body_hash": symbol.body_hash,
        "ordinal": symbol.ordinal,
        "parent": None if parent is None else renamed.get(parent, parent),
    }


def _resolution_rows(
    path: str, resolved: ResolvedFile, renamed: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    edges = [_edge_row(edge, renamed) for edge in resolved.edges]
    references = [_reference_row(reference, renamed) for reference in resolved.references]
    yield {
        "row": "resolution",
        "path": path,
        "links": dict(sorted(resolved.links.items())),
        "keys": sorted(resolved.keys),
        "edges": len(edges),
        "references": len(references),
    }
    yield from (*sorted(edges, key=_row_order), *sorted(references, key=_row_order))


def _row_order(row: dict[str, Any]) -> tuple[list[int], str, str, str]:
    return row["span"] or [], row["type"], row["source"], row.get("target") or row["name"]


def _edge_row(edge: Edge, renamed: Mapping[str, str]) -> dict[str, Any]:
    return {
        "row": "edge",
        "source": renamed.get(edge.source, edge.source),
        "target": renamed.get(edge.target, edge.target),
        "type": edge.type,
        "resolution": edge.resolution,
        "confidence": edge.confidence,
        "span": None if edge.span is None else _span(edge.span),
    }


def _reference_row(reference: Reference, renamed: Mapping[str, str]) -> dict[str, Any]:
    return {
        "row": "reference",
        "source": renamed.get(reference.source, reference.source),
        "name": reference.name,
        "type": reference.type,
        "span": _span(reference.span),
    }


def _span(span: Span) -> list[int]:
    """Bytes, then start and end as line and column. The path is the file's."""
    return [
        span.start_byte,
        span.end_byte,
        span.start_line,
        span.start_column,
        span.end_line,
        span.end_column,
    ]


def portable_uids(store: GraphStore) -> dict[str, str]:
    """For every symbol of the store, its uid → the one that it has in an export."""
    return {
        symbol.uid: symbol_uid(
            PORTABLE_REPOSITORY, symbol.path, symbol.kind, symbol.qualified_name, symbol.ordinal
        )
        for symbol in store.symbols()
    }


def rename_uids(facts: bytes, renamed: Mapping[str, str]) -> bytes:
    """A file's facts with other uids in them: JSON, in which a uid is a string by itself."""
    if not renamed:
        return facts

    def other(match: re.Match[bytes]) -> bytes:
        uid = match[1].decode()
        return f'"{renamed.get(uid, uid)}"'.encode()

    return _UID_TEXT.sub(other, facts)
