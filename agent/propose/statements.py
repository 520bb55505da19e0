"""List a file's statements with the nodes that belong to each alone, and how much each is suspected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from agent.propose.site import is_statement
from agent.propose.syntax import CLAUSES, SourceFile, walk

USED_BY_SUSPECTS = 0.6
"""Share of the highest score that a module-level name gets when suspected code reads it."""
OUTSIDE_LOOPS_SHARE = 0.5
"""What is left of a statement's score where a test hangs and other statements are in loops."""
HEADER_SHARE = 0.6
"""Share of a function's highest score that its `def` line gets."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement or clause; `score` is its suspicion in 0..1 relative to the most suspected line."""

    node: Node
    score: float
    nodes: Mapping[str, list[Node]] = field(hash=False, compare=False)
    """Its own nodes by type: those of a compound statement's header, not of its blocks."""


def suspected_statements(
    source: SourceFile, line_scores: Mapping[int, float], *, hangs: bool = False
) -> list[Statement]:
    """Statements with a score above 0, most suspected first, then in order of appearance.

    With `hangs`, code outside `while` loops counts for less where the file has suspected ones.
    """
    parts = [(node, list(own_nodes(node))) for node in statement_nodes(source.root)]
    scores = {node.id: _direct_score(node, nodes, line_scores) for node, nodes in parts}
    if hangs and any(node.type == "while_statement" and scores[node.id] > 0 for node, _ in parts):
        scores = {
            node.id: scores[node.id] * (1.0 if _in_while(node) else OUTSIDE_LOOPS_SHARE) for node, _ in parts
        }
    top = max(scores.values(), default=0.0)
    names = {
        source.text(inner)
        for node, nodes in parts
        if scores[node.id] >= 0.5 * top > 0
        for inner in nodes
        if inner.type == "identifier"
    }
    found: list[Statement] = []
    for node, nodes in parts:
        score = scores[node.id]
        if _is_constant(node, source, names):
            score = max(score, USED_BY_SUSPECTS * top)
        elif node.type == "function_definition":
            body = node.child_by_field_name("body")
            inside = (scores.get(child.id, 0.0) for child in body.named_children) if body is not None else ()
            score = max(score, HEADER_SHARE * max(inside, default=0.0))
        if score > 0 and not _is_docstring(node):
            by_type: dict[str, list[Node]] = {}
            for inner in nodes:
                by_type.setdefault(inner.type, []).append(inner)
            found.append(Statement(node, score, by_type))
    return sorted(found, key=lambda statement: (-statement.score, statement.node.start_byte))


def statement_nodes(root: Node) -> Iterator[Node]:
    """Every statement and clause of a file, outer before inner."""
    stack = [root]
    while stack:
        node = stack.pop()
        if is_statement(node) or node.type in CLAUSES:
            yield node
        children = [
            child
            for child in node.children
            if child.type == "block" or is_statement(child) or child.type in CLAUSES
        ]
        stack.extend(reversed(children))


def own_nodes(statement: Node) -> Iterator[Node]:
    """The statement and what is below it, without blocks, clauses and statements inside."""
    yield statement
    for child in statement.children:
        if child.type != "block" and child.type not in CLAUSES and not is_statement(child):
            yield from walk(child)


def _direct_score(node: Node, nodes: list[Node], line_scores: Mapping[int, float]) -> float:
    """The highest score of the lines that the statement's own nodes lie on."""
    first = node.start_point.row + 1
    last = max((inner.end_point.row + 1 for inner in nodes[1:]), default=first)
    if node.named_child_count == 0:
        last = first
    return max((line_scores.get(line, 0.0) for line in range(first, min(last, first + 200) + 1)), default=0.0)


def _in_while(node: Node) -> bool:
    current: Node | None = node
    while current is not None and current.type not in ("while_statement", "function_definition"):
        current = current.parent
    return current is not None and current.type == "while_statement"


def _is_constant(node: Node, source: SourceFile, names: set[str]) -> bool:
    """Whether a module- or class-level assignment binds a name that suspected code reads."""
    holder = node.parent
    if holder is not None and holder.type == "block":
        holder = holder.parent
    if holder is None or holder.type not in ("module", "class_definition") or not node.named_child_count:
        return False
    left = node.named_children[0].child_by_field_name("left")
    return node.type == "expression_statement" and left is not None and source.text(left) in names


def _is_docstring(node: Node) -> bool:
    return (
        node.type == "expression_statement"
        and node.named_child_count == 1
        and node.named_children[0].type in ("string", "concatenated_string")
    )
