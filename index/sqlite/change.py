"""Reads and writes of one transaction on the SQLite store. Neither begins nor commits it."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from index.sqlite.edges import EdgeWriter
from index.sqlite.history import HistoryWriter
from index.sqlite.packing import pack_json, pack_pair, unpack_json
from index.sqlite.read import FILE_COLUMNS, FactsReader
from index.sqlite.schema import (
    KIND_CODES,
    WORD_COLUMNS,
    batches,
    is_uid,
    marks,
    pack_span,
    signed,
    uid_number,
)
from index.sqlite.stand_ins import StandIns
from index.store import Document, FileEntry, FileHistory, HistoryState, ResolvedFile
from index.types import FileRecord, Symbol

_MAX_CACHED_NODES = 200_000
_SYMBOL_MARKS = marks(range(13))


class SQLiteChange(FactsReader):
    """See GraphChange."""

    def __init__(
        self, connection: sqlite3.Connection, repository: int, stand_ins: StandIns | None = None
    ) -> None:
        """With `stand_ins`, edges may name what is not in the store: it is a layer over another one."""
        super().__init__(lambda sql, parameters: connection.execute(sql, parameters).fetchall(), repository)
        self._stand_ins = stand_ins
        self._connection = connection
        self._edges = EdgeWriter(connection)
        self._history = HistoryWriter(connection, repository)
        self._nodes: dict[str, int] = {}

    # Writes

    def set_indexed_at(self, time_ns: int) -> None:
        self._connection.execute(
            "UPDATE repositories SET indexed_at = ? WHERE id = ?", (time_ns, self._repository)
        )

    def touch(self, record: FileRecord) -> None:
        self._put_record(record)

    def put_file(self, entry: FileEntry) -> None:
        file = self._put_record(entry.record)
        self._drop_contents(file)
        kept = self._put_symbols(file, entry.symbols)
        if entry.chunks:
            rows = [(chunk.ordinal, chunk.uid, chunk.text, *pack_span(chunk.span)) for chunk in entry.chunks]
            self._connection.execute(
                "INSERT INTO chunks VALUES (?, ?, ?)", (file, len(rows), pack_json(sorted(rows)))
            )
        documents = [_words(document, kept.get(document.uid, file)) for document in entry.documents]
        self._change_words(documents, insert=True)
        if entry.interface or documents:
            exports = array("Q", sorted(entry.exports))
            blobs = *pack_pair(entry.interface, entry.body), pack_json(documents)
            self._connection.execute(
                "INSERT INTO facts VALUES (?, ?, ?, ?, ?)", (file, *blobs, exports.tobytes())
            )
            self._connection.executemany(
                "INSERT INTO exports VALUES (?, ?)", ((signed(export), file) for export in exports)
            )

    def remove_file(self, path: str) -> None:
        file = self._file(path)
        if file is None:
            return
        self._drop_contents(file)
        self._put_symbols(file, ())
        self._history.forget(file)
        self._connection.execute("DELETE FROM links WHERE target = ?", (file,))
        self._connection.execute("DELETE FROM inbound WHERE target = ?", (-file,))
        self._connection.execute("DELETE FROM files WHERE id = ?", (file,))
        self._nodes.pop(path, None)

    def put_history(
        self, state: HistoryState, files: Mapping[str, FileHistory], log: Mapping[int, bytes]
    ) -> None:
        self._history.put(state, files, log)

    def reveal(self, path: str) -> None:
        """Forget a file that is still there below this layer. What pointed to it must be resolved again."""
        self.remove_file(path)

    def put_resolution(self, path: str, resolved: ResolvedFile) -> None:
        file = self._file(path)
        if file is None:
            raise KeyError(f"put_resolution before put_file of {path}")
        self._edges.drop(file)
        names = {name for edge in resolved.edges for name in (edge.source, edge.target)}
        names.update(reference.source for reference in resolved.references)
        if self._stand_ins is not None:
            sources = {edge.source for edge in resolved.edges}
            sources.update(reference.source for reference in resolved.references)
            self._stand_ins.add(names.union(resolved.links), sources, file)
        nodes = self._numbers(names.union(resolved.links))
        self._edges.put(file, resolved, nodes)
        self._connection.executemany(
            "INSERT INTO links VALUES (?, ?, ?)",
            sorted((file, -nodes[target], weight) for target, weight in resolved.links.items()),
        )

    # Parts

    def _file(self, path: str) -> int | None:
        row = self._connection.execute(
            "SELECT id FROM files WHERE repository = ? AND path = ?", (self._repository, path)
        ).fetchone()
        return None if row is None else int(row[0])

    def _put_record(self, record: FileRecord) -> int:
        (file,) = self._connection.execute(
            f"""INSERT INTO files (repository, {FILE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (repository, path) DO UPDATE SET content_hash = excluded.content_hash,
                size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns, language = excluded.language,
                has_errors = excluded.has_errors, skipped = excluded.skipped
            RETURNING id""",
            (self._repository, record.path, record.content_hash, record.size_bytes, record.mtime_ns,
             record.language, record.has_errors, record.skipped),
        ).fetchone()  # fmt: skip
        return int(file)

    def _put_symbols(self, file: int, symbols: Sequence[Symbol]) -> dict[str, int]:
        """Replace a file's symbols; one whose uid survives keeps its id. Returns the ids by uid."""
        execute = self._connection.execute
        gone = {uid: id_ for id_, uid in execute("SELECT id, uid FROM symbols WHERE file = ?", (file,))}
        if self._stand_ins is not None:
            gone = self._stand_ins.of([symbol.uid for symbol in symbols]) | gone
        kept: dict[str, int] = {}
        texts: dict[int, tuple[str | int, ...]] = {}
        for symbol in symbols:
            uid = uid_number(symbol.uid)
            parent = None if symbol.parent_uid is None else uid_number(symbol.parent_uid)
            values = (
                uid, self._repository, file, KIND_CODES[symbol.kind], symbol.name, *pack_span(symbol.span), parent
            )  # fmt: skip
            known = gone.pop(uid, None)
            cursor = execute(f"INSERT OR REPLACE INTO symbols VALUES ({_SYMBOL_MARKS})", (known, *values))
            id_ = kept[symbol.uid] = known if known is not None else int(cursor.lastrowid or 0)
            texts[id_] = (
                symbol.qualified_name, symbol.language, symbol.signature, symbol.docstring, symbol.body_hash,
                symbol.ordinal,
            )  # fmt: skip
        execute("DELETE FROM symbol_texts WHERE file = ?", (file,))
        if texts:
            execute("INSERT INTO symbol_texts VALUES (?, ?)", (file, pack_json(texts)))
        for id_ in gone.values():
            execute("DELETE FROM inbound WHERE target = ?", (id_,))
            execute("DELETE FROM symbols WHERE id = ?", (id_,))
        if gone:
            self._nodes.clear()
        execute("UPDATE files SET symbol_count = ? WHERE id = ?", (len(kept), file))
        self._nodes.update(kept)
        return kept

    def _drop_contents(self, file: int) -> None:
        """Delete what a file brought, but for its record and its symbols."""
        self._edges.drop(file)
        row = self._connection.execute(
            "SELECT documents, exports FROM facts WHERE file = ?", (file,)
        ).fetchone()
        if row is not None:
            self._change_words(unpack_json(row[0]), insert=False)
            self._connection.executemany(
                "DELETE FROM exports WHERE export = ? AND file = ?",
                ((signed(export), file) for export in array("Q", row[1])),
            )
        self._connection.execute("DELETE FROM chunks WHERE file = ?", (file,))
        self._connection.execute("DELETE FROM facts WHERE file = ?", (file,))

    def _change_words(self, documents: Sequence[Sequence[Any]], *, insert: bool) -> None:
        """Add or take back rows of the full-text tables, which keep no text and so must be told what to forget."""
        for table in ("file_words", "symbol_words"):
            columns = f"rowid, {WORD_COLUMNS}" if insert else f"{table}, rowid, {WORD_COLUMNS}"
            values = "?, ?, ?, ?, ?" if insert else "'delete', ?, ?, ?, ?, ?"
            self._connection.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({values})",
                [row[1:] for row in documents if row[0] == table],
            )

    def _numbers(self, names: Collection[str]) -> dict[str, int]:
        """Node numbers of uids and paths, all of which must be in the store."""
        missing = [name for name in names if name not in self._nodes]
        uids = {uid_number(name): name for name in missing if is_uid(name)}
        if len(self._nodes) > _MAX_CACHED_NODES:
            self._nodes.clear()
            return self._numbers(names)
        for batch in batches(list(uids)):
            rows = self._connection.execute(
                f"SELECT uid, id FROM symbols WHERE uid IN ({marks(batch)})", batch
            )
            self._nodes.update((uids[uid], id_) for uid, id_ in rows)
        for batch in batches([name for name in missing if name not in self._nodes]):
            rows = self._connection.execute(
                f"SELECT path, -id FROM files WHERE repository = ? AND path IN ({marks(batch)})",
                (self._repository, *batch),
            )
            self._nodes.update(rows.fetchall())
        return {name: self._nodes[name] for name in names}


def _words(document: Document, id_: int) -> tuple[str, int, str, str, str, str]:
    """(table, row, columns …) of a document."""
    table = "symbol_words" if document.uid else "file_words"
    return table, id_, document.body, document.path, document.names, document.prose
