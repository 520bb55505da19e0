"""Find the files and symbols that a text speaks of, each with its reasons. Asks the store only, parses nothing.

The stages of index.retrieval.evidence and index.retrieval.meaning are joined, files by rank and score, symbols by
score and by how likely their file is. Any stage can be left out. Weights were set on the development cases of
tests/bench/localisation.py, fix commits and issue texts (2026-11-24; those of vectors on 112 cases of seven
repositories); spreading over file links, co-change, recency and size of files were tried there too and earned no
place.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from index.git.commits import load_commits
from index.git.past_changes import PastChanges
from index.retrieval.evidence import STAGES as LEXICAL_STAGES
from index.retrieval.evidence import Evidence, Paths, Question, prior
from index.retrieval.meaning import file_meaning, symbol_meaning
from index.retrieval.mentions import read_mentions
from index.retrieval.rank import fuse, ranking
from index.store import GraphStore, HistoryState
from index.types import FileHit, LocateResult, Symbol, SymbolHit, SymbolKind

STAGES = {**LEXICAL_STAGES, "file vectors": file_meaning, "symbol vectors": symbol_meaning}
ALL_STAGES = frozenset(STAGES)
_STAGE_WEIGHTS = {
    "traceback": 3.0,
    "path": 3.0,
    "name": 0.25,
    "tested": 1.5,
    "words": 2.0,
    "symbol words": 1.0,
    "past changes": 2.0,
    "file vectors": 0.5,
    "symbol vectors": 0.5,
}
_SYMBOL_WEIGHTS = {
    "traceback": 1.0,
    "name": 0.25,
    "tested": 0.5,
    "symbol words": 1.0,
    "symbol vectors": 0.25,
}
_KIND_FACTORS = {
    SymbolKind.FUNCTION: 1.0, SymbolKind.METHOD: 1.0, SymbolKind.CLASS: 0.2, SymbolKind.INTERFACE: 0.2,
    SymbolKind.TEST: 0.2, SymbolKind.MODULE: 0.1, SymbolKind.FIELD: 0.1, SymbolKind.CONSTANT: 0.1,
}  # fmt: skip
"""Where functions are sought: classes and constants come after the functions that answer as well."""
_LENGTH_WEIGHT = 1.0
"""What each doubling of a definition's lines adds: much code has many faults, and BM25 favours the short."""
_FILE_FLOOR = 0.2
"""What a symbol in a file that nothing else speaks for keeps, beside one in the likeliest file."""
_MAX_REASONS = 4


class Retriever:
    """Answers `locate` from one store. Safe to use from several threads."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self._past: tuple[HistoryState, PastChanges] = (HistoryState(), PastChanges(()))

    def locate(self, text: str, *, top: int = 10, stages: Collection[str] = ALL_STAGES) -> LocateResult:
        """The best `top` files and symbols for a text. Scores compare within one result only."""
        return self.join(self.gather(text, stages), top=top)

    def gather(self, text: str, stages: Collection[str] = ALL_STAGES) -> dict[str, Evidence]:
        """What each of the stages finds."""
        paths = Paths(record.path for record in self._store.files() if record.skipped is None)
        question = Question(self._store, text, read_mentions(text), paths, self._past_changes())
        return {name: stage(question) for name, stage in STAGES.items() if name in stages}

    def join(self, found: Mapping[str, Evidence], *, top: int = 10) -> LocateResult:
        """One ranking from the stages' own."""
        files = fuse((_STAGE_WEIGHTS[name], stage.files) for name, stage in found.items())
        files = {path: score * prior(path) for path, score in files.items()}
        hits = [FileHit(p, round(files[p], 4), _reasons(p, found)) for p in ranking(files)[:top]]
        return LocateResult(tuple(hits), tuple(self._symbol_hits(files, found, top)))

    def _symbol_hits(
        self, files: Mapping[str, float], found: Mapping[str, Evidence], top: int
    ) -> Iterable[SymbolHit]:
        scores: dict[str, float] = defaultdict(float)
        for name, weight in _SYMBOL_WEIGHTS.items():
            stage = found.get(name, Evidence()).symbols
            best = max(stage.values(), default=0.0)
            for uid, score in stage.items():
                scores[uid] += weight * score / best if best > 0 else 0.0
        symbols = self._store.symbols_by_uid(scores)
        best_file = max(files.values(), default=1.0) or 1.0
        ranked = {
            uid: score * _likelihood(symbols[uid], files.get(symbols[uid].path, 0.0) / best_file)
            for uid, score in scores.items()
        }
        for uid in ranking(ranked)[:top]:
            yield SymbolHit(symbols[uid], round(ranked[uid], 4), _reasons(uid, found))

    def _past_changes(self) -> PastChanges:
        """The history's commits, read again only when the history is another."""
        state = self._store.history_state()
        known, past = self._past
        if known != state or not state.complete:
            log = self._store.history_log()
            past = PastChanges(each for segment in log.values() for each in load_commits(segment).values())
            self._past = (state, past)
        return past


def _likelihood(symbol: Symbol, file_share: float) -> float:
    """What a symbol's score counts for, by its kind, its length and its file's score relative to the best one's."""
    lines = symbol.span.end_line - symbol.span.start_line + 1
    length = 1 + _LENGTH_WEIGHT * math.log2(1 + lines)
    return _KIND_FACTORS[symbol.kind] * length * (_FILE_FLOOR + file_share)


def _reasons(key: str, found: Mapping[str, Evidence]) -> tuple[str, ...]:
    reasons = [stage.reasons[key] for stage in found.values() if key in stage.reasons]
    return tuple(dict.fromkeys(reasons))[:_MAX_REASONS]
