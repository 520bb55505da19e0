"""Read commits from git, newest first, each with the paths it changed; pack them for a store. Knows no weights."""

from __future__ import annotations

import json
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from index.errors import HistoryUnavailable
from index.git.command import GitCommand, GitTree
from index.types import Commit

MAX_COMMITS = 5_000
MAX_AGE_S = 3 * 365 * 86_400
"""How far back history counts, from the newest commit: whichever of both ends first."""
_WALK_LIMIT_S = 60.0
_MAX_CHANGES = 2_000
"""Changed paths that are kept of one commit; the rest of a sweeping one says nothing of any of them."""
_MAX_SUBJECT, _MAX_AUTHOR = 120, 60
_MARK = "\x01"
_FORMAT = f"--format={_MARK}%H%x00%ct%x00%an%x00%s"
_RENAMES = ("-M", "-l200")
_EXACT_RENAMES = ("-M100%",)
_COMPRESSION = 6


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """A commit with what it changed, as paths were called then."""

    commit: Commit
    paths: tuple[str, ...]
    """Relative to the indexed folder; deleted ones too."""
    renames: tuple[tuple[str, str], ...] = ()
    """(old, new) of the paths that it moved; `new` is among `paths`."""
    changed: int = 0
    """How many paths it changed in all."""


def window(command: GitCommand, tree: GitTree) -> list[str]:
    """The commits that count, newest first, merges left out: a function of the head alone."""
    arguments = ("rev-list", "--no-merges", f"--max-count={MAX_COMMITS}", "--timestamp", tree.head)
    listed = [
        line.split() for line in command.read(*arguments, limit_s=_WALK_LIMIT_S).decode("ascii").splitlines()
    ]
    oldest_s = int(listed[0][0]) - MAX_AGE_S if listed else 0
    return [sha for time_s, sha in listed if int(time_s) >= oldest_s and sha not in tree.shallow]


def read_commits(
    command: GitCommand, tree: GitTree, shas: Sequence[str], *, limit_s: float
) -> Generator[LoggedCommit, None, None]:
    """What these commits changed, in their order, from one process. Raises HistoryUnavailable, Interrupted.

    Where contents were not cloned, moved files are recognised by identity alone.
    """
    done = 0
    try:
        for logged in _read(command, tree, shas, _RENAMES, limit_s):
            done += 1
            yield logged
    except HistoryUnavailable:
        yield from _read(command, tree, shas[done:], _EXACT_RENAMES, limit_s)


def _read(
    command: GitCommand, tree: GitTree, shas: Sequence[str], renames: Sequence[str], limit_s: float
) -> Iterator[LoggedCommit]:
    relative = [f"--relative={tree.prefix}"] if tree.prefix else []
    output = command.stream(
        "diff-tree", "--stdin", "-r", "--root", "--always", "--no-ext-diff", "--no-textconv",
        "--ignore-submodules=none", *renames, *relative, "--name-status", "-z", _FORMAT,
        limit_s=limit_s, lines=shas,
    )  # fmt: skip
    with closing(output):
        yield from _parse(_fields(output))


def _fields(chunks: Iterable[bytes]) -> Iterator[str]:
    """Fields that end in NUL. A name that is not UTF-8 stays distinct, but fits no indexed file."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        for field in whole:
            yield field.decode("utf-8", "backslashreplace")


def _parse(fields: Iterator[str]) -> Iterator[LoggedCommit]:
    """A commit is out when the next begins or the output ends: one cut short is never given."""
    commit: Commit | None = None
    paths: list[str] = []
    renames: list[tuple[str, str]] = []
    count = 0
    for field in fields:
        # Only here can a mark stand: a status is a letter with a number, and paths are read with their status.
        field = field.removeprefix("\n")
        if field.startswith(_MARK):
            if commit is not None:
                yield LoggedCommit(commit, tuple(paths), tuple(renames), count)
            commit = _commit(field[1:], next(fields), next(fields), next(fields))
            paths, renames, count = [], [], 0
            continue
        path = next(fields)
        if field[:1] == "R":
            old, path = path, next(fields)
            renames.append((old, path))
        count += 1
        if len(paths) < _MAX_CHANGES or field[:1] == "R":
            paths.append(path)
    if commit is not None:
        yield LoggedCommit(commit, tuple(paths), tuple(renames), count)


def _commit(sha: str, time_s: str, author: str, subject: str) -> Commit:
    return Commit(
        sha, int(time_s or 0), printable(author)[:_MAX_AUTHOR], printable(subject)[:_MAX_SUBJECT].rstrip()
    )


def printable(text: str) -> str:
    """Text with nothing in it that steers a terminal."""
    return "".join(c if c.isprintable() else " " for c in text).strip()


def dump_commits(commits: Iterable[LoggedCommit]) -> bytes:
    rows = [
        (c.commit.sha, c.commit.time_s, c.commit.author, c.commit.subject, c.paths, c.renames, c.changed)
        for c in commits
    ]
    return zlib.compress(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode(), _COMPRESSION)


def load_commits(data: bytes) -> dict[str, LoggedCommit]:
    """Commits of `dump_commits`, by sha."""
    return {
        sha: LoggedCommit(
            Commit(sha, time_s, author, subject),
            tuple(paths),
            tuple((old, new) for old, new in renames),
            changed,
        )
        for sha, time_s, author, subject, paths, renames, changed in json.loads(zlib.decompress(data))
    }
