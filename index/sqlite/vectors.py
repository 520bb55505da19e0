"""Vectors in the SQLite store: a row for each file, searched as one matrix. Knows no model."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence

from index.retrieval.matrix import Matrix, matrices
from index.sqlite.database import Database
from index.store import Among, FileVectors

VECTOR_SCHEMA = """
CREATE TABLE vectors (
    repository INTEGER NOT NULL, path TEXT NOT NULL, made_of TEXT NOT NULL, uids BLOB NOT NULL, texts BLOB NOT NULL,
    scales BLOB NOT NULL, vectors BLOB NOT NULL, PRIMARY KEY (repository, path)
);
CREATE TABLE vector_revisions (repository INTEGER PRIMARY KEY, revision INTEGER NOT NULL);
"""
_COLUMNS = "path, made_of, uids, texts, scales, vectors"
_UID_BYTES = 8
_OF_THE_FILE = "00" * _UID_BYTES
"""Stands for the empty uid."""


class SQLiteVectors:
    """See VectorStore. The matrix is kept until the vectors are others. Safe to use from several threads."""

    def __init__(self, database: Database, repository: int) -> None:
        self._database, self._repository = database, repository
        self._kept: tuple[int, dict[Among, Matrix]] | None = None

    def made_of(self) -> dict[str, str]:
        return dict(
            self._database.query(
                "SELECT path, made_of FROM vectors WHERE repository = ?", (self._repository,)
            )
        )

    def read(self, paths: Collection[str]) -> list[FileVectors]:
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM vectors WHERE repository = ? AND path IN (SELECT value FROM json_each(?))",
            (self._repository, json.dumps(sorted(paths))),
        )
        return [_vectors(*row) for row in rows]

    def put(self, files: Sequence[FileVectors], gone: Collection[str] = ()) -> None:
        with self._database.change() as connection:
            self._write(connection, files, gone)

    def _write(
        self, connection: sqlite3.Connection, files: Sequence[FileVectors], gone: Collection[str]
    ) -> None:
        connection.executemany(
            "DELETE FROM vectors WHERE repository = ? AND path = ?",
            [(self._repository, path) for path in gone],
        )
        connection.executemany(
            f"INSERT OR REPLACE INTO vectors (repository, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    self._repository, file.path, file.made_of, _packed(file.uids), file.texts,
                    file.scales, file.values,
                )
                for file in files
            ],
        )  # fmt: skip
        connection.execute(
            "INSERT INTO vector_revisions VALUES (?, 1) ON CONFLICT DO UPDATE SET revision = revision + 1",
            (self._repository,),
        )

    def nearest(self, vector: Sequence[float], among: Among, *, limit: int) -> list[tuple[str, str, float]]:
        rows = self._database.query(
            "SELECT revision FROM vector_revisions WHERE repository = ?", (self._repository,)
        )
        if not rows:
            return []
        kept = self._kept
        if kept is None or kept[0] != rows[0][0]:
            files = self._database.query(
                f"SELECT {_COLUMNS} FROM vectors WHERE repository = ? ORDER BY path", (self._repository,)
            )
            kept = self._kept = rows[0][0], matrices(_vectors(*row) for row in files)
        return kept[1][among].nearest(vector, limit)


def _packed(uids: Sequence[str]) -> bytes:
    return bytes.fromhex("".join(uid or _OF_THE_FILE for uid in uids))


def _vectors(path: str, made_of: str, uids: bytes, texts: bytes, scales: bytes, values: bytes) -> FileVectors:
    names = [uids[n : n + _UID_BYTES].hex() for n in range(0, len(uids), _UID_BYTES)]
    names = ["" if name == _OF_THE_FILE else name for name in names]
    return FileVectors(path, made_of, names, texts, scales, values)
