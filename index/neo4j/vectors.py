"""Vectors in the Neo4j store, on the files and symbols themselves, under vector indexes. Knows no model.

(:Symbol {vector, vector_text}), (:File {vector, vector_text, vectors_made_of}). The indexes are made by the first
vectors that are put.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from index.neo4j.database import Database
from index.neo4j.history import Ask
from index.neo4j.rows import batches
from index.retrieval.matrix import quantise
from index.store import TEXT_DIGEST_BYTES, Among, FileVectors

_INDEXES: dict[Among, tuple[str, str]] = {
    "files": ("graft_file_vectors", "File"),
    "symbols": ("graft_symbol_vectors", "Symbol"),
}
"""Name and label."""
_KEYS: dict[Among, str] = {"files": "path", "symbols": "uid"}
_ROWS_PER_TRANSACTION = 1_000
_MAX_ASKED = 4_000
"""So many neighbours are asked for at most, where other repositories of the database lie nearer."""
_AWAIT_S = 300
_CURRENT = "MATCH (r:Repository {name: $repository}) WITH r.graph AS graph WHERE graph > 0 "


class Neo4jVectors:
    """See VectorStore. Safe to use from several threads."""

    def __init__(self, database: Database, repository: str, ask: Ask) -> None:
        self._database, self._repository, self._ask = database, repository, ask
        self._width = 0
        """Of the vectors that the indexes are for, once it is known."""

    def made_of(self) -> dict[str, str]:
        rows = self._ask(
            "MATCH (f:File {graph: graph}) WHERE f.path IS NOT NULL AND f.vectors_made_of IS NOT NULL "
            "RETURN f.path, f.vectors_made_of"
        )
        return dict(rows)

    def read(self, paths: Collection[str]) -> list[FileVectors]:
        rows = self._ask(
            "UNWIND $paths AS path MATCH (f:File {graph: graph, path: path}) WHERE f.vectors_made_of IS NOT NULL "
            "OPTIONAL MATCH (s:Symbol {graph: graph, path: path}) WHERE s.vector IS NOT NULL "
            "WITH path, f, s ORDER BY path, s.position "
            "WITH path, f, collect([s.uid, s.vector_text, s.vector]) AS own "
            "RETURN path, f.vectors_made_of, "
            "[[CASE WHEN f.vector IS NOT NULL THEN '' END, f.vector_text, f.vector]] + own",
            paths=sorted(paths),
        )
        return [
            _file_vectors(path, made_of, [row for row in of if row[0] is not None])
            for path, made_of, of in rows
        ]

    def put(self, files: Sequence[FileVectors], gone: Collection[str] = ()) -> None:
        import numpy as np

        rows: dict[Among, list[dict[str, Any]]] = {"files": [], "symbols": []}
        for file in files:
            if file.uids:
                scales = np.frombuffer(file.scales, np.float32)[:, None]
                values = np.frombuffer(file.values, np.int8).reshape(len(file.uids), -1) * scales
                texts = [
                    file.texts[n : n + TEXT_DIGEST_BYTES].hex()
                    for n in range(0, len(file.texts), TEXT_DIGEST_BYTES)
                ]
                each = zip(file.uids, texts, values.tolist(), strict=True)
                for uid, text, vector in each:
                    row = {"path": file.path, "uid": uid, "text": text, "vector": vector}
                    rows["symbols" if uid else "files"].append(row)
        width = next((len(row["vector"]) for some in rows.values() for row in some), 0)
        if width and self._indexed_width() != width:
            self._make_indexes(width)
        # The file is said to have its vectors last: who is killed between leaves work, not gaps.
        paths = [file.path for file in files] + list(gone)
        self._write(
            "UNWIND $rows AS row MATCH (f:File {graph: graph, path: row}) "
            "REMOVE f.vectors_made_of, f.vector, f.vector_text WITH f, graph "
            "MATCH (s:Symbol {graph: graph, path: f.path}) REMOVE s.vector, s.vector_text",
            paths,
        )
        for among, key in _KEYS.items():
            self._write(
                f"UNWIND $rows AS row MATCH (n:{_INDEXES[among][1]} {{graph: graph, {key}: row.{key}}}) "
                "SET n.vector_text = row.text "
                "WITH n, row CALL db.create.setNodeVectorProperty(n, 'vector', row.vector)",
                rows[among],
            )
        self._write(
            "UNWIND $rows AS row MATCH (f:File {graph: graph, path: row[0]}) SET f.vectors_made_of = row[1]",
            [[file.path, file.made_of] for file in files],
        )

    def nearest(self, vector: Sequence[float], among: Among, *, limit: int) -> list[tuple[str, str, float]]:
        wanted = [float(value) for value in vector]
        if self._indexed_width() != len(wanted):
            return []
        asked = limit
        while True:
            rows = self._ask(
                "CALL db.index.vector.queryNodes($index, $asked, $vector) YIELD node, score "
                "WITH graph, collect([node.graph, node.path, coalesce(node.uid, ''), score]) AS hits "
                "RETURN size(hits), [hit IN hits WHERE hit[0] = graph | [hit[1], hit[2], hit[3]]]",
                index=_INDEXES[among][0], asked=asked, vector=wanted,
            )  # fmt: skip
            number, hits = rows[0] if rows else (0, [])
            if len(hits) >= limit or number < asked or asked >= _MAX_ASKED:
                break
            asked = min(_MAX_ASKED, 4 * asked)
        # The index's score is (1 + cosine) / 2.
        found = [(path, uid, 2 * score - 1) for path, uid, score in hits]
        return sorted(found, key=lambda hit: (-hit[2], hit[:2]))[:limit]

    def _write(self, statement: str, rows: Sequence[Any]) -> None:
        for batch in batches(rows, _ROWS_PER_TRANSACTION):
            self._database.run(_CURRENT + statement, {"repository": self._repository, "rows": batch})

    def _indexed_width(self) -> int:
        if not self._width:
            rows = self._database.query(
                "SHOW INDEXES YIELD name, state, options WHERE name = $name AND state = 'ONLINE' "
                "RETURN options.indexConfig['vector.dimensions']",
                {"name": _INDEXES["symbols"][0]},
            )
            self._width = int(rows[0][0]) if rows else 0
        return self._width

    def _make_indexes(self, width: int) -> None:
        """Make the indexes; those for another model's vectors, which do not compare with these, are dropped."""
        self._width = 0
        for name, label in _INDEXES.values():
            self._database.run(f"DROP INDEX {name} IF EXISTS")
            self._database.run(
                f"CREATE VECTOR INDEX {name} IF NOT EXISTS FOR (n:{label}) ON (n.vector) OPTIONS {{indexConfig: "
                f"{{`vector.dimensions`: {width}, `vector.similarity_function`: 'cosine'}}}}"
            )
        self._database.query("CALL db.awaitIndexes($limit)", {"limit": _AWAIT_S})


def _file_vectors(path: str, made_of: str, rows: Sequence[Sequence[Any]]) -> FileVectors:
    import numpy as np

    if not rows:
        return FileVectors(path, made_of)
    scales, values = quantise(np.array([row[2] for row in rows], np.float32))
    return FileVectors(
        path,
        made_of,
        [row[0] for row in rows],
        b"".join(bytes.fromhex(row[1]) for row in rows),
        scales.tobytes(),
        values.tobytes(),
    )
