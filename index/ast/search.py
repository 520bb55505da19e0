"""Search syntax trees: one file, a span of it, or a whole tree of files. Edits nothing.

Results stream in order of path and place; each file is read when its turn comes and forgotten afterwards, unless a
`TreeCache` is given. Files that are ignored, secret, generated, binary or too large are passed over, as in the index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tree_sitter import Node, Query, QueryCursor

from index.ast.pattern import compile_pattern
from index.content import Unreadable
from index.definitions import definitions
from index.errors import PatternError
from index.files import walk
from index.grammars import grammar, grammar_names
from index.repository import Progress
from index.syntax import SourceFile, TreeCache, grammars_of, read_source
from index.types import FileRecord, Span, Symbol, SymbolKind

_MATCH_LIMIT = 256
"""States that one query may have in progress: a pathological one must not take all memory."""
TextFilter = str | re.Pattern[str]
"""A node's text must be that string, or hold what the expression finds."""


@dataclass(frozen=True, slots=True)
class SyntaxHit:
    """One captured node. `symbol` is the qualified name of the innermost definition around it, None at the top."""

    span: Span
    language: str
    capture: str
    node_type: str
    text: str
    symbol: str | None = None


class Graph(Protocol):
    """The part of a RepositoryGraph that is asked for files and for the symbols around a place."""

    def files(self) -> list[FileRecord]: ...

    def symbols(self, *, path: str | None = None) -> list[Symbol]: ...


def search_source(
    source: SourceFile,
    pattern: str | Query,
    *,
    within: Span | None = None,
    text: TextFilter | None = None,
    symbols: Iterable[Symbol] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[SyntaxHit]:
    """Nodes of one file that a pattern captures, in order of place; those inside `within` if it is given.

    `symbols` are what the graph knows of the file; without them the definitions are found by `index.definitions`.
    Raises PatternError.
    """
    query = compile_pattern(pattern, source.language) if isinstance(pattern, str) else pattern
    cursor = QueryCursor(query, match_limit=_MATCH_LIMIT)
    if within is not None:
        cursor.set_byte_range(within.start_byte, within.end_byte)
    found: dict[tuple[int, int, str], Node] = {}
    for _, captures in cursor.matches(source.tree.root_node):
        for name, nodes in captures.items():
            if not name.startswith("_"):
                found.update(((node.start_byte, -node.end_byte, name), node) for node in nodes)
    names: _NamesAround | None = None
    for (start, negative_end, name), node in sorted(found.items(), key=lambda item: item[0]):
        if cancelled():
            return
        if within is not None and not (within.start_byte <= start and -negative_end <= within.end_byte):
            continue
        content = source.text(node)
        if text is None or (content == text if isinstance(text, str) else text.search(content) is not None):
            names = names or _NamesAround(source, symbols)
            symbol = names.of(start, -negative_end)
            yield SyntaxHit(source.span(node), source.language, name, node.type, content, symbol)


class _NamesAround:
    """Names of the innermost definitions around places that are asked for in order."""

    def __init__(self, source: SourceFile, symbols: Iterable[Symbol] | None) -> None:
        if symbols is None:
            ranges = [(d.node.start_byte, -d.node.end_byte, d.qualified_name) for d in definitions(source)]
        else:
            ranges = [
                (s.span.start_byte, -s.span.end_byte, s.qualified_name)
                for s in symbols
                if s.kind is not SymbolKind.MODULE
            ]
        self._ahead = sorted(ranges, reverse=True)
        self._open: list[tuple[int, str]] = []

    def of(self, start: int, end: int) -> str | None:
        while self._ahead and self._ahead[-1][0] <= start:
            _, negative_end, name = self._ahead.pop()
            self._open.append((-negative_end, name))
        self._open = [each for each in self._open if each[0] > start]
        return next((name for stop, name in reversed(self._open) if stop >= end), None)


def search_tree(
    root: Path,
    pattern: str,
    *,
    language: str | None = None,
    text: TextFilter | None = None,
    limit: int | None = None,
    graph: Graph | None = None,
    cache: TreeCache | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[SyntaxHit]:
    """Nodes of a whole tree of files that a pattern captures; at most `limit` of them, fewer once cancelled.

    Without `language`, every language present whose grammar accepts the pattern. With `graph`, the files are those
    that it knows and the symbols carry its names. Raises, before the first file is read, PatternError,
    UnknownLanguage, RootError and StoreError.
    """
    paths = _paths(root, graph, cancelled)
    queries = _queries(pattern, language, [each for _, languages in paths for each in languages])
    chosen = [path for path, languages in paths if not queries.keys().isdisjoint(languages)]
    return _hits(root, chosen, queries, text, limit, graph, cache, progress, cancelled)


def _hits(
    root: Path,
    chosen: list[str],
    queries: dict[str, Query],
    text: TextFilter | None,
    limit: int | None,
    graph: Graph | None,
    cache: TreeCache | None,
    progress: Progress | None,
    cancelled: Callable[[], bool],
) -> Iterator[SyntaxHit]:
    left = limit
    hashes = {record.path: record.content_hash for record in graph.files()} if graph is not None else {}
    for done, path in enumerate(chosen):
        if cancelled() or left == 0:
            return
        if progress is not None:
            progress("search", done, len(chosen))
        try:
            source = read_source(root, path)
        except Unreadable:
            continue
        if source.language not in queries:
            continue
        if cache is not None:
            source = cache.get(source)
        known = graph is not None and hashes.get(path) == source.content_hash
        symbols = graph.symbols(path=path) if graph is not None and known else None
        for hit in search_source(
            source, queries[source.language], text=text, symbols=symbols or None, cancelled=cancelled
        ):
            if left == 0:
                return
            left = None if left is None else left - 1
            yield hit
    if progress is not None:
        progress("search", len(chosen), len(chosen))


def _paths(
    root: Path, graph: Graph | None, cancelled: Callable[[], bool]
) -> list[tuple[str, tuple[str, ...]]]:
    """(path, the languages that it may be in) of the files that a grammar reads and nothing forbids."""
    listed: Iterable[tuple[str, str | None]]
    if graph is not None:
        listed = sorted((record.path, record.skipped) for record in graph.files())
    else:
        listed = ((found.path, found.skipped) for found in walk(root, {}, cancelled))
    pairs = ((path, grammars_of(path)) for path, skipped in listed if skipped is None)
    return [(path, languages) for path, languages in pairs if languages]


def _queries(pattern: str, language: str | None, present: list[str]) -> dict[str, Query]:
    """A query for each language to search. Raises PatternError where no grammar accepts the pattern."""
    if language is not None:
        grammar(language)
        return {language: compile_pattern(pattern, language)}
    queries: dict[str, Query] = {}
    refusals: list[PatternError] = []
    counted = sorted(set(present), key=lambda each: (-present.count(each), each))
    for each in counted or grammar_names():
        try:
            queries[each] = compile_pattern(pattern, each)
        except PatternError as error:
            refusals.append(error)
    if not queries:
        raise max(refusals, key=lambda refusal: refusal.nearness)
    return queries
