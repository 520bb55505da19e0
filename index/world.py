"""Look up what other files offer, and record every look-up, hit or miss. Emits no edges.

A file's resolution depends on nothing but its own facts and what it looks up here. So it is current exactly as
long as no recorded key changed, and an incremental graph equals a clean rebuild.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Set
from typing import NamedTuple, TypeVar

from index.answers import Answers, Entry
from index.facts import Binding, Body, Definition, Interface, Overload
from index.modules import ModuleMap
from index.types import Edge

Value = TypeVar("Value")


class Module(NamedTuple):
    """A module or package; `path` is empty for a namespace package."""

    location: str
    path: str


class Definer(NamedTuple):
    """A class or function: where its definition stands. `receiver` is what a method was looked up on."""

    path: str
    qualified_name: str
    is_class: bool
    receiver: Instance | Definer | None = None


class Instance(NamedTuple):
    """An object of a class."""

    of: Definer


class Container(NamedTuple):
    """An object that holds others of one kind; `method` is a method of it not yet called."""

    element: Entity
    method: str = ""


class Same(NamedTuple):
    """A method, not yet called, that gives its object or what stands for it: `clone`, `unwrap`."""

    of: Entity


class Parent(NamedTuple):
    """`super()` inside a class."""

    of: Definer
    receiver: Instance | Definer


class External(NamedTuple):
    """Something outside the repository."""

    name: str = ""


Entity = Module | Definer | Instance | Container | Same | Parent | External | None
"""What an expression is known to be; None where nothing is known."""


class HelperEdges(NamedTuple):
    """Edges of a test helper's file, with the keys that they depend on."""

    by_source: dict[str, list[Edge]]
    places: dict[str, str]
    """uid of a target → path of its file."""
    keys: frozenset[Entry]


class World:
    """All interfaces of a tree as one file under resolution sees them."""

    def __init__(
        self,
        modules: ModuleMap,
        interface_of: Callable[[str], Interface],
        body_of: Callable[[str], Body],
        providers_of: Callable[[int], list[str]],
        answers: Answers,
        helpers: Answers | None = None,
    ) -> None:
        """`answers` and `helpers` may come from a world before, if they were told of all that changed since."""
        self.modules = modules
        self.answers = answers
        self._providers_of = providers_of
        self._providers: dict[int, list[str]] = {}
        self._interface_of = interface_of
        self._body_of = body_of
        self._reader = ""
        self._keys: set[Entry] = set()
        self._helpers: dict[str, HelperEdges] = {}
        self._helpers_before = Answers() if helpers is None else helpers

    def helpers(self, path: str, work: Callable[[], HelperEdges]) -> HelperEdges:
        """The edges of a test helper's file, worked out once."""
        known = self._helpers.get(path)
        if known is None:
            kept = self._helpers_before.get(path)
            if kept is not None and isinstance(kept.value, HelperEdges):
                known = kept.value
            else:
                known = work()
                self._helpers_before.put(path, known, known.keys | {(path, "body")}, 0)
            self._helpers[path] = known
        return known

    def begin(self, reader: str) -> None:
        """Start to record the look-ups of one file."""
        self._reader, self._keys = reader, set()
        self.answers.trim()

    def finish(self) -> frozenset[Entry]:
        """The (path, entry) read since `begin`; the path is empty for the tree's own entries."""
        return frozenset(entry for entry in self._keys if entry[0] != self._reader)

    def suspend(self) -> tuple[str, set[Entry]]:
        """Set the present recording aside, to resolve another file in between."""
        return self._reader, self._keys

    def restore(self, recording: tuple[str, set[Entry]], also: frozenset[Entry]) -> None:
        """Take up a recording again, and count other look-ups as its own."""
        self._reader, self._keys = recording
        self._keys |= also

    def recorded(self, work: Callable[[], Value]) -> tuple[Value, Set[Entry]]:
        """What some work gives, and what it read: of the reader's own file too."""
        outer, self._keys = self._keys, set()
        try:
            value = work()
        finally:
            inner, self._keys = self._keys, outer
            outer |= inner
        return value, inner

    def read_again(self, entries: Set[Entry]) -> None:
        """Count as read what an answer that is kept read once."""
        self._keys |= entries

    def interface(self, path: str) -> Interface:
        """A file's interface, to be read only through the methods below unless it is the reader's own."""
        return self._interface_of(path)

    def body(self, path: str) -> Body:
        self.read_body(path)
        return self._body_of(path)

    def read_body(self, path: str) -> None:
        """Record that what a file uses was looked up."""
        self._read(path, "body")

    def names(self, path: str, name: str) -> list[Binding]:
        self._read(path, f"n:{name}")
        return self._interface_of(path).names.get(name, [])

    def stars(self, path: str) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """(`__all__`, star imports) of a file."""
        self._read(path, "stars")
        interface = self._interface_of(path)
        return interface.exported, interface.stars

    def namespace(self, path: str) -> str:
        """The namespace that a file's names join."""
        self._read(path, "namespace")
        return self._interface_of(path).namespace

    def definition(self, path: str, qualified_name: str) -> Definition | None:
        self._read(path, f"d:{qualified_name}")
        return self._interface_of(path).definitions.get(qualified_name)

    def overloads(self, path: str, qualified_name: str) -> list[Overload]:
        """The functions of a file that share this qualified name; none where it has one at most."""
        self._read(path, f"o:{qualified_name}")
        return self._interface_of(path).overloads.get(qualified_name, [])

    def member(self, path: str, class_name: str, name: str) -> list[Binding]:
        self._read(path, f"m:{class_name}.{name}")
        definition = self._interface_of(path).definitions.get(class_name)
        return definition.members.get(name, []) if definition else []

    def providers(self, namespace: str, name: str) -> list[str]:
        """Files that add this name to a namespace shared by several files, in alphabetical order."""
        export = export_key(namespace, name)
        self._read(*export_entry(export))
        if export not in self._providers:
            self._providers[export] = self._providers_of(export)
        return self._providers[export]

    def has_file(self, path: str) -> bool:
        """Whether the tree has this file, and it was read."""
        self.read_tree(f"file:{path}")
        return path in self.modules.files

    def module_at(self, location: str) -> Module | None:
        self.read_tree(f"mod:{location}")
        path = self.modules.modules.get(location)
        if path is None:
            return None
        return Module(location, "" if path == "/" else path)

    def namesakes(self, path: str, stem: str) -> tuple[str, ...]:
        """The files that a test file of this stem is named after."""
        self.read_tree(f"stem:{stem}")
        return self.modules.namesake_of(path, self.modules.namesakes.get(stem, ()))

    def read_tree(self, entry: str) -> None:
        """Record that an entry of the module map was looked up."""
        self._read("", entry)

    def _read(self, path: str, entry: str) -> None:
        read = (path, entry)
        self._keys.add(self.answers.entries.setdefault(read, read))


def export_key(namespace: str, name: str) -> int:
    """The number under which a store keeps who adds this name to this namespace."""
    digest = hashlib.blake2b(f"{namespace}\0{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def export_entry(export: int) -> Entry:
    """The entry that a reader of an export records."""
    return "", f"export:{export}"


def key_hash(path: str, entry: str) -> int:
    """An entry's key as a 32-bit number. A collision costs one needless resolution."""
    return zlib.crc32(f"{path}\0{entry}".encode("utf-8", "surrogatepass"))
