"""Find the files and symbols that a text speaks of, each with its reasons. Asks the store only, parses nothing.

The stages of index.evidence are joined by reciprocal-rank fusion, then mildly re-ranked by personalised PageRank
over file links, which is a stage of its own, `graph`. Any stage can be left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from index.evidence import STAGES, Evidence, Paths, Question, prior
from index.mentions import read_mentions
from index.rank import fuse, ranking, spread
from index.store import GraphStore
from index.types import FileHit, LocateResult, SymbolHit

GRAPH = "graph"
ALL_STAGES = frozenset({*STAGES, GRAPH})
_STAGE_WEIGHTS = {
    "traceback": 3.0,
    "path": 3.0,
    "name": 2.0,
    "tested": 1.5,
    "words": 2.0,
    "symbol words": 1.0,
}
_GRAPH_WEIGHT = 0.25
_SEEDS = 25
_MAX_REASONS = 4


class Retriever:
    """Answers `locate` from one store."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store

    def locate(self, text: str, *, top: int = 10, stages: Collection[str] = ALL_STAGES) -> LocateResult:
        """The best `top` files and symbols for a text. Scores compare within one result only."""
        return self.join(self.gather(text, stages), top=top, graph=GRAPH in stages)

    def gather(self, text: str, stages: Collection[str] = ALL_STAGES) -> dict[str, Evidence]:
        """What each of the stages finds."""
        paths = Paths(record.path for record in self._store.files() if record.skipped is None)
        question = Question(self._store, read_mentions(text), paths)
        return {name: stage(question) for name, stage in STAGES.items() if name in stages}

    def join(self, found: Mapping[str, Evidence], *, top: int = 10, graph: bool = True) -> LocateResult:
        """One ranking from the stages' own."""
        files = fuse((_STAGE_WEIGHTS[name], stage.files) for name, stage in found.items())
        files = {path: score * prior(path) for path, score in files.items()}
        near: dict[str, str] = {}
        if graph:
            files, near = self._spread(files)
        return LocateResult(
            tuple(_file_hits(files, found, near, top)), tuple(self._symbol_hits(files, found, top))
        )

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
            joined[path] = joined.get(path, 0.0) + _GRAPH_WEIGHT * best * prior(path) * rank / best_rank
        return joined, {path: other for path, (_, other) in near.items()}

    def _symbol_hits(
        self, files: dict[str, float], found: Mapping[str, Evidence], top: int
    ) -> Iterable[SymbolHit]:
        scores = fuse((_STAGE_WEIGHTS[name], stage.symbols) for name, stage in found.items())
        symbols = self._store.symbols_by_uid(scores)
        best = max(files.values(), default=1.0) or 1.0
        ranked: dict[str, float] = {}
        for uid, score in scores.items():
            symbol = symbols[uid]
            ranked[uid] = score * prior(symbol.path) * (0.5 + files.get(symbol.path, 0.0) / best)
        for uid in ranking(ranked)[:top]:
            yield SymbolHit(symbols[uid], round(ranked[uid], 4), _reasons(uid, found))


def _reasons(key: str, found: Mapping[str, Evidence]) -> tuple[str, ...]:
    reasons = [stage.reasons[key] for stage in found.values() if key in stage.reasons]
    return tuple(dict.fromkeys(reasons))[:_MAX_REASONS]


def _file_hits(
    files: dict[str, float], found: Mapping[str, Evidence], near: dict[str, str], top: int
) -> Iterable[FileHit]:
    for path in ranking(files)[:top]:
        reasons = _reasons(path, found)
        if not reasons:
            reasons = (f"linked with {near[path]}",) if path in near else ()
        yield FileHit(path, round(files[path], 4), reasons)
