"""Write rows of the full-text tables. Knows nothing of words or of what the rows stand for.

FTS5 writes what it gathered as soon as another statement is run that may have to be undone alone. So the rows of many
files are written together.
"""

from __future__ import annotations

import sqlite3
from itertools import groupby
from operator import itemgetter

from index.sqlite.schema import WORD_COLUMNS

_MAX_ROWS = 40_000
"""So many rows are some 20 MB."""
Row = tuple[int | str, ...]


class WordWriter:
    """The changed rows of one transaction, in order."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._changes: dict[str, list[tuple[bool, Row]]] = {"file_words": [], "symbol_words": []}

    def change(self, table: str, row: Row, insert: bool) -> None:
        """Add a row or take it back: its number, then its columns, which the table keeps no text of."""
        changes = self._changes[table]
        changes.append((insert, row))
        if len(changes) >= _MAX_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        for table, changes in self._changes.items():
            for insert, group in groupby(changes, key=itemgetter(0)):
                columns = f"rowid, {WORD_COLUMNS}" if insert else f"{table}, rowid, {WORD_COLUMNS}"
                values = "?, ?, ?, ?, ?" if insert else "'delete', ?, ?, ?, ?, ?"
                rows = [row for _, row in group]
                self._connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({values})", rows)
            changes.clear()
