"""Reads and writes of one transaction on the SQLite store. Neither begins nor commits it."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Collection, Mapping, Sequence

from index.sqlite.edges import EdgeWriter, PackedResolution, pack_resolution
from index.sqlite.entries import PackedEntry, Words, names_of, pack_entry, unpack_words
from index.sqlite.history import HistoryWriter
from index.sqlite.packing import pack_numbers
from index.sqlite.postings import INBOUND, SYMBOL_NAMES, PostingWriter, node_key, pair
from index.sqlite.read import FILE_COLUMNS, FactsReader
from index.sqlite.schema import batches, is_uid, marks, name_key, number_uid, signed, uid_number
from index.sqlite.stand_ins import StandIns
from index.sqlite.words import WordWriter
from index.store import FileEntry, FileHistory, HistoryState, ResolvedFile
from index.types import FileRecord

_MAX_CACHED_NODES = 200_000


class SQLiteChange(FactsReader):
    """See GraphChange."""

    def __init__(
        self, connection: sqlite3.Connection, repository: int, stand_ins: StandIns | None = None
    ) -> None:
        """With `stand_ins`, edges may name what is not in the store: it is a layer over another one."""
        super().__init__(lambda sql, parameters: connection.execute(sql, parameters).fetchall(), repository)
        self._stand_ins = stand_ins
        self._connection = connection
        self._postings = PostingWriter(connection)
        self._edges = EdgeWriter(connection, self._postings)
        self._history = HistoryWriter(connection, repository)
        self._nodes: dict[str, int] = {}
        self._words = WordWriter(connection)

    def _holders(self, list_: int, keys: Collection[int]) -> set[int]:
        return self._postings.holders(list_, keys)

    # Writes

    def flush(self) -> None:
        """Write what was gathered. To be called before the transaction ends."""
        self._postings.flush()
        self._words.flush()

    def set_indexed_at(self, time_ns: int) -> None:
        self._connection.execute(
            "UPDATE repositories SET indexed_at = ? WHERE id = ?", (time_ns, self._repository)
        )

    def touch(self, record: FileRecord) -> None:
        self._put_record(record)

    def put_file(self, entry: FileEntry) -> None:
        packed = entry if isinstance(entry, PackedEntry) else pack_entry(entry)
        file = self._put_record(entry.record)
        self._drop_contents(file)
        ids = self._put_symbols(file, packed)
        if packed.chunk_count:
            self._connection.execute(
                "INSERT INTO chunks VALUES (?, ?, ?)", (file, packed.chunk_count, packed.packed_chunks)
            )
        self._change_words(packed.words, file, ids, insert=True)
        if packed.facts is not None:
            exports = array("Q", sorted(entry.exports))
            self._connection.execute(
                "INSERT INTO facts VALUES (?, ?, ?, ?, ?)",
                (file, *packed.facts, packed.packed_documents, exports.tobytes()),
            )
            self._connection.executemany(
                "INSERT INTO exports VALUES (?, ?)", ((signed(export), file) for export in exports)
            )

    def remove_file(self, path: str) -> None:
        file = self._file(path)
        if file is None:
            return
        self._drop_contents(file)
        self._put_symbols(file, PackedEntry(FileRecord(path, "", 0, 0)))
        self._history.forget(file)
        self._connection.execute("DELETE FROM links WHERE target = ?", (file,))
        self._postings.forget(INBOUND, [node_key(-file)])
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
        packed = resolved if isinstance(resolved, PackedResolution) else pack_resolution(resolved)
        names = {*packed.nodes, *packed.links}
        if self._stand_ins is not None:
            sources = {edge.source for edge in resolved.edges}
            sources.update(reference.source for reference in resolved.references)
            self._stand_ins.add(names, sources, file)
        nodes = self._numbers(names)
        self._edges.put(file, packed, [nodes[name] for name in packed.nodes])
        self._connection.executemany(
            "INSERT INTO links VALUES (?, ?, ?)",
            sorted((file, -nodes[target], weight) for target, weight in packed.links.items()),
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

    def _put_symbols(self, file: int, entry: PackedEntry) -> Sequence[int]:
        """Replace a file's symbols; one whose uid survives keeps its id. Returns the ids, by place."""
        execute, many = self._connection.execute, self._connection.executemany
        ids_before, texts_before = self._symbol_ids(file), self._symbol_texts(file)
        gone = {uid: id_ for id_, uid, _ in self._symbol_rows(ids_before)}
        if self._stand_ins is not None:
            gone = self._stand_ins.of(file, entry.uids) | gone
        (last,) = execute("SELECT seq FROM sqlite_sequence WHERE name = 'symbols'").fetchone() or (0,)
        ids: list[int] = []
        for uid in entry.uids:
            known = gone.pop(uid, None)
            last += known is None
            ids.append(last if known is None else known)
        many(
            "INSERT OR REPLACE INTO symbols VALUES (?, ?, ?, ?, ?)",
            [
                (id_, uid, self._repository, file, kind)
                for id_, uid, kind in zip(ids, entry.uids, entry.kinds, strict=True)
            ],
        )
        names = names_of(texts_before) if texts_before else ()
        before = set(map(pair, map(name_key, names), ids_before))
        now = set(map(pair, entry.name_keys, ids))
        self._postings.remove(SYMBOL_NAMES, before - now)
        self._postings.add(SYMBOL_NAMES, now - before)
        execute("DELETE FROM symbol_texts WHERE file = ?", (file,))
        if entry.texts is not None:
            execute(
                "INSERT INTO symbol_texts VALUES (?, ?, ?, ?, ?)", (file, pack_numbers(ids), *entry.texts)
            )
        if gone:
            self._postings.forget(INBOUND, list(map(node_key, gone.values())))
            many("DELETE FROM symbols WHERE id = ?", [(id_,) for id_ in gone.values()])
            self._nodes.clear()
        execute("UPDATE files SET symbol_count = ? WHERE id = ?", (len(ids), file))
        self._nodes.update(zip(map(number_uid, entry.uids), ids, strict=True))
        return ids

    def _drop_contents(self, file: int) -> None:
        """Delete what a file brought, but for its record and its symbols."""
        self._edges.drop(file)
        row = self._connection.execute(
            "SELECT documents, exports FROM facts WHERE file = ?", (file,)
        ).fetchone()
        if row is not None:
            words = unpack_words(row[0], self._symbol_texts(file))
            self._change_words(words, file, self._symbol_ids(file), insert=False)
            self._connection.executemany(
                "DELETE FROM exports WHERE export = ? AND file = ?",
                ((signed(export), file) for export in array("Q", row[1])),
            )
        self._connection.execute("DELETE FROM chunks WHERE file = ?", (file,))
        self._connection.execute("DELETE FROM facts WHERE file = ?", (file,))

    def _change_words(self, words: Sequence[Words], file: int, ids: Sequence[int], *, insert: bool) -> None:
        """Add or take back rows of the full-text tables, which keep no text and so must be told what to forget."""
        for place, *fields in words:
            if place < 0:
                self._words.change("file_words", (file, *fields), insert)
            else:
                self._words.change("symbol_words", (ids[place], *fields), insert)

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
