"""All operators in search order, and how the kind of failure shifts them. Knows no file and no queue."""

from __future__ import annotations

from agent.propose.clues import Clues
from agent.propose.operators import (
    bounds,
    conversions,
    donors,
    expressions,
    guards,
    missing,
    names,
    order,
    statements,
    strings,
    tokens,
)
from agent.propose.site import Operator

OPERATORS: tuple[Operator, ...] = tuple(
    sorted(
        (
            *tokens.OPERATORS,
            *names.OPERATORS,
            *order.OPERATORS,
            *expressions.OPERATORS,
            *conversions.OPERATORS,
            *strings.OPERATORS,
            *bounds.OPERATORS,
            *statements.OPERATORS,
            *donors.OPERATORS,
            *guards.OPERATORS,
            *missing.OPERATORS,
        ),
        key=lambda operator: (operator.cost, operator.name),
    )
)

# How much cheaper an operator gets when a failing test ends in this error. By reason, not fitted.
_BY_ERROR: dict[str, dict[str, float]] = {
    "NameError": {"name": 0.8, "add self": 0.8, "copy": 0.5, "called": 0.5, "called name": 0.5},
    "UnboundLocalError": {"name": 0.5, "move": 0.8, "missing else": 0.5, "copy": 0.5, "target": 0.5},
    "AttributeError": {
        "attribute": 0.8,
        "called": 0.5,
        "drop self": 0.5,
        "unwrap": 0.5,
        "early return": 1.2,
        "conjunct": 0.8,
        "guard": 0.8,
        "default value": 0.8,
        "wrap": 0.4,
        "name": 0.3,
        "call it": 0.5,
        "return": 0.4,
    },
    "TypeError": {
        "argument count": 0.7,
        "argument order": 0.5,
        "wrap": 0.8,
        "unwrap": 0.5,
        "early return": 0.8,
        "conjunct": 0.6,
        "default value": 0.8,
        "call it": 0.6,
        "index": 0.4,
        "await": 0.8,
        "guard": 0.6,
        "empty": 0.4,
    },
    "KeyError": {
        "default value": 1.2,
        "string": 0.5,
        "guard": 1.0,
        "conjunct": 0.6,
        "index": 0.5,
        "early return": 0.5,
    },
    "IndexError": {
        "number": 0.3,
        "comparison": 0.2,
        "off by one": 0.7,
        "range": 0.7,
        "index": 0.6,
        "conjunct": 1.0,
        "early return": 1.2,
        "boolean": 0.2,
        "guard": 0.6,
    },
    "ZeroDivisionError": {
        "early return": 1.2,
        "clamp": 1.0,
        "conjunct": 0.8,
        "default value": 0.6,
        "name": 0.2,
    },
    "ValueError": {"early return": 0.7, "catch": 1.0, "conjunct": 0.5, "guard": 0.5, "argument count": 0.3},
    "RecursionError": {
        "off by one": 0.6,
        "early return": 1.2,
        "unwrap": 0.3,
        "cut": 0.6,
        "name": 0.3,
        "range": 0.3,
    },
    "RuntimeError": {"wrap": 0.5},
    "StopIteration": {"argument count": 0.6, "catch": 0.6},
    "UnicodeDecodeError": {"argument count": 1.0},
    "UnicodeEncodeError": {"argument count": 1.0},
}
_BY_TRAIT: dict[str, dict[str, float]] = {
    "negated": {"truth": 0.3, "comparison": 0.2, "boolean": 0.2, "negate": 0.4},
    "off_by_one": {"number": 0.2, "off by one": 0.7, "range": 0.4, "comparison": 0.1},
    "sign": {"operand order": 0.4, "sign": 0.4, "wrap": 0.3, "off by one": 0.2},
    "rounding": {"arithmetic": 0.3, "wrap": 0.3, "called": 0.3},
    "none": {
        "return": 1.0,
        "missing else": 0.8,
        "unwrap": 0.5,
        "truth": 0.2,
        "return value": 0.5,
        "early return": 0.3,
    },
    "string": {"string": 0.6},
    "case": {"called": 0.4, "wrap": 0.7, "unwrap": 0.4},
    "space": {"string": 0.6, "wrap": 0.4, "called": 0.2, "unwrap": 0.2},
    "order": {
        "argument order": 0.2,
        "element order": 0.3,
        "argument count": 0.4,
        "operand order": 0.3,
        "wrap": 0.3,
    },
    "repeats": {"wrap": 0.4, "conjunct": 0.3, "guard": 0.3},
    "length_by_one": {
        "off by one": 0.4,
        "range": 0.5,
        "slice": 0.5,
        "comparison": 0.1,
        "move": 0.4,
        "copy": 0.3,
    },
    "type": {"wrap": 0.4, "unwrap": 0.4, "return": 0.2},
}
_ON_TIMEOUT = {
    "loop update": 2.0,
    "assignment": 2.0,
    "store": 1.4,
    "conjunct": 1.5,
    "target": 1.0,
    "off by one": 1.8,
    "jump": 0.3,
    "slice": 1.0,
    "cut": 1.2,
}
_ON_NONE = {
    "early return": 2.2,
    "conjunct": 1.6,
    "guard": 1.4,
    "skip": 1.6,
    "default value": 1.4,
    "store": 0.8,
}
_LOWEST_COST = 0.8


def costs(clues: Clues) -> dict[str, float]:
    """Every operator's cost under the evidence, by name."""
    bonus: dict[str, float] = {}
    tables = [_BY_ERROR.get(error, {}) for error in clues.errors]
    tables += [_BY_TRAIT.get(trait, {}) for trait in clues.traits]
    if clues.none_met:
        tables.append(_ON_NONE)
    if clues.timed_out:
        tables.append(_ON_TIMEOUT)
    for table in tables:
        for name, gain in table.items():
            bonus[name] = max(bonus.get(name, 0.0), gain)
    return {each.name: max(each.cost - bonus.get(each.name, 0.0), _LOWEST_COST) for each in OPERATORS}
