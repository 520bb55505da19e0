"""Parse source bytes into a syntax tree, list its errors, and find one's way in it. Knows nothing of symbols.

Byte offsets are those of the file as it is on disk; lines and columns are 1-based, columns in code points.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tree_sitter import Node, Parser, Tree

from index.content import decode, detect_encoding
from index.grammars import grammar
from index.types import Span

_BOM_BYTES = 3


@dataclass(frozen=True, slots=True)
class SyntaxIssue:
    """A place that does not parse: text that fits nowhere, or a token that is missing there."""

    line: int
    column: int
    kind: str
    """`unexpected` or `missing`."""
    text: str


def parse(source: bytes, language: str = "python") -> Tree:
    """Parse bytes as they are on disk; what is wrong becomes ERROR nodes. Raises UnknownLanguage."""
    return Parser(grammar(language)).parse(source)


def syntax_errors(source: bytes, tree: Tree) -> list[SyntaxIssue]:
    """Every place of a tree that does not parse, in order."""
    if not tree.root_node.has_error:
        return []
    lines = Lines(source)
    issues: list[SyntaxIssue] = []
    stack = [tree.root_node]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            line, column = lines.position(node.start_byte)
            text = node.type if node.is_missing else lines.text(node.start_byte, node.end_byte)[:80]
            issues.append(SyntaxIssue(line, column, "missing" if node.is_missing else "unexpected", text))
        elif node.has_error:
            stack.extend(reversed(node.children))
    return issues


def new_errors(before: bytes, after: bytes, language: str = "python") -> list[SyntaxIssue]:
    """Syntax errors that an edit brought in: the gate before any write. Errors that were there are forgiven."""
    found = syntax_errors(after, parse(after, language))
    if not found:
        return []
    forgiven = Counter((issue.kind, issue.text) for issue in syntax_errors(before, parse(before, language)))
    fresh = []
    for issue in found:
        if forgiven[issue.kind, issue.text] > 0:
            forgiven[issue.kind, issue.text] -= 1
        else:
            fresh.append(issue)
    return fresh


class Lines:
    """Turn byte offsets of one source into lines and columns."""

    def __init__(self, source: bytes, encoding: str | None = None) -> None:
        self._source = source
        self._encoding = encoding or detect_encoding(source)[0]
        self._ascii = source.isascii()
        starts = [0]
        position = source.find(b"\n")
        while position >= 0:
            starts.append(position + 1)
            position = source.find(b"\n", position + 1)
        self._starts = starts

    def text(self, start_byte: int, end_byte: int) -> str:
        return decode(self._source[start_byte:end_byte], self._encoding)

    def position(self, byte: int) -> tuple[int, int]:
        """(line, column) of a byte offset."""
        row = bisect_right(self._starts, byte) - 1
        return row + 1, self.column(row, byte - self._starts[row])

    def column(self, row: int, column_bytes: int) -> int:
        """The 1-based column in code points of a 0-based byte column of a 0-based row."""
        if self._ascii:
            return column_bytes + 1
        start = self._starts[row]
        return len(self.text(start, start + column_bytes)) + 1

    def span(self, path: str, start_byte: int, end_byte: int) -> Span:
        """The span of a byte range; a final newline does not count as another line."""
        start_line, start_column = self.position(start_byte)
        visible_end = end_byte
        while visible_end > start_byte and self._source[visible_end - 1] in b"\r\n":
            visible_end -= 1
        end_line, end_column = self.position(visible_end)
        return Span(path, start_byte, end_byte, start_line, start_column, end_line, end_column)


def descendants(node: Node) -> Iterator[Node]:
    """A node and everything below it, in source order, at any depth without recursion."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children))


def enclosing(node: Node | None, types: Collection[str]) -> Node | None:
    """The innermost of a node and its ancestors that has one of these types."""
    while node is not None and node.type not in types:
        node = node.parent
    return node


def node_text(node: Node, source: bytes) -> str:
    """A node's source as text."""
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")
