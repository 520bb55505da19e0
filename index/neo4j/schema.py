"""Labels, relationship types and indexes of the Neo4j store, and the version they carry. Stores no graph.

One database holds the graphs of many repositories. A `Repository` says which graph is its current one, by a number
that every node of that graph bears as `graph`; so a new graph can be built beside the one that is being read, and
takes its place in one step.

    (:Repository {name, graph}) … (:Directory)-[:HAS_FILE]->(:Directory|File)
    (:File)-[:HAS_AST]->(:Symbol:Module)-[:PARENT_OF]->(:Symbol:Class)-[:CALLS|…]->(:Symbol|File)
    (:File)-[:HAS_TEXT]->(:TextChunk)-[:NEXT_CHUNK]->(:TextChunk)    (:File)-[:DEPENDS_ON {weight}]->(:File)
    (:FileWords) (:SymbolWords)                                      what full-text search needs
    (:Facts) (:Resolution)          what updates need of a file; unresolved references, packed, found by their names
    (:File)-[:TOUCHED_BY]->(:Commit), (:File)-[:CHANGED_WITH]->(:File), see history.py
"""

from __future__ import annotations

from collections.abc import Callable

from index.errors import StoreTooNew
from index.neo4j.database import Database, Transaction
from index.neo4j.lock import WriterLock
from index.store import SCHEMA_VERSION
from index.structure import STRUCTURAL_TYPES
from index.types import HISTORY_TYPES, EdgeType, SymbolKind

KIND_LABELS = {kind: kind.value.title() for kind in SymbolKind}
RESOLVED_TYPES = tuple(type_ for type_ in EdgeType if type_ not in STRUCTURAL_TYPES | HISTORY_TYPES)
"""Edges that come from resolving a file, not from its structure or from git."""
FILE_WORDS_INDEX, SYMBOL_WORDS_INDEX, LOOKUPS_INDEX = (
    "graft_file_words",
    "graft_symbol_words",
    "graft_lookups",
)
NODE_KEYS = {
    "Directory": "path",
    "File": "path",
    "Symbol": "uid",
    "TextChunk": "uid",
    "FileWords": "path",
    "SymbolWords": "path",
    "Facts": "path",
    "Resolution": "path",
    "Commit": "sha",
    "HistoryState": "name",
    "HistorySegment": "number",
}
"""Each label's property by which nodes of a graph are found."""
_NOT_UNIQUE = frozenset({"SymbolWords"})
SCOPED_LABELS = frozenset({"FileWords", "SymbolWords", "Facts", "Resolution"})
"""Those in full-text indexes, where `scope` names the graph."""
_UNIQUE = "CREATE CONSTRAINT graft_{name} IF NOT EXISTS FOR (n:{label}) REQUIRE {key} IS UNIQUE"
_RANGE = "CREATE INDEX graft_{name} IF NOT EXISTS FOR (n:{label}) ON (n.graph, n.{key})"
_FULLTEXT = (
    "CREATE FULLTEXT INDEX {name} IF NOT EXISTS FOR (n:{label}) ON EACH [{keys}] "
    "OPTIONS {{indexConfig: {{`fulltext.analyzer`: '{analyzer}'}}}}"
)
_FORMER_LABELS = ("Name",)
"""Of older schemas."""
_AWAIT_S = 300
_STORE_CONSTRAINT = _UNIQUE.format(name="store", label="GraftStore", key="n.name")


def graph_word(graph: int) -> str:
    """The word by which a full-text query keeps to one graph."""
    return f"graph{graph}"


def _statements() -> list[str]:
    words = "n.scope, n.words_of_path, n.names, n.prose, n.body"
    return [
        _UNIQUE.format(name="repository", label="Repository", key="n.name"),
        *(
            _UNIQUE.format(name=label.lower(), label=label, key=f"(n.graph, n.{key})")
            for label, key in NODE_KEYS.items()
            if label not in _NOT_UNIQUE
        ),
        _RANGE.format(name="symbol_name", label="Symbol", key="name"),
        _RANGE.format(name="symbol_path", label="Symbol", key="path"),
        _RANGE.format(name="chunk_path", label="TextChunk", key="path"),
        _RANGE.format(name="symbol_words_path", label="SymbolWords", key="path"),
        _FULLTEXT.format(name=FILE_WORDS_INDEX, label="FileWords", keys=words, analyzer="english"),
        _FULLTEXT.format(name=SYMBOL_WORDS_INDEX, label="SymbolWords", keys=words, analyzer="english"),
        _FULLTEXT.format(
            name=LOOKUPS_INDEX,
            label="Facts|Resolution",
            keys="n.scope, n.exports, n.keys, n.names",
            analyzer="whitespace",
        ),
    ]


def stored_version(database: Database) -> int:
    """The schema version of the database, 0 where nothing of ours is in it. Raises StoreTooNew."""
    rows = database.query("MATCH (s:GraftStore) RETURN s.version", {})
    version = int(rows[0][0] or 0) if rows else 0
    if version > SCHEMA_VERSION:
        raise StoreTooNew(
            f"{database.location} has schema {version}, this Graft knows {SCHEMA_VERSION}. "
            "Upgrade Graft, or name another database in index.store.",
            database.location,
        )
    return version


def make_schema(database: Database, waiting: Callable[[], None]) -> None:
    """Bring an empty or older database to this schema: graphs of an older one are dropped, to be built again.

    Processes that do so at the same time do it one after the other. Raises StoreError.
    """
    if stored_version(database) == SCHEMA_VERSION:
        return
    database.run(_STORE_CONSTRAINT)
    lock = WriterLock(database, "GraftStore", "graft")
    with lock.held(waiting):
        version = stored_version(database)
        if version == SCHEMA_VERSION:
            return
        if version:
            _drop_older(database)
        for statement in _statements():
            database.run(statement)
        database.query("CALL db.awaitIndexes($limit)", {"limit": _AWAIT_S})

        def stamp(transaction: Transaction) -> None:
            lock.confirm(transaction)
            statement = "MATCH (s:GraftStore) SET s.version = $version, s.graphs = coalesce(s.graphs, 0)"
            transaction.write(statement, {"version": SCHEMA_VERSION})

        database.write(stamp)


def _drop_older(database: Database) -> None:
    for (name,) in database.query(
        "SHOW CONSTRAINTS YIELD name WHERE name STARTS WITH 'graft_' RETURN name", {}
    ):
        if name != "graft_store":
            database.run(f"DROP CONSTRAINT `{name}` IF EXISTS")
    for (name,) in database.query(
        "SHOW INDEXES YIELD name, owningConstraint WHERE name STARTS WITH 'graft_' AND owningConstraint IS NULL "
        "RETURN name",
        {},
    ):
        database.run(f"DROP INDEX `{name}` IF EXISTS")
    for label in ("Repository", *NODE_KEYS, *_FORMER_LABELS):
        database.run_in_batches(
            f"MATCH (n:{label}) WHERE n.graph IS NOT NULL "
            "CALL { WITH n DETACH DELETE n } IN TRANSACTIONS OF 2000 ROWS",
            {},
        )
