"""What one process remembers of a store between updates, so that a small change need not read it again.

Holds exactly as long as nobody else changed the store, which its `indexed_at` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, TypeVar

from index.answers import Answers, Entry
from index.facts import Body, Interface, load_body, load_interface
from index.languages.registry import spec_of
from index.modules import ModuleMap
from index.store import StoredFacts
from index.types import FileRecord

_MAX_INTERFACES, _MAX_BODIES, _MAX_HELPERS = 4_000, 300, 12
_NEVER = -1
Value = TypeVar("Value")


class Known:
    """Records, module map and recent facts of one store as of `stamp`."""

    def __init__(self) -> None:
        self.stamp = _NEVER
        self.records: dict[str, FileRecord] = {}
        self.modules = ModuleMap(())
        self.parsed: frozenset[str] = frozenset()
        self._noted: set[str] = set()
        self.facts = RecentFacts()
        self.answers = Answers()
        """What look-ups came to."""
        self.helpers = Answers(_MAX_HELPERS)
        """What whole files of test helpers came to."""

    def recall(self, stamp: int, files: Callable[[], Iterable[FileRecord]]) -> None:
        """Read the records again if the store is not as it was."""
        if stamp == self.stamp and stamp:
            return
        self.forget()
        self.records = {record.path: record for record in files()}
        self.parsed = parsed_paths(self.records)
        self.modules = ModuleMap(self.parsed)
        self.stamp = stamp

    def agrees(self, files: Iterable[FileRecord]) -> bool:
        """Whether these records are the known ones."""
        return {record.path: record for record in files} == self.records

    def forget(self) -> None:
        """Know nothing: a change failed midway, or somebody else made one."""
        self.stamp = _NEVER
        self._noted.clear()
        self._forget_answers()
        self.facts.clear()

    def note(self, path: str, record: FileRecord | None) -> None:
        """Take another record for a file's, none where it is gone, and forget its facts."""
        self.records.pop(path, None)
        if record is not None:
            self.records[path] = record
        self.facts.drop(path)
        self._noted.add(path)

    def moved(self) -> ModuleMap:
        """Make the module map anew if the noted files are not parsed as before. Returns the one before."""
        noted, before = self._noted, self.modules
        self._noted = set()
        if parsed_paths({path: self.records[path] for path in noted & self.records.keys()}) != (
            noted & self.parsed
        ):
            self.parsed = parsed_paths(self.records)
            self.modules = ModuleMap(self.parsed)
            self._forget_answers()
        return before

    def change(self, entries: Collection[Entry]) -> None:
        """Forget answers that read any of these entries. To be told of every entry that changes."""
        self.answers.change(entries)
        self.helpers.change(entries)

    def _forget_answers(self) -> None:
        self.answers.clear()
        self.helpers.clear()


class RecentFacts:
    """The interfaces and bodies of the files that were asked for last."""

    def __init__(self) -> None:
        self.interfaces = Recent[Interface](_MAX_INTERFACES)
        self.bodies = Recent[Body](_MAX_BODIES)

    def drop(self, path: str) -> None:
        self.interfaces.drop(path)
        self.bodies.drop(path)

    def clear(self) -> None:
        self.interfaces.clear()
        self.bodies.clear()


class LoadedFacts:
    """The facts that `stored` gives, as objects; `recent` are those at hand, and gets those that are loaded."""

    def __init__(self, stored: Callable[[str], StoredFacts | None], recent: RecentFacts) -> None:
        self._stored, self._interfaces, self._bodies = stored, recent.interfaces, recent.bodies

    def interface(self, path: str) -> Interface:
        known = self._interfaces.get(path)
        if known is None:
            facts = self._stored(path)
            known = load_interface(facts.interface) if facts else Interface()
            self._interfaces.put(path, known)
        return known

    def body(self, path: str) -> Body:
        known = self._bodies.get(path)
        if known is None:
            facts = self._stored(path)
            known = load_body(facts.body) if facts else Body()
            self._bodies.put(path, known)
        return known


class Recent(Generic[Value]):
    """The values put last, up to a number of them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: dict[str, Value] = {}

    def get(self, key: str) -> Value | None:
        return self._values.get(key)

    def put(self, key: str, value: Value) -> None:
        self._values[key] = value
        if len(self._values) > self._size:
            del self._values[next(iter(self._values))]

    def drop(self, key: str) -> None:
        self._values.pop(key, None)

    def clear(self) -> None:
        self._values.clear()


def parsed_paths(records: Mapping[str, FileRecord]) -> frozenset[str]:
    return frozenset(
        path for path, record in records.items() if record.skipped is None and spec_of(path) is not None
    )
