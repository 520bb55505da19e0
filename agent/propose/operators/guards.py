"""Tier 5: a condition is missing. Guards, base cases, conjuncts, skips, clamps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from tree_sitter import Node

from agent.propose.lines import guarded, insertion_before, siblings
from agent.propose.site import Change, Operator, Site, is_value, level_of
from agent.propose.syntax import SIMPLE_STATEMENTS, walk

_CONDITIONS = frozenset({"comparison_operator", "boolean_operator", "not_operator"})
_HOLDERS = frozenset(
    {"if_statement", "while_statement", "elif_clause", "if_clause", "conditional_expression"}
)


def early_return(site: Site) -> Iterator[Change]:
    """A base case at a function's start, or a guard before a statement: `if not x: return …`."""
    first = _is_first(site.node)
    names = _names_read(site.node, site)[:4] if not first else parameters(site)[:4]
    values = returned(site)
    for place, name in enumerate(names):
        for late, test in enumerate(_emptiness(site, name)):
            for later, value in enumerate(values):
                text = f"if {test}:\n{site.source.indent_unit}return {value}".rstrip()
                rank = 0.3 * (not first) + 0.12 * place + 0.08 * late + 0.06 * later
                change = insertion_before(site, site.node, text, f"return `{value}` if `{test}`", rank)
                if change is not None:
                    yield change


def skip_in_loop(site: Site) -> Iterator[Change]:
    """`if x is None: continue` at the start of a loop's body."""
    loop = loop_of(site.node)
    if loop is None or not _is_first(site.node):
        return
    target = loop.child_by_field_name("left")
    names = [site.source.text(node) for node in walk(target) if node.type == "identifier"] if target else []
    for place, name in enumerate(names[:3]):
        for late, test in enumerate(_emptiness(site, name)):
            text = f"if {test}:\n{site.source.indent_unit}continue"
            change = insertion_before(
                site, site.node, text, f"skip if `{test}`", 0.1 + 0.1 * place + 0.1 * late
            )
            if change is not None:
                yield change


def guard_statement(site: Site) -> Iterator[Change]:
    """A statement that must only run under a condition that the scope suggests."""
    for rank, test in islice(_tests(site), 24):
        change = guarded(site, site.node, test, rank)
        if change is not None:
            yield change


def add_conjunct(site: Site) -> Iterator[Change]:
    """`c` → `c and d`, `c or d`, with conditions of the function and simple tests of its names."""
    node, parent = site.node, site.node.parent
    if parent is None or not is_value(node) or node.type in ("true", "false"):
        return
    returned = parent.type == "return_statement" and site.kind == "bool"
    if parent.type not in _HOLDERS and not returned:
        return
    if parent.type == "conditional_expression" and parent.named_children[1] != node:
        return
    if parent.type not in ("conditional_expression", "return_statement", "if_clause") and (
        parent.child_by_field_name("condition") != node
    ):
        return
    left_and = site.text if level_of(node) >= 2 else f"({site.text})"
    for rank, test in islice(_tests(site), 20):
        if test != site.text:
            yield site.replace(node, f"{left_and} and {test}", rank, level=2)
            yield site.replace(node, f"{site.text} or {test}", rank + 0.02, level=1)
            if rank < 0.3:
                yield site.replace(node, f"{test} and {left_and}", rank + 0.1, level=2)


def clamp(site: Site) -> Iterator[Change]:
    """`x` → `max(x, 0)`, `min(x, n)`: a bound is missing."""
    if not is_value(site.node) or site.kind not in ("int", "float", None):
        return
    parent = site.node.parent
    if parent is None or parent.type not in (
        "assignment",
        "return_statement",
        "argument_list",
        "slice",
        "subscript",
    ):
        return
    numbers = [name for name, facts in site.scope.names.items() if facts.kind in ("int", "float")][:4]
    for place, bound in enumerate(("0", "1", *numbers)):
        if bound != site.text:
            yield site.replace(site.node, f"max({site.text}, {bound})", 0.2 + place * 0.08)
            yield site.replace(site.node, f"min({site.text}, {bound})", 0.2 + place * 0.08)


def _tests(site: Site) -> Iterator[tuple[float, str]]:
    """Conditions that may be missing here, best first: the function's own, then tests of the names read."""
    seen: dict[str, float] = {}
    function = site.view.module.function_of(site.node)
    for inner in walk(function) if function is not None else ():
        if inner.type in _CONDITIONS and is_value(inner) and inner.end_byte - inner.start_byte <= 60:
            text = site.source.text(inner)
            if inner.type != "boolean_operator" and not (
                site.node.start_byte <= inner.start_byte and inner.end_byte <= site.node.end_byte
            ):
                seen.setdefault(text, 0.2)
                seen.setdefault(f"not {text}" if level_of(inner) >= 3 else f"not ({text})", 0.6)
    names = _names_read(site.statement, site)
    for place, name in enumerate(names[:4]):
        kind = site.kinds.get(name)
        late = 0.05 * place
        if kind not in ("int", "float", "bool"):
            seen.setdefault(f"{name} is not None", 0.25 + late)
            seen.setdefault(name, 0.3 + late)
        else:
            seen.setdefault(f"{name} > 0", 0.3 + late)
            seen.setdefault(f"{name} != 0", 0.35 + late)
            seen.setdefault(f"{name} >= 0", 0.4 + late)
        for other in names[:4]:
            if other > name and site.kinds.get(other) == kind:
                seen.setdefault(f"{name} == {other}", 0.4 + late)
                seen.setdefault(f"{name} != {other}", 0.4 + late)
                seen.setdefault(f"{name} < {other}", 0.5 + late)
                seen.setdefault(f"{name} > {other}", 0.5 + late)
            if other != name and kind in ("list", "dict", "set", "str"):
                seen.setdefault(f"{other} in {name}", 0.5 + late)
                seen.setdefault(f"{other} not in {name}", 0.45 + late)
                if site.kinds.get(other) == "int":
                    seen.setdefault(f"{other} < len({name})", 0.45 + late)
    yield from sorted(((rank, text) for text, rank in seen.items()))


def _emptiness(site: Site, name: str) -> tuple[str, ...]:
    match site.kinds.get(name):
        case "int" | "float":
            return (f"{name} == 0", f"{name} <= 0", f"{name} < 0", f"{name} == 1", f"{name} <= 1")
        case "str" | "list" | "tuple" | "dict" | "set":
            return (f"not {name}", f"{name} is None", f"len({name}) == 1")
        case _:
            return (f"{name} is None", f"not {name}", f"{name} == 0")


def returned(site: Site) -> list[str]:
    """What the function returns elsewhere, then the plain values that base cases return."""
    function = site.view.module.function_of(site.node)
    found: dict[str, None] = {}
    for node in walk(function) if function is not None else ():
        if node.type == "return_statement" and node.named_child_count:
            value = node.named_children[0]
            if value.type in (
                "identifier",
                "true",
                "false",
                "none",
                "integer",
                "string",
                "list",
                "dictionary",
            ):
                found[site.source.text(value)] = None
    rest = [*parameters(site)[:2], "", "0", "None", "False", "True", "[]", '""', "1"]
    return list(dict.fromkeys([*found, *rest]))[:8]


def parameters(site: Site) -> list[str]:
    return [
        n for n, facts in site.scope.names.items() if facts.role == "parameter" and n not in ("self", "cls")
    ]


def _names_read(node: Node, site: Site) -> list[str]:
    """Local names that a statement's own line reads, in order of appearance."""
    found: dict[str, None] = {}
    for inner in walk(node):
        if inner.type == "identifier" and is_value(inner) and site.source.text(inner) in site.scope.names:
            found[site.source.text(inner)] = None
    return [name for name in found if name not in ("self", "cls")]


def _is_first(node: Node) -> bool:
    """Whether a statement is its block's first, a docstring aside."""
    around = siblings(node)
    if around[0] == node:
        return True
    docstring = around[0].type == "expression_statement" and around[0].named_children[0].type == "string"
    return docstring and len(around) > 1 and around[1] == node


def loop_of(node: Node) -> Node | None:
    """The loop whose body directly holds `node`."""
    block = node.parent
    owner = block.parent if block is not None else None
    return owner if owner is not None and owner.type in ("for_statement", "while_statement") else None


_STATEMENTS = SIMPLE_STATEMENTS - {
    "import_statement",
    "import_from_statement",
    "future_import_statement",
    "pass_statement",
}
_ANY = _STATEMENTS | {"if_statement", "for_statement", "while_statement"}
_VALUES = frozenset({"identifier", "attribute", "call", "subscript", "binary_operator"})
_TESTED = _CONDITIONS | {"identifier", "attribute", "call", "parenthesized_expression", "subscript"}
OPERATORS = (
    Operator("conjunct", 5.0, _TESTED, add_conjunct),
    Operator("early return", 5.0, _ANY, early_return),
    Operator("skip", 5.1, _ANY, skip_in_loop),
    Operator("guard", 5.1, _STATEMENTS, guard_statement),
    Operator("clamp", 5.1, _VALUES, clamp),
)
