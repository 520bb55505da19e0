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

# Fitted on the even tasks of HumanEvalFix with docstring tests only.
COST_SCALE = 1.2
"""Search cost by which a candidate's prior falls to 1/e."""
CHANGE_WEIGHT = 6.0
"""How strongly changed behaviour on inputs outside the failing tests speaks against a candidate."""
FAILING_INPUT_WEIGHT = 0.25
"""An input on which the base raises is likely outside the function's contract, and says little."""


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
    changed: int
    """Probe inputs on which it differs from the base."""
    differs_on: int
    """Probe inputs on which it differs from the best cluster."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Clusters, best first. `confidence` 0..1 is the belief that the best one's behaviour is wanted."""

    clusters: tuple[Cluster, ...]
    confidence: float

    @property
    def best(self) -> Finalist:
        return self.clusters[0].members[0]


def choose(finalists: Sequence[Finalist], base: Sequence[str]) -> Choice:
    """Cluster by behaviour and rank the clusters. `finalists` must not be empty; `base` is the base's behaviour.

    As in SRank, a cluster is believed by its own prior (cheap edits first, many texts of one behaviour support
    it) and by the priors of others as far as they agree with it where finalists disagree at all; a prior is
    lowered by how much of the base's behaviour it changes beyond the least that any finalist needs.
    """
    grouped: dict[tuple[str, ...], list[Finalist]] = defaultdict(list)
    for finalist in finalists:
        # Where nothing was observed, nothing says that two patches behave alike.
        grouped[finalist.behaviour or (finalist.candidate.id,)].append(finalist)
    weights = [FAILING_INPUT_WEIGHT if _failed(result) else 1.0 for result in base]
    cheapest = min(finalist.candidate.cost for finalist in finalists)
    changed = {behaviour: 1 - _agreement(behaviour, base, weights) for behaviour in grouped}
    least = min(changed.values())
    priors = {
        behaviour: _prior(members, cheapest) * math.exp(-CHANGE_WEIGHT * (changed[behaviour] - least))
        for behaviour, members in grouped.items()
    }
    total = sum(priors.values())
    disputed = [
        weight if len({behaviour[place] for behaviour in grouped}) > 1 else 0.0
        for place, weight in enumerate(weights)
    ]
    belief = {
        behaviour: sum(prior * _agreement(behaviour, other, disputed) for other, prior in priors.items())
        / total
        for behaviour in grouped
    }
    order = sorted(grouped, key=lambda each: (-belief[each], _cheapest_first(grouped[each])))
    clusters = tuple(
        Cluster(
            members=tuple(sorted(grouped[behaviour], key=lambda each: _cost_key(each.candidate))),
            share=priors[behaviour] / total,
            changed=_differing(behaviour, base) if base else 0,
            differs_on=_differing(behaviour, order[0]) if base else 0,
        )
        for behaviour in order
    )
    return Choice(clusters, belief[order[0]])


def _prior(members: Sequence[Finalist], cheapest: float) -> float:
    """Many texts of one behaviour support it, but less and less: the cheapest counts most."""
    costs = sorted(member.candidate.cost - cheapest for member in members)
    return sum(math.exp(-cost / COST_SCALE) / (1 + place) for place, cost in enumerate(costs))


def _failed(result: str) -> bool:
    return result.startswith(("raises ", "takes too long", "cannot be called"))


def _agreement(one: Sequence[str], other: Sequence[str], weights: Sequence[float]) -> float:
    """Weighted share of the inputs with equal results; without inputs, whether it is the same patch.

    Inputs that weigh less than one together say as little as that.
    """
    if one == other or not any(weights):
        return float(one == other)
    apart = sum(weight for weight, left, right in zip(weights, one, other, strict=True) if left != right)
    return 1 - apart / max(1.0, sum(weights))


def _differing(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(left != right for left, right in zip(one, other, strict=True))


def normal_form(source: bytes) -> str:
    """What a file's text means to Python, whatever its layout and comments; the text where it does not parse."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError):
        return source.decode("utf-8", "replace")


def _cost_key(candidate: Candidate) -> tuple[float, int, str]:
    size = sum(len(edit.replacement) + edit.end_byte - edit.start_byte for edit in candidate.edits)
    return candidate.cost, size, candidate.id


def _cheapest_first(members: Sequence[Finalist]) -> tuple[float, int, str]:
    return min(_cost_key(member.candidate) for member in members)


def evidence_factor(distinct_inputs: int, further_tests: int) -> float:
    """How far passing speaks for a patch, 0..1: by the inputs tried, and by the tests beside the one repaired."""
    return 1.0 - math.exp2(-(1.2 + distinct_inputs / 2 + further_tests))
