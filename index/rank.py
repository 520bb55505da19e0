"""Join rankings and spread them over links: reciprocal-rank fusion and personalised PageRank. Knows no files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

_RANK_OFFSET = 10.0
"""The constant of reciprocal-rank fusion (Cormack et al. 2009 use 60 for long lists; ours are short)."""
_DAMPING = 0.6
_ROUNDS = 12


def fuse(rankings: Iterable[tuple[float, Mapping[str, float]]]) -> dict[str, float]:
    """Join (weight, scores) of several rankings: half by reciprocal rank, half by the score relative to the best."""
    joined: dict[str, float] = defaultdict(float)
    for weight, scores in rankings:
        best = max(scores.values(), default=0.0)
        if best <= 0:
            continue
        for rank, key in enumerate(ranking(scores), 1):
            by_rank = (_RANK_OFFSET + 1) / (_RANK_OFFSET + rank)
            joined[key] += weight * (by_rank + scores[key] / best) / 2
    return dict(joined)


def ranking(scores: Mapping[str, float]) -> list[str]:
    """Keys by falling score; ties in alphabetical order."""
    return sorted(scores, key=lambda key: (-scores[key], key))


def spread(seeds: Mapping[str, float], links: Iterable[tuple[str, str, float]]) -> dict[str, float]:
    """Personalised PageRank from weighted seeds over links taken both ways; the values sum to at most 1."""
    total = sum(seeds.values())
    if total <= 0:
        return {}
    neighbours: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for source, target, weight in links:
        neighbours[source][target] += weight
        neighbours[target][source] += weight
    start = {key: value / total for key, value in seeds.items()}
    shares = {
        key: {other: weight / sum(found.values()) for other, weight in found.items()}
        for key, found in neighbours.items()
    }
    current = dict(start)
    for _ in range(_ROUNDS):
        following = {key: (1 - _DAMPING) * value for key, value in start.items()}
        for key, value in current.items():
            for other, share in shares.get(key, {}).items():
                following[other] = following.get(other, 0.0) + _DAMPING * value * share
        current = following
    return current
