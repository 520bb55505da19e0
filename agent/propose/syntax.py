"""Read one Python file as a syntax tree with exact bytes, and judge edited text. Knows nothing of repair."""

from __future__ import annotations

import io
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import tree_sitter_python
from tree_sitter import Language, Node, Parser

Splice = tuple[int, int, bytes]
"""Replace bytes [start, end) by the third."""

FUNCTION_NODES = frozenset({"function_definition", "lambda"})
SIMPLE_STATEMENTS = frozenset(
    {
        "expression_statement",
        "return_statement",
        "delete_statement",
        "raise_statement",
        "pass_statement",
        "break_statement",
        "continue_statement",
        "assert_statement",
        "import_statement",
        "import_from_statement",
        "future_import_statement",
        "global_statement",
        "nonlocal_statement",
        "print_statement",
        "exec_statement",
        "type_alias_statement",
    }
)
COMPOUND_STATEMENTS = frozenset(
    {
        "if_statement",
        "for_statement",
        "while_statement",
        "try_statement",
        "with_statement",
        "function_definition",
        "class_definition",
        "decorated_definition",
        "match_statement",
    }
)
PLAIN_STATEMENTS = SIMPLE_STATEMENTS - {
    "import_statement",
    "import_from_statement",
    "future_import_statement",
    "pass_statement",
}
"""Simple statements that do something of their own."""
STATEMENTS = PLAIN_STATEMENTS | {"if_statement", "for_statement", "while_statement"}
VALUES = frozenset({"identifier", "attribute", "call", "subscript", "binary_operator"})
"""Expressions that stand for a value which is known at run time only."""
CLAUSES = frozenset(
    {"elif_clause", "else_clause", "except_clause", "except_group_clause", "finally_clause", "case_clause"}
)
EXPRESSIONS = frozenset(
    {
        "identifier",
        "attribute",
        "subscript",
        "call",
        "binary_operator",
        "unary_operator",
        "boolean_operator",
        "not_operator",
        "comparison_operator",
        "conditional_expression",
        "parenthesized_expression",
        "list",
        "tuple",
        "set",
        "dictionary",
        "list_comprehension",
        "set_comprehension",
        "dictionary_comprehension",
        "generator_expression",
        "integer",
        "float",
        "string",
        "concatenated_string",
        "true",
        "false",
        "none",
        "lambda",
        "await",
    }
)


@cache
def _language() -> Language:
    return Language(tree_sitter_python.language())


def parse(data: bytes) -> Node:
    """The root of `data` as a syntax tree; faults in it become ERROR and MISSING nodes."""
    return Parser(_language()).parse(data).root_node


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, parents first, in order of appearance."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children))


def fault_count(root: Node) -> int:
    """How many ERROR and MISSING nodes a tree holds."""
    if not root.has_error:
        return 0
    return sum(node.is_error or node.is_missing for node in walk(root))


def splice(data: bytes, edits: Sequence[Splice], offset: int = 0) -> bytes:
    """`data`, which starts at byte `offset` of its file, with sorted edits in the file's own bytes made."""
    parts: list[bytes] = []
    position = 0
    for start, end, replacement in edits:
        parts += [data[position : start - offset], replacement]
        position = end - offset
    parts.append(data[position:])
    return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of whole lines that parses on its own: an outermost function, or a top-level statement."""

    start: int
    end: int
    indented: bool


class SourceFile:
    """One file's bytes with its tree and its habits: encoding, line end, indentation."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self.root = parse(data)
        self.encoding = _encoding(data)
        self.newline = "\r\n" if b"\r\n" in data else "\n"

    def text(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode(self.encoding, "replace")

    def line_start(self, byte: int) -> int:
        return self.data.rfind(b"\n", 0, byte) + 1

    def line_end(self, byte: int) -> int:
        """Just behind the line end that follows `byte`, or the end of the file."""
        found = self.data.find(b"\n", byte)
        return len(self.data) if found < 0 else found + 1

    def indent_of(self, node: Node) -> str:
        """White space before the first token of the node's first line."""
        line = self.data[self.line_start(node.start_byte) : node.start_byte]
        return line[: len(line) - len(line.lstrip(b" \t\x0c"))].decode("ascii")

    def stands_alone(self, node: Node) -> bool:
        """Whether no other code shares the node's first and last line."""
        before = self.data[self.line_start(node.start_byte) : node.start_byte]
        after = self.data[node.end_byte : self.line_end(node.end_byte)].strip()
        return not before.strip() and (not after or after.startswith(b"#"))

    @cached_property
    def indent_unit(self) -> str:
        """One level of indentation as the file's first indented block has it."""
        for node in walk(self.root):
            if node.type == "block" and node.parent is not None and node.children:
                inner, outer = self.indent_of(node.children[0]), self.indent_of(node.parent)
                if inner.startswith(outer) and len(inner) > len(outer):
                    return inner[len(outer) :]
        return "    "

    @cached_property
    def units(self) -> list[Unit]:
        """Sorted, not overlapping; together they hold all code that is not directly in a class body."""
        found: list[Unit] = []
        stack = list(self.root.children)
        while stack:
            node = stack.pop()
            inner = node.child_by_field_name("definition") if node.type == "decorated_definition" else node
            if inner is not None and inner.type == "class_definition":
                body = inner.child_by_field_name("body")
                stack.extend(body.children if body is not None else ())
                continue
            start = self.line_start(node.start_byte)
            indented = bool(self.data[start : node.start_byte])
            found.append(Unit(start, self.line_end(node.end_byte), indented))
        return sorted(found, key=lambda unit: unit.start)

    def unit_around(self, start: int, end: int) -> Unit:
        """The unit that holds [start, end], or the whole file."""
        index = bisect_right(self.units, start, key=lambda unit: unit.start) - 1
        for unit in self.units[max(index - 1, 0) : index + 1]:
            if unit.start <= start and end <= unit.end:
                return unit
        return Unit(0, len(self.data), False)


class SyntaxGate:
    """Lets an edited file pass only if it has no new syntax fault.

    Checks the smallest unit that holds the edits with tree-sitter, and with this Python's compiler (nothing
    is executed) where the compiler takes the base text.
    """

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._base: dict[tuple[int, int], tuple[int, bool]] = {}

    def edited_unit(self, edits: Sequence[Splice]) -> bytes | None:
        """The unit's text with sorted edits made, prefixed by its position; None if the gate holds it back."""
        unit = self._source.unit_around(edits[0][0], edits[-1][1])
        base = self._source.data[unit.start : unit.end]
        edited = splice(base, edits, unit.start)
        if edited == base:
            return None
        key = (unit.start, unit.end)
        if key not in self._base:
            wrapped = _wrapped(base, unit.indented)
            self._base[key] = (fault_count(parse(wrapped)), _compiles(wrapped, self._source.encoding))
        faults, compiles = self._base[key]
        wrapped = _wrapped(edited, unit.indented)
        if compiles and not _compiles(wrapped, self._source.encoding):
            return None
        if fault_count(parse(wrapped)) > faults:
            return None
        return b"%d:%d:" % key + edited


def _wrapped(text: bytes, indented: bool) -> bytes:
    return b"if 1:\n" + text if indented else text


def _compiles(text: bytes, encoding: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)
        try:
            compile(text.decode(encoding), "<candidate>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return False
    return True


def _encoding(data: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0].replace("-sig", "")
    except SyntaxError:
        return "latin-1"
