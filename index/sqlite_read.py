"""Queries over the SQLite store's tables. Writes nothing."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from heapq import nlargest
from typing import Any, Literal

from index.bm25 import FIELD_WEIGHTS
from index.sqlite_database import Database, Query
from index.sqlite_history import HistoryReader
from index.sqlite_schema import (
    EDGE_CODES,
    EDGE_TYPES,
    KINDS,
    RESOLUTIONS,
    SPAN_COLUMNS,
    number_uid,
    signed,
    uid_number,
    unpack_confidence,
    unpack_span,
)
from index.store import Counts, StoredFacts, WordStatistics
from index.types import Edge, EdgeType, FileRecord, Reference, Symbol, TextChunk

_MAX_VARIABLES = 500
_NAMED_PER_HIT = 4
"""Documents that are named first for each one wanted; more where the store's other repositories are among them."""
_WEIGHTS = ", ".join(map(str, FIELD_WEIGHTS))
_SPAN = ", ".join(f"{{0}}.{column}" for column in SPAN_COLUMNS.split(", "))
_SYMBOL_COLUMNS = f"""s.uid, f.path, s.kind, s.name, s.qualified_name, {_SPAN.format("s")},
    s.language, s.signature, s.docstring, s.body_hash,
    s.ordinal, s.parent_uid"""

EDGE_QUERY = f"""SELECT s.uid, sf.path, t.uid, tf.path, e.type, e.resolution, e.confidence, owner.path,
        {_SPAN.format("e")}
    FROM edges e
    LEFT JOIN symbols s ON s.id = e.source LEFT JOIN files sf ON sf.id = -e.source
    LEFT JOIN symbols t ON t.id = e.target LEFT JOIN files tf ON tf.id = -e.target
    JOIN files owner ON owner.id = coalesce(s.file, sf.id)"""
"""Rows of `edge_of`."""
REFERENCE_QUERY = f"""SELECT s.uid, r.name, r.type, owner.path, {_SPAN.format("r")}
    FROM refs r JOIN symbols s ON s.id = r.source JOIN files owner ON owner.id = s.file"""
"""Rows of `reference_of`."""


class FactsReader:
    """What an update reads too, inside its transaction."""

    def __init__(self, query: Query, repository: int) -> None:
        self._query = query
        self._repository = repository

    def files(self) -> list[FileRecord]:
        rows = self._query(
            f"SELECT {FILE_COLUMNS} FROM files WHERE repository = ? ORDER BY path", (self._repository,)
        )
        return [file_record(row) for row in rows]

    def facts(self, path: str) -> StoredFacts | None:
        rows = self._query(
            "SELECT interface, body, exports FROM facts JOIN files ON id = file WHERE repository = ? AND path = ?",
            (self._repository, path),
        )
        for interface, body, exports in rows:
            return StoredFacts(zlib.decompress(interface), zlib.decompress(body), tuple(array("Q", exports)))
        return None

    def readers(self, keys: Collection[int]) -> set[str]:
        found: set[str] = set()
        for batch in batches(sorted(keys)):
            rows = self._query(
                f"SELECT DISTINCT path FROM readers JOIN files ON id = file "
                f"WHERE key IN ({marks(batch)}) AND repository = ?",
                (*batch, self._repository),
            )
            found.update(path for (path,) in rows)
        return found

    def providers(self, export: int) -> list[str]:
        rows = self._query(
            "SELECT path FROM exports JOIN files ON id = file WHERE export = ? AND repository = ? ORDER BY path",
            (signed(export), self._repository),
        )
        return [path for (path,) in rows]


class SQLiteReader(FactsReader, HistoryReader):
    """See GraphReader."""

    def __init__(self, database: Database, repository: int) -> None:
        super().__init__(database.query, repository)
        self._database = database

    def counts(self) -> Counts:
        rows = self._query(
            """SELECT count(*), total(symbol_count), total(edge_count), total(reference_count)
            FROM files WHERE repository = ?""",
            (self._repository,),
        )
        files, symbols, edges, references = map(int, rows[0])
        return Counts(files, symbols, edges, references)

    def symbols(
        self, *, path: str | None = None, name: str | None = None, qualified_name: str | None = None
    ) -> list[Symbol]:
        conditions, parameters = ["s.repository = ?"], list[Any]([self._repository])
        for column, value in (("f.path", path), ("s.qualified_name", qualified_name)):
            if value is not None:
                conditions.append(f"{column} = ?")
                parameters.append(value)
        if name is None and qualified_name is not None:
            name = qualified_name.rpartition(".")[2]
        if name is not None:
            conditions.append("s.name = ?")
            parameters.append(name)
        if path is not None:
            conditions.append("f.repository = s.repository")
        rows = self._query(
            f"SELECT {_SYMBOL_COLUMNS} FROM symbols s JOIN files f ON f.id = s.file "
            f"WHERE {' AND '.join(conditions)} ORDER BY f.path, s.start_byte, s.id",
            parameters,
        )
        return [_symbol(row) for row in rows]

    def symbols_by_uid(self, uids: Iterable[str]) -> dict[str, Symbol]:
        found: dict[str, Symbol] = {}
        for batch in batches([uid_number(uid) for uid in dict.fromkeys(uids) if is_uid(uid)]):
            rows = self._query(
                f"SELECT {_SYMBOL_COLUMNS} FROM symbols s JOIN files f ON f.id = s.file "
                f"WHERE s.repository = ? AND s.uid IN ({marks(batch)})",
                (self._repository, *batch),
            )
            found.update((symbol.uid, symbol) for symbol in map(_symbol, rows))
        return found

    def edges(
        self, *, source: str | None = None, target: str | None = None, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        conditions, parameters, ends = ["1"], list[Any](), list[int | None]()
        for column, name in (("e.source", source), ("e.target", target)):
            node = None if name is None else self._node(name)
            if node is None and name is not None:
                return []
            if node is not None:
                conditions.append(f"{column} = ?")
                parameters.append(node)
            ends.append(None if node is None else -node)
        codes = [EDGE_CODES[type_] for type_ in types]
        if codes:
            conditions.append(f"e.type IN ({marks(codes)})")
            parameters += codes
        rows = self._query(
            f"""{EDGE_QUERY} WHERE {" AND ".join(conditions)} AND owner.repository = ?
            ORDER BY owner.path, e.start_byte, e.type""",
            [*parameters, self._repository],
        )
        together = not codes or EDGE_CODES[EdgeType.CHANGED_WITH] in codes
        return [edge_of(row) for row in rows] + (self._co_change_edges(*ends) if together else [])

    def references(self, *, name: str | None = None, source: str | None = None) -> list[Reference]:
        conditions, values = ["owner.repository = ?"], list[Any]([self._repository])
        if source is not None:
            node = self._node(source)
            if node is None:
                return []
            conditions.append("r.source = ?")
            values.append(node)
        if name is not None:
            conditions.append("r.name = ?")
            values.append(name)
        rows = self._query(
            f"{REFERENCE_QUERY} WHERE {' AND '.join(conditions)} ORDER BY owner.path, r.start_byte", values
        )
        return [reference_of(row) for row in rows]

    def chunks(self, path: str) -> list[TextChunk]:
        rows = self._query(
            f"""SELECT c.uid, f.path, c.ordinal, c.text,
                {_SPAN.format("c")}
            FROM chunks c JOIN files f ON f.id = c.file WHERE f.repository = ? AND f.path = ? ORDER BY c.ordinal""",
            (self._repository, path),
        )
        return [TextChunk(row[0], row[1], row[2], row[3], unpack_span(row[1], row[4:])) for row in rows]

    def links(self, paths: Collection[str], *, incoming: bool) -> list[tuple[str, str, float]]:
        here = "target" if incoming else "source"
        found: list[tuple[str, str, float]] = []
        for batch in batches(sorted(paths)):
            found += self._query(
                f"""SELECT s.path, t.path, l.weight FROM files h JOIN links l ON l.{here} = h.id
                JOIN files s ON s.id = l.source JOIN files t ON t.id = l.target
                WHERE h.repository = ? AND h.path IN ({marks(batch)})""",
                (self._repository, *batch),
            )
        return found

    def search(
        self, words: Mapping[str, float], among: Literal["files", "symbols"], *, limit: int
    ) -> list[tuple[str, float]]:
        """Words of equal weight are one full-text query; BM25 adds up over words, so the weighted sums do too."""
        by_weight: dict[float, list[str]] = {}
        for word, weight in words.items():
            by_weight.setdefault(weight, []).append(word)
        table = "file_words" if among == "files" else "symbol_words"
        scores: dict[int, float] = {}
        for weight, group in by_weight.items():
            quoted = " OR ".join('"' + word.replace('"', "") + '"' for word in group)
            rows = self._query(
                f"SELECT rowid, -bm25({table}, {_WEIGHTS}) FROM {table} WHERE {table} MATCH ?", (quoted,)
            )
            for row, score in rows:
                scores[row] = scores.get(row, 0.0) + weight * score
        return self._best(scores, among, limit)

    def _best(
        self, scores: Mapping[int, float], among: Literal["files", "symbols"], limit: int
    ) -> list[tuple[str, float]]:
        """The best of this repository. Only these are named: a common word is in most documents of all."""
        name, taken = "path" if among == "files" else "uid", _NAMED_PER_HIT * limit
        while True:
            least = min(nlargest(taken, scores.values()), default=0.0)
            named = [row for row, score in scores.items() if score >= least]
            found: list[tuple[str, float]] = []
            for batch in batches(named):
                rows = self._query(
                    f"SELECT id, {name} FROM {among} WHERE id IN ({marks(batch)}) AND repository = ?",
                    (*batch, self._repository),
                )
                found += [(key if among == "files" else number_uid(key), scores[row]) for row, key in rows]
            if len(found) >= limit or len(named) == len(scores):
                return sorted(found, key=lambda item: (-item[1], item[0]))[:limit]
            taken *= _NAMED_PER_HIT

    def word_statistics(self, words: Iterable[str], among: Literal["files", "symbols"]) -> WordStatistics:
        table = "file_words" if among == "files" else "symbol_words"
        sums = self._query(f"SELECT block FROM {table}_data WHERE id = 1", ())
        rows, *terms = (sums and _varints(sums[0][0])) or [0]
        holding = {}
        for word in words:
            quoted = '"' + word.replace('"', "") + '"'
            found = self._query(f"SELECT count(*) FROM {table} WHERE {table} MATCH ?", (quoted,))
            holding[word] = int(found[0][0])
        return WordStatistics(rows, sum(terms) / rows if rows else 1.0, holding)

    def _node(self, name: str) -> int | None:
        """The number of a node given as a symbol's uid or a file's path."""
        if is_uid(name):
            rows = self._query("SELECT id FROM symbols WHERE uid = ?", (uid_number(name),))
            if rows:
                return int(rows[0][0])
        rows = self._query(
            "SELECT -id FROM files WHERE repository = ? AND path = ?", (self._repository, name)
        )
        return int(rows[0][0]) if rows else None


FILE_COLUMNS = "path, content_hash, size_bytes, mtime_ns, language, has_errors, skipped"


def file_record(row: Sequence[Any]) -> FileRecord:
    """A record from FILE_COLUMNS."""
    path, content_hash, size_bytes, mtime_ns, language, has_errors, skipped = row
    return FileRecord(path, content_hash, size_bytes, mtime_ns, language, bool(has_errors), skipped)


def _varints(data: bytes) -> list[int]:
    """The numbers of FTS5's record of a table's size: its rows, then the terms of each column."""
    numbers, current = [], 0
    for byte in data:
        current = current << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(current)
            current = 0
    return numbers


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Pieces small enough for one statement's parameters."""
    for start in range(0, len(values), _MAX_VARIABLES):
        yield values[start : start + _MAX_VARIABLES]


def marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))


def is_uid(name: str) -> bool:
    return len(name) == 16 and not set(name) - set("0123456789abcdef")


def _symbol(row: Sequence[Any]) -> Symbol:
    uid, path, kind, name, qualified_name, *span = row[:11]
    language, signature, docstring, body_hash, ordinal, parent = row[11:]
    return Symbol(
        number_uid(uid), path, KINDS[kind], name, qualified_name, unpack_span(path, span), language, signature,
        docstring, body_hash, ordinal, None if parent is None else number_uid(parent),
    )  # fmt: skip


def edge_of(row: Sequence[Any]) -> Edge:
    source_uid, source_path, target_uid, target_path, type_, resolution, confidence, owner, *span = row
    return Edge(
        source_path if source_uid is None else number_uid(source_uid),
        target_path if target_uid is None else number_uid(target_uid),
        EDGE_TYPES[type_],
        RESOLUTIONS[resolution],
        unpack_confidence(confidence),
        None if span[0] < 0 else unpack_span(owner, span),
    )


def reference_of(row: Sequence[Any]) -> Reference:
    uid, name, type_, path, *span = row
    return Reference(number_uid(uid), name, EDGE_TYPES[type_], unpack_span(path, span))
