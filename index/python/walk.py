"""Walk one Python file's syntax tree and note which names its expressions use. Binds nothing.

The walk keeps its own stack, so no nesting is too deep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tree_sitter import Node

from index.content import Content
from index.facts import ImportUse, Use
from index.parse import Lines, parse
from index.python.scopes import FileScopes
from index.python.types import root_and_parts, root_mark
from index.types import SymbolKind

_STRING_NAMES = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
EXPRESSIONS = frozenset({"identifier", "attribute", "call", "subscript"})
Handler = Callable[[Node, int], None]


class PythonWalk:
    """A walk over a file in source order; node types with a handler are left to it. Integers are scope indexes."""

    def __init__(self, path: str, content: Content, file: FileScopes) -> None:
        self.path, self.source = path, content.data
        self._ascii = content.data.isascii()
        self.lines = Lines(content.data, content.encoding)
        self.root = parse(content.data).root_node
        self.file = file
        self.uses: list[Use] = []
        self.imports: list[ImportUse] = []
        self.handlers: dict[str, Handler] = {
            "type": self._annotation,
            "keyword_argument": self._keyword,
            "comment": self._nothing,
            "future_import_statement": self._nothing,
            **dict.fromkeys(EXPRESSIONS, self.expression),
        }
        self._stack: list[tuple[Node, int]] = []

    def walk(self) -> None:
        """Visit the whole file. Scope 0 must be open."""
        self.push_children(self.root, 0)
        self.walk_down(0)

    def walk_down(self, height: int) -> None:
        """Visit what lies on the stack above this height."""
        stack, handlers = self._stack, self.handlers
        while len(stack) > height:
            node, scope = stack.pop()
            handler = handlers.get(node.type)
            if handler is not None:
                handler(node, scope)
            else:
                for child in reversed(node.named_children):
                    stack.append((child, scope))

    def push_children(self, node: Node | None, scope: int) -> None:
        if node is not None:
            self._stack.extend((child, scope) for child in reversed(node.named_children))

    def push(self, node: Node | None, scope: int) -> None:
        if node is not None:
            self._stack.append((node, scope))

    def text(self, node: Node) -> str:
        """A node's source."""
        piece = self.source[node.start_byte : node.end_byte]
        return piece.decode() if self._ascii else self.lines.text(node.start_byte, node.end_byte)

    def symbol(
        self, kind: SymbolKind, name: str, node: Node, parent: int, signature: str, docstring: str = ""
    ) -> int:
        """Add a definition that spans a node and return its index."""
        start, end = (0, len(self.source)) if node == self.root else (node.start_byte, node.end_byte)
        span = self.lines.span(self.path, start, end)
        return self.file.add_symbol(kind, name, span, parent, signature, docstring, self.source[start:end])

    def expression(self, node: Node, scope: int) -> None:
        """A chain of names, calls and elements: one use; arguments and indexes are visited by themselves."""
        if node.type == "identifier":
            self.uses.append(Use(scope, "", self.text(node), self.positions((node,))))
        else:
            self.use(node, scope, "")

    def use(self, node: Node, scope: int, role: str) -> None:
        """Note a chain as used in a scope, and go on with what stands in its brackets."""
        root, parts, named = root_and_parts(node)
        inner = node
        while inner != root:
            if inner.type == "call":
                self.push_children(inner.child_by_field_name("arguments"), scope)
                following = inner.child_by_field_name("function")
            elif inner.type == "subscript":
                for index in inner.children_by_field_name("subscript"):
                    self.push(index, scope)
                following = inner.child_by_field_name("value")
            else:
                following = inner.child_by_field_name("object") or inner.named_children[0]
            if following is None:
                break
            inner = following
        names = iter(named)
        if root.type == "identifier":
            first, positions = self.text(root), [root, *named]
        else:
            first, positions = root_mark(root), named
            if root.type in self.handlers and root.type in EXPRESSIONS:
                self.push_children(root, scope)
            else:
                self.push(root, scope)
        if positions:
            chain = ".".join([first, *(part or self.text(next(names)) for part in parts)])
            self.uses.append(Use(scope, role, chain, self.positions(positions)))

    def _annotation(self, node: Node, scope: int) -> None:
        """Names in an annotation are uses, those in quotes too."""
        pending = list(node.named_children)
        while pending:
            current = pending.pop()
            if current.type == "string":
                self._quoted_names(current, scope)
            elif current.type in self.handlers and current.type != "type":
                self.push(current, scope)
            else:
                pending.extend(current.named_children)

    def _quoted_names(self, string: Node, scope: int) -> None:
        for part in string.named_children:
            if part.type != "string_content":
                continue
            text = self.text(part)
            row, byte = part.start_point[0], part.start_byte
            for match in _STRING_NAMES.finditer(text):
                if text.isascii() and "\n" not in text:
                    offsets, position = [], match.start()
                    for name in match[0].split("."):
                        start = byte + position
                        offsets += [start, row + 1, self.lines.position(start)[1]]
                        position += len(name) + 1
                    self.uses.append(Use(scope, "", match[0], tuple(offsets)))

    def _keyword(self, node: Node, scope: int) -> None:
        self.push(node.child_by_field_name("value"), scope)

    def _nothing(self, node: Node, scope: int) -> None:
        """Comments and future imports use no names."""

    def positions(self, nodes: Sequence[Node]) -> tuple[int, ...]:
        """(byte, line, column) of every node, flat."""
        found: list[int] = []
        for node in nodes:
            row, column = node.start_point
            found += (node.start_byte, row + 1, self.lines.column(row, column))
        return tuple(found)

    def span_of(self, node: Node) -> tuple[int, int, int, int, int, int]:
        """A node's span as the six numbers of `Span`."""
        span = self.lines.span(self.path, node.start_byte, node.end_byte)
        return (
            span.start_byte, span.end_byte, span.start_line, span.start_column, span.end_line, span.end_column
        )  # fmt: skip
