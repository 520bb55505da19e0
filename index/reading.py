"""Read one file of a tree into a store's entry: content, facts, words. A pure function, run in any process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import overload

from index.content import Content, Unreadable, content_of, read_content
from index.conventions import is_generated, is_minified
from index.documents import chunks_of, documents_of
from index.facts import Interface, dump_body, dump_interface
from index.files import PROSE, Found, language_of, reason_to_skip
from index.languages.extract import extract
from index.languages.registry import spec_of
from index.languages.scopes import added_names
from index.mentions_in_docstrings import docstring_mentions
from index.mentions_in_prose import mentions_of
from index.python.pieces import Pieces
from index.store import Document, FileEntry
from index.types import FileRecord, Reference
from index.world import export_key

_PROSE_LANGUAGES = frozenset(PROSE.values())


@dataclass(frozen=True, slots=True)
class ReadTask:
    """A file to read. `known_hash` is the content that is in the store, empty if none is."""

    repository: str
    root: str
    found: Found
    known_hash: str = ""
    pack: Callable[[FileEntry], FileEntry] | None = None
    """What the store does with an entry beforehand, where the file is new."""

    @property
    def path(self) -> str:
        return self.found.path


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What reading gave. `entry` holds the record alone where the content is the known one."""

    entry: FileEntry
    unchanged: bool = False
    is_module: bool = False
    """Whether it was parsed, so that other files can import it."""
    mentions: Sequence[Reference] = ()
    """What a text says of code: all that it comes to, whatever is in other files."""


def read_file(task: ReadTask) -> ReadFile:
    """Read and parse one file; what is wrong with it becomes its record's reason to skip."""
    record, content = _content(Path(task.root), task.found)
    if content is None:
        return ReadFile(FileEntry(record))
    if record.content_hash == task.known_hash:
        return ReadFile(FileEntry(record), unchanged=True, is_module=spec_of(record.path) is not None)
    read = _parsed(task.repository, record, content)
    return read if task.pack is None else replace(read, entry=task.pack(read.entry))


def read_given(repository: str, path: str, data: bytes, pieces: Pieces | None = None) -> ReadFile:
    """Parse a text that is in no file yet, as `read_file` would once it is; search words are cut when asked for.

    `pieces`, kept while the same text is edited, save most of the work on it.
    """
    name = path.rpartition("/")[2]
    language = language_of(name)
    record = FileRecord(path, "", len(data), 0, language, skipped=reason_to_skip(name, len(data), language))
    if record.skipped is not None or language is None:
        return ReadFile(FileEntry(record))
    try:
        content = content_of(data)
    except Unreadable as reason:
        return ReadFile(FileEntry(replace(record, skipped=str(reason))))
    record = replace(record, content_hash=content.content_hash)
    if is_generated(name, data):
        return ReadFile(FileEntry(replace(record, skipped="generated")))
    if is_minified(name, data):
        return ReadFile(FileEntry(replace(record, skipped="minified")))
    return _parsed(repository, record, content, LaterDocuments, pieces)


def _parsed(
    repository: str,
    record: FileRecord,
    content: Content,
    documents: Callable[[Callable[[], list[Document]]], Sequence[Document]] = lambda cut: cut(),
    pieces: Pieces | None = None,
) -> ReadFile:
    path, spec = record.path, spec_of(record.path)
    if spec is None:
        words = documents(lambda: documents_of(path, content.text, ()))
        chunks = chunks_of(path, content) if record.language in _PROSE_LANGUAGES else ()
        return ReadFile(
            FileEntry(record, chunks=chunks, documents=words), mentions=mentions_of(path, content, chunks)
        )
    if spec.read_again is not None and pieces is not None:
        facts = spec.read_again(repository, path, content, pieces)
    elif spec.read is not None:
        facts = spec.read(repository, path, content)
    else:
        facts = extract(spec, repository, path, content)
    facts.body.mentions = docstring_mentions(content, facts.symbols)
    entry = FileEntry(
        replace(record, has_errors=facts.has_errors),
        facts.symbols,
        documents=documents(lambda: documents_of(path, content.text, facts.symbols)),
        interface=dump_interface(facts.interface),
        body=dump_body(facts.body),
        exports=_exports(path, facts.interface, spec.rules.open_classes),
    )
    return ReadFile(entry, is_module=True)


def _exports(path: str, interface: Interface, open_classes: bool) -> Collection[int]:
    """Keys of what a file adds to its namespace."""
    if not interface.namespace:
        return ()
    return {export_key(interface.namespace, name) for name in added_names(path, interface, open_classes)}


class LaterDocuments(Sequence[Document]):
    """Documents that are cut when first asked for: most keystrokes are followed by another before any search."""

    def __init__(self, cut: Callable[[], list[Document]]) -> None:
        self._cut = cut

    @cached_property
    def _documents(self) -> list[Document]:
        return self._cut()

    def __len__(self) -> int:
        return len(self._documents)

    @overload
    def __getitem__(self, index: int) -> Document: ...
    @overload
    def __getitem__(self, index: slice) -> list[Document]: ...
    def __getitem__(self, index: int | slice) -> Document | list[Document]:
        return self._documents[index]


def _content(root: Path, found: Found) -> tuple[FileRecord, Content | None]:
    """A file's record and, unless there is a reason to skip it, its content."""
    record = FileRecord(
        found.path, "", found.size_bytes, found.mtime_ns, found.language, skipped=found.skipped
    )
    if found.language is None or found.skipped is not None:
        return record, None
    try:
        content = read_content(root / found.path)
    except Unreadable as reason:
        return replace(record, skipped=str(reason)), None
    record = replace(
        record, content_hash=content.content_hash, size_bytes=content.size_bytes, mtime_ns=content.mtime_ns
    )
    if is_generated(found.path.rpartition("/")[2], content.data):
        return replace(record, skipped="generated"), None
    if is_minified(found.path, content.data):
        return replace(record, skipped="minified"), None
    return record, content
