"""Histories of files in memory, as `put_history` brought them. Knows no git."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from index.store import FileHistory, HistoryState
from index.types import COMMIT_PREFIX, Commit, Edge, EdgeType

_STEPS = 1_000


@dataclass(frozen=True)
class Histories:
    """The histories of one state of a store; never changed, only replaced."""

    state: HistoryState = field(default_factory=HistoryState)
    files: Mapping[str, FileHistory] = field(default_factory=dict)
    log: Mapping[int, bytes] = field(default_factory=dict)

    def put(
        self,
        state: HistoryState,
        files: Mapping[str, FileHistory],
        log: Mapping[int, bytes],
        is_held: Callable[[str], bool],
    ) -> Histories:
        """The histories after `put_history`; only files that the store holds have one."""
        kept = {
            path: replace(
                history,
                changed_with={
                    other: round(weight * _STEPS) / _STEPS
                    for other, weight in history.changed_with.items()
                    if is_held(other)
                },
            )
            for path, history in files.items()
            if is_held(path)
        }
        segments = {number: data for number, data in {**self.log, **log}.items() if data}
        return Histories(state, kept, segments)

    def without(self, path: str) -> Histories:
        """The histories once a file is removed."""
        if path not in self.files and not any(path in each.changed_with for each in self.files.values()):
            return self
        files = {
            other: replace(history, changed_with={p: w for p, w in history.changed_with.items() if p != path})
            for other, history in self.files.items()
            if other != path
        }
        return replace(self, state=replace(self.state, files=""), files=files)

    def pairs(self) -> list[tuple[str, str, float]]:
        return [
            (path, other, weight)
            for path, history in sorted(self.files.items())
            for other, weight in sorted(history.changed_with.items())
        ]

    def changed_with(self, paths: Collection[str]) -> list[tuple[str, str, float]]:
        found = [pair for pair in self.pairs() if pair[0] in paths]
        found += [(other, path, weight) for path, other, weight in self.pairs() if other in paths]
        return sorted(found, key=lambda row: (-row[2], row[0], row[1]))

    def edges(self, source: str | None, target: str | None) -> list[Edge]:
        return [
            Edge(path, other, EdgeType.CHANGED_WITH, confidence=weight)
            for path, other, weight in self.pairs()
            if source in (None, path) and target in (None, other)
        ]

    def touch_edges(self, source: str | None, target: str | None) -> list[Edge]:
        edges = [
            Edge(path, f"{COMMIT_PREFIX}{commit.sha}", EdgeType.TOUCHED_BY)
            for path, history in sorted(self.files.items())
            if source in (None, path)
            for commit in history.commits
        ]
        return [edge for edge in edges if target in (None, edge.target)]

    def touched_by(self, path: str) -> list[Commit]:
        return list(self.files[path].commits) if path in self.files else []

    def recency(self) -> dict[str, float]:
        return {path: history.recency for path, history in self.files.items()}
