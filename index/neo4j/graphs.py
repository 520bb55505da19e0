"""Graphs of the Neo4j store as wholes: number, copy, delete. Knows no file.

These run in many small transactions, as one that holds a large graph would not fit into the server's memory.
"""

from __future__ import annotations

from collections.abc import Callable

from index.neo4j.database import Database, Transaction
from index.neo4j.schema import KIND_LABELS, NODE_KEYS, SCOPED_LABELS, graph_word

_NODES_PER_TRANSACTION, _EDGES_PER_TRANSACTION = 2_000, 10_000


def new_graph(transaction: Transaction) -> int:
    """A number that no graph of this database had before."""
    rows = transaction.rows("MATCH (s:GraftStore) SET s.graphs = s.graphs + 1 RETURN s.graphs", {})
    return int(rows[0][0])


def copy_graph(database: Database, old: int, new: int, waiting: Callable[[], None]) -> None:
    """Copy a graph on the server. `waiting` is called between its parts."""
    parameters = {"old": old, "new": new, "scope": graph_word(new)}
    labels = [(label, "") for label in NODE_KEYS if label != "Symbol"]
    labels += [("Symbol", f":{kind}") for kind in KIND_LABELS.values()]
    for label, more in labels:
        waiting()
        key = NODE_KEYS[label]
        scope = ", scope: $scope" if label in SCOPED_LABELS else ""
        database.run_in_batches(
            f"MATCH (n:{label}{more} {{graph: $old}}) WHERE n.{key} IS NOT NULL "
            f"CALL {{ WITH n CREATE (m:{label}{more}) SET m = n {{.*, graph: $new{scope}}} }} "
            f"IN TRANSACTIONS OF {_NODES_PER_TRANSACTION} ROWS",
            parameters,
        )
    for type_, source, target in _edge_kinds(database, old):
        waiting()
        source_key, target_key = NODE_KEYS[source], NODE_KEYS[target]
        database.run_in_batches(
            f"MATCH (a:{source} {{graph: $old}}) USING INDEX a:{source}(graph, {source_key}) "
            f"WHERE a.{source_key} IS NOT NULL MATCH (a)-[e:{type_}]->(b:{target}) "
            f"CALL {{ WITH a, e, b MATCH (c:{source} {{graph: $new, {source_key}: a.{source_key}}}) "
            f"MATCH (d:{target} {{graph: $new, {target_key}: b.{target_key}}}) "
            f"CREATE (c)-[f:{type_}]->(d) SET f = properties(e) }} "
            f"IN TRANSACTIONS OF {_EDGES_PER_TRANSACTION} ROWS",
            parameters,
        )


def _edge_kinds(database: Database, graph: int) -> list[tuple[str, str, str]]:
    """(type, label of the source, label of the target) of all relationships of a graph."""
    kinds: list[tuple[str, str, str]] = []
    for label, key in NODE_KEYS.items():
        rows = database.query(
            f"MATCH (a:{label} {{graph: $graph}}) USING INDEX a:{label}(graph, {key}) WHERE a.{key} IS NOT NULL "
            "MATCH (a)-[e]->(b) RETURN DISTINCT type(e), [l IN labels(b) WHERE l IN $labels][0]",
            {"graph": graph, "labels": list(NODE_KEYS)},
        )
        kinds += [(type_, label, target) for type_, target in rows]
    return kinds


def delete_graph(database: Database, graph: int, waiting: Callable[[], None] = lambda: None) -> None:
    """Delete a graph. `waiting` is called between its parts."""
    for label, key in NODE_KEYS.items():
        waiting()
        database.run_in_batches(
            f"MATCH (n:{label} {{graph: $graph}}) USING INDEX n:{label}(graph, {key}) WHERE n.{key} IS NOT NULL "
            f"CALL {{ WITH n DETACH DELETE n }} IN TRANSACTIONS OF {_NODES_PER_TRANSACTION} ROWS",
            {"graph": graph},
        )
