"""Rows that stand for files and symbols of another store, so that a layer's edges can name them. Knows no layer.

They carry no content: a file's row says so in `skipped`, and symbols hang on the file that uses them as sources,
else on one row of an empty path.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from index.layer.shadows import ELSEWHERE
from index.sqlite.schema import STAND_IN_KIND, batches, is_uid, marks, uid_number


class StandIns:
    """The stand-ins of one transaction."""

    def __init__(self, connection: sqlite3.Connection, repository: int) -> None:
        self._connection, self._repository = connection, repository

    def add(self, names: Collection[str], sources: Collection[str], file: int) -> None:
        """Make rows for those names that have none; `sources` of edges belong to `file`."""
        uids = {uid_number(name): name for name in names if is_uid(name)}
        known = {uid for uid, _ in self._rows("uid, id FROM symbols WHERE uid", list(uids))}
        paths = {name for name in names if not is_uid(name)}
        paths -= {
            path
            for path, _ in self._rows(
                f"path, id FROM files WHERE repository = {self._repository:d} AND path", list(paths)
            )
        }
        self._connection.executemany(
            "INSERT OR IGNORE INTO files (repository, path, content_hash, size_bytes, mtime_ns, has_errors, skipped) "
            "VALUES (?, ?, '', 0, 0, 0, ?)",
            [(self._repository, path, ELSEWHERE) for path in sorted({"", *paths})],
        )
        (elsewhere,) = self._connection.execute(
            "SELECT id FROM files WHERE repository = ? AND path = ''", (self._repository,)
        ).fetchone()
        self._connection.executemany(
            f"INSERT INTO symbols VALUES (NULL, ?, ?, ?, {STAND_IN_KIND})",
            [
                (uid, self._repository, file if name in sources else elsewhere)
                for uid, name in uids.items()
                if uid not in known
            ],
        )
        # One that stood for a target only, and is a source now, goes to the file that it belongs to.
        for batch in batches([uid_number(name) for name in sources if is_uid(name)]):
            self._connection.execute(
                f"UPDATE symbols SET file = ? WHERE file = ? AND uid IN ({marks(batch)})",
                (file, elsewhere, *batch),
            )

    def of(self, file: int, uids: Sequence[int]) -> dict[int, int]:
        """Uid number → id of the rows that stand for these symbols, or hang on this file."""
        found = dict(self._rows("uid, id FROM symbols WHERE uid", uids))
        rows = self._connection.execute(
            f"SELECT uid, id FROM symbols WHERE kind = {STAND_IN_KIND} AND file = ?", (file,)
        )
        return found | dict(rows.fetchall())

    def _rows(self, query: str, values: Sequence[Any]) -> list[tuple[Any, int]]:
        found: list[tuple[Any, int]] = []
        for batch in batches(values):
            found += self._connection.execute(f"SELECT {query} IN ({marks(batch)})", batch).fetchall()
        return found
