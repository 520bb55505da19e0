"""Say what belongs to a definition in the text: decorators, attributes, doc comments, wrappers, and its neighbours.

Knows the customs of languages about comments, and changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from index.ast.layout import line_start
from index.definitions import Definition
from index.syntax import SourceFile

_WRAPPERS = frozenset(
    {"decorated_definition", "export_statement", "lexical_declaration", "variable_declaration",
     "var_declaration", "const_declaration", "type_declaration", "template_declaration",
     "expression_statement", "ambient_declaration", "statement", "field_declaration",
     "property_declaration", "event_field_declaration", "friend_declaration", "type_definition", "declaration"}
)  # fmt: skip
"""Node types that may hold one definition and nothing else."""
_ATTRIBUTES = frozenset({"attribute_item", "decorator", "attribute_list", "annotation", "marker_annotation"})
_DOC_COMMENT = re.compile(rb"/\*\*|///|---|##(?!#)")
_PLAIN_COMMENT_IS_DOC = frozenset(
    {"go", "ruby", "bash", "lua", "sql", "c", "cpp", "toml", "yaml", "css", "html"}
)
_NOT_ATTACHED = re.compile(
    rb"#!|#.*coding[:=]|(?://|#)\s*-?(?:region|endregion)\b|<\?|(?://|/\*|#)\s*\+?build\b"
)


@dataclass(frozen=True, slots=True)
class Extent:
    """The bytes of a definition with all that belongs to it."""

    start: int
    """From here a replacement replaces: decorators, attributes and doc comments included."""
    attached_start: int
    """The same with the plain comments directly above, which a deletion takes along."""
    end: int
    """Behind the last character of it, a `;` that ends it included."""
    comment_end: int
    """Behind the comments that trail it on its last line or, deeper in, below it."""
    outer: Node
    """The definition, or the outermost node that only wraps it."""
    owns_lines: bool
    """Whether nothing else stands on its lines."""

    @property
    def previous(self) -> Node | None:
        """The neighbour before it, comments passed over that are attached to it."""
        node = self.outer.prev_sibling
        while node is not None and node.start_byte >= self.attached_start:
            node = node.prev_sibling
        return node

    @property
    def next(self) -> Node | None:
        node = self.outer.next_sibling
        while node is not None and node.start_byte < self.comment_end:
            node = node.next_sibling
        return node


def extent_of(source: SourceFile, definition: Definition) -> Extent:
    """What belongs to a definition."""
    outer = _outermost(definition.node)
    end = _ended(source, outer)
    start, attached = _start(source, outer)
    comment_end = _comment_end(source, attached, end)
    data = source.parsed_data
    head = data[line_start(source, attached) : attached]
    tail = data[comment_end : _line_stop(data, comment_end)]
    return Extent(start, attached, end, comment_end, outer, not head.strip() and not tail.strip())


def is_opener(node: Node | None) -> bool:
    """Whether that neighbour before a definition only opens what holds it."""
    return node is None or (not node.is_named and node.type not in (";", ","))


is_closer = is_opener
"""Whether that neighbour behind a definition only closes what holds it."""


def _outermost(node: Node) -> Node:
    while (parent := node.parent) is not None and parent.parent is not None and parent.type in _WRAPPERS:
        if sum(child.type == node.type for child in parent.named_children) != 1:
            break
        if parent.type in ("field_declaration", "expression_statement") and node.type in ("class_specifier",):
            break
        node = parent
    return node


def _ended(source: SourceFile, outer: Node) -> int:
    """The end of a definition without the blank space that some grammars count to it, its `;` included."""
    data = source.parsed_data
    end = len(data[: outer.end_byte].rstrip()) if outer.end_byte > outer.start_byte else outer.end_byte
    following = outer.next_sibling
    if (
        following is not None
        and following.type == ";"
        and not following.is_missing
        and not data[end : following.start_byte].strip(b" \t")
    ):
        return following.end_byte
    return end


def _start(source: SourceFile, outer: Node) -> tuple[int, int]:
    """(start with attributes and doc comments, start with plain comments too)."""
    start = attached = outer.start_byte
    before = outer.prev_sibling
    while (
        before is not None
        and before.type in _ATTRIBUTES
        and not source.data[before.end_byte : attached].strip()
    ):
        start = attached = before.start_byte
        before = before.prev_sibling
    while (above := _node_above(source, attached)) is not None:
        text = source.data[above.start_byte : above.start_byte + 200]
        if _NOT_ATTACHED.match(text):
            break
        attached = above.start_byte
        if (
            above.type in _ATTRIBUTES
            or source.language in _PLAIN_COMMENT_IS_DOC
            or (source.language != "python" and _DOC_COMMENT.match(text))
        ):
            start = attached
    return start, attached


def _node_above(source: SourceFile, start: int) -> Node | None:
    """The comment or attribute that ends on the line above, alone on its lines."""
    data, begin = source.parsed_data, line_start(source, start)
    if data[begin:start].strip() or begin < 2:
        return None
    line_above = data[line_start(source, begin - 1) : begin].rstrip()
    if not line_above:
        return None
    last = line_start(source, begin - 1) + len(line_above) - 1
    node = source.tree.root_node.descendant_for_byte_range(last, last + 1)
    while node is not None and "comment" not in node.type and node.type not in _ATTRIBUTES:
        node = node.parent
    while node is not None and node.parent is not None and "comment" in node.parent.type:
        node = node.parent
    if node is None or len(data[: node.end_byte].rstrip()) != last + 1:
        return None
    return None if data[line_start(source, node.start_byte) : node.start_byte].strip() else node


def _comment_end(source: SourceFile, start: int, end: int) -> int:
    """The end with a comment on the last line, and with comments below that are further in than the definition."""
    data = source.parsed_data
    stop = _line_stop(data, end)
    rest = data[end:stop]
    if rest.strip() and _is_comment(source, end + len(rest) - len(rest.lstrip()), stop):
        end = end + len(rest.rstrip())
    elif rest.strip():
        return end
    depth = start - line_start(source, start)
    while (below := data.find(b"\n", stop) + 1) > 0:
        following = _line_stop(data, below)
        text = data[below:following]
        inner = len(text) - len(text.lstrip())
        if not text.strip() or inner <= depth or not _is_comment(source, below + inner, following):
            break
        end, stop = below + len(text.rstrip()), following
    return end


def _is_comment(source: SourceFile, start: int, stop: int) -> bool:
    """Whether a comment begins there and reaches to the end of the line."""
    node = source.tree.root_node.descendant_for_byte_range(start, start + 1)
    while node is not None and "comment" not in node.type:
        node = node.parent
    if node is None or node.start_byte != start:
        return False
    return not source.parsed_data[node.end_byte : stop].strip() and node.end_byte <= stop + 1


def _line_stop(data: bytes, byte: int) -> int:
    """Where the line of a byte stops, its line end excluded."""
    stop = data.find(b"\n", byte)
    if stop < 0:
        return len(data)
    return stop - 1 if stop > byte and data[stop - 1 : stop] == b"\r" else stop
