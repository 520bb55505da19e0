"""Where the files of Rust's modules lie, seen from one of them. Asks the tree for files, and knows no names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from posixpath import basename, dirname, join

from index.world import World

_ROOTS = ("lib.rs", "main.rs")
_FOLDER_FILES = frozenset({"mod.rs", *_ROOTS})
_OWN_ROOTS = frozenset({"bin", "tests", "examples", "benches"})
"""Folders whose files are crates of their own."""
_SOURCES = _OWN_ROOTS | {"src"}
_MAX_ABOVE = 12


def crate_folder(path: str) -> str:
    """The folder that holds the files of a crate, judged by the customary names of folders."""
    parts = path.split("/")[:-1]
    return "/".join(parts[: max((i for i, part in enumerate(parts) if part in _SOURCES), default=-1) + 1])


def child_module(world: World, path: str, names: Sequence[str]) -> tuple[str, int] | None:
    """The file of a module below this file's, and how many of the names lead to it: some may be inline modules."""
    for taken in range(1, len(names) + 1):
        for folder in _child_folders(path):
            stem = join(folder, *names[:taken])
            for candidate in (f"{stem}.rs", f"{stem}/mod.rs"):
                if world.has_file(candidate):
                    return candidate, taken
    return None


def _child_folders(path: str) -> Iterator[str]:
    folder, name = dirname(path), basename(path)
    if name in _FOLDER_FILES:
        yield folder
        return
    yield path.removesuffix(".rs")
    around = crate_folder(path)
    if basename(around) in _OWN_ROOTS or name == "build.rs":
        yield around or folder


def parent_module(world: World, path: str) -> str | None:
    """The file of the module around this file's, None for the root of a crate."""
    folder, name = dirname(path), basename(path)
    if name in _ROOTS:
        return None
    if name == "mod.rs":
        folder = dirname(folder)
    candidates = (
        join(folder, "mod.rs"),
        f"{folder}.rs" if folder else "",
        *(join(folder, root) for root in _ROOTS),
    )
    return next((found for found in candidates if found and found != path and world.has_file(found)), None)


def crate_root(world: World, path: str) -> str:
    """The file at the root of the crate that a file belongs to."""
    for above in modules_above(world, path):
        path = above
    return path


def modules_above(world: World, path: str) -> Iterator[str]:
    """The files of the modules around this file's, innermost first."""
    for _ in range(_MAX_ABOVE):
        above = parent_module(world, path)
        if above is None:
            return
        yield above
        path = above
