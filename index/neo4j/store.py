"""The graphs of many repositories in one Neo4j database: opening, changing. Knows no language.

Opening and asking only read. The schema is made, or that of an older Graft replaced, by the first change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from index.neo4j.address import parse_address
from index.neo4j.change import Neo4jChange, drop_leftovers
from index.neo4j.database import Database
from index.neo4j.files import Neo4jFiles
from index.neo4j.lock import WriterLock
from index.neo4j.schema import make_schema, stored_version


class Neo4jStore(Neo4jFiles):
    """One repository's graph in a Neo4j database."""

    def __init__(self, url: str, repository: str) -> None:
        database = Database(parse_address(url))
        self.location = database.location
        super().__init__(database, repository)
        try:
            database.check()
            stored_version(database)
        except BaseException:
            database.close()
            raise

    @contextmanager
    def change(self, waiting: Callable[[], None] = lambda: None) -> Iterator[Neo4jChange]:
        """Begin a change. See GraphStore."""
        make_schema(self._database, waiting)
        lock = WriterLock(self._database, "Repository", self.repository)
        with lock.held(waiting):
            graph = drop_leftovers(self._database, lock)
            change = Neo4jChange(self._database, self, lock, graph, waiting)
            try:
                yield change
                change.commit()
            except BaseException:
                change.discard()
                raise
            finally:
                change.close()

    def close(self) -> None:
        self._database.close()
