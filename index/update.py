"""Bring a store up to a tree with the fewest changes: read what changed, resolve what depends on it.

The law: after any sequence of edits the store equals a clean rebuild. It holds because a file's resolution is a
function of its own facts and of recorded look-ups (index.world), and every reader of a changed entry is resolved
again. Knows no editor and no ranking.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from index.errors import UpdateCancelled
from index.facts import Body, Interface, interface_entries, load_body, load_interface
from index.files import Found, walk
from index.languages.registry import spec_of
from index.modules import ModuleMap
from index.reading import ReadFile, ReadTask
from index.repository import Progress
from index.resolve import resolve_file
from index.store import GraphChange, GraphStore, ResolvedFile, StoredFacts
from index.types import FileRecord, UpdateReport
from index.workers import read_all
from index.world import World, export_entry, key_hash

_RACY_NS = 50_000_000
"""A file modified this shortly before the last look may have changed again within its time stamp's grain."""
_MAX_CACHED_INTERFACES, _MAX_CACHED_BODIES = 4_000, 300
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Stale:
    """What differs between a tree and the records of it."""

    changed: tuple[Found, ...]
    removed: tuple[str, ...]
    seen: int


def update_store(
    store: GraphStore, root: Path, progress: Progress | None, cancelled: Callable[[], bool]
) -> UpdateReport:
    """Bring a store up to the tree. Raises RootError, StoreError, UpdateCancelled; then the old state stands."""
    started, began_ns = time.monotonic(), time.time_ns()
    known = {record.path: record for record in store.files()}
    stale = find_stale(root, known, store.indexed_at(), cancelled)
    parsed = 0
    if stale.changed or stale.removed:
        watch = _Watch(progress, cancelled)
        with store.change(watch.waiting) as change:
            current = {record.path: record for record in change.files()}
            if current != known:
                stale = find_stale(root, current, 0, cancelled)
            parsed = _Updater(store.repository, root, change, current, watch).run(stale)
            change.set_indexed_at(began_ns)
    counts, files = store.counts(), store.files()
    skipped = tuple((record.path, record.skipped) for record in files if record.skipped)
    return UpdateReport(
        files_seen=stale.seen,
        files_parsed=parsed,
        files_removed=len(stale.removed),
        files_skipped=len(skipped),
        symbols=counts.symbols,
        edges=counts.edges,
        seconds=time.monotonic() - started,
        skipped=skipped,
    )


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

    def report(self, what: str, done: int, total: int) -> None:
        if self._cancelled():
            raise UpdateCancelled(f"Stopped at file {done} of {total}; the index is as before.")
        if self._progress is not None:
            self._progress(what, done, total)

    def waiting(self) -> None:
        self.report("waiting for another process", 0, 0)


class _Updater:
    """One update inside one transaction."""

    def __init__(
        self,
        repository: str,
        root: Path,
        change: GraphChange,
        known: Mapping[str, FileRecord],
        watch: _Watch,
    ) -> None:
        self._repository, self._root, self._change, self._watch = repository, root, change, watch
        self._known = known
        self._interfaces = _Recent[Interface](_MAX_CACHED_INTERFACES)
        self._bodies = _Recent[Body](_MAX_CACHED_BODIES)
        self._changed_keys: set[int] = set()
        self._dirty: set[str] = set()

    def run(self, stale: Stale) -> int:
        """Apply what differs. Returns how many files were parsed."""
        before = _parsed_paths(self._known.values())
        for path in stale.removed:
            self._note_exports(self._change.facts(path), ())
            self._change.remove_file(path)
        after = before - set(stale.removed)
        tasks = [self._task(found) for found in stale.changed]
        with closing(read_all(tasks)) as reading:
            for done, read in enumerate(reading):
                self._watch.report("parse", done, len(tasks))
                after.discard(read.entry.record.path)
                if read.is_module:
                    after.add(read.entry.record.path)
                self._put(read)
        self._watch.report("parse", len(stale.changed), len(stale.changed))
        parsed, modules = len(self._dirty), ModuleMap(after)
        if before and before != after:
            self._note("", ModuleMap(before).entries(), modules.entries())
        if before:
            self._dirty |= self._change.readers(self._changed_keys)
        self._resolve(modules, sorted(self._dirty & after))
        return parsed

    def _task(self, found: Found) -> ReadTask:
        known = self._known.get(found.path)
        known_hash = known.content_hash if known and known.skipped is None else ""
        return ReadTask(self._repository, self._root.as_posix(), found, known_hash)

    def _put(self, read: ReadFile) -> None:
        """Store what reading a file gave, and note what others may have read of it before."""
        path, known = read.entry.record.path, self._known.get(read.entry.record.path)
        if read.unchanged and known is not None:
            self._change.touch(replace(read.entry.record, has_errors=known.has_errors))
            return
        old = self._change.facts(path) if known is not None else None
        self._note_exports(old, read.entry.exports)
        if old is not None and read.is_module:
            interfaces = load_interface(old.interface), load_interface(read.entry.interface)
            self._note(path, *map(interface_entries, interfaces))
            self._changed_keys.add(key_hash(path, "body"))
        self._change.put_file(read.entry)
        if read.is_module:
            self._dirty.add(path)

    def _note(self, path: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        """Remember the keys of a file's, or the module map's, entries that came, went or changed."""
        self._changed_keys.update(key_hash(path, entry) for entry, _ in old.items() ^ new.items())

    def _note_exports(self, old: StoredFacts | None, new: Collection[int]) -> None:
        changed = set(old.exports if old else ()) ^ set(new)
        self._changed_keys.update(key_hash(*export_entry(export)) for export in changed)

    def _resolve(self, modules: ModuleMap, paths: list[str]) -> None:
        world = World(modules, self._interface, self._body, self._change.providers)
        for done, path in enumerate(paths):
            self._watch.report("resolve", done, len(paths))
            resolution = resolve_file(world, path, self._body(path))
            self._change.put_resolution(
                path,
                ResolvedFile(resolution.edges, resolution.references, resolution.links, resolution.keys),
            )
        self._watch.report("resolve", len(paths), len(paths))

    def _interface(self, path: str) -> Interface:
        known = self._interfaces.get(path)
        if known is None:
            facts = self._change.facts(path)
            known = load_interface(facts.interface) if facts else Interface()
            self._interfaces.put(path, known)
        return known

    def _body(self, path: str) -> Body:
        known = self._bodies.get(path)
        if known is None:
            facts = self._change.facts(path)
            known = load_body(facts.body) if facts else Body()
            self._bodies.put(path, known)
        return known


class _Recent(Generic[Value]):
    """The values used last, up to a number of them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[str, Value] = OrderedDict()

    def get(self, key: str) -> Value | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: str, value: Value) -> None:
        self._values[key] = value
        if len(self._values) > self._size:
            self._values.popitem(last=False)


def _parsed_paths(records: Iterable[FileRecord]) -> set[str]:
    return {r.path for r in records if r.skipped is None and spec_of(r.path) is not None}
