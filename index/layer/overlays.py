"""Unsaved text of open documents over a work tree's graph. In memory only; knows no editor and walks no tree.

A keystroke parses and resolves its own file; of a large one, the next query does as much of that as it needs. The
files that read what changed are resolved by `settle`, in slices, so that a file with ten thousand dependants does not
hold up typing; until then they answer as before, without what is gone. When the base changes below (a save, another
branch), the layer is made anew from the open texts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import RLock

from index.files import is_listed
from index.known import Known
from index.languages.registry import spec_of
from index.layer.change import LayeredChange
from index.layer.memory import MemoryStore
from index.layer.store import LayeredStore
from index.python.pieces import Pieces
from index.reading import ReadFile, read_given
from index.store import GraphStore
from index.update import Updater

_SLICE_S = 0.005
"""How long `settle` keeps a keystroke waiting, but for a file whose resolution takes longer by itself."""
_SLOW_S, _SLOW_BYTES = 0.012, 16_000
"""A text that took longer to show, or is larger, is shown by the next query or `settle`, not by the keystroke."""


class Overlays:
    """The open documents of one work tree. Safe to use from several threads."""

    def __init__(self, base: GraphStore, root: Path) -> None:
        self._base, self._root = base, root
        self._layer = MemoryStore(base.repository)
        self.store = LayeredStore(base, self._layer)
        """What is seen. Ask `current` for it: it brings it up to the base first."""
        self._known, self._stamp = Known(), _NEVER
        self._texts: dict[str, ReadFile] = {}
        self._unread: dict[str, bytes] = {}
        self._slow: set[str] = set()
        self._pieces: dict[str, Pieces] = {}
        self._unresolved: set[str] = set()
        """Files whose text is shown, but what it uses is not."""
        self._pending: set[str] = set()
        self._changed_keys: set[int] = set()
        self._lock = RLock()

    def put(self, path: str, text: str) -> None:
        """Show this text in the place of a file's, which need not be there. A path that is ignored stays so."""
        with self._lock:
            if path not in self._texts and path not in self._unread and not is_listed(self._root, path):
                return
            data = self._unread[path] = text.encode("utf-8", "replace")
            if len(data) > _SLOW_BYTES:
                self._slow.add(path)
            if path not in self._slow:
                self._catch_up()

    def close(self, path: str) -> None:
        """Show what the base has again."""
        with self._lock:
            self._unread.pop(path, None)
            self._slow.discard(path)
            self._pieces.pop(path, None)
            if self._texts.pop(path, None) is not None:
                self._catch_up()
                self._revise(lambda updater, change: self._reveal(path, updater, change))

    def current(self, *, edges: bool = True) -> GraphStore:
        """The store to ask: the base itself while nothing is open. Without `edges`, for files and symbols alone."""
        with self._lock:
            if not self._texts and not self._unread:
                return self._base
            self._catch_up(edges=edges)
            return self.store

    def settle(self, budget_s: float | None = None, cancelled: Callable[[], bool] = lambda: False) -> bool:
        """Resolve what reads what changed, for so long at most. Returns whether everything is exact now."""
        deadline = None if budget_s is None else time.monotonic() + budget_s
        while not self._settle_slice():
            if cancelled() or (deadline is not None and time.monotonic() >= deadline):
                return False
        return True

    # Parts; all under the lock

    def _settle_slice(self) -> bool:
        with self._lock:
            self._catch_up()
            if self._changed_keys:
                self._pending |= self.store.readers(self._changed_keys)
                self._changed_keys = set()
            todo = sorted(self._pending & self._known.parsed)
            if todo:
                until = time.monotonic() + _SLICE_S
                self._revise(lambda updater, _: self._resolve(updater, todo, until))
            else:
                self._pending.clear()
            return not self._pending

    def _resolve(self, updater: Updater, todo: list[str], until: float) -> None:
        done = updater.resolve(todo, lambda: time.monotonic() >= until)
        self._pending.difference_update(todo[:done])

    def _catch_up(self, *, edges: bool = True) -> None:
        """Bring the layer up to its base and to the texts that came since; what they use only with `edges`."""
        stamp = self._base.indexed_at()
        if stamp != self._stamp:
            self._stamp = stamp
            self._clear()
            for path in self._texts:
                self._show(path)
        unread, self._unread = self._unread, {}
        for path, data in unread.items():
            started = time.monotonic()
            pieces = self._pieces.setdefault(path, Pieces())
            self._texts[path] = read_given(self._base.repository, path, data, pieces)
            self._show(path)
            if edges:
                self._resolve_shown()
            if time.monotonic() - started > _SLOW_S:
                self._slow.add(path)
        if edges:
            self._resolve_shown()

    def _resolve_shown(self) -> None:
        paths, self._unresolved = sorted(self._unresolved & self._known.parsed), set()
        if paths:
            self._revise(lambda updater, _: updater.resolve(paths))

    def _clear(self) -> None:
        self._pending, self._changed_keys, self._unresolved = set(), set(), set()
        self._known.forget()
        self._known.recall(self._stamp, self._base.files)
        with self._layer.change() as change:
            for record in change.files():
                change.reveal(record.path)
            change.set_indexed_at(self._layer.indexed_at() + 1)

    def _show(self, path: str) -> None:
        """Put an open text over the base, unless it is the base's."""
        read = self._texts[path]

        def show(updater: Updater, change: LayeredChange) -> None:
            record = change.base_record(path)
            hash_ = read.entry.record.content_hash
            if record is not None and record.skipped is None and hash_ and record.content_hash == hash_:
                self._reveal(path, updater, change)
                return
            updater.put(read)
            updater.note_moves()
            updater.dirty.discard(path)
            self._unresolved.add(path)

        self._revise(show)

    def _reveal(self, path: str, updater: Updater, change: LayeredChange) -> None:
        self._unresolved.discard(path)
        entry = self._base.entry(path)
        if entry is None:
            updater.remove(path)
        elif change.holds(path):
            is_module = spec_of(path) is not None and entry.record.skipped is None
            updater.put(ReadFile(entry, is_module=is_module))
            change.reveal(path)
        updater.note_moves()

    def _revise(self, revise: Callable[[Updater, LayeredChange], object]) -> None:
        """One change of the layer; the files that it leaves to be resolved are noted for `settle`."""
        try:
            with self.store.change() as change:
                updater = Updater(self._base.repository, change, self._known)
                revise(updater, change)
                change.set_indexed_at(self._layer.indexed_at() + 1)
        except BaseException:
            self._stamp = _NEVER  # what is known no longer fits the layer: make both anew
            raise
        self._pending |= updater.dirty
        self._changed_keys |= updater.changed_keys
        if self._layer.files() and not any(map(change.holds, self._texts)):
            self._clear()


_NEVER = -1
