"""Join rankings by reciprocal-rank fusion. Knows no files."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

_RANK_OFFSET = 3.0
"""The constant of reciprocal-rank fusion (Cormack et al. 2009 use 60 for long lists; ours are short, and a stage's
first place says much more than its fifth: set on issue texts, 2026-11-24)."""


def fuse(rankings: Iterable[tuple[float, Mapping[str, float]]]) -> dict[str, float]:
    """Join (weight, scores) of several rankings: half by reciprocal rank, half by the score relative to the best."""
    joined: dict[str, float] = defaultdict(float)
    for weight, scores in rankings:
        best = max(scores.values(), default=0.0)
        if best <= 0:
            continue
        rank, above = 0, math.inf
        for place, key in enumerate(ranking(scores), 1):
            if scores[key] < above:
                rank, above = place, scores[key]
            by_rank = (_RANK_OFFSET + 1) / (_RANK_OFFSET + rank)
            joined[key] += weight * (by_rank + scores[key] / best) / 2
    return dict(joined)


def ranking(scores: Mapping[str, float]) -> list[str]:
    """Keys by falling score; ties in alphabetical order."""
    return sorted(scores, key=lambda key: (-scores[key], key))
