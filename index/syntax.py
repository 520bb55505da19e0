"""One source file with its syntax tree, ready to be searched or edited. Knows no symbols and writes nothing.

Trees of tree-sitter cannot be stored, so what is kept of them is kept in memory: `TreeCache` holds the trees used
last, keyed by content. Parsing runs at some 10 MB/s, so the cache pays for a language server that asks about the
same open file again and again, and for nothing that looks at each file once.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from posixpath import basename
from threading import Lock

from tree_sitter import Node, Tree

from index.content import Content, Unreadable, content_hash, decode, detect_encoding, read_content
from index.conventions import is_generated, is_secret
from index.files import language_of
from index.grammars import grammar_names
from index.languages.registry import spec_of
from index.parse import Lines, parse
from index.types import Span

_LONE_RETURN = re.compile(rb"\r(?!\n)")
_CACHED_BYTES = 8_000_000
"""Sources whose trees are kept; a tree takes some ten times its source."""


def grammar_of(path: str) -> str | None:
    """The language whose grammar reads a file of that name; one with a meaning of its own, as `package.json`, is
    read by its suffix."""
    name = basename(path)
    by_suffix = f"any.{name.rpartition('.')[2]}"
    found = (language_of(each) for each in (name, by_suffix))
    return next((language for language in found if language in grammar_names()), None)


def grammars_of(path: str) -> tuple[str, ...]:
    """The languages of which one reads a file of that name: a header's text says whether it is C or C++."""
    found = grammar_of(path)
    if found is None:
        return ()
    return (found, "cpp") if _is_header(path, found) else (found,)


def _grammar_for(path: str, content: Content) -> str | None:
    found = grammar_of(path)
    spec = spec_of(path) if _is_header(path, found) else None
    return found if spec is None or spec.dialect is None else spec.dialect(content).name


def _is_header(path: str, language: str | None) -> bool:
    return language == "c" and path.lower().endswith(".h")


@dataclass(frozen=True)
class SourceFile:
    """A file's bytes, how to read them, and their syntax tree, parsed when first asked for."""

    path: str
    language: str
    data: bytes
    encoding: str = "utf-8"
    encoding_guessed: bool = False

    @classmethod
    def of(cls, path: str, data: bytes, language: str | None = None) -> SourceFile:
        """Raises Unreadable where no grammar reads the file."""
        encoding, guessed = detect_encoding(data)
        content = Content(data, "", len(data), 0, encoding, guessed)
        found = language or _grammar_for(path, content)
        if found is None:
            raise Unreadable("no grammar reads it")
        return cls(path, found, data, encoding, guessed)

    @cached_property
    def parsed_data(self) -> bytes:
        """The bytes as the grammars want them: a lone carriage return, which ends a line, is a newline there."""
        return _LONE_RETURN.sub(b"\n", self.data) if b"\r" in self.data else self.data

    @cached_property
    def tree(self) -> Tree:
        return parse(self.parsed_data, self.language)

    @cached_property
    def lines(self) -> Lines:
        return Lines(self.parsed_data, self.encoding)

    @cached_property
    def content_hash(self) -> str:
        return content_hash(self.data)

    def text(self, node: Node) -> str:
        """A node's source as it stands in the file."""
        return decode(self.data[node.start_byte : node.end_byte], self.encoding)

    def span(self, node: Node) -> Span:
        return self.lines.span(self.path, node.start_byte, node.end_byte)


def read_source(root: Path, path: str, language: str | None = None) -> SourceFile:
    """Read a file of a tree. Raises Unreadable with the reason: secret, generated, binary, too large, gone."""
    name = basename(path)
    if is_secret(name):
        raise Unreadable("may hold credentials")
    content: Content = read_content(root / path)
    if is_generated(name, content.data):
        raise Unreadable("generated")
    found = language or _grammar_for(path, content)
    if found is None:
        raise Unreadable("no grammar reads it")
    return SourceFile(path, found, content.data, content.encoding, content.lossy)


class TreeCache:
    """The parsed files used last, up to a number of source bytes. Safe to use from several threads."""

    def __init__(self, limit_bytes: int = _CACHED_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._held_bytes = 0
        self._files: OrderedDict[tuple[str, str, str], SourceFile] = OrderedDict()
        self._lock = Lock()

    def get(self, source: SourceFile) -> SourceFile:
        """The same file with a tree that is parsed already, if its content was asked for before."""
        key = (source.path, source.language, source.content_hash)
        with self._lock:
            known = self._files.get(key)
            if known is not None:
                self._files.move_to_end(key)
                return known
            self._files[key] = source
            self._held_bytes += len(source.data)
            while self._held_bytes > self._limit_bytes and len(self._files) > 1:
                _, dropped = self._files.popitem(last=False)
                self._held_bytes -= len(dropped.data)
        return source
