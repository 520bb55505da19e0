"""Bring a store up to a tree with the fewest changes: read what changed, resolve what depends on it.

The law: after any sequence of edits the store equals a clean rebuild. It holds because a file's resolution is a
function of its own facts and of recorded look-ups (index.world), and every reader of a changed entry is resolved
again. Knows no editor and no ranking.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from index.collector import rare_collections
from index.errors import UpdateCancelled
from index.facts import interface_entries, load_interface
from index.files import Found, is_listed, look_at, needs_walk, walk
from index.known import Known, LoadedFacts
from index.reading import ReadFile, ReadTask
from index.repository import Progress
from index.resolve import resolve_file
from index.resolving import ResolveTask
from index.store import CommittedFacts, GraphChange, GraphStore, ResolvedFile, SharesWork, StoredFacts
from index.types import FileRecord, UpdateReport
from index.workers import Crew
from index.world import World, export_entry, key_hash

_RACY_NS = 50_000_000
"""A file modified this shortly before the last look may have changed again within its time stamp's grain."""
_MAX_NAMED = 500
"""From so many paths on, looking at them one by one saves nothing over a walk."""
BATCH_FILES = 2_000
"""So many files of a new graph are committed at a time: at 100,000 files, a stop costs no more than these."""
MIN_SHARED = 300
"""From so many files on, a new graph is resolved in several processes; what was read is committed before."""
_UNSURE = -1


@dataclass(frozen=True, slots=True)
class Stale:
    """What differs between a tree and the records of it."""

    changed: tuple[Found, ...]
    removed: tuple[str, ...]
    seen: int
    before: int = 0
    """Further changed files, read already."""


def update_store(
    store: GraphStore,
    root: Path,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    paths: Collection[str] | None = None,
    known: Known | None = None,
    batch_files: int | None = None,
) -> UpdateReport:
    """Bring a store up to the tree. Raises RootError, StoreError, UpdateCancelled; then the old state stands.

    `paths` are all that changed since the last update, if the caller is sure of it: the tree is not walked then.
    `known`, kept between calls, saves reading the store again. A new graph is committed in batches of so many files.
    """
    started, began_ns = time.monotonic(), time.time_ns()
    known = known if known is not None else Known()
    known.recall(store.indexed_at(), store.files)
    stale = find_named(root, known.records, paths) if paths is not None and known.stamp else None
    named = stale is not None
    if stale is None:
        stale = find_stale(root, known.records, known.stamp, cancelled)
    parsed = 0
    if stale.changed or stale.removed:
        watch = _Watch(progress, cancelled)
        with Crew() as crew, rare_collections():
            team = Team(crew, store.committed_facts() if isinstance(store, SharesWork) else None)
            if not known.stamp:
                parsed, stale = _read_ahead(
                    store, root, known, stale, watch, batch_files or BATCH_FILES, team
                )
            with store.change(watch.waiting) as change:
                if store.indexed_at() != known.stamp or not (known.stamp or known.agrees(change.files())):
                    known.recall(store.indexed_at(), change.files)
                    stale, named = find_stale(root, known.records, 0, cancelled), False
                # A look at some paths says nothing of the others: what may have changed since the last walk stays so.
                stamp, is_first = known.stamp + 1 if named else began_ns, not known.stamp
                known.stamp = _UNSURE  # until the change is committed
                updater = Updater(store.repository, change, known, watch.report, team)
                parsed += updater.run(root, stale, is_first)
                change.set_indexed_at(stamp)
        known.stamp = stamp
    counts = store.counts()
    skipped = tuple((path, record.skipped) for path, record in known.records.items() if record.skipped)
    return UpdateReport(
        files_seen=stale.seen,
        files_parsed=parsed,
        files_removed=len(stale.removed),
        files_skipped=len(skipped),
        symbols=counts.symbols,
        edges=counts.edges,
        seconds=time.monotonic() - started,
        skipped=tuple(sorted(skipped)),
    )


def _read_ahead(
    store: GraphStore, root: Path, known: Known, stale: Stale, watch: _Watch, batch_files: int, team: Team
) -> tuple[int, Stale]:
    """Read all but the last batch of a large tree's files into a store that was never whole, each batch committed.

    The last one too where several processes shall resolve what is committed.

    Whatever stops it, the next update goes on from there: it reads them again, but parses only what changed. Until
    one is done, `indexed_at` says that the graph is not whole. Returns how many were parsed, and what is left.
    """
    parsed, total = 0, len(stale.changed)
    left = stale.changed
    least = 0 if team.can_resolve(total) else batch_files
    while len(left) > least:
        with store.change(watch.waiting) as change:
            if store.indexed_at():
                break
            updater = Updater(store.repository, change, known, watch.report, team)
            parsed += updater.read(root, left[:batch_files], total - len(left), total)
        watch.kept, left = True, left[batch_files:]
    return parsed, replace(stale, changed=left, before=total - len(left))


def find_named(root: Path, known: Mapping[str, FileRecord], paths: Collection[str]) -> Stale | None:
    """What differs among these paths, None where only a walk can tell: folders, ignore rules, many paths."""
    if len(paths) > _MAX_NAMED or any(map(needs_walk, paths)) or not root.is_dir():
        return None
    changed: list[Found] = []
    removed: set[str] = set()
    for path in sorted(set(paths)):
        place = root / path
        if place.is_dir() and not place.is_symlink():
            if path in known or is_listed(root, f"{path}/any"):
                return None
            continue
        if path not in known:
            removed.update(other for other in known if other.startswith(path + "/"))
        found = look_at(root, path, path in known) if place.is_symlink() or place.exists() else None
        if found is not None:
            changed.append(found)
        elif path in known:
            removed.add(path)
    return Stale(tuple(changed), tuple(sorted(removed)), len(paths))


def find_stale(
    root: Path, known: Mapping[str, FileRecord], indexed_at_ns: int, cancelled: Callable[[], bool]
) -> Stale:
    """Compare a tree with the records of it by size, time stamp and reason to skip."""
    seen: set[str] = set()
    changed: list[Found] = []
    for found in walk(root, known, cancelled):
        if found.path in seen:
            continue
        seen.add(found.path)
        record = known.get(found.path)
        if record is None or _differs(found, record, indexed_at_ns):
            changed.append(found)
    if cancelled():
        raise UpdateCancelled(f"Stopped while looking at {root}; the index is as before.")
    return Stale(tuple(changed), tuple(sorted(known.keys() - seen)), len(seen))


def _differs(found: Found, record: FileRecord, indexed_at_ns: int) -> bool:
    if (found.size_bytes, found.mtime_ns) != (record.size_bytes, record.mtime_ns):
        return True
    if found.skipped is not None or found.language is None:
        return (found.skipped, found.language) != (record.skipped, record.language)
    return found.mtime_ns > indexed_at_ns - _RACY_NS


class _Watch:
    """Progress and cancellation of one update."""

    def __init__(self, progress: Progress | None, cancelled: Callable[[], bool]) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self.kept = False

    def report(self, what: str, done: int, total: int) -> None:
        if self._cancelled():
            now = "what was read is kept for the next update" if self.kept else "the index is as before"
            raise UpdateCancelled(f"Stopped at file {done} of {total}; {now}.")
        if self._progress is not None:
            self._progress(what, done, total)

    def waiting(self) -> None:
        self.report("waiting for another process", 0, 0)


@dataclass(frozen=True, slots=True)
class Team:
    """The processes that may help with an update; `facts` is where they find what is committed, if they can."""

    crew: Crew
    facts: CommittedFacts | None = None

    def can_resolve(self, files: int) -> bool:
        """Whether they should resolve so many files."""
        return self.facts is not None and files >= MIN_SHARED and self.crew.workers > 1


class Updater:
    """One revision of a graph inside one transaction: takes files in as they were read, resolves what depends."""

    def __init__(
        self,
        repository: str,
        change: GraphChange,
        known: Known,
        report: Callable[[str, int, int], None] = lambda what, done, total: None,
        team: Team | None = None,
    ) -> None:
        self._team = team
        self._repository, self._change, self._known, self._report = repository, change, known, report
        self.changed_keys: set[int] = set()
        self.dirty: set[str] = set()

    def run(self, root: Path, stale: Stale, is_first: bool) -> int:
        """Apply what differs; resolve all where the graph was never whole. Returns how many files were parsed."""
        for path in stale.removed:
            self.remove(path)
        parsed = self.read(root, stale.changed, stale.before, stale.before + len(stale.changed))
        if is_first:
            self._known.moved()
            self.dirty |= self._known.parsed
        else:
            self.note_moves()
            self.dirty |= self._change.readers(self.changed_keys)
        paths = sorted(self.dirty & self._known.parsed)
        is_committed = is_first and not stale.changed and not stale.removed
        if is_committed and self._team is not None and self._team.can_resolve(len(paths)):
            self._resolve_committed(paths, self._team)
        else:
            self.resolve(paths)
        return parsed

    def read(self, root: Path, files: Sequence[Found], before: int, total: int) -> int:
        """Take in files, of which so many others were read before. Returns how many were parsed."""
        tasks = [self._task(root, found) for found in files]
        crew = self._team.crew if self._team else Crew(1)
        with closing(crew.read(tasks)) as reading:
            for done, read in enumerate(reading):
                self._report("parse", before + done, total)
                self.put(read)
        self._report("parse", before + len(tasks), total)
        return len(self.dirty)

    def _task(self, root: Path, found: Found) -> ReadTask:
        known = self._known.records.get(found.path)
        known_hash = known.content_hash if known and known.skipped is None else ""
        facts = self._team.facts if self._team else None
        pack = facts.packing.entry if facts and not known_hash else None
        return ReadTask(self._repository, root.as_posix(), found, known_hash, pack)

    def put(self, read: ReadFile) -> None:
        """Store what reading a file gave, and note what others may have read of it before."""
        path = read.entry.record.path
        known = self._known.records.get(path)
        if known is not None and (read.unchanged or _says_as_little(read.entry.record, known)):
            record = replace(read.entry.record, has_errors=known.has_errors)
            self._change.touch(record)
            self._known.records[path] = record
            return
        old = self._change.facts(path) if known is not None else None
        self._note_exports(old, read.entry.exports)
        if old is not None and read.is_module:
            interfaces = load_interface(old.interface), load_interface(read.entry.interface)
            self._note(path, *map(interface_entries, interfaces))
            self._note(path, {"body": ""}, {})
        self._change.put_file(read.entry)
        if read.mentions:
            self._change.put_resolution(path, ResolvedFile(references=read.mentions))
        self._known.note(path, read.entry.record)
        if read.is_module:
            self.dirty.add(path)

    def remove(self, path: str) -> None:
        self._note_exports(self._change.facts(path), ())
        self._change.remove_file(path)
        self._known.note(path, None)

    def note_moves(self) -> None:
        """Note what changes for others because other files are modules now than before."""
        before, old = self._known.parsed, self._known.moved()
        if before and self._known.modules is not old:
            self._note("", old.entries(), self._known.modules.entries())

    def resolve(self, paths: Sequence[str], stop: Callable[[], bool] = lambda: False) -> int:
        """Resolve files again, at least one, until `stop`. Returns how many were."""
        known = self._known
        facts = LoadedFacts(self._change.facts, known.facts)
        world = World(
            known.modules, facts.interface, facts.body, self._change.providers, known.answers, known.helpers
        )
        for done, path in enumerate(paths):
            if done and stop():
                return done
            self._report("resolve", done, len(paths))
            self._change.put_resolution(path, resolve_file(world, path, facts.body(path)))
        self._report("resolve", len(paths), len(paths))
        return len(paths)

    def _resolve_committed(self, paths: Sequence[str], team: Team) -> None:
        """Resolve files in several processes, which read what is committed; this change has touched no facts."""
        assert team.facts is not None
        tasks = [ResolveTask(team.facts, path) for path in paths]
        with closing(team.crew.resolve(tasks)) as resolving:
            for done, (path, resolved) in enumerate(zip(paths, resolving, strict=True)):
                self._report("resolve", done, len(paths))
                self._change.put_resolution(path, resolved)
        self._report("resolve", len(paths), len(paths))

    def _note(self, path: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        """Remember the keys of a file's, or the module map's, entries that came, went or changed."""
        changed = {(path, entry) for entry, _ in old.items() ^ new.items()}
        self._known.change(changed)
        self.changed_keys.update(key_hash(*each) for each in changed)

    def _note_exports(self, old: StoredFacts | None, new: Collection[int]) -> None:
        changed = set(old.exports if old else ()) ^ set(new)
        entries = [export_entry(export) for export in changed]
        self._known.change(entries)
        self.changed_keys.update(key_hash(*each) for each in entries)


def _says_as_little(record: FileRecord, known: FileRecord) -> bool:
    """Whether nothing but a file's record is kept, and only its size or time stamp is another."""
    bare = record.skipped is not None or record.language is None
    return bare and replace(record, size_bytes=known.size_bytes, mtime_ns=known.mtime_ns) == known
