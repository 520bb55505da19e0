"""Turn the graph's values into rows of Neo4j properties, and back. Runs no query."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from index.store import ResolvedFile, StoredFacts
from index.types import Edge, EdgeType, FileRecord, Reference, Resolution, Span, Symbol, SymbolKind

Row = list[Any]
Value = TypeVar("Value")
_MAX_INDEXED_CHARS, _KEPT_CHARS = 1_500, 200
"""An indexed value may have about 8,000 bytes; longer names are found by a digest, and kept beside it."""
_COMPRESSION = 3
_SPAN_LENGTH = 6
FILE_PROPERTIES = ("path", "content_hash", "size_bytes", "mtime_ns", "language", "has_errors", "skipped")
SYMBOL_PROPERTIES = (
    "uid", "path", "kind", "name", "long_name", "qualified_name", "span", "language", "signature", "docstring",
    "body_hash", "ordinal", "parent_uid", "position",
)  # fmt: skip


def properties(node: str, names: Sequence[str]) -> str:
    """`s.uid, s.path, …` for the end of a statement."""
    return ", ".join(f"{node}.{name}" for name in names)


def indexed(name: str) -> str:
    """A name as an index can hold it."""
    if len(name) <= _MAX_INDEXED_CHARS:
        return name
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{name[:_KEPT_CHARS]}… {digest}"


def long_name(name: str) -> str | None:
    """What is kept beside `indexed(name)`."""
    return name if len(name) > _MAX_INDEXED_CHARS else None


def file_row(record: FileRecord) -> Row:
    return [getattr(record, name) for name in FILE_PROPERTIES]


def record_of(row: Row) -> FileRecord:
    return FileRecord(*row)


def symbol_row(symbol: Symbol, position: int) -> Row:
    """What is empty is no property: of most symbols that is half of them."""
    return [
        symbol.uid, symbol.path, symbol.kind.value, indexed(symbol.name), long_name(symbol.name),
        symbol.qualified_name, span_row(symbol.span), symbol.language, symbol.signature or None,
        symbol.docstring or None, symbol.body_hash or None, symbol.ordinal or None, symbol.parent_uid, position,
    ]  # fmt: skip


def symbols_of(rows: Iterable[Row]) -> list[Symbol]:
    """Symbols in order of place."""
    placed = [(row[-1], _symbol(row)) for row in rows]
    placed.sort(key=lambda pair: (pair[1].path, pair[1].span.start_byte, pair[0]))
    return [symbol for _, symbol in placed]


def _symbol(row: Row) -> Symbol:
    uid, path, kind, name, full_name, qualified_name, span, language, *rest, parent_uid = row[:-1]
    signature, docstring, body_hash, ordinal = rest
    return Symbol(
        uid, path, SymbolKind(kind), name if full_name is None else full_name, qualified_name,
        Span(path, *span), language, signature or "", docstring or "", body_hash or "", ordinal or 0, parent_uid,
    )  # fmt: skip


def span_row(span: Span) -> list[int]:
    return [
        span.start_byte, span.end_byte, span.start_line, span.start_column, span.end_line, span.end_column,
    ]  # fmt: skip


def spans_of(path: str, numbers: Sequence[int]) -> Iterator[Span]:
    for start in range(0, len(numbers), _SPAN_LENGTH):
        yield Span(path, *numbers[start : start + _SPAN_LENGTH])


def edge_rows(edges: Iterable[Edge]) -> dict[EdgeType, list[Row]]:
    """One row for all uses of a target by a source that were found in the same way: its spans are joined."""
    by_place = {
        (edge.source, edge.span.start_byte if edge.span else -1, edge.type, edge.target): edge
        for edge in edges
    }
    joined: dict[tuple[Any, ...], list[int]] = {}
    for edge in by_place.values():
        key = edge.type, edge.source, edge.target, edge.resolution.value, edge.confidence, edge.span is None
        joined.setdefault(key, []).extend(() if edge.span is None else span_row(edge.span))
    rows: dict[EdgeType, list[Row]] = {}
    for (type_, *row, _), spans in joined.items():
        rows.setdefault(type_, []).append([*row, spans or None])
    return rows


def edges_of(rows: Iterable[Row]) -> list[Edge]:
    """Edges in order of place, of rows (source, target, type, resolution, confidence, spans, path of the source)."""
    edges: list[tuple[str, int, str, Edge]] = []
    for source, target, type_name, resolution, confidence, spans, path in rows:
        places: list[Span | None] = [*spans_of(path, spans or ())]
        for span in places or [None]:
            edge = Edge(source, target, EdgeType(type_name), Resolution(resolution), confidence, span)
            edges.append((path, -1 if span is None else span.start_byte, type_name, edge))
    edges.sort(key=lambda placed: placed[:3])
    return [edge for *_, edge in edges]


def pack_references(references: Iterable[Reference]) -> bytes:
    """References as one value, all uses of a name by a source joined."""
    joined: dict[tuple[str, str, str], list[int]] = {}
    for reference in _by_place(references).values():
        key = reference.source, reference.name, reference.type.value
        joined.setdefault(key, []).extend(span_row(reference.span))
    return pack(json.dumps([[*key, spans] for key, spans in joined.items()]).encode())


def references_of(path: str, packed: bytes) -> list[Reference]:
    """The references of the file at `path`, in order of place."""
    found = [
        Reference(source, name, EdgeType(type_name), span)
        for source, name, type_name, spans in json.loads(zlib.decompress(packed))
        for span in spans_of(path, spans)
    ]
    return sorted(found, key=lambda reference: reference.span.start_byte)


def name_word(name: str) -> str:
    """A word that stands for a name in a full-text index; names that share one are told apart when read."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def _by_place(references: Iterable[Reference]) -> dict[tuple[str, int, EdgeType, str], Reference]:
    return {(r.source, r.span.start_byte, r.type, r.name): r for r in references}


def resolution_counts(resolved: ResolvedFile) -> tuple[int, int]:
    """How many edges and references a file's resolution stores."""
    edges = {(e.source, e.type, e.target, e.span.start_byte if e.span else -1) for e in resolved.edges}
    return len(edges), len(_by_place(resolved.references))


def number_words(numbers: Collection[int]) -> str:
    """Numbers as words of a full-text index."""
    return " ".join(f"{number:x}" for number in sorted(numbers))


def pack(data: bytes) -> bytes:
    return zlib.compress(data, _COMPRESSION)


def facts_of(interface: bytes, body: bytes, exports: str) -> StoredFacts:
    return StoredFacts(
        zlib.decompress(interface), zlib.decompress(body), tuple(int(word, 16) for word in exports.split())
    )


def batches(values: Sequence[Value], size: int) -> Iterator[Sequence[Value]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
