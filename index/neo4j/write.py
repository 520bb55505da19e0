"""Statements that bring files and their resolutions into one graph of the Neo4j store. Begins no transaction.

What a new relationship joins was mostly created a moment ago by the same change: its ends are then named by the
numbers that the server gave them, which saves it a look-up in an index, and locks, for each end.
"""

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
    name_word,
    number_words,
    pack,
    pack_references,
    resolution_counts,
    span_row,
    symbol_row,
)
from index.neo4j.schema import KIND_LABELS, NODE_KEYS, RESOLVED_TYPES, graph_word
from index.store import Document, FileEntry, ResolvedFile
from index.structure import ROOT_FOLDER
from index.types import FileRecord

_ROWS_PER_STATEMENT = 5_000
_OWN_EDGES = "|".join([*RESOLVED_TYPES, "DEPENDS_ON"])
_EDGE_PROPERTIES = ("resolution", "confidence", "spans")
_AS_PLANNED = "CYPHER replan=skip "
"""For statements that can be done in one way only: else a growing database has each planned again and again."""
_MAX_KNOWN_NODES = 1_000_000
"""About 150 MB; nodes beyond are looked up by the server."""
End = tuple[str, str]
"""A node as its label and key."""


class KnownNodes:
    """The server's numbers of nodes that a change created in its graph."""

    def __init__(self) -> None:
        self._ids: dict[str, dict[str, int]] = {}

    def get(self, end: End) -> int | None:
        return self._ids.get(end[0], {}).get(end[1])

    def put(self, label: str, ids: Iterable[Row]) -> None:
        self._ids.setdefault(label, {}).update((key, number) for key, number in ids)

    def take(self, other: KnownNodes) -> None:
        """Add those of a transaction that was committed."""
        for label, ids in other._ids.items():
            if label != "TextChunk" and sum(map(len, self._ids.values())) < _MAX_KNOWN_NODES:
                self._ids.setdefault(label, {}).update(ids)


class GraphWriter:
    """Writes of one transaction into one graph. `known` are nodes of it; those that are created come to `made`."""

    def __init__(self, transaction: Transaction, repository: str, graph: int, known: KnownNodes) -> None:
        self._transaction = transaction
        self._repository = repository
        self._graph = graph
        self._known, self.made = known, KnownNodes()

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
            self.put_records([entry.record for entry in replaced])
            self.run(
                "MATCH (f:File {graph: $graph, path: row[0]}) SET f.symbol_count = row[1]",
                [[entry.record.path, _symbol_count(entry)] for entry in replaced],
            )
        new = [entry for entry in entries if entry.record.path not in known]
        self._create_files(new)
        self._put_folders([entry.record.path for entry in new])
        self._put_symbols(replaced, "MERGE")
        self._put_symbols(new, "CREATE")
        self._put_chunks(entries)
        self._put_facts(entries)

    def put_records(self, records: Iterable[FileRecord]) -> None:
        """Write the records of files that are in the graph."""
        assigned = ", ".join(f"f.{name} = row[{n}]" for n, name in enumerate(FILE_PROPERTIES) if n)
        self._made(
            "File",
            f"MATCH (f:File {{graph: $graph, path: row[0]}}) SET {assigned} RETURN row[0], id(f)",
            list(map(file_row, records)),
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
        for label in ("Symbol", "File"):
            self.run(f"MATCH (s:{label} {{graph: $graph, path: row}})-[e:{_OWN_EDGES}]->() DELETE e", paths)
        self.run("MATCH (x:Resolution {graph: $graph, path: row}) DELETE x", paths)

    def put_resolutions(self, resolutions: Mapping[str, ResolvedFile], paths: Collection[str]) -> None:
        """Write resolutions of files that have none; `paths` are all files of the graph."""
        rows: dict[str, list[tuple[End, End, Row]]] = {}
        for resolved in resolutions.values():
            for type_, some in edge_rows(resolved.edges).items():
                rows.setdefault(type_, []).extend(
                    (_end(source, paths), _end(target, paths), values) for source, target, *values in some
                )
        for name, links in rows.items():
            self._link(name, links, _EDGE_PROPERTIES)
        self._link(
            "DEPENDS_ON",
            [
                (("File", path), ("File", target), [weight])
                for path, each in resolutions.items()
                for target, weight in each.links.items()
            ],
            ("weight",),
        )
        self.run(
            "CREATE (:Resolution {graph: $graph, scope: $scope, path: row[0], keys: row[1], names: row[2], "
            "references: row[3], edge_count: row[4], reference_count: row[5]})",
            [[path, *_looked_up(each), *resolution_counts(each)] for path, each in resolutions.items()],
        )

    def put_words(self, documents: Mapping[str, Iterable[Document]]) -> None:
        """Write the search words of files that have none."""
        words: dict[str, list[Row]] = {"FileWords": [], "SymbolWords": []}
        for path, each in documents.items():
            for document in each:
                label = "SymbolWords" if document.uid else "FileWords"
                row = [document.path, document.names, document.prose, document.body]
                words[label].append([path, *row, document.uid or None])
        for label, rows in words.items():
            self.run(
                f"CREATE (:{label} {{graph: $graph, scope: $scope, path: row[0], words_of_path: row[1], "
                "names: row[2], prose: row[3], body: row[4], uid: row[5]})",
                rows,
            )

    def run(self, statement: str, rows: Sequence[Any], option: str = "") -> None:
        """Run a statement for each `row`; `graph`, `repository` and `scope` are those of the graph."""
        for batch in batches(rows, _ROWS_PER_STATEMENT):
            self._transaction.write(f"{option}UNWIND $rows AS row {statement}", self._parameters(batch))

    def _made(self, label: str, statement: str, rows: Sequence[Row]) -> None:
        """Run a statement that returns keys and numbers of the nodes that it brought."""
        option = _AS_PLANNED if statement.startswith("CREATE") else ""
        for batch in batches(rows, _ROWS_PER_STATEMENT):
            found = self._transaction.rows(
                f"{option}UNWIND $rows AS row {statement}", self._parameters(batch)
            )
            self.made.put(label, found)

    def _parameters(self, rows: Sequence[Any]) -> dict[str, Any]:
        return {
            "rows": rows,
            "graph": self._graph,
            "repository": self._repository,
            "scope": graph_word(self._graph),
        }

    def _link(
        self,
        type_: str,
        links: Iterable[tuple[End, End, Row]],
        names: Sequence[str] = (),
        verb: str = "CREATE",
    ) -> None:
        """Join nodes by relationships of a type, with these properties."""
        given = ", ".join(f"{name}: row[{n}]" for n, name in enumerate(names, 2))
        create = f"{verb} (s)-[:{type_} {{{given}}}]->(t)"
        known: list[Row] = []
        others: dict[tuple[str, str], list[Row]] = {}
        for source, target, values in links:
            one, other = self._number(source), self._number(target)
            if one is None or other is None:
                others.setdefault((source[0], target[0]), []).append([source[1], target[1], *values])
            else:
                known.append([one, other, *values])
        self.run(
            f"MATCH (s) WHERE id(s) = row[0] MATCH (t) WHERE id(t) = row[1] {create}", known, _AS_PLANNED
        )
        for (source_label, target_label), rows in others.items():
            self.run(
                f"MATCH (s:{source_label} {{graph: $graph, {NODE_KEYS[source_label]}: row[0]}}) "
                f"MATCH (t:{target_label} {{graph: $graph, {NODE_KEYS[target_label]}: row[1]}}) {create}",
                rows,
            )

    def _number(self, end: End) -> int | None:
        made = self.made.get(end)
        return self._known.get(end) if made is None else made

    def _drop_contents(self, paths: Sequence[str]) -> None:
        """Delete what files brought, but for their records and symbols."""
        self.drop_resolutions(paths)
        self.run("MATCH (f:File {graph: $graph, path: row})-[e:HAS_AST]->() DELETE e", paths)
        self.run("MATCH (s:Symbol {graph: $graph, path: row})-[e:PARENT_OF]->() DELETE e", paths)
        for label in ("TextChunk", "Facts", "FileWords", "SymbolWords"):
            self.run(f"MATCH (n:{label} {{graph: $graph, path: row}}) DETACH DELETE n", paths)

    def _create_files(self, entries: Sequence[FileEntry]) -> None:
        given = ", ".join(f"{name}: row[{n}]" for n, name in enumerate(FILE_PROPERTIES))
        more = len(FILE_PROPERTIES)
        self._made(
            "File",
            f"CREATE (f:File {{graph: $graph, repository: $repository, {given}, name: row[{more}], "
            f"symbol_count: row[{more + 1}]}}) RETURN row[0], id(f)",
            [
                [*file_row(entry.record), basename(entry.record.path), _symbol_count(entry)]
                for entry in entries
            ],
        )

    def _put_folders(self, paths: Iterable[str]) -> None:
        """Write the folders above new files, unless this change did before."""
        folders: dict[str, str] = {}
        files: list[tuple[End, End, Row]] = []
        for path in paths:
            files.append((("Directory", dirname(path) or ROOT_FOLDER), ("File", path), []))
            for folder in _folders_above(path):
                if folder in folders or self._number(("Directory", folder)) is not None:
                    break
                folders[folder] = dirname(folder) or ROOT_FOLDER
        self._made(
            "Directory",
            "MERGE (d:Directory {graph: $graph, path: row[0]}) SET d.name = row[1], d.repository = $repository "
            "RETURN row[0], id(d)",
            [[folder, basename(folder)] for folder in folders],
        )
        inner = [
            (("Directory", parent), ("Directory", folder), list[Any]())
            for folder, parent in folders.items()
            if folder != ROOT_FOLDER
        ]
        self._link("HAS_FILE", inner, verb="MERGE")
        self._link("HAS_FILE", files)

    def _put_symbols(self, entries: Iterable[FileEntry], verb: str) -> None:
        by_kind: dict[str, list[Row]] = {}
        tops: list[tuple[End, End, Row]] = []
        parents: list[tuple[End, End, Row]] = []
        for entry in entries:
            for position, symbol in enumerate({symbol.uid: symbol for symbol in entry.symbols}.values()):
                by_kind.setdefault(KIND_LABELS[symbol.kind], []).append(symbol_row(symbol, position))
                if symbol.parent_uid is None:
                    tops.append((("File", symbol.path), ("Symbol", symbol.uid), []))
                else:
                    parents.append((("Symbol", symbol.parent_uid), ("Symbol", symbol.uid), []))
        for label, rows in by_kind.items():
            if verb == "CREATE":
                given = ", ".join(f"{name}: row[{n}]" for n, name in enumerate(SYMBOL_PROPERTIES))
                statement = f"CREATE (s:Symbol:{label} {{graph: $graph, {given}}})"
            else:
                assigned = ", ".join(f"s.{name} = row[{n}]" for n, name in enumerate(SYMBOL_PROPERTIES) if n)
                statement = f"MERGE (s:Symbol {{graph: $graph, uid: row[0]}}) SET s:{label}, {assigned}"
            self._made("Symbol", f"{statement} RETURN row[0], id(s)", rows)
        self._link("HAS_AST", tops)
        self._link("PARENT_OF", parents)

    def _put_chunks(self, entries: Iterable[FileEntry]) -> None:
        chunks = [chunk for entry in entries for chunk in entry.chunks]
        self._made(
            "TextChunk",
            "CREATE (c:TextChunk {graph: $graph, uid: row[0], path: row[1], ordinal: row[2], text: row[3], "
            "span: row[4]}) RETURN row[0], id(c)",
            [[c.uid, c.path, c.ordinal, c.text, span_row(c.span)] for c in chunks],
        )
        self._link("HAS_TEXT", [(("File", c.path), ("TextChunk", c.uid), []) for c in chunks])
        self._link(
            "NEXT_CHUNK",
            [
                (("TextChunk", one.uid), ("TextChunk", other.uid), [])
                for entry in entries
                for one, other in pairwise(entry.chunks)
            ],
        )

    def _put_facts(self, entries: Iterable[FileEntry]) -> None:
        self.run(
            "CREATE (:Facts {graph: $graph, scope: $scope, path: row[0], interface: row[1], body: row[2], "
            "exports: row[3]})",
            [
                [entry.record.path, pack(entry.interface), pack(entry.body), number_words(entry.exports)]
                for entry in entries
                if entry.interface or entry.documents
            ],
        )


def _folders_above(path: str) -> list[str]:
    """The folders that hold a file, the root last."""
    folders = []
    while path:
        path = dirname(path)
        folders.append(path or ROOT_FOLDER)
    return folders


def _symbol_count(entry: FileEntry) -> int:
    return len({symbol.uid for symbol in entry.symbols})


def _end(name: str, paths: Collection[str]) -> End:
    return ("File" if name in paths else "Symbol"), name


def _looked_up(resolved: ResolvedFile) -> tuple[str, str, bytes]:
    """The look-ups of a resolution and its unresolved names, as words of a full-text index; its references."""
    names = {name_word(reference.name) for reference in resolved.references}
    return number_words(resolved.keys), " ".join(sorted(names)), pack_references(resolved.references)
