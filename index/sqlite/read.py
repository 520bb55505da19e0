"""Queries over the SQLite store's tables. Writes nothing."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import nlargest
from typing import Any, Literal

from index.retrieval.bm25 import FIELD_WEIGHTS
from index.sqlite.database import Database, Query
from index.sqlite.edges import EdgeReader
from index.sqlite.history import HistoryReader
from index.sqlite.packing import unpack_json, unpack_pair
from index.sqlite.schema import (
    KINDS,
    SPAN_COLUMNS,
    batches,
    is_uid,
    marks,
    number_uid,
    signed,
    signed_32,
    uid_number,
    unpack_span,
)
from index.store import Counts, StoredFacts, WordStatistics
from index.types import Edge, EdgeType, FileRecord, Reference, Symbol, TextChunk

_NAMED_PER_HIT = 4
"""Documents that are named first for each one wanted; more where the store's other repositories are among them."""
_WEIGHTS = ", ".join(map(str, (FIELD_WEIGHTS[-1], *FIELD_WEIGHTS[:-1])))
_SPAN = ", ".join(f"{{0}}.{column}" for column in SPAN_COLUMNS.split(", "))
_SYMBOL_COLUMNS = f"s.id, s.file, s.uid, f.path, s.kind, s.name, s.parent_uid, {_SPAN.format('s')}"


# CROSS JOIN keeps SQLite, which has no statistics, from visiting every file of a repository for a few rows.


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
            return StoredFacts(*unpack_pair(interface, body), tuple(array("Q", exports)))
        return None

    def readers(self, keys: Collection[int]) -> set[str]:
        found: set[str] = set()
        for batch in batches(sorted(map(signed_32, keys))):
            rows = self._query(
                f"SELECT DISTINCT path FROM readers CROSS JOIN files ON id = file "
                f"WHERE key IN ({marks(batch)}) AND repository = ?",
                (*batch, self._repository),
            )
            found.update(path for (path,) in rows)
        return found

    def providers(self, export: int) -> list[str]:
        rows = self._query(
            "SELECT path FROM exports CROSS JOIN files ON id = file "
            "WHERE export = ? AND repository = ? ORDER BY path",
            (signed(export), self._repository),
        )
        return [path for (path,) in rows]


class SQLiteReader(FactsReader, EdgeReader, HistoryReader):
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
        if path is not None:
            conditions += ["f.path = ?", "f.repository = s.repository"]
            parameters.append(path)
        if name is not None:
            conditions.append("s.name = ?")
            parameters.append(name)
        elif qualified_name is not None:
            conditions.append("s.name IN (?, ?)")
            parameters += [qualified_name.rpartition(".")[2], qualified_name]
        rows = self._query(
            f"SELECT {_SYMBOL_COLUMNS} FROM symbols s JOIN files f ON f.id = s.file "
            f"WHERE {' AND '.join(conditions)} ORDER BY f.path, s.start_byte, s.id",
            parameters,
        )
        found = self._symbols(rows)
        return [each for each in found if qualified_name in (None, each.qualified_name)]

    def symbols_by_uid(self, uids: Iterable[str]) -> dict[str, Symbol]:
        found: dict[str, Symbol] = {}
        for batch in batches([uid_number(uid) for uid in dict.fromkeys(uids) if is_uid(uid)]):
            rows = self._query(
                f"SELECT {_SYMBOL_COLUMNS} FROM symbols s JOIN files f ON f.id = s.file "
                f"WHERE s.repository = ? AND s.uid IN ({marks(batch)})",
                (self._repository, *batch),
            )
            found.update((symbol.uid, symbol) for symbol in self._symbols(rows))
        return found

    def _symbols(self, rows: list[Any]) -> list[Symbol]:
        """Symbols of _SYMBOL_COLUMNS; what is long of them lies together for each file."""
        texts: dict[str, list[Any]] = {}
        for batch in batches(list({row[1] for row in rows})):
            for (packed,) in self._query(
                f"SELECT texts FROM symbol_texts WHERE file IN ({marks(batch)})", batch
            ):
                texts.update(unpack_json(packed))
        return [_symbol(row, texts[str(row[0])]) for row in rows if str(row[0]) in texts]

    def edges(
        self, *, source: str | None = None, target: str | None = None, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        wanted = list(types)
        start, end = (None if name is None else self._node(name) for name in (source, target))
        if (source is not None and start is None) or (target is not None and end is None):
            return []
        found = self._edges(start, end, wanted)
        if not wanted or EdgeType.CHANGED_WITH in wanted:
            found += self._co_change_edges(*(None if node is None else -node for node in (start, end)))
        return found

    def references(self, *, name: str | None = None, source: str | None = None) -> list[Reference]:
        node = None if source is None else self._node(source)
        return [] if source is not None and node is None else self._references(node, name)

    def chunks(self, path: str) -> list[TextChunk]:
        rows = self._query(
            "SELECT packed FROM chunks JOIN files f ON f.id = file WHERE f.repository = ? AND f.path = ?",
            (self._repository, path),
        )
        return [
            TextChunk(uid, path, ordinal, text, unpack_span(path, span))
            for (packed,) in rows
            for ordinal, uid, text, *span in unpack_json(packed)
        ]

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


def _symbol(row: Sequence[Any], texts: Sequence[Any]) -> Symbol:
    _, _, uid, path, kind, name, parent, *span = row
    qualified_name, language, signature, docstring, body_hash, ordinal = texts
    return Symbol(
        number_uid(uid), path, KINDS[kind], name, qualified_name, unpack_span(path, span), language, signature,
        docstring, body_hash, ordinal, None if parent is None else number_uid(parent),
    )  # fmt: skip
