"""Choose among patches that pass all tests, by how they behave, and say how sure the choice is.

Tests are weak oracles: of template repairs that passed a few examples, about a fifth were wrong. What tells
right from wrong there is behaviour on further inputs (SRank, CodeT), never the patch's text. Knows nothing of
how behaviour is observed.
"""

from __future__ import annotations

import ast
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from agent.types import Candidate

COST_SCALE = 0.6
"""Search cost by which a candidate's prior falls to 1/e."""
CHANGE_WEIGHT = 1.0
"""How strongly changed behaviour on inputs outside the failing tests speaks against a candidate."""


@dataclass(frozen=True, slots=True)
class Finalist:
    """A candidate that passed the failing tests and broke none of the others.

    `behaviour`: one normalised result per probe input, in the order of the base's; empty if not probed.
    """

    candidate: Candidate
    behaviour: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Finalists that no probe input tells apart, the best first, with the cluster's share of all belief."""

    members: tuple[Finalist, ...]
    share: float
    changed: float
    """Share of the probe inputs on which it differs from the base."""
    differs_on: int
    """Probe inputs on which it differs from the best cluster."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Clusters, best first. `confidence` 0..1 is the best one's share of belief."""

    clusters: tuple[Cluster, ...]
    confidence: float

    @property
    def best(self) -> Finalist:
        return self.clusters[0].members[0]


def choose(finalists: Sequence[Finalist], base_behaviour: Sequence[str]) -> Choice:
    """Cluster by behaviour and weigh each cluster. `finalists` must not be empty.

    A cluster's weight is the sum of its members' priors (cheap edits first), lowered by how much of the
    base's behaviour it changes beyond the least that any finalist needs.
    """
    grouped: dict[tuple[str, ...], list[Finalist]] = defaultdict(list)
    for finalist in finalists:
        # Where nothing was observed, nothing says that two patches behave alike.
        grouped[finalist.behaviour or (finalist.candidate.id,)].append(finalist)
    cheapest = min(finalist.candidate.cost for finalist in finalists)
    changed = {behaviour: _changed(behaviour, base_behaviour) for behaviour in grouped}
    least = min(changed.values())
    weights = {
        behaviour: _prior(members, cheapest) * math.exp(-CHANGE_WEIGHT * (changed[behaviour] - least))
        for behaviour, members in grouped.items()
    }
    total = sum(weights.values())
    order = sorted(grouped, key=lambda behaviour: (-weights[behaviour], _cheapest_first(grouped[behaviour])))
    clusters = tuple(
        Cluster(
            members=tuple(sorted(grouped[behaviour], key=lambda each: _cost_key(each.candidate))),
            share=weights[behaviour] / total,
            changed=changed[behaviour],
            differs_on=_differing(behaviour, order[0]),
        )
        for behaviour in order
    )
    return Choice(clusters, clusters[0].share)


def _prior(members: Sequence[Finalist], cheapest: float) -> float:
    """Many texts of one behaviour support it, but less and less: the cheapest counts most."""
    costs = sorted(member.candidate.cost - cheapest for member in members)
    return sum(math.exp(-cost / COST_SCALE) / (1 + place) for place, cost in enumerate(costs))


def _changed(behaviour: Sequence[str], base: Sequence[str]) -> float:
    return _differing(behaviour, base) / len(base) if base else 0.0


def normal_form(source: bytes) -> str:
    """What a file's text means to Python, whatever its layout and comments; the text where it does not parse."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError):
        return source.decode("utf-8", "replace")


def _differing(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(left != right for left, right in zip(one, other, strict=False)) + abs(len(one) - len(other))


def _cost_key(candidate: Candidate) -> tuple[float, int, str]:
    size = sum(len(edit.replacement) + edit.end_byte - edit.start_byte for edit in candidate.edits)
    return candidate.cost, size, candidate.id


def _cheapest_first(members: Sequence[Finalist]) -> tuple[float, int, str]:
    return min(_cost_key(member.candidate) for member in members)


def evidence_factor(distinct_inputs: int, guarding_tests: int) -> float:
    """How far passing speaks for a patch, 0..1: by the inputs that the tests try and the tests that guard it."""
    return 1.0 - math.exp2(-(0.5 + distinct_inputs / 2 + guarding_tests))
