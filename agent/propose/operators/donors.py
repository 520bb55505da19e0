"""Tier 4: the right expression stands elsewhere in the function, class or file."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from agent.propose.conditions import emptiness, missing_tests
from agent.propose.kinds import compatible
from agent.propose.operators.names import similarity
from agent.propose.site import Change, Operator, Site, is_function_name, is_value, level_of
from agent.propose.syntax import EXPRESSIONS, walk

_MOST_DONORS = 24
_LONGEST_DONOR = 80
_TRIVIAL = frozenset({"true", "false", "none", "integer", "float", "string", "identifier", "tuple"})
_CONDITIONS = frozenset({"comparison_operator", "boolean_operator", "not_operator"})


def borrow(site: Site) -> Iterator[Change]:
    """An expression, by one of a fitting kind from the same function, then from the same file."""
    node = site.node
    if not is_value(node) or is_function_name(node):
        return
    ranked: dict[str, tuple[float, int]] = {}
    function = site.view.module.function_of(node)
    for far, root in ((0.0, function), (0.5, _surroundings(site, function))):
        for donor in walk(root) if root is not None else ():
            if donor.type not in EXPRESSIONS or not is_value(donor) or is_function_name(donor):
                continue
            if donor.end_byte - donor.start_byte > _LONGEST_DONOR or (far and donor.type in _TRIVIAL):
                continue
            text = site.source.text(donor)
            if text == site.text or text in ranked or (far and not _readable(site, donor)):
                continue
            ranked[text] = (far + _distance(site, donor, text), level_of(donor))
    best = sorted(ranked.items(), key=lambda item: (item[1][0], item[0]))[:_MOST_DONORS]
    for text, (rank, level) in best:
        yield site.replace(node, text, rank, level=level)


def return_other(site: Site) -> Iterator[Change]:
    """`return x` gives the wrong thing: a name of the scope, its negation, a pair, nothing."""
    value = site.node.named_children[0] if site.node.named_child_count else None
    old = site.source.text(value) if value is not None else ""
    start, end = site.node.start_byte, site.node.end_byte
    likely = sorted(
        (name for name, facts in site.scope.names.items() if facts.role in ("local", "parameter")),
        key=lambda name: -site.scope.names[name].first_byte,
    )
    for place, new in enumerate(("True", "False", "None", "0", "1", "-1", "[]", '""', *likely[:8])):
        if new != old and (value is None or value.type != "identifier" or place < 8):
            yield site.rewrite(start, end, f"return {new}", f"return `{new}`", 0.1 + place * 0.03)


def return_test(site: Site) -> Iterator[Change]:
    """`return True` where the answer depends: on a test of the function's names."""
    value = site.node.named_children[0] if site.node.named_child_count else None
    if value is None or value.type not in ("true", "false"):
        return
    names = [name for name, facts in site.scope.names.items() if facts.role in ("local", "parameter")]
    later = sorted(names, key=lambda name: (site.scope.names[name].role != "local", name))
    for place, name in enumerate(later[:5]):
        if name not in ("self", "cls"):
            for late, test in enumerate((*emptiness(site, name), f"bool({name})")):
                yield site.replace(value, test, 0.06 * place + 0.1 * late, level=3)
    for rank, test in missing_tests(site)[:10]:
        yield site.replace(value, test, 0.2 + rank, level=1)


def repeat_call(site: Site) -> Iterator[Change]:
    """`f(x)` → `f(f(x))`: a step that must be taken twice; `f(x)` → `f(x, f)`."""
    arguments = site.node.child_by_field_name("arguments")
    function = site.node.child_by_field_name("function")
    if arguments is None or function is None or arguments.named_child_count != 1 or not is_value(site.node):
        return
    name = site.source.text(function)
    if function.type == "identifier" and name in site.view.module.signatures:
        yield site.replace(site.node, f"{name}({site.text})", 0.2)


def call_it(site: Site) -> Iterator[Change]:
    """A function or method that is named where its result was meant: `x.f` → `x.f()`."""
    parent = site.node.parent
    if not is_value(site.node) or is_function_name(site.node) or parent is None or parent.type == "attribute":
        return
    name = site.text.rpartition(".")[2]
    known = name in site.view.module.signatures or site.node.type == "attribute"
    if known:
        yield site.replace(site.node, f"{site.text}()", 0.0 if name in site.view.module.signatures else 0.3)


def _distance(site: Site, donor: Node, text: str) -> float:
    """How unlike the donor is to what it would replace: 0 to about 1."""
    distance = 0.35 - 0.35 * similarity(site.text, text)
    if donor.type != site.node.type:
        distance += 0.2
    if not compatible(site.kind, site.kind_of(donor)):
        distance += 0.4
    if (donor.type in _CONDITIONS) != (site.node.type in _CONDITIONS):
        distance += 0.2
    return distance


def _surroundings(site: Site, function: Node | None) -> Node | None:
    """The class of a method, else the file if it is short enough to be worth reading for every expression."""
    current = function.parent if function is not None else None
    while current is not None and current.type != "class_definition":
        current = current.parent
    root = current or site.source.root
    return root if root.end_byte - root.start_byte < 20_000 else None


def _readable(site: Site, donor: Node) -> bool:
    """Whether every plain name in the donor is visible at the site."""
    return all(
        inner.type != "identifier" or not is_value(inner) or site.source.text(inner) in site.visible
        for inner in walk(donor)
    )


OPERATORS = (
    Operator("call it", 3.1, frozenset({"identifier", "attribute"}), call_it),
    Operator("repeat call", 3.8, frozenset({"call"}), repeat_call),
    Operator("return test", 3.9, frozenset({"return_statement"}), return_test),
    Operator("return value", 3.9, frozenset({"return_statement"}), return_other),
    Operator("borrow", 4.4, EXPRESSIONS - {"parenthesized_expression"}, borrow),
)
