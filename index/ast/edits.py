"""Edits of a file's bytes as values, applied in memory or to disk. Knows no syntax.

A write is whole or not at all, keeps the file's mode, and is refused where the file is not what was edited.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath

from index.content import Unreadable, read_content
from index.conventions import is_secret
from index.errors import EditError, WriteRefused


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the bytes [start_byte, end_byte) of a file. `path` is POSIX and relative to the root."""

    path: str
    start_byte: int
    end_byte: int
    replacement: bytes


def apply_edits(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes after edits that were all made for `data`. Raises EditError where they overlap or lie outside."""
    ordered = sorted(edits)
    for edit in ordered:
        if not 0 <= edit.start_byte <= edit.end_byte <= len(data):
            raise EditError(
                f"{edit.path} has {len(data)} bytes; an edit of {edit.start_byte}–{edit.end_byte} lies outside. "
                "Read the file again.",
                edit.path,
            )
    for one, other in pairwise(ordered):
        if one.path != other.path or one.end_byte > other.start_byte:
            raise EditError(
                f"Edits of {one.path} and {other.path} overlap or are of different files. "
                "Apply them one after the other.",
                other.path,
            )
    parts, last = [], 0
    for edit in ordered:
        parts += [data[last : edit.start_byte], edit.replacement]
        last = edit.end_byte
    return b"".join([*parts, data[last:]])


def write_edits(root: Path, edits: Iterable[Edit], content_hash: str) -> bytes:
    """Apply edits of one file to the tree and return its new bytes.

    `content_hash` names the content that the edits were made for. Raises WriteRefused and EditError; then the file
    is as it was.
    """
    edits = list(edits)
    if len({edit.path for edit in edits}) != 1:
        raise EditError("Edits of exactly one file can be written at once.", edits[0].path if edits else "")
    path = edits[0].path
    target = _target(root, path)
    try:
        content = read_content(target)
    except Unreadable as reason:
        raise WriteRefused(f"Cannot edit {path}: {reason}.", path) from None
    if content.content_hash != content_hash:
        raise WriteRefused(
            f"{path} was changed since it was read. Read it again and make the edit anew.", path
        )
    after = apply_edits(content.data, edits)
    try:
        _replace(target, after)
    except OSError as error:
        raise WriteRefused(
            f"Cannot write {path} ({error.strerror}). Check permissions and free space.", path
        ) from error
    return after


def _target(root: Path, path: str) -> Path:
    """The file to write, links resolved. Raises WriteRefused where it is none of the tree's."""
    if is_secret(PurePosixPath(path).name):
        raise WriteRefused(f"{path} may hold credentials and is not touched.", path)
    try:
        top, target = root.resolve(strict=True), (root / path).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise WriteRefused(f"There is no file {path} in {root}.", path) from None
    if not target.is_relative_to(top) or ".git" in target.relative_to(top).parts:
        raise WriteRefused(f"{path} lies outside of {root}, or leads there by a link. Edit it there.", path)
    if is_secret(target.name):
        raise WriteRefused(f"{path} leads to a file that may hold credentials.", path)
    if not os.access(target, os.W_OK):
        raise WriteRefused(f"{path} is read-only. Make it writable first.", path)
    return target


def _replace(target: Path, data: bytes) -> None:
    mode = stat.S_IMODE(target.stat().st_mode)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".graft")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
