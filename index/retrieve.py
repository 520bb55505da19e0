"""Find the files and symbols that a text speaks of, each with its reasons. Asks the store only, parses nothing.

Stages, each a ranking: traceback frames, paths, names, what a named test uses, full text of files, full text of
symbols. They are joined by reciprocal-rank fusion, then mildly re-ranked by personalised PageRank over file links.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from index.conventions import is_test_path
from index.mentions import Mentions, TraceFrame, read_mentions
from index.rank import fuse, ranking, spread
from index.store import GraphStore
from index.types import EdgeType, FileHit, LocateResult, Symbol, SymbolHit, SymbolKind

_STAGE_WEIGHTS = {
    "traceback": 3.0,
    "path": 3.0,
    "name": 2.0,
    "tested": 1.5,
    "words": 2.0,
    "symbol words": 1.0,
}
_TEST_FACTOR = 0.35
"""What a test file's score is multiplied with: a failing test is named, the cause is sought."""
_GRAPH_WEIGHT = 0.25
_MAX_NAMESAKES = 12
_STAGE_LENGTH = 50
_SEEDS = 25
_MAX_REASONS = 4
_QUIET_KINDS = frozenset({SymbolKind.MODULE, SymbolKind.FIELD, SymbolKind.CONSTANT})
_USES = (EdgeType.TESTS, EdgeType.CALLS, EdgeType.REFERENCES, EdgeType.INSTANTIATES)


@dataclass(slots=True)
class _Stage:
    """One stage's scores, best last to come out first, with a reason for each."""

    files: dict[str, float] = field(default_factory=dict)
    symbols: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def add_file(self, path: str, score: float, reason: str) -> None:
        self.files[path] = self.files.get(path, 0.0) + score
        self.reasons.setdefault(path, reason)

    def add_symbol(self, symbol: Symbol, score: float, reason: str) -> None:
        self.symbols[symbol.uid] = self.symbols.get(symbol.uid, 0.0) + score
        self.reasons.setdefault(symbol.uid, reason)


class Retriever:
    """Answers `locate` from one store."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store

    def locate(self, text: str, *, top: int = 10) -> LocateResult:
        """The best `top` files and symbols for a text. Scores compare within one result only."""
        mentions = read_mentions(text)
        paths = _Paths(record.path for record in self._store.files() if record.skipped is None)
        stages = {
            "traceback": self._traceback(mentions, paths),
            "path": _named_paths(mentions, paths),
            "name": self._names(mentions),
            "tested": self._tested(mentions, paths),
            "words": self._file_words(mentions),
            "symbol words": self._symbol_words(mentions),
        }
        files = fuse((_STAGE_WEIGHTS[name], stage.files) for name, stage in stages.items())
        files = {path: score * (_TEST_FACTOR if is_test_path(path) else 1.0) for path, score in files.items()}
        files, near = self._spread(files)
        return LocateResult(
            tuple(_file_hits(files, stages, near, top)), tuple(self._symbol_hits(files, stages, top))
        )

    # Stages

    def _traceback(self, mentions: Mentions, paths: _Paths) -> _Stage:
        """Innermost frames first."""
        stage = _Stage()
        for depth, frame in enumerate(reversed(mentions.frames)):
            for path in paths.ending(frame.path):
                score = 1.0 / (1.0 + depth) * (_TEST_FACTOR if is_test_path(path) else 1.0)
                reason = f"named in the traceback, frame {frame.number} of {len(mentions.frames)}"
                stage.add_file(path, score, reason)
                symbol = self._frame_symbol(path, frame)
                if symbol is not None:
                    stage.add_symbol(symbol, score, reason)
        return stage

    def _frame_symbol(self, path: str, frame: TraceFrame) -> Symbol | None:
        """The function of a frame, by line if the file is as it was, else by name."""
        symbols = [symbol for symbol in self._store.symbols(path=path) if symbol.kind not in _QUIET_KINDS]
        name = frame.function.rpartition(".")[2]
        holding = [s for s in symbols if s.span.start_line <= frame.line <= s.span.end_line]
        innermost = min(holding, key=lambda s: s.span.end_byte - s.span.start_byte, default=None)
        if innermost is not None and name in ("", innermost.name):
            return innermost
        return next((symbol for symbol in symbols if symbol.name == name), None)

    def _names(self, mentions: Mentions) -> _Stage:
        """Definitions of the names in the text; a name that few things bear says more."""
        stage = _Stage()
        for name, sureness in mentions.names:
            *qualifiers, last = name.split(".")
            symbols = self._store.symbols(name=last)
            fitting = [s for s in symbols if _fits(s, qualifiers)] if qualifiers else symbols
            candidates = fitting or (symbols if not qualifiers else [])
            if not 0 < len(candidates) <= _MAX_NAMESAKES:
                continue
            score = sureness / len(candidates) * (2.0 if qualifiers and fitting else 1.0)
            for symbol in candidates:
                factor = _TEST_FACTOR if is_test_path(symbol.path) else 1.0
                factor *= 0.5 if symbol.kind in _QUIET_KINDS else 1.0
                verb = "is" if symbol.kind is SymbolKind.MODULE else "defines"
                stage.add_file(symbol.path, score * factor, f"{verb} `{name}`, which the text names")
                if symbol.kind is not SymbolKind.MODULE:
                    stage.add_symbol(symbol, score * factor, f"`{name}` is named in the text")
        return stage

    def _tested(self, mentions: Mentions, paths: _Paths) -> _Stage:
        """What a test that the text names uses: its cause lies there rather than in the test."""
        stage = _Stage()
        for test in self._named_tests(mentions, paths):
            edges = self._store.edges(source=test.uid, types=_USES)
            used = self._store.symbols_by_uid(edge.target for edge in edges)
            for edge in edges:
                symbol = used.get(edge.target)
                if symbol is None or is_test_path(symbol.path):
                    continue
                weight = edge.confidence * (1.0 if edge.type is EdgeType.TESTS else 0.5)
                reason = f"used by `{test.name}`, which the text names"
                stage.add_file(symbol.path, weight, reason)
                if symbol.kind not in _QUIET_KINDS:
                    stage.add_symbol(symbol, weight, reason)
        return stage

    def _named_tests(self, mentions: Mentions, paths: _Paths) -> list[Symbol]:
        tests: dict[str, Symbol] = {}
        for path_text, qualified_name in mentions.test_ids:
            for path in paths.ending(path_text):
                for symbol in self._store.symbols(path=path, qualified_name=qualified_name):
                    tests[symbol.uid] = symbol
        names = [name.rpartition(".")[2] for name, _ in mentions.names]
        names += [frame.function for frame in mentions.frames]
        for name in dict.fromkeys(names):
            if name.startswith("test"):
                named = [s for s in self._store.symbols(name=name) if s.kind is SymbolKind.TEST]
                tests.update((symbol.uid, symbol) for symbol in named[:_MAX_NAMESAKES])
        return list(tests.values())

    def _file_words(self, mentions: Mentions) -> _Stage:
        stage = _Stage()
        for path, score in self._store.search(mentions.words, "files", limit=_STAGE_LENGTH):
            factor = _TEST_FACTOR if is_test_path(path) else 1.0
            stage.add_file(path, score * factor, "shares its words with the text")
        return stage

    def _symbol_words(self, mentions: Mentions) -> _Stage:
        stage = _Stage()
        found = self._store.search(mentions.words, "symbols", limit=_STAGE_LENGTH)
        symbols = self._store.symbols_by_uid(uid for uid, _ in found)
        for uid, score in found:
            symbol = symbols[uid]
            score *= _TEST_FACTOR if is_test_path(symbol.path) else 1.0
            stage.add_symbol(symbol, score, "shares its words with the text")
            stage.files[symbol.path] = max(score, stage.files.get(symbol.path, 0.0))
            stage.reasons.setdefault(symbol.path, f"`{symbol.qualified_name}` shares its words with the text")
        return stage

    # Joining

    def _spread(self, files: dict[str, float]) -> tuple[dict[str, float], dict[str, str]]:
        """Re-rank by closeness in the graph. Returns new scores, and for files with none of their own, near whom."""
        seeds = {path: files[path] for path in ranking(files)[:_SEEDS]}
        if not seeds:
            return files, {}
        links = self._store.links(list(seeds), incoming=False) + self._store.links(list(seeds), incoming=True)
        ranks = spread(seeds, links)
        best_rank, best = max(ranks.values()), max(seeds.values())
        near: dict[str, tuple[float, str]] = {}
        for source, target, weight in links:
            for path, other in ((source, target), (target, source)):
                if other in seeds:
                    near[path] = max(near.get(path, (0.0, "")), (weight * seeds[other], other))
        joined = dict(files)
        for path, rank in ranks.items():
            factor = _TEST_FACTOR if is_test_path(path) else 1.0
            joined[path] = joined.get(path, 0.0) + _GRAPH_WEIGHT * best * factor * rank / best_rank
        return joined, {path: other for path, (_, other) in near.items()}

    def _symbol_hits(
        self, files: dict[str, float], stages: dict[str, _Stage], top: int
    ) -> Iterable[SymbolHit]:
        scores = fuse((_STAGE_WEIGHTS[name], stage.symbols) for name, stage in stages.items())
        symbols = self._store.symbols_by_uid(scores)
        best = max(files.values(), default=1.0) or 1.0
        ranked: dict[str, float] = {}
        for uid, score in scores.items():
            symbol = symbols[uid]
            factor = _TEST_FACTOR if is_test_path(symbol.path) else 1.0
            ranked[uid] = score * factor * (0.5 + files.get(symbol.path, 0.0) / best)
        for uid in ranking(ranked)[:top]:
            reasons = _reasons(uid, stages)
            yield SymbolHit(symbols[uid], round(ranked[uid], 4), reasons)


class _Paths:
    """The repository's paths, to be found by how they end."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            self._by_name[path.rpartition("/")[2]].append(path)

    def ending(self, text: str) -> list[str]:
        """The paths that agree with a path of the text in most of its last parts."""
        wanted = text.strip("/").split("/")
        agreeing = {path: _agreement(path, wanted) for path in self._by_name.get(wanted[-1], ())}
        best = max(agreeing.values(), default=0)
        found = [path for path, count in agreeing.items() if count == best]
        return found if len(found) <= _MAX_NAMESAKES else []


def _agreement(path: str, wanted: list[str]) -> int:
    count = 0
    for one, other in zip(reversed(path.split("/")), reversed(wanted), strict=False):
        if one != other:
            break
        count += 1
    return count


def _named_paths(mentions: Mentions, paths: _Paths) -> _Stage:
    stage = _Stage()
    in_frames = {frame.path for frame in mentions.frames}
    for text in mentions.paths:
        found = paths.ending(text) if text not in in_frames else []
        for path in found:
            stage.add_file(path, 1.0 / len(found), "its path is named in the text")
    return stage


def _fits(symbol: Symbol, qualifiers: list[str]) -> bool:
    """Whether what stands before the last dot names the symbol's class or module."""
    place = [*symbol.path.rpartition(".")[0].split("/"), *symbol.qualified_name.split(".")[:-1]]
    return qualifiers[-1] in place


def _reasons(key: str, stages: dict[str, _Stage]) -> tuple[str, ...]:
    found = [stage.reasons[key] for stage in stages.values() if key in stage.reasons]
    return tuple(dict.fromkeys(found))[:_MAX_REASONS]


def _file_hits(
    files: dict[str, float], stages: dict[str, _Stage], near: dict[str, str], top: int
) -> Iterable[FileHit]:
    for path in ranking(files)[:top]:
        reasons = _reasons(path, stages)
        if not reasons:
            reasons = (f"linked with {near[path]}",) if path in near else ()
        yield FileHit(path, round(files[path], 4), reasons)
