"""Connections to one SQLite file, its transactions and its errors in our words. Knows no table.

Write-ahead logging, so that readers go on while an update runs; one transaction per update, so that a killed or
failed update leaves the state before it.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from index.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull, StoreUnavailable

_LOCK_POLL_S, _LOCK_PAUSE_S = 0.25, 0.02
_LOCK_TIMEOUT_S = 300.0
_CACHE_KIB = 32_000


class Query(Protocol):
    """Runs one SQL statement and gives all of its rows."""

    def __call__(self, sql: str, parameters: Sequence[Any], /) -> list[Any]: ...


class Database:
    """One file; each thread has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.location = str(path)
        self._path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()

    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self.connect()
            self._local.connection = connection
        return connection

    def connect(self) -> sqlite3.Connection:
        """A new connection; the caller releases it. Raises StoreUnavailable."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"Cannot make the folder of {self.location} ({error.strerror}). Make it writable, "
                "or name another file in index.store.",
                self.location,
            ) from error
        connection = sqlite3.connect(
            self._path, timeout=_LOCK_POLL_S, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        with self._guard:
            self._connections.append(connection)
        return connection

    def close(self) -> None:
        with self._guard:
            connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()
        self._local = threading.local()

    def release(self, connection: sqlite3.Connection) -> None:
        """Close a connection made by `connect`."""
        with self._guard:
            if connection in self._connections:
                self._connections.remove(connection)
        connection.close()

    @contextmanager
    def transaction(self, connection: sqlite3.Connection, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the write lock: commit at the end, roll back on any exception."""
        self.when_free(lambda: connection.execute("BEGIN IMMEDIATE"), waiting)
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def change(self, waiting: Callable[[], None] = lambda: None) -> Iterator[sqlite3.Connection]:
        """A transaction on a connection of its own. Raises StoreError."""
        with self.errors():
            connection = self.connect()
        try:
            with self.errors(), self.transaction(connection, waiting):
                yield connection
        finally:
            self.release(connection)

    def when_free(self, action: Callable[[], object], waiting: Callable[[], None] = lambda: None) -> None:
        """Do something that needs a lock, again and again while another process holds it. Raises StoreBusy."""
        deadline = time.monotonic() + _LOCK_TIMEOUT_S
        while True:
            try:
                action()
                return
            except sqlite3.OperationalError as error:
                if not _is_lock(error):
                    raise
                if time.monotonic() > deadline:
                    raise StoreBusy(
                        f"{self.location} has been locked by another process for {_LOCK_TIMEOUT_S:.0f} s. "
                        "Wait for it, or end it.",
                        self.location,
                    ) from error
            time.sleep(_LOCK_PAUSE_S)
            waiting()

    def query(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        with self.errors():
            return self.connection().execute(sql, parameters).fetchall()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn SQLite's errors into ours."""
        try:
            yield
        except sqlite3.Error as error:
            raise _store_error(error, self.location) from error


def _is_lock(error: sqlite3.Error) -> bool:
    return error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _store_error(error: sqlite3.Error, location: str) -> StoreError:
    """Our error for one of SQLite's, by its code."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return StoreCorrupt(
            f"{location} is damaged ({error}). Delete it: it is built again from the repository.", location
        )
    if name.startswith("SQLITE_FULL"):
        return StoreFull(
            f"The disk is full: {location} cannot grow. Free some space; the index is as before.", location
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusy(
            f"{location} is locked by another process. Try again when it has finished.", location
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH", "SQLITE_IOERR")):
        return StoreUnavailable(
            f"Cannot open or write {location} ({error}). Make it and its folder writable, "
            "or name another file in index.store.",
            location,
        )
    return StoreError(f"{location}: {error}.", location)
