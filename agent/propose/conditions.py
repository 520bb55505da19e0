"""Conditions that code at a place may lack, likeliest first. Knows not where they will be put."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from agent.propose.kinds import compatible
from agent.propose.site import Site, is_value, level_of
from agent.propose.syntax import walk

CONDITION_NODES = frozenset({"comparison_operator", "boolean_operator", "not_operator"})
_LONGEST = 60
_MOST_NAMES = 5
_COMPARED = 4
_NUMBERS = ("int", "float", "bool")
_CONTAINERS = ("list", "dict", "set", "str", "tuple")


def missing_tests(site: Site) -> list[tuple[float, str]]:
    """(rank, condition) that would guard the site: bounds of its subscripts, the function's own conditions,
    then tests of the names that its statement reads."""
    found: dict[str, float] = {}
    for rank, test in (*_bounds(site), *_own_conditions(site), *_name_tests(site)):
        found[test] = min(found.get(test, rank), rank)
    return sorted((rank, test) for test, rank in found.items())


def emptiness(site: Site, name: str) -> tuple[str, ...]:
    """Tests that single out the trivial values of a name: none, empty, nought, one."""
    if site.clues.none_met:
        return (f"{name} is None", f"not {name}")
    match site.kinds.get(name):
        case "int" | "float":
            return (f"{name} == 0", f"{name} <= 0", f"{name} < 0", f"{name} == 1", f"{name} <= 1")
        case "str" | "list" | "tuple" | "dict" | "set":
            return (f"not {name}", f"{name} is None", f"len({name}) == 1", f"len({name}) <= 1")
        case _:
            return (f"not {name}", f"{name} is None", f"{name} == 0")


def names_read(node: Node, site: Site) -> list[str]:
    """Local names that a statement's own code reads, in order of appearance."""
    found: dict[str, None] = {}
    for inner in walk(node):
        if inner.type == "identifier" and is_value(inner) and site.source.text(inner) in site.scope.names:
            found[site.source.text(inner)] = None
    return [name for name in found if name not in ("self", "cls")]


def _bounds(site: Site) -> Iterator[tuple[float, str]]:
    """Of every `x[i + 1]` at the site: `i + 1 < len(x)`, `i + 1 >= 0`, `i in x`."""
    late = 0.0 if site.clues.errors & {"IndexError", "KeyError"} else 0.3
    for node in walk(site.node):
        owner = node.child_by_field_name("value") if node.type == "subscript" else None
        if owner is None or node.named_child_count != 2 or node.end_byte - node.start_byte > _LONGEST:
            continue
        index, container = site.source.text(node.named_children[1]), site.source.text(owner)
        if node.named_children[1].type == "slice":
            continue
        if index.lstrip("-").isdecimal():
            yield late, container
            continue
        if site.kind_of(owner) != "dict":
            yield late, f"{index} < len({container})"
            yield late + 0.1, f"{index} >= 0"
        if site.kind_of(owner) in ("dict", None):
            yield late + 0.05, f"{index} in {container}"


def _own_conditions(site: Site) -> Iterator[tuple[float, str]]:
    function = site.view.module.function_of(site.node)
    for inner in walk(function) if function is not None else ():
        if inner.type not in CONDITION_NODES or not is_value(inner) or inner.type == "boolean_operator":
            continue
        if inner.end_byte - inner.start_byte > _LONGEST or _overlap(inner, site.node):
            continue
        text = site.source.text(inner)
        yield 0.2, text
        yield 0.6, f"not {text}" if level_of(inner) >= 3 else f"not ({text})"


def _name_tests(site: Site) -> Iterator[tuple[float, str]]:
    names = names_read(site.statement, site)[:_MOST_NAMES]
    unused = [
        name for name, facts in site.scope.names.items() if facts.unused and name not in ("self", "cls")
    ]
    early = -0.2 if site.clues.none_met else 0.0
    for place, name in enumerate((*unused, *names)):
        late = 0.05 * place
        if site.kinds.get(name) in _NUMBERS:
            yield 0.3 + late, f"{name} > 0"
            yield 0.35 + late, f"{name} == 0"
            yield 0.35 + late, f"{name} != 0"
            yield 0.4 + late, f"{name} >= 0"
            yield 0.45 + late, f"{name} > 1"
        else:
            yield 0.3 + early + late, f"{name} is not None"
            yield 0.35 + early + late, f"{name} is None"
            yield 0.25 + late, name
            yield 0.3 + late, f"not {name}"
        for other in names[:_COMPARED]:
            yield from _compared(site, name, other, late)


def _compared(site: Site, name: str, other: str, late: float) -> Iterator[tuple[float, str]]:
    if name == other:
        return
    one, two = site.kinds.get(name), site.kinds.get(other)
    if name < other and compatible(one, two):
        yield 0.45 + late, f"{name} == {other}"
        yield 0.4 + late, f"{name} != {other}"
        if one in (None, "int", "float"):
            yield 0.5 + late, f"{name} < {other}"
            yield 0.5 + late, f"{name} > {other}"
    if one in _CONTAINERS:
        yield 0.5 + late, f"{other} in {name}"
        yield 0.45 + late, f"{other} not in {name}"
        if two == "int":
            yield 0.45 + late, f"{other} < len({name})"


def _overlap(first: Node, second: Node) -> bool:
    return first.start_byte < second.end_byte and second.start_byte < first.end_byte
