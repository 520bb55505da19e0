"""Queries over the Neo4j store. Writes nothing, and needs no right to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from index.neo4j.database import Database
from index.neo4j.history import HistoryReader
from index.neo4j.rows import (
    FILE_PROPERTIES,
    SYMBOL_PROPERTIES,
    Row,
    batches,
    edges_of,
    facts_of,
    indexed,
    name_word,
    number_words,
    properties,
    record_of,
    references_of,
    spans_of,
    symbols_of,
)
from index.neo4j.schema import (
    FILE_WORDS_INDEX,
    LOOKUPS_INDEX,
    RESOLVED_TYPES,
    SYMBOL_WORDS_INDEX,
    stored_version,
)
from index.store import SCHEMA_VERSION, Counts, StoredFacts, WordStatistics
from index.types import Edge, EdgeType, FileRecord, Reference, Symbol, TextChunk

_FIELD_WEIGHTS = {"words_of_path": 5.0, "names": 3.0, "prose": 1.5, "body": 1.0}
"""As in the SQLite store."""
_WORDS_PER_QUERY, _KEYS_PER_QUERY = 200, 1_000
"""Lucene takes 1,024 clauses in one query, and a word is one for each field."""
_UIDS_PER_QUERY = 5_000
_MEASURED_DOCUMENTS = 500
_COUNTED_DOCUMENTS = 2_000
"""Who holds such a word says little; the server walks through all that it counts."""
ALL_RESOLVED = "|".join(RESOLVED_TYPES)
EDGE_ROW = (
    "RETURN coalesce(s.uid, s.path), coalesce(t.uid, t.path), type(e), e.resolution, e.confidence, e.spans, "
    "s.path"
)
_LOOKED_UP = (
    "CALL db.index.fulltext.queryNodes($index, '+scope:graph' + toString(graph) + $wanted) YIELD node "
)


class Neo4jReader(HistoryReader):
    """See GraphReader. Every statement asks for the repository's current graph first."""

    def __init__(self, database: Database, repository: str) -> None:
        super().__init__(self._rows)
        self._database = database
        self.repository = repository
        self._is_ready = False

    def _rows(self, statement: str, **parameters: Any) -> list[Row]:
        """Rows of a statement over `graph`; none where nothing of this schema was stored yet."""
        if not self._is_ready:
            self._is_ready = stored_version(self._database) == SCHEMA_VERSION
        if not self._is_ready:
            return []
        found_graph = "MATCH (r:Repository {name: $repository}) WITH r, r.graph AS graph WHERE graph > 0 "
        return self._database.query(found_graph + statement, {"repository": self.repository, **parameters})

    def indexed_at(self) -> int:
        return next((int(row[0]) for row in self._ask("RETURN r.indexed_at")), 0)

    def files(self) -> list[FileRecord]:
        rows = self._ask(
            "MATCH (f:File {graph: graph}) WHERE f.path IS NOT NULL RETURN "
            + properties("f", FILE_PROPERTIES)
        )
        return sorted(map(record_of, rows), key=lambda record: record.path)

    def counts(self) -> Counts:
        rows = self._ask(
            """MATCH (f:File {graph: graph}) WHERE f.path IS NOT NULL
            WITH graph, count(f) AS files, sum(f.symbol_count) AS symbols
            OPTIONAL MATCH (x:Resolution {graph: graph}) WHERE x.path IS NOT NULL
            RETURN files, symbols, sum(x.edge_count), sum(x.reference_count)"""
        )
        return Counts(*rows[0]) if rows else Counts(0, 0, 0, 0)

    def symbols(
        self, *, path: str | None = None, name: str | None = None, qualified_name: str | None = None
    ) -> list[Symbol]:
        if name is None and qualified_name is not None and path is None:
            name = qualified_name.rpartition(".")[2]
        # The planner has no statistics of a young database: it is told which index serves.
        if name is not None:
            pattern, index = "(s:Symbol {graph: graph, name: $name})", "(graph, name)"
        elif path is not None:
            pattern, index = "(s:Symbol {graph: graph, path: $path})", "(graph, path)"
        else:
            pattern, index = "(s:Symbol {graph: graph}) ", "(graph, uid)"
        conditions = ["s.uid IS NOT NULL"]
        conditions += ["s.path = $path"] if path is not None else []
        conditions += ["s.qualified_name = $qualified_name"] if qualified_name is not None else []
        rows = self._ask(
            f"MATCH {pattern} USING INDEX s:Symbol{index} WHERE {' AND '.join(conditions)} "
            f"RETURN {properties('s', SYMBOL_PROPERTIES)}",
            path=path, name=None if name is None else indexed(name), qualified_name=qualified_name,
        )  # fmt: skip
        return [s for s in symbols_of(rows) if name is None or indexed(s.name) == indexed(name)]

    def symbols_by_uid(self, uids: Iterable[str]) -> dict[str, Symbol]:
        found: dict[str, Symbol] = {}
        for batch in batches(list(dict.fromkeys(uids)), _UIDS_PER_QUERY):
            rows = self._ask(
                "UNWIND $uids AS uid MATCH (s:Symbol {graph: graph, uid: uid}) "
                f"RETURN {properties('s', SYMBOL_PROPERTIES)}",
                uids=batch,
            )
            found.update((symbol.uid, symbol) for symbol in symbols_of(rows))
        return found

    def edges(
        self, *, source: str | None = None, target: str | None = None, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        wanted = list(types)
        found = self._resolved_edges(source, target, wanted)
        if not wanted or EdgeType.CHANGED_WITH in wanted:
            found += self.co_change_edges(source, target)
        if not wanted or EdgeType.TOUCHED_BY in wanted:
            found += self.touch_edges(source, target)
        return found

    def _resolved_edges(
        self, source: str | None, target: str | None, wanted: Collection[EdgeType]
    ) -> list[Edge]:
        kept = "|".join(type_ for type_ in wanted if type_ in RESOLVED_TYPES) if wanted else ALL_RESOLVED
        if not kept:
            return []
        given = source if source is not None else target
        condition = "" if source is None or target is None else "WHERE coalesce(t.uid, t.path) = $target "
        if given is None:
            rows = []
            for label, key in (("Symbol", "uid"), ("File", "path")):
                rows += self._ask(
                    f"MATCH (s:{label} {{graph: graph}}) USING INDEX s:{label}(graph, {key}) "
                    f"WHERE s.{key} IS NOT NULL MATCH (s)-[e:{kept}]->(t) {EDGE_ROW}"
                )
            return edges_of(rows)
        here = "s" if source is not None else "t"
        for label, key in (
            (("Symbol", "uid"), ("File", "path")) if _may_be_uid(given) else (("File", "path"),)
        ):
            node = f"MATCH ({here}:{label} {{graph: graph, {key}: $given}})"
            rows = self._ask(
                f"{node} OPTIONAL MATCH (s)-[e:{kept}]->(t) {condition}{EDGE_ROW}",
                given=given,
                target=target,
            )
            if rows:
                return edges_of(row for row in rows if row[2] is not None)
        return []

    def edges_at(
        self, nodes: Collection[str], *, incoming: bool, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        kept = "|".join(type_ for type_ in types or RESOLVED_TYPES if type_ in RESOLVED_TYPES)
        here = "t" if incoming else "s"
        rows: list[Row] = []
        for batch in batches(sorted(set(nodes)) if kept else [], _UIDS_PER_QUERY):
            rows += self._ask(
                "UNWIND $given AS given OPTIONAL MATCH (n:Symbol {graph: graph, uid: given}) "
                "OPTIONAL MATCH (f:File {graph: graph, path: given}) "
                f"WITH coalesce(n, f) AS {here} WHERE {here} IS NOT NULL MATCH (s)-[e:{kept}]->(t) {EDGE_ROW}",
                given=batch,
            )
        return edges_of(rows)

    def references(
        self, *, name: str | Collection[str] | None = None, source: str | None = None
    ) -> list[Reference]:
        names = None if name is None else {name} if isinstance(name, str) else set(name)
        every = "MATCH (x:Resolution {graph: graph}) WHERE x.path IS NOT NULL"
        if source is not None:
            every = "MATCH (x:Resolution {graph: graph, path: $source})"
            if _may_be_uid(source):
                every = "MATCH (s:Symbol {graph: graph, uid: $source}) "
                every += "MATCH (x:Resolution {graph: graph, path: s.path})"
        elif names is not None:
            every = _LOOKED_UP + "WITH DISTINCT node AS x"
        rows: dict[str, bytes] = {}
        for batch in batches(sorted(map(name_word, names)) if names is not None else [""], _KEYS_PER_QUERY):
            found = self._ask(
                f"{every} RETURN x.path, x.references",
                source=source, index=LOOKUPS_INDEX, wanted=f" +names:({' '.join(batch)})",
            )  # fmt: skip
            rows.update((path, packed) for path, packed in found)
        return [
            each
            for path in sorted(rows)
            for each in references_of(path, rows[path])
            if (names is None or each.name in names) and source in (None, each.source)
        ]

    def chunks(self, path: str) -> list[TextChunk]:
        rows = self._ask(
            "MATCH (c:TextChunk {graph: graph, path: $path}) RETURN c.ordinal, c.uid, c.text, c.span",
            path=path,
        )
        rows.sort(key=lambda row: int(row[0]))
        return [
            TextChunk(uid, path, ordinal, text, next(spans_of(path, span)))
            for ordinal, uid, text, span in rows
        ]

    def facts(self, path: str) -> StoredFacts | None:
        rows = self._ask(
            "MATCH (x:Facts {graph: graph, path: $path}) RETURN x.interface, x.body, x.exports", path=path
        )
        return facts_of(*rows[0]) if rows else None

    def readers(self, keys: Collection[int]) -> set[str]:
        """Files whose resolution read any of these keys."""
        found: set[str] = set()
        for batch in batches(sorted(keys), _KEYS_PER_QUERY):
            found.update(self._looked_up("keys", number_words(batch)))
        return found

    def providers(self, export: int) -> list[str]:
        return sorted(self._looked_up("exports", number_words([export])))

    def _looked_up(self, field: str, words: str) -> Iterable[str]:
        rows = self._ask(
            f"{_LOOKED_UP}RETURN node.path",
            index=LOOKUPS_INDEX, wanted=f" +{field}:({words})",
        )  # fmt: skip
        return (path for (path,) in rows)

    def links(self, paths: Collection[str], *, incoming: bool) -> list[tuple[str, str, float]]:
        arrow = "<-[l:DEPENDS_ON]-" if incoming else "-[l:DEPENDS_ON]->"
        ends = "other.path, f.path" if incoming else "f.path, other.path"
        rows = self._ask(
            "UNWIND $paths AS path MATCH (f:File {graph: graph, path: path}) "
            f"MATCH (f){arrow}(other:File) RETURN {ends}, l.weight",
            paths=sorted(set(paths)),
        )
        return [(source, target, weight) for source, target, weight in rows]

    def search(
        self, words: Mapping[str, float], among: Literal["files", "symbols"], *, limit: int
    ) -> list[tuple[str, float]]:
        """Scores are Lucene's BM25, summed over fields and words by their weights."""
        index, key = (FILE_WORDS_INDEX, "path") if among == "files" else (SYMBOL_WORDS_INDEX, "uid")
        pieces = list(batches(sorted(words.items()), _WORDS_PER_QUERY))
        scores: dict[str, float] = {}
        for piece in pieces:
            rows = self._ask(
                "CALL db.index.fulltext.queryNodes($index, '+scope:graph' + toString(graph) + $wanted, $options) "
                f"YIELD node, score RETURN node.{key}, score",
                index=index, wanted=_lucene(piece), options={"limit": limit} if len(pieces) == 1 else {},
            )  # fmt: skip
            for name, score in rows:
                scores[name] = scores.get(name, 0.0) + score
        return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]

    def word_statistics(self, words: Iterable[str], among: Literal["files", "symbols"]) -> WordStatistics:
        """The mean length is that of some. A word that very many hold counts as held by `_COUNTED_DOCUMENTS`."""
        label, key, index = (
            ("FileWords", "path", FILE_WORDS_INDEX)
            if among == "files"
            else ("SymbolWords", "uid", SYMBOL_WORDS_INDEX)
        )
        fields = " + ".join(f"size(split(n.{field}, ' '))" for field in _FIELD_WEIGHTS)
        every = f"MATCH (n:{label} {{graph: graph}}) WHERE n.{key} IS NOT NULL WITH"
        held = self._ask(
            f"{every} graph, count(n) AS documents CALL (graph) {{ {every} n LIMIT {_MEASURED_DOCUMENTS} "
            f"RETURN avg({fields}) AS terms }} RETURN documents, terms"
        )
        documents, terms = held[0] if held else (0, 1.0)
        wanted = sorted(set(words))
        found = self._ask(
            "UNWIND $wanted AS each CALL db.index.fulltext.queryNodes("
            "$index, '+scope:graph' + toString(graph) + each.query, {limit: $most}) YIELD node "
            "RETURN each.word, count(node)",
            index=index, wanted=[{"word": word, "query": _lucene([(word, 1.0)])} for word in wanted],
            most=_COUNTED_DOCUMENTS,
        )  # fmt: skip
        return WordStatistics(documents, terms or 1.0, dict.fromkeys(wanted, 0) | dict(map(tuple, found)))


def _lucene(words: Iterable[tuple[str, float]]) -> str:
    """The rest of a Lucene query, after the scope, which is to weigh nothing."""
    clauses = []
    for word, weight in words:
        quoted = '"' + word.replace("\\", "").replace('"', "") + '"'
        clauses += [f"{field}:{quoted}^{weight * factor:.6f}" for field, factor in _FIELD_WEIGHTS.items()]
    return f"^0 +({' '.join(clauses)})"


def _may_be_uid(name: str) -> bool:
    return len(name) == 16 and not set(name) - set("0123456789abcdef")
