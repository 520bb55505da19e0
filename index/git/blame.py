"""Who last changed these lines, and which commits did: git's blame and log for a file or a piece of it. Reads only.

Uncommitted edits are taken as they stand in the work tree. Renames that are committed are followed.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from index.errors import HistoryUnavailable
from index.git.command import GitCommand, GitTree, Interrupted, find_git
from index.git.commits import printable
from index.types import Commit, LineOrigin

LIMIT_S = 10.0
UNCOMMITTED = Commit("", 0, "", "not committed yet")
_NO_SHA = "0" * 40
_FORMAT = "--format=%H%x00%ct%x00%an%x00%s%x00"
_MAX_COMPARED_LINES = 3_000
_FIELDS = 4


def blame(root: Path, path: str, start_line: int, end_line: int) -> list[LineOrigin]:
    """The commits that last touched these 1-based lines, newest first, each with how many; uncommitted ones first.

    Raises HistoryUnavailable, also where git takes longer than LIMIT_S.
    """
    tree = _committed(root, path)
    lines = _lines(root, path)
    end_line = min(end_line, len(lines))
    if start_line > end_line:
        return []
    with GitCommand(tree) as command:
        if _content_at_head(command, tree, path) is None:
            return [LineOrigin(UNCOMMITTED, end_line - start_line + 1)]
        place = f"{start_line},{end_line}"
        output = _read(command, path, "blame", "--line-porcelain", f"-L{place}", "--", tree.prefix + path)
    return _origins(output.decode("utf-8", "replace"))


def commits_of(
    root: Path, path: str, lines: tuple[int, int] | None = None, *, limit: int = 20
) -> list[Commit]:
    """The last `limit` commits that touched a file, or these 1-based lines of it as it stands now, newest first.

    Empty where it is not committed yet. Raises HistoryUnavailable, also where git takes longer than LIMIT_S.
    """
    tree = _committed(root, path)
    with GitCommand(tree) as command:
        committed = _content_at_head(command, tree, path)
        if committed is None:
            return []
        place = ["--follow", "--", tree.prefix + path]
        if lines is not None:
            first, last = _lines_at_head(committed, _lines(root, path), *lines)
            if first > last:
                return []
            place = ["-M", f"-L{first},{last}:{tree.prefix}{path}"]
        output = _read(command, path, "log", "-s", "--no-textconv", f"--max-count={limit}", _FORMAT, *place)
    fields = output.decode("utf-8", "replace").split("\0")
    commits = (fields[at : at + _FIELDS] for at in range(0, len(fields) - _FIELDS + 1, _FIELDS))
    return [
        Commit(sha.strip(), int(time_s), printable(author), printable(subject))
        for sha, time_s, author, subject in commits
    ]


def _committed(root: Path, path: str) -> GitTree:
    if not (root / path).resolve().is_relative_to(root.resolve()):
        raise HistoryUnavailable(f"No history of {path}: it lies outside {root}. Give a path inside.")
    tree = find_git(root)
    if not tree.head:
        raise HistoryUnavailable(f"No history of {root}: nothing is committed yet.")
    return tree


def _read(command: GitCommand, path: str, *arguments: str) -> bytes:
    try:
        return command.read(*arguments, limit_s=LIMIT_S)
    except Interrupted:
        raise HistoryUnavailable(
            f"No history of {path}: git {arguments[0]} took longer than {LIMIT_S:.0f} s. Ask for fewer lines."
        ) from None


def _content_at_head(command: GitCommand, tree: GitTree, path: str) -> list[bytes] | None:
    """Lines of a file as it is committed; None where it is not, or is a link."""
    entry = _read(command, path, "ls-tree", "-z", tree.head, "--", tree.prefix + path)
    mode, _, rest = entry.partition(b" ")
    kind, _, name = rest.partition(b" ")
    if kind != b"blob" or not mode.startswith(b"100"):
        return None
    return _split(_read(command, path, "cat-file", "blob", name[: name.index(b"\t")].decode("ascii")))


def _lines(root: Path, path: str) -> list[bytes]:
    """Lines of a file in the work tree."""
    try:
        return _split((root / path).read_bytes())
    except OSError as error:
        raise HistoryUnavailable(
            f"No history of {path}: it cannot be read ({error.strerror}). Update the index."
        ) from error


def _split(content: bytes) -> list[bytes]:
    """Lines as git counts them. Whether they end in CRLF is no difference."""
    lines = content.split(b"\n")
    return [line.removesuffix(b"\r") for line in (lines if lines[-1] else lines[:-1])]


def _lines_at_head(
    committed: list[bytes], current: list[bytes], start_line: int, end_line: int
) -> tuple[int, int]:
    """The 1-based lines of the committed content that became these; the first after the last where all are new."""
    wanted = range(start_line - 1, end_line)
    found: list[int] = []
    for same, new, old in _blocks(current, committed):
        first, end = max(new.start, wanted.start), min(new.stop, wanted.stop)
        if first < end and old:
            found += [old[first - new.start], old[end - 1 - new.start]] if same else [old[0], old[-1]]
    return (min(found) + 1, max(found) + 1) if found else (1, 0)


def _blocks(current: list[bytes], committed: list[bytes]) -> Iterator[tuple[bool, range, range]]:
    """(whether they are the same, lines of the current content, lines of the committed one that became them)."""
    common = min(len(current), len(committed))
    before = next((n for n in range(common) if current[n] != committed[n]), common)
    room = common - before
    after = next((n for n in range(room) if current[-1 - n] != committed[-1 - n]), room)
    new, old = range(before, len(current) - after), range(before, len(committed) - after)
    yield True, range(before), range(before)
    if max(len(new), len(old)) > _MAX_COMPARED_LINES:
        yield False, new, old
    else:
        pieces = current[new.start : new.stop], committed[old.start : old.stop]
        matcher = difflib.SequenceMatcher(None, pieces[0], pieces[1], autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            yield tag == "equal", new[i1:i2], old[j1:j2]
    yield True, range(new.stop, len(current)), range(old.stop, len(committed))


def _origins(porcelain: str) -> list[LineOrigin]:
    """Commits of `git blame --line-porcelain`: for each line a header, named fields, then the line after a tab."""
    counts: Counter[str] = Counter()
    commits: dict[str, Commit] = {}
    sha = ""
    for line in porcelain.split("\n"):
        if line.startswith("\t"):
            sha = ""
        elif not sha and line:
            sha = line.split(" ", 1)[0]
            counts[sha] += 1
            commits.setdefault(sha, Commit(sha, 0, "", ""))
        else:
            name, _, value = line.partition(" ")
            known = commits.get(sha)
            if known is None:
                continue
            if name == "author":
                commits[sha] = replace(known, author=printable(value))
            elif name == "committer-time":
                commits[sha] = replace(known, time_s=int(value))
            elif name == "summary":
                commits[sha] = replace(known, subject=printable(value))
    commits[_NO_SHA] = UNCOMMITTED
    found = [LineOrigin(commits[sha], lines) for sha, lines in counts.items()]
    return sorted(
        found, key=lambda origin: (bool(origin.commit.sha), -origin.commit.time_s, origin.commit.sha)
    )
