"""Queries over the SQLite store's tables. Writes nothing."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import nlargest
from typing import Any, Literal

from index.retrieval.bm25 import FIELD_WEIGHTS
from index.sqlite.database import Database, Query
from index.sqlite.edges import EdgeReader
from index.sqlite.entries import SymbolTexts, unpack_symbols
from index.sqlite.history import HistoryReader
from index.sqlite.packing import unpack_json, unpack_numbers, unpack_pair
from index.sqlite.postings import READERS, SYMBOL_NAMES, holders
from index.sqlite.schema import (
    batches,
    is_uid,
    marks,
    name_key,
    number_uid,
    signed,
    uid_number,
    unpack_span,
)
from index.store import Counts, StoredFacts, WordStatistics
from index.types import HISTORY_TYPES, Edge, EdgeType, FileRecord, Reference, Symbol, TextChunk

_NAMED_PER_HIT = 4
"""Documents that are named first for each one wanted; more where the store's other repositories are among them."""
_WEIGHTS = ", ".join(map(str, (FIELD_WEIGHTS[-1], *FIELD_WEIGHTS[:-1])))


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
        for batch in batches(sorted(self._holders(READERS, keys))):
            rows = self._query(
                f"SELECT path FROM files WHERE id IN ({marks(batch)}) AND +repository = ?",
                (*batch, self._repository),
            )
            found.update(path for (path,) in rows)
        return found

    def _symbol_ids(self, file: int) -> Sequence[int]:
        """The ids of a file's symbols, by place."""
        rows = self._query("SELECT ids FROM symbol_texts WHERE file = ?", (file,))
        return unpack_numbers(rows[0][0]) if rows else ()

    def _symbol_texts(self, file: int) -> SymbolTexts | None:
        rows = self._query("SELECT texts, numbers, hashes FROM symbol_texts WHERE file = ?", (file,))
        return SymbolTexts(*rows[0]) if rows else None

    def _symbol_rows(self, ids: Sequence[int]) -> list[tuple[int, int, int]]:
        """(id, uid, kind) of these symbols, as far as they are there."""
        if len(ids) and max(ids) - min(ids) == len(ids) - 1:
            return self._query(
                "SELECT id, uid, kind FROM symbols WHERE id BETWEEN ? AND ?", (min(ids), max(ids))
            )
        found: list[tuple[int, int, int]] = []
        for batch in batches(ids):
            found += self._query(f"SELECT id, uid, kind FROM symbols WHERE id IN ({marks(batch)})", batch)
        return found

    def _holders(self, list_: int, keys: Collection[int]) -> set[int]:
        return holders(self._query, list_, keys)

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
        if path is not None:
            found = self._symbols_of("f.path = ?", [path])
        elif name is not None or qualified_name is not None:
            last = (
                {(qualified_name or "").rpartition(".")[2], qualified_name or ""} if name is None else {name}
            )
            ids = holders(self._query, SYMBOL_NAMES, [name_key(each) for each in last])
            found = self._symbols_by("id", sorted(ids))
        else:
            found = self._symbols_of("1", [])
        return [
            each
            for each in found
            if name in (None, each.name) and qualified_name in (None, each.qualified_name)
        ]

    def symbols_by_uid(self, uids: Iterable[str]) -> dict[str, Symbol]:
        wanted = [uid_number(uid) for uid in dict.fromkeys(uids) if is_uid(uid)]
        return {symbol.uid: symbol for symbol in self._symbols_by("uid", wanted)}

    def _symbols_by(self, column: str, values: Sequence[int]) -> list[Symbol]:
        """The symbols of this repository that have one of these values, in order of place."""
        wanted: dict[int, list[int]] = {}
        for batch in batches(values):
            rows = self._query(
                f"SELECT id, file FROM symbols WHERE repository = ? AND {column} IN ({marks(batch)})",
                (self._repository, *batch),
            )
            for id_, file in rows:
                wanted.setdefault(file, []).append(id_)
        # The plus keeps SQLite, which has no statistics, from visiting every file of the repository.
        found: list[Symbol] = []
        for batch in batches(list(wanted)):
            found += self._symbols_of(f"f.id IN ({marks(batch)})", batch, wanted, repository="+f.repository")
        return sorted(found, key=lambda symbol: symbol.path)

    def _symbols_of(
        self,
        condition: str,
        parameters: Sequence[Any],
        wanted: Mapping[int, Collection[int]] | None = None,
        repository: str = "f.repository",
    ) -> list[Symbol]:
        """The symbols of the files that meet a condition, of each only the wanted ids, in order of place."""
        rows = self._query(
            f"""SELECT f.id, f.path, t.ids, t.texts, t.numbers, t.hashes FROM files f
            CROSS JOIN symbol_texts t ON t.file = f.id WHERE {repository} = ? AND {condition} ORDER BY f.path""",
            (self._repository, *parameters),
        )
        found: list[Symbol] = []
        for file, path, packed_ids, *texts in rows:
            ids = unpack_numbers(packed_ids)
            known = {id_: (uid, kind) for id_, uid, kind in self._symbol_rows(ids)}
            numbers = [known.get(id_, (0, 0)) for id_ in ids]
            places = {id_: place for place, id_ in enumerate(ids) if id_ in known}
            symbols = unpack_symbols(
                path,
                [uid for uid, _ in numbers],
                [kind for _, kind in numbers],
                SymbolTexts(*texts),
                [places[id_] for id_ in sorted(ids if wanted is None else wanted[file]) if id_ in places],
            )
            found += sorted(symbols, key=lambda symbol: symbol.span.start_byte)
        return found

    def edges(
        self, *, source: str | None = None, target: str | None = None, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        wanted = frozenset(types) or frozenset(EdgeType)
        start, end = (None if name is None else self._node(name) for name in (source, target))
        found: list[Edge] = []
        if (source is None or start is not None) and (target is None or end is not None):
            if wanted - HISTORY_TYPES:
                found = self._edges(start, end, wanted)
            if EdgeType.CHANGED_WITH in wanted:
                found += self._co_change_edges(*(None if node is None else -node for node in (start, end)))
        if EdgeType.TOUCHED_BY in wanted:
            found += self._touch_edges(source, target)
        return found

    def edges_at(
        self, nodes: Collection[str], *, incoming: bool, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        wanted = set(types or EdgeType) - HISTORY_TYPES
        found: list[Edge] = []
        for node in sorted(set(nodes)) if wanted else ():
            source, target = (None, node) if incoming else (node, None)
            found += self.edges(source=source, target=target, types=wanted)
        return found

    def references(
        self, *, name: str | Collection[str] | None = None, source: str | None = None
    ) -> list[Reference]:
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
