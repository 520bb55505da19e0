"""Tier 3: one term too much or too little. Off by one, negation, operands, elements, grouping."""

from __future__ import annotations

from collections.abc import Iterator

from agent.propose.kinds import compatible
from agent.propose.site import (
    ATOM,
    Change,
    Operator,
    Site,
    become,
    is_function_name,
    is_value,
    level_of,
    operator_token,
    tightly,
)
from agent.propose.syntax import EXPRESSIONS

_NUMERIC_NODES = frozenset(
    {"identifier", "attribute", "subscript", "call", "binary_operator", "unary_operator"}
)
_CONDITION_PARENTS = frozenset(
    {"if_statement", "while_statement", "elif_clause", "if_clause", "assert_statement"}
)


def add_or_subtract_one(site: Site) -> Iterator[Change]:
    if not is_value(site.node) or not compatible(site.kind, "int") or is_function_name(site.node):
        return
    rank = 0.0 if site.kind == "int" else 0.25
    parent = site.node.parent
    if parent is not None and parent.type in ("subscript", "slice", "argument_list", "comparison_operator"):
        rank = max(rank - 0.15, 0.0)
    elif parent is not None and parent.type == "binary_operator":
        rank += 0.1
    yield site.replace(site.node, f"{tightly(site, site.node, 9)} - 1", rank, level=9)
    yield site.replace(site.node, f"{tightly(site, site.node, 9)} + 1", rank, level=9)
    if site.node.type in ("binary_operator", "identifier", "call") and rank < 0.2:
        yield site.replace(site.node, f"-{tightly(site, site.node, 12)}", 0.4, level=11)


def negate(site: Site) -> Iterator[Change]:
    """A condition, or a truth value that is returned, is the wrong way round."""
    parent = site.node.parent
    if (
        parent is None
        or not is_value(site.node)
        or site.node.type in ("not_operator", "true", "false", "none")
    ):
        return
    test = parent.type in _CONDITION_PARENTS and parent.child_by_field_name("consequence") != site.node
    arm = parent.type == "conditional_expression" and parent.named_children[1] == site.node
    joined = parent.type == "boolean_operator"
    returned = parent.type in ("return_statement", "assignment") and site.kind == "bool"
    if test or arm or joined or returned:
        yield site.replace(site.node, f"not {tightly(site, site.node, 3)}", 0.1 * joined, level=3)


def add_operand(site: Site) -> Iterator[Change]:
    """A term is missing: `b` → `a + b`, `b - a`, `[a] + b`; a forgotten name first."""
    node, parent = site.node, site.node.parent
    if parent is None or not is_value(node) or is_function_name(node) or parent.type == "attribute":
        return
    if site.kind in ("bool", "dict", "none", "set", "callable") or (
        node.type == "attribute" and is_function_name(node)
    ):
        return
    text = tightly(site, node, 9)
    for rank, term in _terms(site):
        if term != site.text:
            yield site.replace(node, f"{text} + {term}", rank, level=9)
            if site.kind in ("int", "float", None):
                yield site.replace(node, f"{text} - {term}", rank + 0.05, level=9)
                yield site.replace(node, f"{term} - {tightly(site, node, 10)}", rank + 0.25, level=9)
                yield site.replace(node, f"{tightly(site, node, 10)} * {term}", rank + 0.3, level=10)
            if site.kind not in ("int", "float"):
                yield site.replace(node, f"{term} + {tightly(site, node, 10)}", rank + 0.05, level=9)


def _terms(site: Site) -> list[tuple[float, str]]:
    """Names that may be added to the site's value, with ranks: of its kind, or elements of its list."""
    found: list[tuple[float, str]] = []
    beside = site.node.parent is not None and site.node.parent.type == "binary_operator"
    for name, facts in site.scope.names.items():
        if facts.role == "import" or facts.kind in ("callable", "bool") or name in ("self", "cls"):
            continue
        rank = (0.0 if facts.unused else 0.5) + 0.25 * (facts.kind is None) + 0.2 * beside
        rank += 0.3 * (facts.first_byte > site.node.start_byte)
        if compatible(site.kind, facts.kind):
            found.append((rank + 0.2 * (site.kind is None), name))
        if site.kind == "int" and facts.kind in ("list", "str", "tuple"):
            found.append((rank + 0.3, f"len({name})"))
        if site.kind == "list" and facts.kind != "list":
            found.append((rank + 0.1, f"[{name}]"))
    return sorted(found)[:6]


def drop_operand(site: Site) -> Iterator[Change]:
    """`a + b` → `a`, `a and b` → `b`: an operand too much."""
    node = site.node
    if node.type == "comparison_operator":
        children = node.named_children
        if len(children) == 3:
            yield site.rewrite(
                children[1].end_byte, children[2].end_byte, "", "drop the end of the chain", 0.2
            )
            yield site.rewrite(
                children[0].start_byte, children[1].start_byte, "", "drop the chain's start", 0.2
            )
        elif len(children) == 2 and is_value(node):
            yield become(site, children[0], 0.5)
        return
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is not None and right is not None:
        yield become(site, left, 0.0)
        yield become(site, right, 0.05)
        if left.type == "binary_operator" and node.type == "binary_operator":
            inner = left.child_by_field_name("left")
            token = operator_token(left)
            if inner is not None and token is not None:
                kept = f"{site.source.text(inner)} {site.source.text(token)} {tightly(site, right, ATOM)}"
                yield site.replace(node, kept, 0.3, level=level_of(left))


def regroup(site: Site) -> Iterator[Change]:
    """Parentheses lost or misplaced: `a + b * c` ↔ `(a + b) * c`."""
    node = site.node
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return
    if left.type == node.type:
        inner = left.child_by_field_name("right")
        if inner is not None:
            yield _parenthesise(site, inner.start_byte, right.end_byte)
    if right.type == node.type:
        inner = right.child_by_field_name("left")
        if inner is not None:
            yield _parenthesise(site, left.start_byte, inner.end_byte)
    for side in (left, right):
        if side.type == "parenthesized_expression" and side.named_child_count:
            bare = site.source.text(side.named_children[0])
            yield site.rewrite(side.start_byte, side.end_byte, bare, f"`({bare})` → `{bare}`", 0.1)


def drop_element(site: Site) -> Iterator[Change]:
    """An element too much in a list, tuple or set; a filter too much in a comprehension."""
    children = [child for child in site.node.named_children if child.type != "comment"]
    if site.node.type.endswith(("comprehension", "generator_expression")):
        for child in children:
            if child.type == "if_clause":
                note = f"drop the filter `{site.source.text(child)}`"
                yield site.rewrite(_space_before(site, child.start_byte), child.end_byte, "", note)
        return
    if len(children) < 2 or len(children) > 16:
        return
    for position, child in enumerate(children):
        start = children[position - 1].end_byte if position else child.start_byte
        end = child.end_byte if position else children[1].start_byte
        yield site.rewrite(start, end, "", f"drop `{site.source.text(child)}`", 0.1)


def _parenthesise(site: Site, start: int, end: int) -> Change:
    inner = site.source.data[start:end]
    return Change(((start, end, b"(" + inner + b")"),), f"group `{inner.decode(site.source.encoding)}`", 0.1)


def _space_before(site: Site, byte: int) -> int:
    while byte and site.source.data[byte - 1 : byte] in (b" ", b"\t"):
        byte -= 1
    return byte


_OPERATIONS = frozenset({"binary_operator", "boolean_operator", "comparison_operator"})
_CONTAINERS = frozenset(
    {
        "list",
        "tuple",
        "set",
        "expression_list",
        "list_comprehension",
        "generator_expression",
        "set_comprehension",
    }
)
OPERATORS = (
    Operator("off by one", 3.0, _NUMERIC_NODES, add_or_subtract_one),
    Operator("negate", 3.0, EXPRESSIONS, negate),
    Operator("drop operand", 1.7, _OPERATIONS, drop_operand),
    Operator("regroup", 3.2, frozenset({"binary_operator", "boolean_operator"}), regroup),
    Operator("drop element", 3.3, _CONTAINERS, drop_element),
    Operator("add operand", 3.4, _NUMERIC_NODES | {"list", "list_comprehension", "string"}, add_operand),
)
