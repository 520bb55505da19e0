"""Resolve files from what is committed in a store, in any process. Writes nothing.

A file's resolution is a function of what all files say by themselves (index.world): once those are committed,
several processes can resolve a share each, with the same answers as one.
"""

from __future__ import annotations

from dataclasses import dataclass

from index.answers import Answers
from index.known import LoadedFacts, RecentFacts, parsed_paths
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
        self._facts = LoadedFacts(self._store.facts, RecentFacts())
        records = {record.path: record for record in self._store.files()}
        modules = ModuleMap(parsed_paths(records))
        self._world = World(
            modules, self._facts.interface, self._facts.body, self._store.providers, Answers()
        )

    def resolve(self, path: str) -> ResolvedFile:
        return self._pack(resolve_file(self._world, path, self._facts.body(path)))
