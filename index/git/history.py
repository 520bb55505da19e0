"""Bring a store's history up to what is checked out, reading only commits that it has not read yet.

The law: when all is read, the stored histories are a function of the checked-out commit and of the files present, and
so equal a clean build, whatever was committed, merged, rebased, amended or checked out in between. It holds because
the commits that count are listed anew for each head (names only, which is cheap), what each changed is kept by its
name, and weights are computed from the whole list. Knows no ranking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from index.errors import HistoryUnavailable, UpdateCancelled
from index.git.cochange import file_histories
from index.git.command import GitCommand, GitTree, Interrupted, find_git
from index.git.commits import LoggedCommit, dump_commits, load_commits, read_commits, window
from index.repository import Progress
from index.store import GraphStore, HistoryState

STEP_S = 3.0
"""How long one update reads commits at most; the next goes on where it stopped."""
_SEGMENT_COMMITS = 256
_PROGRESS_EVERY = 100


def update_history(
    store: GraphStore,
    root: Path,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    limit_s: float = STEP_S,
) -> str:
    """Bring histories up to date for at most about `limit_s`. Returns what is known now, in words.

    Without git, or where it fails, that is said and nothing is raised; then no file has a history.
    Raises StoreError, UpdateCancelled; then the old histories stand.
    """
    known = store.history_state()
    files = [record.path for record in store.files() if record.skipped is None]
    digest = hashlib.blake2b("\0".join(files).encode(), digest_size=8).hexdigest()
    try:
        tree = find_git(root)
        if not tree.head:
            raise HistoryUnavailable(f"No history of {root}: nothing is committed yet.")
        if (tree.head, digest, True) == (known.head, known.files, known.complete):
            return f"as of commit {tree.head[:12]}"
        return _Reading(store, tree, progress, cancelled).run(files, digest, limit_s)
    except HistoryUnavailable as reason:
        if known != HistoryState():
            with store.change() as change:
                change.put_history(HistoryState(), {}, {})
        return str(reason)
    except Interrupted:
        if cancelled():
            raise UpdateCancelled(f"Stopped while reading the history of {root}; it is as before.") from None
        return (
            f"No newer history of {root}: git took too long to list its commits. The next update tries again."
        )


class _Reading:
    """One step of reading: what the store has, what is missing, what comes of both."""

    def __init__(
        self, store: GraphStore, tree: GitTree, progress: Progress | None, cancelled: Callable[[], bool]
    ) -> None:
        self._store, self._tree, self._progress, self._cancelled = store, tree, progress, cancelled
        self._log = _Log(store.history_log())

    def run(self, files: Collection[str], digest: str, limit_s: float) -> str:
        with GitCommand(self._tree, self._cancelled) as command:
            listed = window(command, self._tree)
            missing = [sha for sha in listed if sha not in self._log.commits]
            complete = self._read(command, missing, limit_s) if missing else True
        commits = [self._log.commits[sha] for sha in listed if sha in self._log.commits]
        histories = file_histories(commits, files)
        with self._store.change(self._waiting) as change:
            state = HistoryState(self._tree.head, digest, complete)
            change.put_history(state, histories, self._log.changed_segments(listed))
        read = (
            f"{len(commits):,} commits" if complete else f"{len(commits):,} of {len(listed):,} commits so far"
        )
        return f"{read}, as of commit {self._tree.head[:12]}"

    def _read(self, command: GitCommand, missing: Sequence[str], limit_s: float) -> bool:
        """Whether all that can be read was read. What git cannot read is tried again with the next head only."""
        self._report(0, len(missing))
        try:
            with closing(read_commits(command, self._tree, missing, limit_s=limit_s)) as reading:
                for done, logged in enumerate(reading, 1):
                    self._log.add(logged)
                    if done % _PROGRESS_EVERY == 0:
                        self._report(done, len(missing))
        except HistoryUnavailable:
            return True
        except Interrupted:
            if self._cancelled():
                raise
            return False
        self._report(len(missing), len(missing))
        return True

    def _report(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress("history", done, total)

    def _waiting(self) -> None:
        if self._cancelled():
            raise Interrupted
        self._report(0, 0)


class _Log:
    """Commits as a store keeps them, in segments of a few hundred, so that a new one rewrites little."""

    def __init__(self, segments: Mapping[int, bytes]) -> None:
        self._segments = {number: load_commits(data) for number, data in segments.items()}
        self._changed: set[int] = set()
        self.commits = {sha: each for segment in self._segments.values() for sha, each in segment.items()}

    def add(self, logged: LoggedCommit) -> None:
        self.commits[logged.commit.sha] = logged
        last = max(self._segments, default=0)
        if len(self._segments.get(last, ())) >= _SEGMENT_COMMITS:
            last += 1
        self._segments.setdefault(last, {})[logged.commit.sha] = logged
        self._changed.add(last)

    def changed_segments(self, listed: Collection[str]) -> dict[int, bytes]:
        """Segments to write; empty ones, none of whose commits counts any more, are to be deleted."""
        counting = frozenset(listed)
        for number, segment in self._segments.items():
            alive = counting & segment.keys()
            if len(alive) <= len(segment) // 2:
                self._segments[number] = {sha: segment[sha] for sha in alive}
                self._changed.add(number)
        return {
            number: dump_commits(self._segments[number].values()) if self._segments[number] else b""
            for number in sorted(self._changed)
        }
