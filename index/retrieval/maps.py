"""Outlines for prompts under a token budget: a repository, a file, the top files, a symbol with its neighbours.

Each is the longest prefix, by relevance, of what could be said that fits the budget; it never exceeds it.
Reads no source: lines come from the store's signatures.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from index.conventions import is_test_path
from index.documented import document_edges, text_places
from index.store import GraphReader
from index.types import EdgeType, Symbol, SymbolKind

CountTokens = Callable[[str], int]
_BYTES_PER_TOKEN = 4
_CALLS = (EdgeType.CALLS, EdgeType.INSTANTIATES)
_DEFINITIONS = frozenset(
    {SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.TEST}
)
_TEST_FACTOR = 0.1
_MAX_MAPPED_FILES = 400
_DEPTH_COST = 4
"""One more definition of a file is worth as much as a file that ranks this many places lower."""
_MAX_LINE_CHARS = 200
_MAX_TEXTS, _RANK_OF_TEXTS = 3, 7
"""Where texts speak of a symbol matters less than its first three callers and callees."""


def estimate_tokens(text: str) -> int:
    """Tokens of a text at four bytes a token, rounded up."""
    return -(-len(text.encode()) // _BYTES_PER_TOKEN)


class _HasPath(Protocol):
    @property
    def path(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of a map. Groups are printed in the order of their first entry, lines inside by place."""

    group: str
    place: int
    text: str
    rank: float


def repository_map(
    store: GraphReader,
    budget_tokens: int,
    *,
    relevance: Mapping[str, float] | None = None,
    count_tokens: CountTokens = estimate_tokens,
) -> str:
    """Files with their definitions, the most relevant first.

    `relevance` by path, as of `locate`; without it files that many others depend on come first, tests last.
    """
    scores = relevance if relevance is not None else _importance(store)
    ranked = sorted((path for path in scores if scores[path] > 0), key=lambda path: (-scores[path], path))
    entries: list[_Entry] = []
    for rank, path in enumerate(ranked[:_MAX_MAPPED_FILES]):
        entries.append(_Entry(path, 0, path, rank))
        outline = _outline(path, store.symbols(path=path), with_lines=False)
        entries += [_moved(entry, rank + _DEPTH_COST * (1 + entry.rank)) for entry in outline]
    return _fit(entries, budget_tokens, count_tokens)


def file_map(
    store: GraphReader, path: str, budget_tokens: int, *, count_tokens: CountTokens = estimate_tokens
) -> str:
    """One file's definitions with their lines; where the budget is short, outer and earlier ones first."""
    entries = [_Entry(path, 0, path, -1), *_outline(path, store.symbols(path=path), with_lines=True)]
    return _fit(entries, budget_tokens, count_tokens)


def schematic_map(
    store: GraphReader,
    files: Iterable[_HasPath],
    budget_tokens: int,
    *,
    count_tokens: CountTokens = estimate_tokens,
) -> str:
    """Classes and signatures of some files, say those of `locate`, with lines; whole files, the first ones first."""
    entries: list[_Entry] = []
    for path in dict.fromkeys(file.path for file in files):
        outline = [_Entry(path, 0, path, -1), *_outline(path, store.symbols(path=path), with_lines=True)]
        base = len(entries)
        ranked = sorted(outline, key=lambda entry: entry.rank)
        entries += [_moved(entry, base + n) for n, entry in enumerate(ranked)]
    return _fit(entries, budget_tokens, count_tokens)


def symbol_map(
    store: GraphReader, symbol: Symbol, budget_tokens: int, *, count_tokens: CountTokens = estimate_tokens
) -> str:
    """A symbol's signature and summary, then who calls it and what it calls, in turn until the budget is used.

    And, after the first few of these, which texts speak of it.
    """
    callers = _neighbours(store, [edge.source for edge in store.edges(target=symbol.uid, types=_CALLS)])
    callees = _neighbours(store, [edge.target for edge in store.edges(source=symbol.uid, types=_CALLS)])
    head = f"{_location(symbol)}  {_line(symbol)}"
    entries = [_Entry("", 0, head, 0)]
    summary = symbol.docstring.strip().partition("\n")[0]
    if summary:
        entries.append(_Entry("", 1, f"  {summary[:_MAX_LINE_CHARS]}", 1))
    for title, symbols in (("callers", callers), ("callees", callees)):
        for n, other in enumerate(symbols):
            rank = 2 + 2 * n
            if n == 0:
                entries.append(_Entry(title, 0, f"{title}:", rank))
            entries.append(_Entry(title, n + 1, f"  {_location(other)}  {_line(other)}", rank))
    places = text_places(document_edges(store, target=symbol.uid))[:_MAX_TEXTS]
    if places:
        where = ", ".join(f"{span.path}:{span.start_line}" for span in places)
        entries.append(_Entry("texts", 0, f"documented in: {where}", _RANK_OF_TEXTS))
    return _fit(entries, budget_tokens, count_tokens)


def _importance(store: GraphReader) -> dict[str, float]:
    """How much the other files depend on each file."""
    paths = [record.path for record in store.files() if record.skipped is None]
    weights: dict[str, float] = defaultdict(float)
    for source, target, weight in store.links(paths, incoming=True):
        weights[target] += weight * (_TEST_FACTOR if is_test_path(source) else 1.0)
    return {path: (0.01 + weights[path]) * (_TEST_FACTOR if is_test_path(path) else 1.0) for path in paths}


def _neighbours(store: GraphReader, uids: Sequence[str]) -> list[Symbol]:
    """Symbols by how often they occur among the ends, then by order."""
    counts = Counter(uids)
    found = store.symbols_by_uid(counts)
    return sorted((found[uid] for uid in counts if uid in found), key=lambda symbol: -counts[symbol.uid])


def _outline(path: str, symbols: Sequence[Symbol], *, with_lines: bool) -> list[_Entry]:
    """A file's definitions, ranked by depth and, within one depth, by publicity and place."""
    depths: dict[str, int] = {}
    shown: list[tuple[int, bool, Symbol]] = []
    for symbol in symbols:
        parent = depths.get(symbol.parent_uid or "", -1)
        depths[symbol.uid] = parent + 1 if symbol.kind is not SymbolKind.MODULE else -1
        if symbol.kind in _DEFINITIONS:
            shown.append((depths[symbol.uid], symbol.name.startswith("_"), symbol))
    order = {id(item[2]): n for n, item in enumerate(sorted(shown, key=lambda item: item[:2]))}
    entries = []
    for depth, _, symbol in shown:
        span = symbol.span
        lines = f"  {span.start_line}-{span.end_line}" if with_lines else ""
        text = f"{'  ' * (depth + 1)}{_line(symbol)}{lines}"
        entries.append(_Entry(path, span.start_byte + 1, text, order[id(symbol)]))
    return entries


def _line(symbol: Symbol) -> str:
    """A symbol in one line: its signature, or its kind and name."""
    text = " ".join((symbol.signature or f"{symbol.kind} {symbol.name}").split())
    return text if len(text) <= _MAX_LINE_CHARS else text[: _MAX_LINE_CHARS - 1] + "…"


def _location(symbol: Symbol) -> str:
    return f"{symbol.path}:{symbol.span.start_line}"


def _moved(entry: _Entry, rank: float) -> _Entry:
    return _Entry(entry.group, entry.place, entry.text, rank)


def _fit(entries: list[_Entry], budget_tokens: int, count_tokens: CountTokens) -> str:
    """The text of as many entries, by rank, as fit. Sorting is stable, so a group's head stays before its lines."""
    ranked = sorted(entries, key=lambda entry: entry.rank)
    fitting, too_many = 0, len(ranked) + 1
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        if count_tokens(_text(ranked[:middle])) <= budget_tokens:
            fitting = middle
        else:
            too_many = middle
    return _text(ranked[:fitting])


def _text(entries: Sequence[_Entry]) -> str:
    groups: dict[str, list[_Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    lines = [
        entry.text for group in groups.values() for entry in sorted(group, key=lambda entry: entry.place)
    ]
    return "\n".join(lines)
