"""Tier 5: a condition is missing. Guards, base cases, conjuncts, skips, clamps."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from agent.propose.conditions import CONDITION_NODES, emptiness, missing_tests, names_read
from agent.propose.lines import guarded, insertion_before, siblings
from agent.propose.site import Change, Operator, Site, is_value, level_of
from agent.propose.syntax import PLAIN_STATEMENTS, STATEMENTS, VALUES, walk

_PLAIN_VALUES = frozenset(
    {"identifier", "true", "false", "none", "integer", "string", "list", "dictionary", "unary_operator"}
)
_HOLDERS = frozenset(
    {"if_statement", "while_statement", "elif_clause", "if_clause", "conditional_expression"}
)


def early_return(site: Site) -> Iterator[Change]:
    """A base case at a function's start, or a guard before a statement: `if not x: return …`."""
    first = _is_first(site.node)
    most = 4 if first else 2
    names = parameters(site)[:4] if first else names_read(site.node, site)[:3]
    for place, name in enumerate(names):
        for late, test in enumerate(emptiness(site, name)[: most + 1]):
            for later, value in enumerate(returned(site)[: most * 2]):
                text = f"if {test}:\n{site.source.indent_unit}return {value}".rstrip()
                rank = 0.3 * (not first) + 0.12 * place + 0.12 * late + 0.1 * later
                change = insertion_before(site, site.node, text, f"return `{value}` if `{test}`", rank)
                if change is not None:
                    yield change


def skip_in_loop(site: Site) -> Iterator[Change]:
    """`if not x: continue` in a loop's body, before the statement that reads `x`."""
    if loop_of(site.node) is None:
        return
    first = 0.0 if _is_first(site.node) else 0.15
    for place, name in enumerate(names_read(site.node, site)[:3]):
        for late, test in enumerate(emptiness(site, name)):
            text = f"if {test}:\n{site.source.indent_unit}continue"
            rank = first + 0.1 * place + 0.1 * late
            change = insertion_before(site, site.node, text, f"skip if `{test}`", rank)
            if change is not None:
                yield change


def guard_statement(site: Site) -> Iterator[Change]:
    """A statement that must only run under a condition that the scope suggests."""
    for rank, test in missing_tests(site)[:24]:
        change = guarded(site, site.node, test, rank)
        if change is not None:
            yield change


def add_filter(site: Site) -> Iterator[Change]:
    """A comprehension that lets too much through: `… for x in xs` → `… for x in xs if x`."""
    clauses = [child for child in site.node.named_children if child.type == "for_in_clause"]
    if not clauses or any(child.type == "if_clause" for child in site.node.named_children):
        return
    target = clauses[-1].child_by_field_name("left")
    names = [node for node in walk(target) if node.type == "identifier"] if target is not None else []
    end = clauses[-1].end_byte
    for place, node in enumerate(names[:3]):
        name = site.source.text(node)
        for late, test in enumerate((name, f"{name} is not None", f"not {name}", f"{name} > 0")):
            yield site.rewrite(end, end, f" if {test}", f"only where `{test}`", 0.1 * place + 0.1 * late)
    for rank, test in missing_tests(site)[:10]:
        yield site.rewrite(end, end, f" if {test}", f"only where `{test}`", 0.2 + rank)


def add_conjunct(site: Site) -> Iterator[Change]:
    """`c` → `c and d`, `c or d`, with conditions of the function and simple tests of its names."""
    if not _is_condition(site):
        return
    node, plain = site.node, site.text
    joined = node.parent is not None and node.parent.type == "boolean_operator"
    left = plain if level_of(node) >= 2 else f"({plain})"
    for rank, test in missing_tests(site)[:24]:
        if test == plain:
            continue
        late = rank + 0.15 * joined
        if node.type == "true":
            yield site.replace(node, test, late, level=3)
            continue
        fails_first = (
            "len(" in test or test.endswith(("is not None", ">= 0")) or " in " in test or test.isidentifier()
        )
        yield site.replace(node, f"{test} and {left}" if fails_first else f"{left} and {test}", late, level=2)
        before = test.startswith("not ") or test.endswith(("is None", "== 0"))
        yield site.replace(
            node, f"{test} or {plain}" if before else f"{plain} or {test}", late + 0.02, level=1
        )


def _is_condition(site: Site) -> bool:
    """Whether the site decides a branch, a loop, a filter or a returned truth value, or is an operand of one."""
    node, parent = site.node, site.node.parent
    if parent is None or not is_value(node):
        return False
    if parent.type == "boolean_operator":
        return node.type in CONDITION_NODES or parent.child_by_field_name("right") == node
    if parent.type == "return_statement":
        return site.kind == "bool" and node.type != "true"
    if parent.type == "conditional_expression":
        return parent.named_children[1] == node
    if parent.type == "if_clause":
        return True
    if parent.type == "parenthesized_expression":
        return node.type in CONDITION_NODES
    return parent.type in _HOLDERS and parent.child_by_field_name("condition") == node


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


def returned(site: Site) -> list[str]:
    """What the function returns elsewhere, then the plain values that base cases return; "" is a bare return."""
    function = site.view.module.function_of(site.node)
    found: dict[str, None] = {}
    returns = (
        [node for node in walk(function) if node.type == "return_statement"] if function is not None else []
    )
    for node in returns:
        value = node.named_children[0] if node.named_child_count else None
        if value is None or value.type in _PLAIN_VALUES:
            found[site.source.text(value) if value is not None else ""] = None
    rest = ["", *parameters(site)[:2]] if not returns else [*parameters(site)[:2], ""]
    return list(dict.fromkeys([*found, *rest, "0", "None", "False", "True", "[]", '""', "1"]))[:9]


def parameters(site: Site) -> list[str]:
    return [
        n for n, facts in site.scope.names.items() if facts.role == "parameter" and n not in ("self", "cls")
    ]


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


_COMPREHENSIONS = frozenset(
    {"list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"}
)
_TESTED = CONDITION_NODES | {
    "true",
    "identifier",
    "attribute",
    "call",
    "parenthesized_expression",
    "subscript",
}
OPERATORS = (
    Operator("conjunct", 4.1, _TESTED, add_conjunct),
    Operator("early return", 4.4, STATEMENTS, early_return),
    Operator("filter", 4.0, _COMPREHENSIONS, add_filter),
    Operator("skip", 3.9, STATEMENTS, skip_in_loop),
    Operator("guard", 4.4, PLAIN_STATEMENTS, guard_statement),
    Operator("clamp", 4.6, VALUES, clamp),
)
