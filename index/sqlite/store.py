"""The graph in one SQLite file: opening, schema version, several repositories. Knows no language."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import StoreCorrupt, StoreTooNew
from index.sqlite.change import SQLiteChange
from index.sqlite.database import Database
from index.sqlite.edges import pack_resolution
from index.sqlite.entries import pack_entry
from index.sqlite.files import SQLiteFiles
from index.sqlite.history import HISTORY_SCHEMA
from index.sqlite.postings import POSTINGS_SCHEMA
from index.sqlite.schema import APPLICATION_ID, SCHEMA
from index.sqlite.stand_ins import StandIns
from index.sqlite.vectors import VECTOR_SCHEMA, SQLiteVectors
from index.store import SCHEMA_VERSION, CommittedFacts, Packing

_PAGE_BYTES = 2_048
"""Most blobs are of a few kilobytes, and leave half of their last page empty."""


class SQLiteStore(SQLiteFiles):
    """One repository's graph in a SQLite file."""

    def __init__(self, path: Path, repository: str, *, is_layer: bool = False) -> None:
        """With `is_layer`, edges may name files and symbols that only the store below has."""
        self._is_layer = is_layer
        database = Database(path)
        self.location = database.location
        self.repository = repository
        with database.errors():
            _prepare(database, repository)
        row = database.query("SELECT id FROM repositories WHERE name = ?", (repository,))
        super().__init__(database, row[0][0])
        self.vectors = SQLiteVectors(database, row[0][0])

    def committed_facts(self) -> CommittedFacts:
        """Where other processes read this graph, and how they prepare what they bring."""
        packing = Packing(pack_entry, pack_resolution)
        return CommittedFacts(f"sqlite:{Path(self.location).absolute()}", self.repository, packing)

    def indexed_at(self) -> int:
        rows = self._query("SELECT indexed_at FROM repositories WHERE id = ?", (self._repository,))
        return int(rows[0][0])

    @contextmanager
    def change(self, waiting: Callable[[], None] = lambda: None) -> Iterator[SQLiteChange]:
        """Begin a transaction. See GraphStore."""
        with self._database.change(waiting) as connection:
            stand_ins = StandIns(connection, self._repository) if self._is_layer else None
            change = SQLiteChange(connection, self._repository, stand_ins)
            yield change
            change.flush()

    def close(self) -> None:
        self._database.close()


def _prepare(database: Database, repository: str) -> None:
    """Make the schema where the file is new or older. Raises StoreTooNew, StoreCorrupt."""
    connection = database.connection()
    # Asked first: another process may be making the schema, and commits it together with its numbers.
    filled = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] > 0
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if filled and application != APPLICATION_ID:
        raise StoreCorrupt(
            f"{database.location} is a database, but no graph store. Name another file in index.store.",
            database.location,
        )
    if version > SCHEMA_VERSION:
        raise StoreTooNew(
            f"{database.location} has schema {version}, this Graft knows {SCHEMA_VERSION}. "
            "Upgrade Graft, or name another file in index.store.",
            database.location,
        )
    if version < SCHEMA_VERSION:
        _create(database, connection)
    names = connection.execute("SELECT 1 FROM repositories WHERE name = ?", (repository,)).fetchone()
    if names is None:
        with database.transaction(connection, lambda: None):
            connection.execute("INSERT OR IGNORE INTO repositories (name) VALUES (?)", (repository,))


def _create(database: Database, connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")  # of a new file
    database.when_free(lambda: connection.execute("PRAGMA journal_mode = WAL"))
    with database.transaction(connection, lambda: None):
        if connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
            return
        tables = r"""SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence'
            AND name NOT LIKE '%\_words\_%' ESCAPE '\'"""
        for (name,) in connection.execute(tables).fetchall():
            connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        for statement in (SCHEMA + POSTINGS_SCHEMA + HISTORY_SCHEMA + VECTOR_SCHEMA).split(";\n"):
            if statement.strip():
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
