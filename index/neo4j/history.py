"""Histories of files in the Neo4j store: reads, and a write that touches only what differs.

(:File {recency})-[:TOUCHED_BY {place}]->(:Commit {sha, time_s, author, subject})
(:File)-[:CHANGED_WITH {confidence}]->(:File)
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from index.neo4j.rows import Row
from index.store import FileHistory, HistoryState
from index.types import COMMIT_PREFIX, Commit, Edge, EdgeType

_CONFIDENCE_DIGITS = 3
"""A weight is kept to a thousandth."""


class Ask(Protocol):
    """Runs a statement over the repository's current `graph`."""

    def __call__(self, statement: str, **parameters: Any) -> list[Row]: ...


class Write(Protocol):
    """Runs a statement once for each row, in the graph that is written."""

    def __call__(self, statement: str, rows: list[Any], /) -> None: ...


class HistoryReader:
    """The part of GraphReader that asks for histories."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def history_state(self) -> HistoryState:
        rows = self._ask(
            "MATCH (h:HistoryState {graph: graph, name: 'history'}) RETURN h.head, h.files, h.complete"
        )
        return HistoryState(*rows[0]) if rows else HistoryState()

    def history_log(self) -> dict[int, bytes]:
        rows = self._ask(
            "MATCH (h:HistorySegment {graph: graph}) WHERE h.number IS NOT NULL RETURN h.number, h.commits"
        )
        return {int(number): bytes(commits) for number, commits in rows}

    def recency(self) -> dict[str, float]:
        return {path: recency for path, recency, _ in self._histories()}

    def history_digests(self) -> dict[str, str]:
        """What was written of each file's history, by name."""
        return {path: digest for path, _, digest in self._histories()}

    def touched_by(self, path: str) -> list[Commit]:
        rows = self._ask(
            "MATCH (:File {graph: graph, path: $path})-[t:TOUCHED_BY]->(c:Commit) "
            "RETURN t.place, c.sha, c.time_s, c.author, c.subject",
            path=path,
        )
        return [Commit(*row[1:]) for row in sorted(rows)]

    def changed_with(self, paths: Collection[str]) -> list[tuple[str, str, float]]:
        rows = self._ask(
            "UNWIND $paths AS path MATCH (f:File {graph: graph, path: path})-[c:CHANGED_WITH]-(other:File) "
            "RETURN path, other.path, c.confidence",
            paths=sorted(set(paths)),
        )
        found = [(one, other, weight) for one, other, weight in rows]
        return sorted(found, key=lambda row: (-row[2], row[0], row[1]))

    def co_change_edges(self, source: str | None, target: str | None) -> list[Edge]:
        """CHANGED_WITH edges, by source and target."""
        conditions = ["f.path IS NOT NULL"]
        conditions += ["f.path = $source"] if source is not None else []
        conditions += ["t.path = $target"] if target is not None else []
        rows = self._ask(
            f"MATCH (f:File {{graph: graph}})-[c:CHANGED_WITH]->(t:File {{graph: graph}}) "
            f"WHERE {' AND '.join(conditions)} RETURN f.path, t.path, c.confidence",
            source=source, target=target,
        )  # fmt: skip
        return [
            Edge(one, other, EdgeType.CHANGED_WITH, confidence=weight) for one, other, weight in sorted(rows)
        ]

    def touch_edges(self, source: str | None, target: str | None) -> list[Edge]:
        """TOUCHED_BY edges from files to commits, by file, newest commit first."""
        if target is not None and not target.startswith(COMMIT_PREFIX):
            return []
        path = ", path: $source" if source is not None else ""
        sha = ", sha: $sha" if target is not None else ""
        rows = self._ask(
            f"MATCH (f:File {{graph: graph{path}}})-[t:TOUCHED_BY]->(c:Commit {{graph: graph{sha}}}) "
            "WHERE f.path IS NOT NULL RETURN f.path, t.place, c.sha",
            source=source, sha=(target or "").removeprefix(COMMIT_PREFIX),
        )  # fmt: skip
        return [Edge(path, f"{COMMIT_PREFIX}{sha}", EdgeType.TOUCHED_BY) for path, _, sha in sorted(rows)]

    def _histories(self) -> list[Row]:
        return self._ask(
            "MATCH (f:File {graph: graph}) WHERE f.path IS NOT NULL AND f.recency IS NOT NULL "
            "RETURN f.path, f.recency, f.history_digest"
        )


Kept = tuple[FileHistory, str]
"""A history and its digest."""


def differing(
    files: Mapping[str, FileHistory], digests: Mapping[str, str], paths: Collection[str]
) -> dict[str, Kept | None]:
    """The histories to write where `digests` are stored, None for one to delete; `paths` are the graph's files."""
    changed: dict[str, Kept | None] = dict.fromkeys(digests.keys() - files.keys())
    for path, history in files.items():
        digest = _digest(history, paths)
        if path in paths and (not digest or digests.get(path) != digest):
            changed[path] = history, digest
    return changed


@dataclass(slots=True)
class HistoryChange:
    """What to write of histories."""

    state: HistoryState | None = None
    is_partial: bool = False
    """Whether a file went, and its history with it."""
    files: dict[str, Kept | None] = field(default_factory=dict)
    log: dict[int, bytes] = field(default_factory=dict)

    def write(self, write: Write) -> None:
        if self.files:
            self._write_files(write)
        if self.state is None:
            if self.is_partial:
                write("MATCH (h:HistoryState {graph: $graph, name: 'history'}) SET h.files = row", [""])
            return
        write(
            "MERGE (h:HistoryState {graph: $graph, name: 'history'}) "
            "SET h.head = row[0], h.files = row[1], h.complete = row[2]",
            [[self.state.head, self.state.files, self.state.complete]],
        )
        write(
            "MERGE (h:HistorySegment {graph: $graph, number: row[0]}) SET h.commits = row[1]",
            [[number, commits] for number, commits in self.log.items() if commits],
        )
        write(
            "MATCH (h:HistorySegment {graph: $graph, number: row}) DELETE h",
            [number for number, commits in self.log.items() if not commits],
        )

    def _write_files(self, write: Write) -> None:
        write(
            "MATCH (f:File {graph: $graph, path: row[0]}) SET f.recency = row[1], f.history_digest = row[2] "
            "WITH f MATCH (f)-[e:TOUCHED_BY|CHANGED_WITH]->() DELETE e",
            [
                [path, kept[0].recency, kept[1]] if kept else [path, None, None]
                for path, kept in self.files.items()
            ],
        )
        written = {path: kept[0] for path, kept in self.files.items() if kept}
        commits = {commit.sha: commit for each in written.values() for commit in each.commits}
        write(
            "MERGE (c:Commit {graph: $graph, sha: row[0]}) "
            "SET c.time_s = row[1], c.author = row[2], c.subject = row[3]",
            [[c.sha, c.time_s, c.author, c.subject] for c in commits.values()],
        )
        write(
            "MATCH (f:File {graph: $graph, path: row[0]}) MATCH (c:Commit {graph: $graph, sha: row[1]}) "
            "CREATE (f)-[:TOUCHED_BY {place: row[2]}]->(c)",
            [[path, c.sha, place] for path, each in written.items() for place, c in enumerate(each.commits)],
        )
        write(
            "MATCH (f:File {graph: $graph, path: row[0]}) MATCH (t:File {graph: $graph, path: row[1]}) "
            "CREATE (f)-[:CHANGED_WITH {confidence: row[2]}]->(t)",
            [
                [path, other, round(weight, _CONFIDENCE_DIGITS)]
                for path, each in written.items()
                for other, weight in each.changed_with.items()
            ],
        )
        write(
            "MATCH (c:Commit {graph: $graph}) WHERE c.sha IS NOT NULL AND NOT (c)<-[:TOUCHED_BY]-() DELETE c",
            [0],
        )


def _digest(history: FileHistory, paths: Collection[str]) -> str:
    """Names what is written of a history; empty where it cannot be written whole."""
    if not all(other in paths for other in history.changed_with):
        return ""
    content = (history.recency, [c.sha for c in history.commits], sorted(history.changed_with.items()))
    return hashlib.blake2b(repr(content).encode(), digest_size=8).hexdigest()
