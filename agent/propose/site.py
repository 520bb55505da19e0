"""One place of a file where an operator may make a change, with what an operator needs to know of it.

Knows how to cut, place and parenthesise text; knows no operator and no search order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from agent.propose.clues import Clues
from agent.propose.ingredients import Ingredients
from agent.propose.kinds import kind_of
from agent.propose.scope import ModuleScope, NameFacts, Scope
from agent.propose.syntax import COMPOUND_STATEMENTS, EXPRESSIONS, SIMPLE_STATEMENTS, SourceFile, Splice

ATOM = 16
_BINARY = {"|": 5, "^": 6, "&": 7, "<<": 8, ">>": 8, "+": 9, "-": 9, "@": 10, "**": 12}
_NODES = {
    "lambda": 0,
    "conditional_expression": 0,
    "named_expression": 0,
    "generator_expression": ATOM,
    "not_operator": 3,
    "comparison_operator": 4,
    "unary_operator": 11,
    "await": 13,
}
_POSTFIX = {("attribute", "object"), ("call", "function"), ("subscript", "value")}


@dataclass(frozen=True, slots=True)
class Change:
    """A way to change a file: sorted edits, words for people, and how it ranks within its operator (0 is best)."""

    edits: tuple[Splice, ...]
    note: str
    rank: float = 0.0
    swapped: tuple[str, str, str] | None = None
    """(node type, old text, new text) where one token became another: may then be made everywhere at once."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A kind of fault, told by the change that undoes it. `cost` is its tier plus its place within the tier."""

    name: str
    cost: float
    nodes: frozenset[str]
    changes: Callable[[Site], Iterator[Change]]


@dataclass(frozen=True)
class FileView:
    """One file as the operators see it."""

    source: SourceFile
    module: ModuleScope
    clues: Clues
    ingredients: Ingredients


@dataclass(frozen=True)
class Site:
    """A node of a file, in the statement that it belongs to."""

    view: FileView
    node: Node
    statement: Node

    @property
    def source(self) -> SourceFile:
        return self.view.source

    @property
    def clues(self) -> Clues:
        return self.view.clues

    @cached_property
    def text(self) -> str:
        return self.source.text(self.node)

    @cached_property
    def scope(self) -> Scope:
        return self.view.module.scope_of(self.node)

    @cached_property
    def visible(self) -> dict[str, NameFacts]:
        return self.view.module.visible(self.node)

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Kinds of the visible names, and of what this file's functions return."""
        named = {name: facts.kind for name, facts in self.visible.items() if facts.kind}
        return self.view.module.result_kinds | named

    @cached_property
    def kind(self) -> str | None:
        return self.kind_of(self.node)

    def kind_of(self, node: Node | None) -> str | None:
        return kind_of(node, self.source.text, self.kinds)

    def encode(self, text: str) -> bytes:
        """Text as the file has it: its encoding and its line ends. Raises UnicodeEncodeError."""
        return text.replace("\n", self.source.newline).encode(self.source.encoding)

    def replace(
        self, node: Node, text: str, rank: float = 0.0, *, level: int = ATOM, token: bool = False
    ) -> Change:
        """`node` becomes `text`, an expression that binds as tightly as `level`; parenthesised where needed."""
        old = self.source.text(node)
        if level < required_level(node) and node.type in EXPRESSIONS:
            text = f"({text})"
        swapped = (node.type, old, text) if token else None
        edit = (node.start_byte, node.end_byte, self.encode(text))
        return Change((edit,), f"`{shorten(old)}` → `{shorten(text)}`", rank, swapped)

    def rewrite(self, start: int, end: int, text: str, note: str, rank: float = 0.0) -> Change:
        """Bytes [start, end) become `text`."""
        return Change(((start, end, self.encode(text)),), note, rank)

    def exchange(self, first: Node, second: Node, rank: float = 0.0) -> Change:
        """Two nodes that do not overlap trade places."""
        if first.start_byte > second.start_byte:
            first, second = second, first
        one, two = self.source.text(first), self.source.text(second)
        edits = (
            (first.start_byte, first.end_byte, self.encode(two)),
            (second.start_byte, second.end_byte, self.encode(one)),
        )
        return Change(edits, f"exchange `{shorten(one)}` and `{shorten(two)}`", rank)


def shorten(text: str, limit: int = 48) -> str:
    """`text` on one line, cut in the middle."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit // 2 - 1]}…{line[-limit // 2 + 2 :]}"


def level_of(node: Node) -> int:
    """How tightly an expression binds, as Python's grammar orders it; ATOM never needs parentheses."""
    if node.type == "binary_operator":
        operator = node.child_by_field_name("operator")
        return _BINARY.get(operator.type if operator is not None else "", 10)
    if node.type == "boolean_operator":
        return 2 if any(child.type == "and" for child in node.children) else 1
    return _NODES.get(node.type, ATOM)


def required_level(node: Node) -> int:
    """How tightly an expression in `node`'s place must bind to need no parentheses."""
    parent = node.parent
    if parent is None:
        return 0
    match parent.type:
        case "binary_operator":
            level = level_of(parent)
            right = parent.child_by_field_name("right") == node
            return level + int(right != (level == 12))
        case "comparison_operator":
            return 5
        case "not_operator" | "unary_operator" | "await" | "boolean_operator":
            return max(level_of(parent), 1)
        case "conditional_expression" | "if_clause" | "for_in_clause":
            return 1
        case "list_splat" | "dictionary_splat":
            return 5
    field = next((name for kind, name in _POSTFIX if kind == parent.type), None)
    return ATOM - 1 if field is not None and parent.child_by_field_name(field) == node else 0


def is_value(node: Node) -> bool:
    """Whether an expression node is read for its value here (no target, definition, keyword or annotation)."""
    parent = node.parent
    if node.type not in EXPRESSIONS or parent is None:
        return False
    match parent.type:
        case "assignment":
            return parent.child_by_field_name("right") == node
        case "augmented_assignment" | "for_statement" | "for_in_clause" | "named_expression":
            return parent.child_by_field_name("left") != node and parent.child_by_field_name("name") != node
        case "attribute":
            return parent.child_by_field_name("object") == node
        case "keyword_argument" | "default_parameter" | "typed_default_parameter":
            return parent.child_by_field_name("value") == node
        case (
            "function_definition"
            | "class_definition"
            | "parameters"
            | "lambda_parameters"
            | "typed_parameter"
            | "type"
            | "pattern_list"
            | "tuple_pattern"
            | "list_pattern"
            | "list_splat_pattern"
            | "dictionary_splat_pattern"
            | "as_pattern_target"
            | "import_statement"
            | "import_from_statement"
            | "dotted_name"
            | "aliased_import"
            | "global_statement"
            | "nonlocal_statement"
            | "delete_statement"
            | "type_conversion"
            | "case_pattern"
            | "keyword_pattern"
            | "decorator"
        ):
            return False
    return not (node.type in ("identifier", "tuple") and _within_target(node))


def _within_target(node: Node) -> bool:
    parent = node.parent
    return parent is not None and parent.type in ("pattern_list", "tuple_pattern", "delete_statement")


def is_statement(node: Node) -> bool:
    return node.type in SIMPLE_STATEMENTS or node.type in COMPOUND_STATEMENTS


def operator_token(node: Node) -> Node | None:
    """The operator of a binary, augmented, unary or boolean expression."""
    return node.child_by_field_name("operator")


def arguments_of(call: Node) -> list[Node]:
    """A call's arguments, keyword ones too, without comments."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None or arguments.type != "argument_list":
        return [arguments] if arguments is not None else []
    return [child for child in arguments.named_children if child.type != "comment"]


def callee_name(call: Node, source: SourceFile) -> str:
    """The bare name of what is called: `f` of `f(x)`, `m` of `a.b.m(x)`, or nothing."""
    function = call.child_by_field_name("function")
    if function is not None and function.type == "attribute":
        function = function.child_by_field_name("attribute")
    return source.text(function) if function is not None and function.type == "identifier" else ""


def become(site: Site, node: Node, rank: float) -> Change:
    """The site's expression shrinks to one of its parts."""
    return site.replace(site.node, site.source.text(node), rank, level=level_of(node))


def tightly(site: Site, node: Node, level: int) -> str:
    """An expression's text, parenthesised where it binds less tightly than `level`."""
    text = site.source.text(node)
    return text if level_of(node) >= level else f"({text})"


def is_function_name(node: Node) -> bool:
    """Whether a node is what a call calls."""
    parent = node.parent
    return parent is not None and parent.type == "call" and parent.child_by_field_name("function") == node
