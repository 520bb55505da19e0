"""Histories of files in the SQLite store: tables, reads, and a write that touches only rows that differ."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Mapping
from typing import Any

from index.sqlite.database import Query
from index.sqlite.schema import pack_confidence, unpack_confidence
from index.store import FileHistory, HistoryState
from index.types import COMMIT_PREFIX, Commit, Edge, EdgeType

HISTORY_SCHEMA = """
CREATE TABLE history_states (
    repository INTEGER PRIMARY KEY, head TEXT NOT NULL, files TEXT NOT NULL, complete INTEGER NOT NULL
);
CREATE TABLE history_segments (
    repository INTEGER NOT NULL, number INTEGER NOT NULL, commits BLOB NOT NULL, PRIMARY KEY (repository, number)
) WITHOUT ROWID;
CREATE TABLE file_histories (file INTEGER PRIMARY KEY, recency REAL NOT NULL, digest BLOB NOT NULL);
CREATE TABLE commits (
    id INTEGER PRIMARY KEY, repository INTEGER NOT NULL, sha BLOB NOT NULL, time_s INTEGER NOT NULL,
    author TEXT NOT NULL, subject TEXT NOT NULL
);
CREATE TABLE touches (file INTEGER NOT NULL, place INTEGER NOT NULL, commit_id INTEGER NOT NULL,
    PRIMARY KEY (file, place)) WITHOUT ROWID;
CREATE TABLE co_changes (source INTEGER NOT NULL, target INTEGER NOT NULL, weight INTEGER NOT NULL,
    PRIMARY KEY (source, target)) WITHOUT ROWID;
CREATE INDEX co_changes_by_target ON co_changes (target);
"""


class HistoryReader:
    """The part of GraphReader that asks for histories."""

    _query: Query
    _repository: int

    def history_state(self) -> HistoryState:
        rows = self._query(
            "SELECT head, files, complete FROM history_states WHERE repository = ?", (self._repository,)
        )
        return HistoryState(rows[0][0], rows[0][1], bool(rows[0][2])) if rows else HistoryState()

    def history_log(self) -> dict[int, bytes]:
        rows = self._query(
            "SELECT number, commits FROM history_segments WHERE repository = ?", (self._repository,)
        )
        return {int(number): bytes(commits) for number, commits in rows}

    def recency(self) -> dict[str, float]:
        rows = self._query(
            "SELECT path, recency FROM file_histories JOIN files ON id = file WHERE repository = ?",
            (self._repository,),
        )
        return dict(rows)

    def touched_by(self, path: str) -> list[Commit]:
        rows = self._query(
            """SELECT c.sha, c.time_s, c.author, c.subject FROM files f JOIN touches t ON t.file = f.id
            JOIN commits c ON c.id = t.commit_id WHERE f.repository = ? AND f.path = ? ORDER BY t.place""",
            (self._repository, path),
        )
        return [Commit(bytes(sha).hex(), time_s, author, subject) for sha, time_s, author, subject in rows]

    def changed_with(self, paths: Collection[str]) -> list[tuple[str, str, float]]:
        wanted = json.dumps(sorted(paths))
        found: list[tuple[str, str, float]] = []
        for here, there in (("source", "target"), ("target", "source")):
            rows = self._query(
                f"""SELECT h.path, t.path, c.weight FROM json_each(?) w
                JOIN files h ON h.repository = ? AND h.path = w.value
                JOIN co_changes c ON c.{here} = h.id JOIN files t ON t.id = c.{there}""",
                (wanted, self._repository),
            )
            found += [(one, other, unpack_confidence(weight)) for one, other, weight in rows]
        return sorted(found, key=lambda row: (-row[2], row[0], row[1]))

    def _co_change_edges(self, source: int | None, target: int | None) -> list[Edge]:
        """CHANGED_WITH edges between files, given by their numbers."""
        ends = [("source", source), ("target", target)]
        given = [(name, number) for name, number in ends if number is not None]
        condition = "".join(f"AND c.{name} = ? " for name, _ in given)
        rows = self._query(
            f"""SELECT s.path, t.path, c.weight FROM co_changes c JOIN files s ON s.id = c.source
            JOIN files t ON t.id = c.target WHERE s.repository = ? {condition} ORDER BY s.path, t.path""",
            (self._repository, *(number for _, number in given)),
        )
        return [
            Edge(one, other, EdgeType.CHANGED_WITH, confidence=unpack_confidence(weight))
            for one, other, weight in rows
        ]

    def _touch_edges(self, source: str | None, target: str | None) -> list[Edge]:
        """TOUCHED_BY edges from files to commits."""
        conditions, values = "", list[Any]()
        if source is not None:
            conditions, values = "AND f.path = ?", [source]
        if target is not None:
            sha = sha_bytes(target)
            if sha is None:
                return []
            conditions, values = f"{conditions} AND c.sha = ?", [*values, sha]
        rows = self._query(
            f"""SELECT f.path, c.sha FROM files f JOIN touches t ON t.file = f.id
            JOIN commits c ON c.id = t.commit_id WHERE f.repository = ? {conditions} ORDER BY f.path, t.place""",
            (self._repository, *values),
        )
        return [Edge(path, f"{COMMIT_PREFIX}{bytes(sha).hex()}", EdgeType.TOUCHED_BY) for path, sha in rows]


def sha_bytes(node: str) -> bytes | None:
    """The name of a commit given as a node, None for any other node."""
    try:
        return bytes.fromhex(node.removeprefix(COMMIT_PREFIX)) if node.startswith(COMMIT_PREFIX) else None
    except ValueError:
        return None


class HistoryWriter:
    """Writes histories inside one transaction."""

    def __init__(self, connection: sqlite3.Connection, repository: int) -> None:
        self._connection = connection
        self._repository = repository

    def put(self, state: HistoryState, files: Mapping[str, FileHistory], log: Mapping[int, bytes]) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO history_states VALUES (?, ?, ?, ?)",
            (self._repository, state.head, state.files, state.complete),
        )
        for number, commits in log.items():
            self._connection.execute(
                "DELETE FROM history_segments WHERE repository = ? AND number = ?", (self._repository, number)
            )
            if commits:
                self._connection.execute(
                    "INSERT INTO history_segments VALUES (?, ?, ?)", (self._repository, number, commits)
                )
        self._put_files(files)

    def _put_files(self, files: Mapping[str, FileHistory]) -> None:
        known = self._connection.execute(
            "SELECT path, id, digest FROM files LEFT JOIN file_histories ON file = id WHERE repository = ?",
            (self._repository,),
        ).fetchall()
        ids = {path: id_ for path, id_, _ in known}
        digests = {path: _digest(history, ids) for path, history in files.items()}
        differing = [(path, id_) for path, id_, digest in known if digest != digests.get(path)]
        self._drop([id_ for _, id_ in differing])
        written = [(id_, path, files[path]) for path, id_ in differing if path in files]
        self._insert("file_histories", [(id_, each.recency, digests[path]) for id_, path, each in written])
        commits = self._commit_ids({c.sha: c for _, _, each in written for c in each.commits})
        touches = [(id_, n, commits[c.sha]) for id_, _, each in written for n, c in enumerate(each.commits)]
        self._insert("touches", touches)
        self._insert(
            "co_changes",
            [
                (id_, ids[other], pack_confidence(weight))
                for id_, _, each in written
                for other, weight in each.changed_with.items()
                if other in ids
            ],
        )
        if differing:
            self._connection.execute(
                "DELETE FROM commits WHERE repository = ? AND id NOT IN (SELECT commit_id FROM touches)",
                (self._repository,),
            )

    def forget(self, file: int) -> None:
        """Take back a file's history, and its edges from both ends."""
        # Its companions' rows are no longer what their digests say.
        self._connection.execute(
            "UPDATE file_histories SET digest = x'' WHERE file IN (SELECT source FROM co_changes WHERE target = ?)",
            (file,),
        )
        self._connection.execute("DELETE FROM co_changes WHERE target = ?", (file,))
        self._connection.execute(
            "UPDATE history_states SET files = '' WHERE repository = ?", (self._repository,)
        )
        self._drop([file])

    def _drop(self, files: Collection[int]) -> None:
        for table, column in (("file_histories", "file"), ("touches", "file"), ("co_changes", "source")):
            self._connection.executemany(
                f"DELETE FROM {table} WHERE {column} = ?", ((file,) for file in files)
            )

    def _insert(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        self._connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)

    def _commit_ids(self, wanted: Mapping[str, Commit]) -> dict[str, int]:
        """Numbers of commits, which are added where they are new."""
        rows = self._connection.execute(
            "SELECT sha, id FROM commits WHERE repository = ?", (self._repository,)
        )
        ids = {bytes(sha).hex(): int(id_) for sha, id_ in rows}
        for sha, commit in wanted.items():
            if sha not in ids:
                cursor = self._connection.execute(
                    "INSERT INTO commits (repository, sha, time_s, author, subject) VALUES (?, ?, ?, ?, ?)",
                    (self._repository, bytes.fromhex(sha), commit.time_s, commit.author, commit.subject),
                )
                ids[sha] = int(cursor.lastrowid or 0)
        return ids


def _digest(history: FileHistory, ids: Collection[str]) -> bytes:
    """Names what is written of a history; empty where it cannot be written whole."""
    if not all(other in ids for other in history.changed_with):
        return b""
    content = (history.recency, [c.sha for c in history.commits], sorted(history.changed_with.items()))
    return hashlib.blake2b(repr(content).encode(), digest_size=8).digest()
