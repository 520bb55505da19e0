"""Resolve files from what is committed in a store, in any process. Writes nothing.

A file's resolution is a function of what all files say by themselves (index.world): once those are committed,
several processes can resolve a share each, with the same answers as one.
"""

from __future__ import annotations

from dataclasses import dataclass

from index.answers import Answers
from index.facts import Body, Interface, load_body, load_interface
from index.known import MAX_BODIES, MAX_INTERFACES, Recent, parsed_paths
from index.modules import ModuleMap
from index.resolve import resolve_file
from index.store import CommittedFacts, ResolvedFile, open_store
from index.world import World


@dataclass(frozen=True, slots=True)
class ResolveTask:
    """A file to resolve, all parsed files of whose tree are in a store."""

    source: CommittedFacts
    path: str


class TreeResolver:
    """Resolves files of one tree, whose facts stay as they are."""

    def __init__(self, source: CommittedFacts) -> None:
        self._store = open_store(source.url, source.repository)
        self._pack = source.packing.resolution
        self._interfaces = Recent[Interface](MAX_INTERFACES)
        self._bodies = Recent[Body](MAX_BODIES)
        records = {record.path: record for record in self._store.files()}
        modules = ModuleMap(parsed_paths(records))
        self._world = World(modules, self._interface, self._body, self._store.providers, Answers())

    def resolve(self, path: str) -> ResolvedFile:
        found = resolve_file(self._world, path, self._body(path))
        return self._pack(ResolvedFile(found.edges, found.references, found.links, found.keys))

    def _interface(self, path: str) -> Interface:
        known = self._interfaces.get(path)
        if known is None:
            facts = self._store.facts(path)
            known = load_interface(facts.interface) if facts else Interface()
            self._interfaces.put(path, known)
        return known

    def _body(self, path: str) -> Body:
        known = self._bodies.get(path)
        if known is None:
            facts = self._store.facts(path)
            known = load_body(facts.body) if facts else Body()
            self._bodies.put(path, known)
        return known
