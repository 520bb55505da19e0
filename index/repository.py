"""One repository's graph, as everybody else sees it: bring it up to date, ask it. Knows nothing of agents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from index.types import Commit, Edge, EdgeType, FileRecord, LineOrigin, LocateResult, Symbol, UpdateReport

Progress = Callable[[str, int, int], None]
"""(what, done, total), called at least once a second while work goes on."""


class RepositoryGraph(Protocol):
    """Queries over one work tree. Every query answers from the last `update`."""

    root: Path

    def update(
        self, progress: Progress | None = None, cancelled: Callable[[], bool] = lambda: False
    ) -> UpdateReport: ...

    def files(self) -> list[FileRecord]: ...

    def symbols(
        self, *, path: str | None = None, name: str | None = None, qualified_name: str | None = None
    ) -> list[Symbol]: ...

    def symbol(self, uid: str) -> Symbol | None: ...

    def symbol_at(self, path: str, line: int) -> Symbol | None:
        """The innermost symbol whose span holds that 1-based line."""

    def edges(
        self, *, source: str | None = None, target: str | None = None, types: Iterable[EdgeType] = ()
    ) -> list[Edge]: ...

    def callers(self, uid: str) -> list[Symbol]: ...

    def callees(self, uid: str) -> list[Symbol]: ...

    def blame(self, uid: str) -> list[LineOrigin]:
        """The commits that last touched a symbol's lines, newest first. Raises HistoryUnavailable."""

    def history(self, path_or_uid: str, *, limit: int = 20) -> list[Commit]:
        """The last commits that touched a file or a symbol, newest first. Raises HistoryUnavailable."""

    def imported_files(self, path: str) -> list[str]:
        """Files of the repository that `path` imports directly, in order of appearance."""

    def importing_files(self, path: str) -> list[str]: ...

    def is_test_file(self, path: str) -> bool: ...

    def tests_for(self, paths: Iterable[str]) -> list[str]:
        """Test files that reach any of these files by imports, calls or TESTS edges, nearest first."""

    def locate(self, text: str, *, top: int = 10) -> LocateResult: ...

    def close(self) -> None: ...
