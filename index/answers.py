"""Keep what look-ups came to, each with the entries that it read, until one of these changes. Looks nothing up.

An answer found again counts as read what it read when it was worked out, so that keys stay complete.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Set
from typing import NamedTuple

Entry = tuple[str, str]
"""(path, entry of its interface), or an empty path and an entry of the module map."""
_MAX_ANSWERS, _MAX_ENTRIES = 8_000, 100_000
"""So many answers of a generation, of which there are two, and entries: some 30 MB."""
_MAX_CHANGES = 50
"""From so many changes on, working answers out again is cheaper than comparing them."""


class Kept(NamedTuple):
    """An answer. `height` is how many steps deeper the look-up went than where it began."""

    value: object
    read: Set[Entry]
    height: int
    changes: int
    """How many changes it has been compared with."""


class Answers:
    """Answers by what was asked, the latest asked ones."""

    def __init__(self, size: int = _MAX_ANSWERS) -> None:
        """`size` is how many answers a generation holds, of which there are two."""
        self._size = size
        self._young: dict[Hashable, Kept] = {}
        self._old: dict[Hashable, Kept] = {}
        self._changes: list[frozenset[Entry]] = []
        self.entries: dict[Entry, Entry] = {}
        """Every entry that was read, so that equal ones are one object."""

    def get(self, asked: Hashable) -> Kept | None:
        kept = self._young.get(asked)
        if kept is not None and kept.changes == len(self._changes):
            return kept
        kept = kept or self._old.get(asked)
        if kept is None:
            return None
        if all(map(kept.read.isdisjoint, self._changes[kept.changes :])):
            self._put(asked, kept._replace(changes=len(self._changes)))
            return kept
        self._young.pop(asked, None)
        self._old.pop(asked, None)
        return None

    def put(self, asked: Hashable, value: object, read: Set[Entry], height: int) -> None:
        self._put(asked, Kept(value, read, height, len(self._changes)))

    def _put(self, asked: Hashable, kept: Kept) -> None:
        self._young[asked] = kept
        if len(self._young) > self._size:
            self._old, self._young = self._young, {}
            self.entries.clear()

    def change(self, entries: Collection[Entry]) -> None:
        """Forget what read any of these entries."""
        if not entries:
            return
        self._changes.append(frozenset(entries))
        if len(self._changes) > _MAX_CHANGES:
            self.clear()

    def trim(self) -> None:
        """Let go of entries, where answers do not bound them."""
        if len(self.entries) > _MAX_ENTRIES:
            self.entries.clear()

    def clear(self) -> None:
        self._young, self._old, self._changes = {}, {}, []
        self.entries.clear()
