"""Read one file with its encoding, and say why where it is not to be read. Knows no language but PEP 263."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

MAX_FILE_BYTES = 2_000_000
_SNIFF_BYTES = 8_192
_READ_ATTEMPTS = 3
_CODING_LINE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK_LINE = re.compile(rb"^[ \t\f]*(?:#[^\r\n]*)?\r?$")
_BOM = codecs.BOM_UTF8


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes with how to read them. `lossy` says that the encoding was guessed as Latin-1."""

    data: bytes
    content_hash: str
    size_bytes: int
    mtime_ns: int
    encoding: str
    lossy: bool = False

    @property
    def text(self) -> str:
        return decode(self.data, self.encoding)


class Unreadable(Exception):
    """Raised when a file's content is not to be indexed; its text is the reason, in a few words."""


def read_content(path: Path) -> Content:
    """Read a regular file whole. Raises Unreadable with the reason: binary, too large, no permission, gone."""
    for _ in range(_READ_ATTEMPTS):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise Unreadable((error.strerror or "unreadable").lower()) from error
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            os.close(descriptor)
            raise Unreadable("not a regular file")
        with os.fdopen(descriptor, "rb") as stream:
            if before.st_size > MAX_FILE_BYTES:
                raise Unreadable(f"larger than {MAX_FILE_BYTES // 1_000_000} MB")
            try:
                data = stream.read(MAX_FILE_BYTES + 1)
            except OSError as error:
                raise Unreadable((error.strerror or "unreadable").lower()) from error
            after = os.fstat(descriptor)
        if (
            (before.st_mtime_ns, before.st_size)
            == (after.st_mtime_ns, after.st_size)
            == (
                before.st_mtime_ns,
                len(data),
            )
        ):
            return content_of(data, changed_ns(before))
    raise Unreadable("changes while it is read")


def changed_ns(status: os.stat_result) -> int:
    """When a file was last changed; the inode's own time sees through copies that keep the old time stamp."""
    return max(status.st_mtime_ns, status.st_ctime_ns)


def content_hash(data: bytes) -> str:
    """32 hexadecimal digits that name a content."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def content_of(data: bytes, changed: int = 0) -> Content:
    """Bytes with how to read them. Raises Unreadable where they are binary."""
    if b"\0" in data[:_SNIFF_BYTES]:
        raise Unreadable("binary")
    encoding, lossy = detect_encoding(data)
    return Content(data, content_hash(data), len(data), changed, encoding, lossy)


def detect_encoding(data: bytes) -> tuple[str, bool]:
    """(encoding, guessed): UTF-8 where it decodes, else what the first two lines declare (PEP 263), else Latin-1."""
    if data.startswith(_BOM):
        return "utf-8-sig", False
    declared = _declared_encoding(data)
    for encoding in (declared, "utf-8") if declared else ("utf-8",):
        try:
            ascii_compatible = b"coding".decode(encoding) == "coding"
            data.decode(encoding)
        except (UnicodeError, LookupError):
            continue
        if ascii_compatible:
            return encoding, False
    return "latin-1", True


def decode(data: bytes, encoding: str) -> str:
    """Text of a whole file or of a piece of it."""
    return data.decode("utf-8" if encoding == "utf-8-sig" else encoding, "replace").removeprefix("\ufeff")


def _declared_encoding(data: bytes) -> str | None:
    for line in data[:1_000].split(b"\n", 2)[:2]:
        match = _CODING_LINE.match(line)
        if match:
            name = match[1].decode("ascii", "replace")
            try:
                info = codecs.lookup(name)
            except LookupError:
                return None
            return info.name
        if not _BLANK_LINE.match(line):
            return None
    return None
