"""Tables of the SQLite store, and the numbers that stand for enumerations in them. Runs no query."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from index.retrieval.bm25 import TOKENIZER
from index.types import EdgeType, Resolution, Span, SymbolKind

APPLICATION_ID = 0x67726674
"""`grft`: tells our file from any other database."""

EDGE_CODES = {
    EdgeType.HAS_FILE: 1, EdgeType.HAS_AST: 2, EdgeType.PARENT_OF: 3, EdgeType.HAS_TEXT: 4,
    EdgeType.NEXT_CHUNK: 5, EdgeType.IMPORTS: 6, EdgeType.CALLS: 7, EdgeType.REFERENCES: 8,
    EdgeType.INHERITS: 9, EdgeType.OVERRIDES: 10, EdgeType.INSTANTIATES: 11, EdgeType.TESTS: 12,
    EdgeType.DOCUMENTS: 13, EdgeType.CHANGED_WITH: 14, EdgeType.TOUCHED_BY: 15,
}  # fmt: skip
RESOLUTION_CODES = {Resolution.EXACT: 1, Resolution.SCOPED: 2, Resolution.NAME_ONLY: 3}
KIND_CODES = {
    SymbolKind.MODULE: 1, SymbolKind.CLASS: 2, SymbolKind.INTERFACE: 3, SymbolKind.FUNCTION: 4,
    SymbolKind.METHOD: 5, SymbolKind.FIELD: 6, SymbolKind.CONSTANT: 7, SymbolKind.TEST: 8,
}  # fmt: skip
EDGE_TYPES = {code: type_ for type_, code in EDGE_CODES.items()}
RESOLUTIONS = {code: resolution for resolution, code in RESOLUTION_CODES.items()}
KINDS = {code: kind for kind, code in KIND_CODES.items()}
STAND_IN_KIND = 0
"""Of a symbol of another store."""

WORD_COLUMNS = "body, path, names, prose"
"""The body first: FTS5 needs two bytes less for a word of the first column, and most words are of it."""
_WORDS_IN_MEMORY_BYTES = 16_000_000
"""What FTS5 gathers before it writes: 1 MB by default, which leaves the words of a large tree in many pieces."""
_CONFIDENCE_STEPS = 1_000
_MAX_VARIABLES = 500

# A node is a symbol's id, or a file's id negated; neither is used twice.
SCHEMA = f"""
CREATE TABLE repositories (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, indexed_at INTEGER NOT NULL DEFAULT 0);
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER NOT NULL, path TEXT NOT NULL, content_hash TEXT NOT NULL,
    size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, language TEXT, has_errors INTEGER NOT NULL,
    skipped TEXT, symbol_count INTEGER NOT NULL DEFAULT 0, edge_count INTEGER NOT NULL DEFAULT 0,
    reference_count INTEGER NOT NULL DEFAULT 0, UNIQUE (repository, path)
);
CREATE TABLE facts (
    file INTEGER PRIMARY KEY, interface BLOB NOT NULL, body BLOB NOT NULL, documents BLOB NOT NULL,
    exports BLOB NOT NULL
);
CREATE TABLE exports (export INTEGER NOT NULL, file INTEGER NOT NULL, PRIMARY KEY (export, file)) WITHOUT ROWID;
CREATE TABLE symbols (
    id INTEGER PRIMARY KEY AUTOINCREMENT, uid INTEGER NOT NULL UNIQUE, repository INTEGER NOT NULL,
    file INTEGER NOT NULL, kind INTEGER NOT NULL
);
CREATE TABLE symbol_texts (
    file INTEGER PRIMARY KEY, ids BLOB NOT NULL, texts BLOB NOT NULL, numbers BLOB NOT NULL, hashes BLOB NOT NULL
);
CREATE INDEX stand_ins ON symbols (file) WHERE kind = 0;
CREATE TABLE resolutions (
    file INTEGER PRIMARY KEY, nodes BLOB NOT NULL, edges BLOB NOT NULL, refs BLOB NOT NULL, names BLOB NOT NULL,
    keys BLOB NOT NULL
);
CREATE TABLE links (
    source INTEGER NOT NULL, target INTEGER NOT NULL, weight REAL NOT NULL, PRIMARY KEY (source, target)
) WITHOUT ROWID;
CREATE INDEX links_by_target ON links (target);
CREATE TABLE chunks (file INTEGER PRIMARY KEY, number INTEGER NOT NULL, packed BLOB NOT NULL);
CREATE VIRTUAL TABLE file_words USING fts5 (
    {WORD_COLUMNS}, content='', tokenize="{TOKENIZER}"
);
CREATE VIRTUAL TABLE symbol_words USING fts5 (
    {WORD_COLUMNS}, content='', tokenize="{TOKENIZER}"
);
INSERT INTO file_words (file_words, rank) VALUES ('hashsize', {_WORDS_IN_MEMORY_BYTES});
INSERT INTO symbol_words (symbol_words, rank) VALUES ('hashsize', {_WORDS_IN_MEMORY_BYTES});
"""


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Pieces small enough for one statement's parameters."""
    for start in range(0, len(values), _MAX_VARIABLES):
        yield values[start : start + _MAX_VARIABLES]


def marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))


def is_uid(name: str) -> bool:
    return len(name) == 16 and not set(name) - set("0123456789abcdef")


def uid_number(uid: str) -> int:
    """A uid of 16 hexadecimal digits as a signed 64-bit number."""
    return int.from_bytes(bytes.fromhex(uid), "big", signed=True)


def number_uid(number: int) -> str:
    return number.to_bytes(8, "big", signed=True).hex()


def signed(number: int) -> int:
    """An unsigned 64-bit number as SQLite keeps it."""
    return number - (1 << 64) if number >= 1 << 63 else number


def name_key(name: str) -> int:
    """A name as a 32-bit number. A collision costs a look into one more file."""
    return zlib.crc32(name.encode("utf-8", "surrogatepass"))


def pack_span(span: Span | None) -> tuple[int, int, int, int, int, int]:
    """Six numbers of a span. Lengths, not ends: most are small numbers, which SQLite stores in one byte or none."""
    if span is None:
        return -1, 0, 0, 0, 0, 0
    lines = span.end_line - span.start_line
    columns = span.end_column if lines else span.end_column - span.start_column
    return (
        span.start_byte,
        span.end_byte - span.start_byte,
        span.start_line,
        span.start_column,
        lines,
        columns,
    )


def unpack_span(path: str, row: Sequence[int]) -> Span:
    """The span of `pack_span`; a negative start, which stands for none, is the caller's to see."""
    start_byte, length, start_line, start_column, lines, columns = row
    end_column = columns if lines else start_column + columns
    return Span(
        path, start_byte, start_byte + length, start_line, start_column, start_line + lines, end_column
    )


def pack_confidence(confidence: float) -> int:
    return round(confidence * _CONFIDENCE_STEPS)


def unpack_confidence(number: int) -> float:
    return number / _CONFIDENCE_STEPS
