"""Whole files out of the SQLite store, as they were put in; its size and its faults. Writes nothing."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any

from index.sqlite.edges import PackedFile
from index.sqlite.entries import documents_of_words, unpack_words
from index.sqlite.packing import unpack_numbers, unpack_pair
from index.sqlite.postings import INBOUND, LISTS, READERS, SYMBOL_NAMES, USED_NAMES, all_pairs, node_key
from index.sqlite.read import (
    FILE_COLUMNS,
    SQLiteReader,
    file_record,
)
from index.sqlite.schema import KINDS
from index.store import FileEntry, ResolvedFile, Tally

_NODES = "SELECT id FROM symbols UNION ALL SELECT -id FROM files"
_ORPHANS = (
    ("files of no repository", "files WHERE repository NOT IN (SELECT id FROM repositories)"),
    ("symbols of no file", "symbols WHERE file NOT IN (SELECT id FROM files)"),
    (
        "symbols whose repository is not their file's",
        "symbols s JOIN files f ON f.id = s.file WHERE s.repository <> f.repository",
    ),
    ("texts of no file", "symbol_texts WHERE file NOT IN (SELECT id FROM files)"),
    ("edges and references of no file", "resolutions WHERE file NOT IN (SELECT id FROM files)"),
    ("links from nothing", "links WHERE source NOT IN (SELECT id FROM files)"),
    ("links to nothing", "links WHERE target NOT IN (SELECT id FROM files)"),
    ("exports of no file", "exports WHERE file NOT IN (SELECT id FROM files)"),
    ("facts of no file", "facts WHERE file NOT IN (SELECT id FROM files)"),
    ("chunks of no file", "chunks WHERE file NOT IN (SELECT id FROM files)"),
    ("words of no file", "file_words WHERE rowid NOT IN (SELECT id FROM files)"),
    ("words of no symbol", "symbol_words WHERE rowid NOT IN (SELECT id FROM symbols)"),
)


class SQLiteFiles(SQLiteReader):
    """The part of GraphReader that reads files whole."""

    def entry(self, path: str) -> FileEntry | None:
        rows = self._query(
            f"SELECT id, {FILE_COLUMNS} FROM files WHERE repository = ? AND path = ?",
            (self._repository, path),
        )
        if not rows:
            return None
        file, *columns = rows[0]
        record, symbols, chunks = file_record(columns), self.symbols(path=path), self.chunks(path)
        for row in self._query(
            "SELECT interface, body, documents, exports FROM facts WHERE file = ?", (file,)
        ):
            interface, body = unpack_pair(*row[:2])
            ids = self._symbol_ids(file)
            uids = {id_: uid for id_, uid, _ in self._symbol_rows(ids)}
            words = documents_of_words(
                unpack_words(row[2], self._symbol_texts(file)), [uids.get(id_, 0) for id_ in ids]
            )
            return FileEntry(record, symbols, chunks, words, interface, body, list(array("Q", row[3])))
        return FileEntry(record, symbols, chunks)

    def resolution(self, path: str) -> ResolvedFile | None:
        rows = self._query(
            """SELECT id, nodes, edges, refs, names, keys FROM files LEFT JOIN resolutions ON file = id
            WHERE repository = ? AND path = ?""",
            (self._repository, path),
        )
        if not rows:
            return None
        file, nodes, edges, references, names, keys = rows[0]
        if nodes is None:
            return ResolvedFile([], [], {}, [])
        links = self._query(
            "SELECT path, weight FROM links JOIN files ON id = target WHERE source = ? ORDER BY path", (file,)
        )
        return ResolvedFile(
            self._edges_of([PackedFile(path, nodes, edges, names)]),
            self._references_of([PackedFile(path, nodes, references, names)]),
            dict(links),
            list(unpack_numbers(keys)),
        )

    def tally(self) -> Tally:
        def grouped(columns: str, table: str) -> list[Any]:
            return self._query(
                f"SELECT {columns}, count(*) FROM {table} WHERE f.repository = ? GROUP BY {columns}",
                (self._repository,),
            )

        edges, references = self._edge_tally()
        kinds = grouped("s.kind", "symbols s JOIN files f ON f.id = s.file")
        files = grouped("f.language, f.skipped", "files f")
        chunks = self._query(
            "SELECT total(c.number) FROM chunks c JOIN files f ON f.id = c.file WHERE f.repository = ?",
            (self._repository,),
        )
        return Tally(
            languages={str(language or ""): n for language, skipped, n in files if skipped is None},
            skipped=_summed([(str(skipped), n) for _, skipped, n in files if skipped is not None]),
            kinds={KINDS[kind]: n for kind, n in kinds},
            edges=edges,
            references=references,
            chunks=int(chunks[0][0]),
            store_bytes=_file_bytes(self._database.location),
        )

    def faults(self) -> list[str]:
        found = [
            f"the file is damaged: {line}"
            for (line,) in self._query("PRAGMA quick_check(10)", ())
            if line != "ok"
        ]
        for what, condition in _ORPHANS:
            count = self._query(f"SELECT count(*) FROM {condition}", ())[0][0]
            if count:
                found.append(f"{count} {what}")
        return found + self._faults_of_lists()

    def _faults_of_lists(self) -> list[str]:
        nodes = {node_key(node) for (node,) in self._query(_NODES, ())}
        resolved = {file for (file,) in self._query("SELECT file FROM resolutions", ())}
        holders = {list_: {holder for _, holder in all_pairs(self._query, list_)} for list_ in LISTS}
        missing = {
            "edges to nothing": {key for key, _ in all_pairs(self._query, INBOUND)} - nodes,
            "edges from no file": holders[INBOUND] - resolved,
            "readers of no file": holders[READERS] - resolved,
            "names used in no file": holders[USED_NAMES] - resolved,
            "names of no symbol": set(map(node_key, holders[SYMBOL_NAMES])) - nodes,
        }
        return [f"{len(those)} {what}" for what, those in missing.items() if those]


def _summed(pairs: list[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, number in pairs:
        sums[name] = sums.get(name, 0) + number
    return sums


def _file_bytes(location: str) -> int:
    """The size of the file and of its write-ahead log."""
    paths = (Path(location), Path(f"{location}-wal"))
    return sum(path.stat().st_size for path in paths if path.exists())
