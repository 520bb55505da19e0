"""Combine two single candidates into one: both changes are needed. Knows no operator."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, pairwise

from agent.propose.syntax import SourceFile, SyntaxGate, Unit
from agent.types import Candidate

PAIR_COST = 2.0
OTHER_FUNCTION_COST = 1.5
PROGRESS_GAIN = 2.5
MOST_SINGLES = 1_500
"""Singles that are combined at most, the cheapest after what they gained; pairs are made lazily over them."""


def combine(
    proposer: str, sources: Mapping[str, bytes], singles: Sequence[Candidate], progress: Mapping[str, float]
) -> Iterator[Candidate]:
    """Pairs of singles that do not touch, by rising cost.

    `progress` gives 0..1 by candidate id: how far a single moved the failure. A pair costs what its singles
    cost, less for progress, more where the two lie in different functions.
    """
    files = {path: SourceFile(path, data) for path, data in sources.items()}
    gates = {path: SyntaxGate(file) for path, file in files.items()}
    seen = {single.id for single in singles}
    for cost, first, second in _ordered(files, singles, progress):
        edits = tuple(sorted(first.edits + second.edits))
        if any(one.path == two.path and two.start_byte <= one.end_byte for one, two in pairwise(edits)):
            continue
        note = f"{first.note}; {second.note}"
        pair = Candidate(edits, proposer, f"{first.operator} + {second.operator}", note, cost)
        if pair.id not in seen and _passes(pair, gates):
            seen.add(pair.id)
            yield pair


def _ordered(
    files: Mapping[str, SourceFile], singles: Sequence[Candidate], progress: Mapping[str, float]
) -> Iterator[tuple[float, Candidate, Candidate]]:
    """All pairs by rising cost, from a queue that holds one partner per single."""
    own = {single.id: single.cost - PROGRESS_GAIN * progress.get(single.id, 0.0) for single in singles}
    ordered = sorted(singles, key=lambda single: (own[single.id], single.id))[:MOST_SINGLES]
    places = [_place(files, single) for single in ordered]
    groups: dict[tuple[str, Unit], list[int]] = {}
    for index, place in enumerate(places):
        groups.setdefault(place, []).append(index)
    everyone = list(range(len(ordered)))
    order = count()
    queue: list[tuple[float, int, int, list[int], int, float]] = []

    def push(first: int, partners: list[int], position: int, extra: float) -> None:
        if position < len(partners):
            cost = PAIR_COST + extra + own[ordered[first].id] + own[ordered[partners[position]].id]
            heapq.heappush(queue, (round(cost, 6), next(order), first, partners, position, extra))

    for first, place in enumerate(places):
        near = groups[place]
        push(first, near, bisect_right(near, first), 0.0)
        push(first, everyone, first + 1, OTHER_FUNCTION_COST)
    while queue:
        cost, _, first, partners, position, extra = heapq.heappop(queue)
        second = partners[position]
        if extra == 0.0 or places[second] != places[first]:
            yield cost, ordered[first], ordered[second]
        push(first, partners, position + 1, extra)


def _place(files: Mapping[str, SourceFile], single: Candidate) -> tuple[str, Unit]:
    edit = single.edits[0]
    return edit.path, files[edit.path].unit_around(edit.start_byte, single.edits[-1].end_byte)


def _passes(pair: Candidate, gates: Mapping[str, SyntaxGate]) -> bool:
    return all(
        gates[path].edited_unit(
            [(edit.start_byte, edit.end_byte, edit.replacement) for edit in pair.edits if edit.path == path]
        )
        is not None
        for path in pair.paths
    )
