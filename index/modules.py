"""Map Python's dotted module names onto a tree's files. Knows paths only; opens nothing.

A *location* is a path without suffix: `pkg/mod` for `pkg/mod.py`, `pkg` for `pkg/__init__.py` or a namespace folder.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from posixpath import dirname

from index.conventions import is_test_path, tested_stem
from index.languages.registry import spec_of

NAMESPACE = "/"
"""What a location maps to where it is a folder of modules without `__init__.py`."""
_SUFFIXES = (".py", ".pyi", ".pyw")
_SOURCE_FOLDERS = frozenset({"src", "lib", "python"})
_MAX_NAMESAKES = 3


def location_of(path: str) -> str:
    """The location of a Python file."""
    stem = path.rpartition(".")[0]
    return dirname(stem) if stem.endswith("/__init__") or stem == "__init__" else stem


def module_name(path: str) -> str:
    """A file's dotted name, judged by its path alone: `lib/src/pkg/mod.py` → `pkg.mod`."""
    parts = location_of(path).split("/")
    for position in range(len(parts) - 2, -1, -1):
        if parts[position] in _SOURCE_FOLDERS:
            parts = parts[position + 1 :]
            break
    return ".".join(part for part in parts if part) or "__init__"


class ModuleMap:
    """The modules of a tree. Two maps differ for a reader only in the `entries` that it read."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.files = frozenset(paths)
        self._paths = sorted(path for path in self.files if path.endswith(_SUFFIXES))

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """Location → path, or NAMESPACE. A package comes before a module, `.py` before `.pyi`."""
        found: dict[str, str] = {}
        for path in self._paths:
            folder = dirname(path)
            while folder and folder not in found:
                found[folder] = NAMESPACE
                folder = dirname(folder)
        for path in sorted(self._paths, key=lambda path: (path.endswith(".pyi"), "/__init__." not in path)):
            location = location_of(path)
            if found.get(location, NAMESPACE) == NAMESPACE:
                found[location] = path
        return found

    def own_root(self, path: str) -> str:
        """The folder that stands on the search path when this file's package is imported or it is run."""
        folder = dirname(path)
        while folder and self.modules.get(folder, NAMESPACE) != NAMESPACE:
            folder = dirname(folder)
        return folder

    @cached_property
    def tops(self) -> Mapping[str, tuple[tuple[bool, str], ...]]:
        """First name of a dotted name → (is a namespace, root) where it is found, namespaces last."""
        roots = {"", *(self.own_root(path) for path in self._paths if path.endswith("/__init__.py"))}
        roots.update(folder for folder in self.modules if folder.rpartition("/")[2] in _SOURCE_FOLDERS)
        found: dict[str, list[tuple[bool, str]]] = defaultdict(list)
        for location, path in self.modules.items():
            root, _, name = location.rpartition("/")
            if root in roots:
                found[name].append((path == NAMESPACE, root))
        return {name: tuple(sorted(places)) for name, places in found.items()}

    @cached_property
    def namesakes(self) -> Mapping[str, tuple[str, ...]]:
        """Stem → the files of that name that are no tests: where `test_stem.py` may point."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self.files):
            if not is_test_path(path):
                found[own_stem_key(path)].append(path)
        return {stem: tuple(paths) for stem, paths in found.items()}

    def roots_for(self, path: str, name: str, own_root: str, tops: tuple[tuple[bool, str], ...]) -> list[str]:
        """Roots to search for a top-level name, in the order that `path` would search them."""
        if name in sys.stdlib_module_names:
            known = {root for _, root in tops}
            return [root for root in dict.fromkeys((own_root, "")) if root in known or root == own_root]
        nearest = sorted(tops, key=lambda top: (top[0], -shared_folders(top[1], path)))
        return list(dict.fromkeys((own_root, *(root for _, root in nearest))))

    def namesake_of(self, path: str, candidates: tuple[str, ...]) -> tuple[str, ...]:
        """Which of the files with a test file's stem it most likely tests: those that share most folders."""
        if not candidates:
            return ()
        shared = {candidate: shared_folders(candidate, path) for candidate in candidates}
        best = [candidate for candidate in candidates if shared[candidate] == max(shared.values())]
        return tuple(best) if len(best) <= _MAX_NAMESAKES else ()

    def entries(self) -> dict[str, str]:
        """Everything that a look-up can read, by the key that it is recorded under."""
        entries = {f"mod:{location}": path for location, path in self.modules.items()}
        entries.update((f"top:{name}", repr(roots)) for name, roots in self.tops.items())
        entries.update((f"root:{path}", self.own_root(path)) for path in self._paths)
        entries.update((f"stem:{stem}", repr(paths)) for stem, paths in self.namesakes.items())
        entries.update((f"file:{path}", "") for path in self.files)
        return entries


def stem_key(path: str) -> str | None:
    """The stem of the file that a test file's name points to, without leading underscores."""
    spec = spec_of(path)
    own = spec is not None and not path.endswith(_SUFFIXES)
    stem = spec.tested_stem(file_stem(path)) if spec is not None and own else tested_stem(path)
    return f"{spec.family if spec else ''}:{stem.lstrip('_')}" if stem else None


def own_stem_key(path: str) -> str:
    """The key under which a file is found by tests that are named after it."""
    spec = spec_of(path)
    name = location_of(path).rpartition("/")[2] if path.endswith(_SUFFIXES) else file_stem(path)
    return f"{spec.family if spec else ''}:{name.lstrip('_')}"


def file_stem(path: str) -> str:
    """A file's name without its last suffix."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def folders_above(path: str) -> Iterator[str]:
    """The folder of a file and those around it, innermost first, the root as an empty name last."""
    folder = dirname(path)
    while folder:
        yield folder
        folder = dirname(folder)
    yield ""


def shared_folders(one: str, other: str) -> int:
    """How many folders of one path occur in another: the likelier they are of one part of a project."""
    folders = set(other.split("/")[:-1])
    return sum(part in folders for part in one.split("/"))
