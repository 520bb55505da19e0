"""Whole files out of the Neo4j store, as they were put in; its faults. Writes nothing."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from index.neo4j.read import ALL_RESOLVED, EDGE_ROW, Neo4jReader
from index.neo4j.rows import FILE_PROPERTIES, edges_of, properties, record_of, references_of
from index.neo4j.vectors import Neo4jVectors
from index.store import Document, FileEntry, ResolvedFile, Tally
from index.types import EdgeType, Resolution, SymbolKind

_NO_FILE = "NOT EXISTS { MATCH (:File {graph: n.graph, path: n.path}) }"
_ORPHANS = (
    ("symbols of no file", "Symbol", _NO_FILE),
    ("chunks of no file", "TextChunk", _NO_FILE),
    ("facts of no file", "Facts", _NO_FILE),
    ("resolutions of no file", "Resolution", _NO_FILE),
    ("words of no file", "FileWords", _NO_FILE),
    ("words of no symbol", "SymbolWords", "NOT EXISTS { MATCH (:Symbol {graph: n.graph, uid: n.uid}) }"),
    ("files in no folder", "File", "NOT (n)<-[:HAS_FILE]-()"),
)
_COUNT = "coalesce(size(e.spans) / 6, 1)"
_EVERY_SYMBOL = "MATCH (s:Symbol {graph: graph}) USING INDEX s:Symbol(graph, uid) WHERE s.uid IS NOT NULL"
_EVERY_FILE = "MATCH (s:File {graph: graph}) USING INDEX s:File(graph, path) WHERE s.path IS NOT NULL"


class Neo4jFiles(Neo4jReader):
    """The part of GraphReader that reads files whole."""

    @cached_property
    def vectors(self) -> Neo4jVectors:
        return Neo4jVectors(self._database, self.repository, self._rows)

    def entry(self, path: str) -> FileEntry | None:
        rows = self._rows(
            f"MATCH (f:File {{graph: graph, path: $path}}) RETURN {properties('f', FILE_PROPERTIES)}",
            path=path,
        )
        if not rows:
            return None
        record, symbols, chunks = record_of(rows[0]), self.symbols(path=path), self.chunks(path)
        documents: list[Document] = []
        for label in ("FileWords", "SymbolWords"):
            words = self._rows(
                f"MATCH (w:{label} {{graph: graph, path: $path}}) "
                "RETURN coalesce(w.uid, ''), w.words_of_path, w.names, w.prose, w.body",
                path=path,
            )
            documents += [Document(*row) for row in words]
        facts = self.facts(path)
        if facts is None:
            return FileEntry(record, symbols, chunks)
        return FileEntry(record, symbols, chunks, documents, facts.interface, facts.body, list(facts.exports))

    def resolution(self, path: str) -> ResolvedFile | None:
        rows = self._rows(
            "MATCH (f:File {graph: graph, path: $path}) OPTIONAL MATCH (x:Resolution {graph: graph, path: $path}) "
            "RETURN x.keys, x.references",
            path=path,
        )
        if not rows:
            return None
        edges = [
            row
            for label in ("Symbol", "File")
            for row in self._rows(
                f"MATCH (s:{label} {{graph: graph, path: $path}})-[e:{ALL_RESOLVED}]->(t) {EDGE_ROW}",
                path=path,
            )
        ]
        links = {target: weight for _, target, weight in sorted(self.links([path], incoming=False))}
        words, packed = rows[0]
        keys = [int(word, 16) for word in (words or "").split()]
        return ResolvedFile(edges_of(edges), references_of(path, packed) if packed else [], links, keys)

    def tally(self) -> Tally:
        languages: dict[str, int] = {}
        skipped: dict[str, int] = {}
        for language, reason, number in self._rows(f"{_EVERY_FILE} RETURN s.language, s.skipped, count(*)"):
            counted, name = (languages, language or "") if reason is None else (skipped, reason)
            counted[name] = counted.get(name, 0) + number
        edges: dict[tuple[EdgeType, Resolution], int] = {}
        for every in (_EVERY_SYMBOL, _EVERY_FILE):
            for type_, resolution, number in self._rows(
                f"{every} MATCH (s)-[e:{ALL_RESOLVED}]->() RETURN type(e), e.resolution, sum({_COUNT})"
            ):
                key = EdgeType(type_), Resolution(resolution)
                edges[key] = edges.get(key, 0) + number
        kinds = self._rows(f"{_EVERY_SYMBOL} RETURN s.kind, count(*)")
        chunks = self._rows("MATCH (c:TextChunk {graph: graph}) WHERE c.uid IS NOT NULL RETURN count(*)")
        return Tally(
            languages=languages,
            skipped=skipped,
            kinds={SymbolKind(kind): number for kind, number in kinds},
            edges=edges,
            references=dict(Counter(reference.type for reference in self.references())),
            chunks=chunks[0][0] if chunks else 0,
            store_bytes=0,
        )

    def faults(self) -> list[str]:
        """Of all repositories of the database."""
        found = []
        for what, label, condition in _ORPHANS:
            statement = f"MATCH (n:{label}) WHERE n.graph IS NOT NULL AND {condition} RETURN count(n)"
            count = self._database.query(statement, {})[0][0]
            if count:
                found.append(f"{count} {what}")
        rows = self._database.query(
            "MATCH (f:File) WHERE f.graph IS NOT NULL AND NOT EXISTS "
            "{ MATCH (r:Repository) WHERE f.graph IN [r.graph, r.staged, r.retired] } RETURN count(DISTINCT f.graph)",
            {},
        )
        if rows[0][0]:
            found.append(f"{rows[0][0]} graphs of no repository")
        return found
