"""List the files of a work tree, each with a reason where it is not to be read. Reads no file's content."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from index.content import MAX_FILE_BYTES, changed_ns
from index.conventions import is_lock_file, is_secret, is_vendored_folder
from index.errors import RootError
from index.ignore import IGNORE_FILES, IgnoreRules
from index.languages.registry import spec_of
from index.types import FileRecord

PROSE = {".md": "markdown", ".markdown": "markdown", ".rst": "restructuredtext", ".txt": "text"}
"""Languages that are kept as text chunks."""
NEVER_ENTERED = frozenset(
    {".git", ".graft", ".hg", ".svn", "node_modules", "__pycache__", ".tox", ".nox", ".eggs",
     ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
)  # fmt: skip
_FOLDER_MARKS = frozenset({*IGNORE_FILES, ".git", "pyvenv.cfg"})


@dataclass(frozen=True, slots=True)
class Found:
    """One entry of the walk. `skipped` says why its content is not to be read."""

    path: str
    size_bytes: int = 0
    mtime_ns: int = 0
    language: str | None = None
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class _Folder:
    path: Path
    prefix: str
    rules: IgnoreRules
    trusted: bool


def language_of(name: str) -> str | None:
    """The language of a file name, or None where nothing is indexed but the name."""
    spec = spec_of(name)
    if spec is not None:
        return spec.name
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - called once per file of the tree
    return PROSE.get(suffix)


def walk(
    root: Path,
    known: Mapping[str, FileRecord],
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Found]:
    """List a tree's files in a stable order, links never followed, ignored ones left out.

    `known` are the records of an earlier walk: where no ignore file changed since, a known path is not matched
    against the rules again. Stops early when `cancelled` says so. Raises RootError.
    """
    if not root.is_dir():
        raise RootError(f"Cannot index {root}: no such folder. Give the folder of a repository.")
    folders = [_Folder(root, "", IgnoreRules(), trusted=bool(known))]
    while folders and not cancelled():
        folder = folders.pop()
        try:
            with os.scandir(folder.path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            if not folder.prefix:
                raise RootError(f"Cannot list {root} ({error.strerror}). Check its permissions.") from error
            yield Found(folder.prefix.rstrip("/"), skipped=(error.strerror or "unreadable").lower())
            continue
        names = [entry.name for entry in entries]
        if "pyvenv.cfg" in names and folder.prefix:
            continue
        if ".git" in names and folder.prefix:
            yield Found(folder.prefix.rstrip("/"), skipped="submodule or nested repository")
            continue
        if folder.prefix and is_vendored_folder(folder.path.name, names):
            yield Found(folder.prefix.rstrip("/"), skipped="vendored")
            continue
        rules = folder.rules.enter(folder.path, folder.prefix, names)
        trusted = folder.trusted and not _rules_changed(folder, rules, entries, known)
        below: list[_Folder] = []
        for entry in entries:
            path = folder.prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in NEVER_ENTERED and not rules.excludes(path + "/"):
                    below.append(_Folder(folder.path / entry.name, path + "/", rules, trusted))
            elif (trusted and path in known) or not rules.excludes(path):
                yield _found(entry, path)
        folders.extend(reversed(below))


def _rules_changed(
    folder: _Folder, rules: IgnoreRules, entries: list[os.DirEntry[str]], known: Mapping[str, FileRecord]
) -> bool:
    """Whether this folder's ignore files are not those of the earlier walk."""
    present = {entry.name: entry for entry in entries if entry.name in IGNORE_FILES}
    if not folder.prefix and not present and rules.layers:
        return True
    for name in IGNORE_FILES:
        record, entry = known.get(folder.prefix + name), present.get(name)
        if (record is None) != (entry is None):
            return True
        if record is not None and entry is not None:
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                return True
            if (changed_ns(status), status.st_size) != (record.mtime_ns, record.size_bytes):
                return True
    return False


def needs_walk(path: str) -> bool:
    """Whether a change of this path may change what is listed elsewhere: ignore rules, marks of whole folders."""
    return path.rpartition("/")[2] in _FOLDER_MARKS or "/vendor/__init__.py" in f"/{path}"


def look_at(root: Path, path: str, known: bool) -> Found | None:
    """One file as `walk` would list it, None if it would not. `known` says that the last walk listed it.

    Only for a path that is no folder and does not need a walk.
    """
    if not known and not is_listed(root, path):
        return None
    return _found(root / path, path)


def is_listed(root: Path, path: str) -> bool:
    """Whether `walk` would come to this path if there were a file."""
    rules, prefix = IgnoreRules(), ""
    *folders, _ = path.split("/")
    for folder in ["", *folders]:
        below = f"{prefix}{folder}/" if folder else ""
        if folder and (folder in NEVER_ENTERED or folder in ("..", ".") or rules.excludes(below)):
            return False
        place, prefix = root / below, below
        try:
            names = [] if place.is_symlink() and prefix else [entry.name for entry in place.iterdir()]
        except FileNotFoundError:
            names = []
        except OSError:
            return False
        if prefix and (
            place.is_symlink() or {".git", "pyvenv.cfg"} & set(names) or is_vendored_folder(folder, names)
        ):
            return False
        rules = rules.enter(place, prefix, names)
    return not rules.excludes(path)


def _found(entry: os.DirEntry[str] | Path, path: str) -> Found:
    try:
        path.encode()
    except UnicodeEncodeError:
        return Found(os.fsencode(path).decode("utf-8", "replace"), skipped="name is not UTF-8")
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return Found(path, skipped=(error.strerror or "unreadable").lower())
    language = language_of(entry.name)
    return Found(
        path, status.st_size, changed_ns(status), language, _reason_to_skip(entry.name, status, language)
    )


def _reason_to_skip(name: str, status: os.stat_result, language: str | None) -> str | None:
    if stat.S_ISLNK(status.st_mode):
        return "symbolic link"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    return reason_to_skip(name, status.st_size, language)


def reason_to_skip(name: str, size_bytes: int, language: str | None) -> str | None:
    """Why a regular file of that name and size is not to be read, if so."""
    if is_secret(name):
        return "may hold credentials"
    if is_lock_file(name):
        return "lock file"
    if language and size_bytes > MAX_FILE_BYTES:
        return f"larger than {MAX_FILE_BYTES // 1_000_000} MB"
    return None
