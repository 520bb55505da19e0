"""Verify that a graph holds together, against its files and against a clean rebuild. Changes nothing."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from index.content import Content, Unreadable, read_content
from index.mentions_in_prose import dotted
from index.parse import Lines
from index.portable import look_up, silent
from index.python.scopes import symbol_uid
from index.repository import Progress
from index.store import FileEntry, GraphStore, ResolvedFile, open_store
from index.types import Edge, EdgeType, FileRecord, Reference, Span, Symbol
from index.update import update_store


def check_graph(
    store: GraphStore,
    root: Path,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[str]:
    """What is wrong with a graph, a line each: none if it is sound. Raises StoreError, UpdateCancelled.

    Ends of edges exist, uids are unique and name their symbols, parents lie in the same file, spans lie within
    their files (those that are still as they were indexed) and hold the names they should; nothing is left over.
    """
    yield from store.faults()
    records, checking = store.files(), _Checking(store)
    yield from checking.uids()
    for done, record in enumerate(records):
        look_up(cancelled, progress or silent, "check", done, len(records))
        yield from checking.file(root, record)


def compare_with_rebuild(
    store: GraphStore,
    root: Path,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[str]:
    """Where a graph differs from one that is built anew from its tree, in a file that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="graft-check-") as folder:
        clean = open_store(f"sqlite:{folder}/graph.db", store.repository)
        try:
            update_store(clean, root, progress, cancelled)
            paths = sorted({record.path for each in (store, clean) for record in each.files()})
            for done, path in enumerate(paths):
                look_up(cancelled, progress or silent, "compare", done, len(paths))
                yield from _differences(path, "content", _entry(store.entry(path)), _entry(clean.entry(path)))
                yield from _differences(
                    path, "resolution", _resolved(store.resolution(path)), _resolved(clean.resolution(path))
                )
        finally:
            clean.close()


class _Checking:
    def __init__(self, store: GraphStore) -> None:
        self._store = store
        symbols = store.symbols()
        self._names = {symbol.uid: symbol.name for symbol in symbols}
        self._paths = {symbol.uid: symbol.path for symbol in symbols}
        self._files = {record.path for record in store.files()}
        self._total = len(symbols)

    def uids(self) -> Iterator[str]:
        if self._total != len(self._names):
            yield f"{self._total - len(self._names)} symbols share their uid with another"

    def file(self, root: Path, record: FileRecord) -> Iterator[str]:
        path = record.path
        entry, resolved = self._store.entry(path), self._store.resolution(path)
        if entry is None or resolved is None:
            return
        for symbol in entry.symbols:
            yield from self._symbol(symbol)
        own = {path} | {symbol.uid for symbol in entry.symbols}
        for use in _uses(resolved):
            if use.source not in own:
                yield f"{path}: an edge leaves {use.source}, which is not in this file"
        for edge in resolved.edges:
            if edge.target not in self._names and edge.target not in self._files:
                yield f"{path}: a {edge.type} edge ends at {edge.target}, which is not there"
        for other in resolved.links:
            if other not in self._files:
                yield f"{path}: is linked to {other}, which is not there"
        content = _content_as_indexed(root, record)
        if content is not None:
            yield from _Spans(path, content).check(entry, resolved)

    def _symbol(self, symbol: Symbol) -> Iterator[str]:
        what = f"{symbol.path}: {symbol.qualified_name}"
        uid = symbol_uid(
            self._store.repository, symbol.path, symbol.kind, symbol.qualified_name, symbol.ordinal
        )
        if uid != symbol.uid:
            yield f"{what} has the uid {symbol.uid} instead of {uid}"
        parent = symbol.parent_uid
        if parent is not None and self._paths.get(parent) != symbol.path:
            yield f"{what} has a parent that is not in its file"


class _Spans:
    """The spans of one file against its content."""

    def __init__(self, path: str, content: Content) -> None:
        self._path, self._size = path, len(content.data)
        self._lines = Lines(content.data, content.encoding)

    def check(self, entry: FileEntry, resolved: ResolvedFile) -> Iterator[str]:
        for symbol in entry.symbols:
            yield from self._span(symbol.span, symbol.qualified_name)
        for chunk in entry.chunks:
            yield from self._span(chunk.span, f"chunk {chunk.ordinal}")
        for use in _uses(resolved):
            if use.span is not None:
                yield from self._span(use.span, f"a {use.type} edge")
                yield from self._text(use.span, use)

    def _span(self, span: Span, what: str) -> Iterator[str]:
        if not 0 <= span.start_byte <= span.end_byte <= self._size:
            yield f"{self._path}: {what} spans bytes {span.start_byte}-{span.end_byte} of {self._size}"
        elif self._lines.span(self._path, span.start_byte, span.end_byte) != span:
            yield f"{self._path}:{span.start_line}: lines and bytes of {what} do not agree"

    def _text(self, span: Span, use: Edge | Reference) -> Iterator[str]:
        """An unresolved use's text is its name; an import's may be one of many forms, an alias's any name."""
        text = self._lines.text(span.start_byte, span.end_byte)
        name = use.name if isinstance(use, Reference) and use.type is not EdgeType.IMPORTS else ""
        if use.type is EdgeType.DOCUMENTS:
            text = dotted(text)
        if not text.strip() or (name and text != name):
            place = f"{self._path}:{span.start_line}:{span.start_column}"
            yield f"{place}: the text is {text!r}, not {name or 'a name'!r}"


def _uses(resolved: ResolvedFile) -> list[Edge | Reference]:
    return [*resolved.edges, *resolved.references]


def _content_as_indexed(root: Path, record: FileRecord) -> Content | None:
    """A file's content, if it is still the one that was indexed."""
    if record.skipped is not None or record.language is None:
        return None
    try:
        content = read_content(root / record.path)
    except Unreadable:
        return None
    return content if content.content_hash == record.content_hash else None


def _entry(entry: FileEntry | None) -> dict[str, Counter[str]]:
    """An entry as bags of words: the order of a store's rows, and when a file was written, do not matter."""
    if entry is None:
        return {}
    return {
        "record": _bag([replace(entry.record, mtime_ns=0)]),
        "symbols": _bag(entry.symbols),
        "chunks": _bag(entry.chunks),
        "words": _bag(entry.documents),
        "facts": _bag([entry.interface, entry.body]),
        "exports": _bag(entry.exports),
    }


def _resolved(resolved: ResolvedFile | None) -> dict[str, Counter[str]]:
    if resolved is None:
        return {}
    return {
        "edges": _bag(resolved.edges),
        "references": _bag(resolved.references),
        "links": _bag(resolved.links.items()),
        "keys": _bag(resolved.keys),
    }


def _bag(values: Iterable[object]) -> Counter[str]:
    return Counter(map(repr, values))


def _differences(
    path: str, what: str, ours: dict[str, Counter[str]], clean: dict[str, Counter[str]]
) -> Iterator[str]:
    if not ours or not clean:
        if ours or clean:
            yield f"{path}: {'is not in the tree' if ours else 'is missing'}"
        return
    for part in ours:
        extra, missing = ours[part] - clean[part], clean[part] - ours[part]
        if extra or missing:
            example = next(iter((extra or missing).elements()))[:200]
            yield (
                f"{path}: {part}: {extra.total()} too many, {missing.total()} too few in its {what} "
                f"({'has' if extra else 'lacks'} {example})"
            )
