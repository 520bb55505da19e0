"""Statements that bring files and their resolutions into one graph of the Neo4j store. Begins no transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from posixpath import basename, dirname
from typing import Any

from index.neo4j.database import Transaction
from index.neo4j.rows import (
    FILE_PROPERTIES,
    SYMBOL_PROPERTIES,
    Row,
    batches,
    edge_rows,
    file_row,
    mention_rows,
    number_words,
    pack,
    resolution_counts,
    span_row,
    symbol_row,
)
from index.neo4j.schema import KIND_LABELS, RESOLVED_TYPES, graph_word
from index.store import FileEntry, ResolvedFile
from index.structure import ROOT_FOLDER
from index.types import EdgeType, FileRecord, SymbolKind

_ROWS_PER_STATEMENT = 5_000
_OWN_EDGES = "|".join([*RESOLVED_TYPES, "MENTIONS", "DEPENDS_ON"])


class GraphWriter:
    """Writes of one transaction into one graph."""

    def __init__(self, transaction: Transaction, repository: str, graph: int) -> None:
        self._transaction = transaction
        self._repository = repository
        self._graph = graph

    def put_files(self, entries: Sequence[FileEntry], known: Collection[str]) -> None:
        """Write files and all that they say by themselves; `known` are those of them that are in the graph."""
        replaced = [entry for entry in entries if entry.record.path in known]
        if replaced:
            self._drop_contents([entry.record.path for entry in replaced])
            kept = [[entry.record.path, [s.uid for s in entry.symbols]] for entry in replaced]
            self.run(
                "MATCH (s:Symbol {graph: $graph, path: row[0]}) WHERE NOT s.uid IN row[1] DETACH DELETE s",
                kept,
            )
        self.put_records([entry.record for entry in entries])
        self._put_folders([entry.record.path for entry in entries if entry.record.path not in known])
        self._put_symbols(replaced, "MERGE")
        self._put_symbols([entry for entry in entries if entry.record.path not in known], "CREATE")
        self._put_chunks(entries)
        self._put_words(entries)
        self._put_facts(entries)
        self.run(
            "MATCH (f:File {graph: $graph, path: row[0]}) "
            "SET f.symbol_count = row[1], f.edge_count = 0, f.reference_count = 0",
            [[entry.record.path, len({s.uid for s in entry.symbols})] for entry in entries],
        )

    def put_records(self, records: Iterable[FileRecord]) -> None:
        assigned = ", ".join(f"f.{name} = row[{n}]" for n, name in enumerate(FILE_PROPERTIES))
        self.run(
            f"MERGE (f:File {{graph: $graph, path: row[0]}}) "
            f"SET {assigned}, f.name = row[{len(FILE_PROPERTIES)}], f.repository = $repository",
            [[*file_row(record), basename(record.path)] for record in records],
        )

    def remove_files(self, paths: Sequence[str]) -> None:
        if not paths:
            return
        self._drop_contents(paths)
        self.run("MATCH (s:Symbol {graph: $graph, path: row}) DETACH DELETE s", paths)
        # What changed with them is no longer what its digest says.
        self.run(
            "MATCH (:File {graph: $graph, path: row})<-[:CHANGED_WITH]-(f:File) SET f.history_digest = ''",
            paths,
        )
        self.run("MATCH (f:File {graph: $graph, path: row}) DETACH DELETE f", paths)
        folders = {folder for path in paths for folder in _folders_above(path)}
        for depth in sorted({folder.count("/") for folder in folders}, reverse=True):
            self.run(
                "MATCH (d:Directory {graph: $graph, path: row}) WHERE NOT (d)-[:HAS_FILE]->() DETACH DELETE d",
                [folder for folder in folders if folder.count("/") == depth and folder != ROOT_FOLDER],
            )

    def drop_resolutions(self, paths: Sequence[str]) -> None:
        """Take back what resolving these files brought."""
        names = [
            name
            for label in ("Symbol", "File")
            for name in self._transaction.rows(
                f"UNWIND $rows AS row MATCH (s:{label} {{graph: $graph, path: row}}) "
                f"OPTIONAL MATCH (s)-[e:{_OWN_EDGES}]->(t) DELETE e "
                "WITH t WHERE t:Name RETURN DISTINCT t.name",
                {"rows": list(paths), "graph": self._graph},
            )
        ]
        self.run(
            "MATCH (n:Name {graph: $graph, name: row}) WHERE NOT (n)<-[:MENTIONS]-() DELETE n",
            [name for (name,) in names],
        )

    def put_resolutions(self, resolutions: Mapping[str, ResolvedFile], paths: Collection[str]) -> None:
        """Write resolutions of files that have none; `paths` are all files of the graph."""
        rows: dict[tuple[EdgeType, str, str], list[Row]] = {}
        for resolved in resolutions.values():
            for type_, some in edge_rows(resolved.edges).items():
                for row in some:
                    source, target = ("File" if end in paths else "Symbol" for end in row[:2])
                    rows.setdefault((type_, source, target), []).append(row)
        for (type_, source, target), some in rows.items():
            self.run(
                f"MATCH (s:{source} {{graph: $graph, {_key(source)}: row[0]}}) "
                f"MATCH (t:{target} {{graph: $graph, {_key(target)}: row[1]}}) "
                f"CREATE (s)-[:{type_} {{resolution: row[2], confidence: row[3], spans: row[4]}}]->(t)",
                some,
            )
        self._put_mentions(
            [row for each in resolutions.values() for row in mention_rows(each.references)], paths
        )
        self.run(
            "MATCH (f:File {graph: $graph, path: row[0]}) MATCH (t:File {graph: $graph, path: row[1]}) "
            "CREATE (f)-[:DEPENDS_ON {weight: row[2]}]->(t)",
            [[path, *link] for path, each in resolutions.items() for link in each.links.items()],
        )
        self.run(
            "MATCH (x:Facts {graph: $graph, path: row[0]}) SET x.keys = row[1]",
            [[path, number_words(each.keys)] for path, each in resolutions.items()],
        )
        self.run(
            "MATCH (f:File {graph: $graph, path: row[0]}) SET f.edge_count = row[1], f.reference_count = row[2]",
            [[path, *resolution_counts(each)] for path, each in resolutions.items()],
        )

    def run(self, statement: str, rows: Sequence[Any]) -> None:
        """Run a statement for each `row`; `graph`, `repository` and `scope` are those of the graph."""
        for batch in batches(rows, _ROWS_PER_STATEMENT):
            self._transaction.write(
                f"UNWIND $rows AS row {statement}",
                {
                    "rows": batch,
                    "graph": self._graph,
                    "repository": self._repository,
                    "scope": graph_word(self._graph),
                },
            )

    def _drop_contents(self, paths: Sequence[str]) -> None:
        """Delete what files brought, but for their records and symbols."""
        self.drop_resolutions(paths)
        self.run("MATCH (f:File {graph: $graph, path: row})-[e:HAS_AST]->() DELETE e", paths)
        self.run("MATCH (s:Symbol {graph: $graph, path: row})-[e:PARENT_OF]->() DELETE e", paths)
        for label in ("TextChunk", "Facts", "FileWords", "SymbolWords"):
            self.run(f"MATCH (n:{label} {{graph: $graph, path: row}}) DETACH DELETE n", paths)

    def _put_folders(self, paths: Iterable[str]) -> None:
        folders: dict[str, str] = {}
        files = []
        for path in paths:
            files.append([dirname(path) or ROOT_FOLDER, path])
            for folder in _folders_above(path):
                folders[folder] = dirname(folder) or ROOT_FOLDER
        self.run(
            "MERGE (d:Directory {graph: $graph, path: row[0]}) SET d.name = row[1], d.repository = $repository",
            [[folder, basename(folder)] for folder in folders],
        )
        self.run(
            "MATCH (p:Directory {graph: $graph, path: row[0]}) MATCH (d:Directory {graph: $graph, path: row[1]}) "
            "MERGE (p)-[:HAS_FILE]->(d)",
            [[parent, folder] for folder, parent in folders.items() if folder != ROOT_FOLDER],
        )
        self.run(
            "MATCH (p:Directory {graph: $graph, path: row[0]}) MATCH (f:File {graph: $graph, path: row[1]}) "
            "CREATE (p)-[:HAS_FILE]->(f)",
            files,
        )

    def _put_symbols(self, entries: Iterable[FileEntry], verb: str) -> None:
        by_kind: dict[SymbolKind, list[Row]] = {}
        tops, parents = [], []
        for entry in entries:
            for position, symbol in enumerate({symbol.uid: symbol for symbol in entry.symbols}.values()):
                by_kind.setdefault(symbol.kind, []).append(symbol_row(symbol, position))
                if symbol.parent_uid is None:
                    tops.append([symbol.path, symbol.uid])
                else:
                    parents.append([symbol.parent_uid, symbol.uid])
        assigned = ", ".join(f"s.{name} = row[{n}]" for n, name in enumerate(SYMBOL_PROPERTIES) if n)
        for kind, rows in by_kind.items():
            if verb == "CREATE":
                given = ", ".join(f"{name}: row[{n}]" for n, name in enumerate(SYMBOL_PROPERTIES))
                self.run(f"CREATE (:Symbol:{KIND_LABELS[kind]} {{graph: $graph, {given}}})", rows)
            else:
                label = KIND_LABELS[kind]
                self.run(f"MERGE (s:Symbol {{graph: $graph, uid: row[0]}}) SET s:{label}, {assigned}", rows)
        self.run(
            "MATCH (f:File {graph: $graph, path: row[0]}) MATCH (s:Symbol {graph: $graph, uid: row[1]}) "
            "CREATE (f)-[:HAS_AST]->(s)",
            tops,
        )
        self.run(
            "MATCH (p:Symbol {graph: $graph, uid: row[0]}) MATCH (s:Symbol {graph: $graph, uid: row[1]}) "
            "CREATE (p)-[:PARENT_OF]->(s)",
            parents,
        )

    def _put_chunks(self, entries: Iterable[FileEntry]) -> None:
        chunks = [chunk for entry in entries for chunk in entry.chunks]
        self.run(
            "MATCH (f:File {graph: $graph, path: row[0]}) CREATE (f)-[:HAS_TEXT]->"
            "(:TextChunk {graph: $graph, path: row[0], uid: row[1], ordinal: row[2], text: row[3], span: row[4]})",
            [[c.path, c.uid, c.ordinal, c.text, span_row(c.span)] for c in chunks],
        )
        self.run(
            "MATCH (a:TextChunk {graph: $graph, uid: row[0]}) MATCH (b:TextChunk {graph: $graph, uid: row[1]}) "
            "CREATE (a)-[:NEXT_CHUNK]->(b)",
            [[one.uid, other.uid] for entry in entries for one, other in pairwise(entry.chunks)],
        )

    def _put_words(self, entries: Iterable[FileEntry]) -> None:
        words: dict[str, list[Row]] = {"FileWords": [], "SymbolWords": []}
        for entry in entries:
            for document in entry.documents:
                label = "SymbolWords" if document.uid else "FileWords"
                row = [document.path, document.names, document.prose, document.body]
                words[label].append([entry.record.path, *row, document.uid or None])
        for label, rows in words.items():
            self.run(
                f"CREATE (:{label} {{graph: $graph, scope: $scope, path: row[0], words_of_path: row[1], "
                "names: row[2], prose: row[3], body: row[4], uid: row[5]})",
                rows,
            )

    def _put_facts(self, entries: Iterable[FileEntry]) -> None:
        self.run(
            "CREATE (:Facts {graph: $graph, scope: $scope, path: row[0], interface: row[1], body: row[2], "
            "exports: row[3], keys: ''})",
            [
                [entry.record.path, pack(entry.interface), pack(entry.body), number_words(entry.exports)]
                for entry in entries
                if entry.interface or entry.documents
            ],
        )

    def _put_mentions(self, rows: Sequence[Row], paths: Collection[str]) -> None:
        names = {row[1]: row[2] for row in rows}
        self.run(
            "MERGE (n:Name {graph: $graph, name: row[0]}) SET n.long_name = row[1]",
            list(map(list, names.items())),
        )
        for label in ("Symbol", "File"):
            self.run(
                f"MATCH (s:{label} {{graph: $graph, {_key(label)}: row[0]}}) "
                "MATCH (n:Name {graph: $graph, name: row[1]}) "
                "CREATE (s)-[:MENTIONS {type: row[2], spans: row[3]}]->(n)",
                [
                    [source, name, type_, spans]
                    for source, name, _, type_, spans in rows
                    if (source in paths) == (label == "File")
                ],
            )


def _folders_above(path: str) -> list[str]:
    """The folders that hold a file, the root last."""
    folders = []
    while path:
        path = dirname(path)
        folders.append(path or ROOT_FOLDER)
    return folders


def _key(label: str) -> str:
    return "path" if label == "File" else "uid"
