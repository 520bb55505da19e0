"""What a text says of a repository's files and symbols, stage by stage, each with its reasons. Joins nothing.

A stage asks the store and gives scores that compare within that stage only; index.retrieval.retrieve joins them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from index.conventions import is_aside_path, is_data_path, is_prose_path, is_test_path
from index.git.past_changes import PastChanges
from index.retrieval.mentions import Mentions
from index.retrieval.traces import TraceFrame
from index.store import GraphStore
from index.types import EdgeType, Symbol, SymbolKind

_TEST_FACTOR = 0.35
"""What a test file's score is multiplied with: a failing test is named, the cause is sought."""
_PROSE_FACTOR = 0.2
_ASIDE_FACTOR = 0.5
_DATA_FACTOR = 0.5
QUIET_KINDS = frozenset({SymbolKind.MODULE, SymbolKind.FIELD, SymbolKind.CONSTANT})
_MAX_NAMESAKES = 12
_STAGE_LENGTH = 50
_SYMBOLS_LENGTH = 200
_MAX_SUBJECT = 60
_USES = (EdgeType.TESTS, EdgeType.CALLS, EdgeType.REFERENCES, EdgeType.INSTANTIATES)


_INSTALLED = re.compile(
    r".*/(?:(?:site|dist)-packages|gems/[^/]+-\d[\w.]*|node_modules/(?:@[^/]+/)?[^/]+)/", re.DOTALL
)
"""What stands before a path inside of an installed package, which is this repository's only if all of it agrees."""
_MIN_INSTALLED_PARTS = 2
"""Every package has an `index.js` or `__init__.py`."""


@dataclass(slots=True)
class Evidence:
    """One stage's scores by path and by uid, with a reason for each."""

    files: dict[str, float] = field(default_factory=dict)
    symbols: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def add_file(self, path: str, score: float, reason: str) -> None:
        self.files[path] = self.files.get(path, 0.0) + score
        self.reasons.setdefault(path, reason)

    def add_symbol(self, symbol: Symbol, score: float, reason: str) -> None:
        self.symbols[symbol.uid] = self.symbols.get(symbol.uid, 0.0) + score
        self.reasons.setdefault(symbol.uid, reason)


class Paths:
    """The repository's paths, to be found by how they end."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._all = dict.fromkeys(paths)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in self._all:
            self._by_name[path.rpartition("/")[2]].append(path)

    def __contains__(self, path: str) -> bool:
        return path in self._all

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def ending(self, text: str) -> list[str]:
        """The paths that agree with a path of the text in most of its last parts."""
        inside = _INSTALLED.search(text)
        wanted = text[inside.end() :].split("/") if inside else text.strip("/").split("/")
        agreeing = {path: _agreement(path, wanted) for path in self._by_name.get(wanted[-1], ())}
        best = max(agreeing.values(), default=0)
        if inside and best < max(len(wanted), _MIN_INSTALLED_PARTS):
            return []
        found = [path for path, count in agreeing.items() if count == best]
        return found if len(found) <= _MAX_NAMESAKES else []


@dataclass(frozen=True, slots=True)
class Question:
    """A text and its mentions, with the store that is asked, its paths and its history."""

    store: GraphStore
    text: str
    mentions: Mentions
    paths: Paths
    past: PastChanges


@lru_cache(maxsize=65_536)
def prior(path: str) -> float:
    """How likely a path is to hold a cause, other things being equal, compared with a program's own source."""
    if is_test_path(path):
        return _TEST_FACTOR
    kind = _PROSE_FACTOR if is_prose_path(path) else _DATA_FACTOR if is_data_path(path) else 1.0
    return kind * (_ASIDE_FACTOR if is_aside_path(path) else 1.0)


Stage = Callable[[Question], Evidence]


def traceback_frames(question: Question) -> Evidence:
    """Innermost frames first."""
    found, frames = Evidence(), question.mentions.frames
    for depth, frame in enumerate(reversed(frames)):
        for path in question.paths.ending(frame.path):
            score = 1.0 / (1.0 + depth) * prior(path)
            reason = f"named in the traceback, frame {frame.number} of {len(frames)}"
            found.add_file(path, score, reason)
            symbol = _frame_symbol(question.store, path, frame)
            if symbol is not None:
                found.add_symbol(symbol, score, reason)
    return found


def _frame_symbol(store: GraphStore, path: str, frame: TraceFrame) -> Symbol | None:
    """The function of a frame, by line if the file is as it was, else by name."""
    symbols = [symbol for symbol in store.symbols(path=path) if symbol.kind not in QUIET_KINDS]
    name = frame.function.rpartition(".")[2]
    holding = [s for s in symbols if s.span.start_line <= frame.line <= s.span.end_line]
    innermost = min(holding, key=lambda s: s.span.end_byte - s.span.start_byte, default=None)
    if innermost is not None and name in ("", innermost.name):
        return innermost
    return next((symbol for symbol in symbols if symbol.name == name), None)


def named_paths(question: Question) -> Evidence:
    """Files whose paths stand in the text."""
    found = Evidence()
    in_frames = {frame.path for frame in question.mentions.frames}
    for text in question.mentions.paths:
        paths = question.paths.ending(text) if text not in in_frames else []
        for path in paths:
            found.add_file(path, 1.0 / len(paths), "its path is named in the text")
    return found


def named_symbols(question: Question) -> Evidence:
    """Definitions of the names in the text; a name that few things bear says more."""
    found = Evidence()
    for name, sureness in question.mentions.names:
        *qualifiers, last = name.split(".")
        symbols = question.store.symbols(name=last)
        fitting = [s for s in symbols if _fits(s, qualifiers)] if qualifiers else symbols
        candidates = fitting or (symbols if not qualifiers else [])
        if not 0 < len(candidates) <= _MAX_NAMESAKES:
            continue
        score = sureness / len(candidates) * (2.0 if qualifiers and fitting else 1.0)
        for symbol in candidates:
            weight = score * prior(symbol.path) * (0.5 if symbol.kind in QUIET_KINDS else 1.0)
            verb = "is" if symbol.kind is SymbolKind.MODULE else "defines"
            found.add_file(symbol.path, weight, f"{verb} `{name}`, which the text names")
            if symbol.kind is not SymbolKind.MODULE:
                found.add_symbol(symbol, weight, f"`{name}` is named in the text")
    return found


def used_by_tests(question: Question) -> Evidence:
    """What a test that the text names uses: its cause lies there rather than in the test."""
    found, store = Evidence(), question.store
    for test in _named_tests(question):
        edges = store.edges(source=test.uid, types=_USES)
        used = store.symbols_by_uid(edge.target for edge in edges)
        for edge in edges:
            symbol = used.get(edge.target)
            if symbol is None or is_test_path(symbol.path):
                continue
            weight = edge.confidence * (1.0 if edge.type is EdgeType.TESTS else 0.5)
            reason = f"used by `{test.name}`, which the text names"
            found.add_file(symbol.path, weight, reason)
            if symbol.kind not in QUIET_KINDS:
                found.add_symbol(symbol, weight, reason)
    return found


def _named_tests(question: Question) -> list[Symbol]:
    store, mentions = question.store, question.mentions
    tests: dict[str, Symbol] = {}
    for path_text, qualified_name in mentions.test_ids:
        for path in question.paths.ending(path_text):
            for symbol in store.symbols(path=path, qualified_name=qualified_name):
                tests[symbol.uid] = symbol
    names = [name.rpartition(".")[2] for name, _ in mentions.names]
    names += [frame.function for frame in mentions.frames]
    for name in dict.fromkeys(names):
        if name.startswith("test"):
            named = [s for s in store.symbols(name=name) if s.kind is SymbolKind.TEST]
            tests.update((symbol.uid, symbol) for symbol in named[:_MAX_NAMESAKES])
    return list(tests.values())


def file_words(question: Question) -> Evidence:
    """BM25 over the words of whole files."""
    found = Evidence()
    for path, score in question.store.search(question.mentions.words, "files", limit=_STAGE_LENGTH):
        found.add_file(path, score * prior(path), "shares its words with the text")
    return found


def symbol_words(question: Question) -> Evidence:
    """BM25 over the words of single definitions; a file counts as its best one."""
    found = Evidence()
    matches = question.store.search(question.mentions.words, "symbols", limit=_SYMBOLS_LENGTH)
    symbols = question.store.symbols_by_uid(uid for uid, _ in matches)
    for uid, raw in matches:
        symbol = symbols[uid]
        score = raw * prior(symbol.path)
        found.add_symbol(symbol, score, "shares its words with the text")
        found.files[symbol.path] = max(score, found.files.get(symbol.path, 0.0))
        found.reasons.setdefault(symbol.path, f"`{symbol.qualified_name}` shares its words with the text")
    return found


def past_changes(question: Question) -> Evidence:
    """Files that were changed before by commits whose subjects share words with the text."""
    found = Evidence()
    matches = question.past.files(
        question.mentions.words, lambda path: path in question.paths and not is_test_path(path)
    )
    scored = {path: match.score * prior(path) for path, match in matches.items()}
    for path in sorted(scored, key=lambda path: (-scored[path], path))[:_STAGE_LENGTH]:
        subject = matches[path].subject
        shown = subject if len(subject) <= _MAX_SUBJECT else subject[: _MAX_SUBJECT - 1].rstrip() + "…"
        found.add_file(path, scored[path], f"changed before by “{shown}”")
    return found


STAGES: Mapping[str, Stage] = {
    "traceback": traceback_frames,
    "path": named_paths,
    "name": named_symbols,
    "tested": used_by_tests,
    "words": file_words,
    "symbol words": symbol_words,
    "past changes": past_changes,
}


def _agreement(path: str, wanted: list[str]) -> int:
    count = 0
    for one, other in zip(reversed(path.split("/")), reversed(wanted), strict=False):
        if one != other:
            break
        count += 1
    return count


def _fits(symbol: Symbol, qualifiers: list[str]) -> bool:
    """Whether what stands before the last dot names the symbol's class or module."""
    place = [*symbol.path.rpartition(".")[0].split("/"), *symbol.qualified_name.split(".")[:-1]]
    return qualifiers[-1] in place
