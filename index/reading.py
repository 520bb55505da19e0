"""Read one file of a tree into a store's entry: content, facts, words. A pure function, run in any process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from index.content import Content, Unreadable, read_content
from index.conventions import is_generated
from index.documents import chunks_of, documents_of
from index.facts import dump_body, dump_interface
from index.files import LANGUAGES, Found
from index.modules import module_name
from index.python import extract
from index.store import FileEntry
from index.types import FileRecord

PARSED_LANGUAGES = frozenset(LANGUAGES.values())


@dataclass(frozen=True, slots=True)
class ReadTask:
    """A file to read. `known_hash` is the content that is in the store, empty if none is."""

    repository: str
    root: str
    found: Found
    known_hash: str = ""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What reading gave. `entry` holds the record alone where the content is the known one."""

    entry: FileEntry
    unchanged: bool = False
    is_module: bool = False
    """Whether it was parsed, so that other files can import it."""


def read_file(task: ReadTask) -> ReadFile:
    """Read and parse one file; what is wrong with it becomes its record's reason to skip."""
    record, content = _content(Path(task.root), task.found)
    if content is None:
        return ReadFile(FileEntry(record))
    is_module = record.language in PARSED_LANGUAGES
    if record.content_hash == task.known_hash:
        return ReadFile(FileEntry(record), unchanged=True, is_module=is_module)
    path = record.path
    if not is_module:
        words = documents_of(path, content.text, ())
        return ReadFile(FileEntry(record, chunks=chunks_of(path, content), documents=words))
    facts = extract(task.repository, path, module_name(path), content)
    entry = FileEntry(
        replace(record, has_errors=facts.has_errors),
        facts.symbols,
        documents=documents_of(path, content.text, facts.symbols),
        interface=dump_interface(facts.interface),
        body=dump_body(facts.body),
    )
    return ReadFile(entry, is_module=True)


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
    return record, content
