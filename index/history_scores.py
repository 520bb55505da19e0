"""Score files by git's history: what changed together with the files that a text leads to, and what changed lately.

A stage of retrieval on its own: it reads a store and ranks, and knows neither texts nor the other stages.
"""

from __future__ import annotations

from collections.abc import Mapping

from index.store import GraphReader

RECENCY_SHARE = 0.1
"""How much a file gets for being the most recently changed of all, where 1 is the best companion's whole score.
Not tuned: small enough to part equals, too small to bring up a file on its own."""


def history_scores(store: GraphReader, seed_files: Mapping[str, float]) -> dict[str, tuple[float, str]]:
    """Path → (score in 0…1 + RECENCY_SHARE, reason) for the seeds and for the files that changed together with them.

    `seed_files` are other stages' scores, on any scale; those that are not positive are ignored. A companion gets
    Σ weight(companion, seed) · seed / (sum of seeds); a seed gets that from the other seeds, or nothing. To each is
    added the recency prior, linear in log2 of the decayed number of its changes. Empty where there is no history.
    """
    seeds = {path: score for path, score in seed_files.items() if score > 0}
    recency = store.recency() if seeds else {}
    if not recency:
        return {}
    total = sum(seeds.values())
    together: dict[str, float] = {}
    nearest: dict[str, tuple[float, str]] = {}
    for seed, other, weight in store.changed_with(seeds.keys()):
        part = weight * seeds[seed] / total
        together[other] = together.get(other, 0.0) + part
        nearest[other] = max(nearest.get(other, (0.0, "")), (part, seed))
    oldest, newest = min(recency.values()), max(recency.values())
    scores: dict[str, tuple[float, str]] = {}
    for path in sorted(together.keys() | (seeds.keys() & recency.keys())):
        lately = (recency.get(path, oldest) - oldest) / (newest - oldest) if newest > oldest else 0.0
        reason = f"often changed together with {nearest[path][1]}" if path in nearest else "changed lately"
        scores[path] = (together.get(path, 0.0) + RECENCY_SHARE * lately, reason)
    return scores
