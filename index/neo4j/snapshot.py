"""A commit's graph in Neo4j, to be read only: what never changes is asked once. Writes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NoReturn

from index.errors import StoreUnavailable
from index.neo4j.address import parse_address
from index.neo4j.database import Database
from index.neo4j.files import Neo4jFiles
from index.neo4j.rows import Row
from index.neo4j.schema import stored_version
from index.store import SCHEMA_VERSION, WordStatistics
from index.types import FileRecord

_LOOK_AGAIN_S = 60.0
"""How often an answer of nothing is doubted."""


class Neo4jSnapshot(Neo4jFiles):
    """See GraphStore; its `change` is refused."""

    def __init__(self, database: Database, repository: str) -> None:
        super().__init__(database, repository)
        self.location = database.location
        self._indexed_at = 0
        self._files: list[FileRecord] | None = None
        self._words: dict[str, WordStatistics] = {}
        self._seen_s = time.monotonic()

    def _rows(self, statement: str, **parameters: Any) -> list[Row]:
        rows = super()._rows(statement, **parameters)
        if not rows and time.monotonic() - self._seen_s > _LOOK_AGAIN_S:
            self._make_sure_it_is_there()
        return rows

    def _make_sure_it_is_there(self) -> None:
        """A snapshot that was deleted would else answer as an empty one."""
        if not super()._rows("RETURN 1"):
            raise StoreUnavailable(
                f"{self.location}: the snapshot {self.repository} was deleted, as newer ones took its place. "
                "Open the graph again.",
                self.location,
            )
        self._seen_s = time.monotonic()

    def indexed_at(self) -> int:
        self._indexed_at = self._indexed_at or super().indexed_at()
        return self._indexed_at

    def files(self) -> list[FileRecord]:
        if self._files is None:
            self._files = super().files()
        return list(self._files)

    def word_statistics(self, words: Iterable[str], among: Literal["files", "symbols"]) -> WordStatistics:
        known, wanted = self._words.get(among), set(words)
        new = wanted - known.holding.keys() if known else wanted
        if known is None or new:
            found = super().word_statistics(new, among)
            before = known.holding if known else {}
            known = WordStatistics(found.documents, found.mean_terms, {**before, **found.holding})
            self._words[among] = known
        return WordStatistics(
            known.documents, known.mean_terms, {word: known.holding[word] for word in wanted}
        )

    def change(self, waiting: Callable[[], None] = lambda: None) -> NoReturn:
        raise StoreUnavailable(
            f"{self.location}: the snapshot {self.repository} is never changed. "
            "`graft index --store …` writes that of another commit.",
            self.location,
        )

    def close(self) -> None:
        self._database.close()


def open_first(url: str, names: Sequence[str]) -> Neo4jSnapshot | None:
    """The first of these graphs that the database holds whole. Raises UnknownStoreURL, StoreError."""
    database = Database(parse_address(url))
    try:
        database.check()
        found: set[str] = set()
        if stored_version(database) == SCHEMA_VERSION:
            statement = "MATCH (r:Repository) WHERE r.name IN $names AND r.graph > 0 AND r.indexed_at > 0"
            found = {name for (name,) in database.query(f"{statement} RETURN r.name", {"names": list(names)})}
        for name in names:
            if name in found:
                return Neo4jSnapshot(database, name)
    except BaseException:
        database.close()
        raise
    database.close()
    return None
