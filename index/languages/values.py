"""Bind what a declared language's file assigns, declares, loops over and returns. Opens no scopes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tree_sitter import Node

from index.content import Content
from index.facts import CALL, DEFINITION, ELEMENT, VALUE, Binding
from index.languages.chains import bare_name, type_chain
from index.languages.comments import comment_before
from index.languages.matches import Captures, Event
from index.languages.spec import LanguageSpec
from index.languages.uses import FileUses
from index.types import SymbolKind

SPACE = re.compile(r"\s+")
MAX_HEAD_CHARS = 80


class FileValues(FileUses):
    """One file while it is read, with the names that hold values."""

    def __init__(self, spec: LanguageSpec, repository: str, path: str, content: Content) -> None:
        super().__init__(spec, repository, path, content)
        self._bound: set[int] = set()
        self._doc_types: dict[int, Mapping[str, str]] = {}
        self._returns: list[tuple[int, str]] = []

    def _value_of(self, captures: Captures) -> str:
        """What a declared type or an assigned value says of a name."""
        if "made" in captures or "maker" in captures:
            return f"Self.{CALL}" if "made" in captures else "Self"
        return self._chains.type(captures.get("type")) or self._chains.value(captures.get("value"))

    def _value(self, event: Event, scope: int, name: str, kind: SymbolKind) -> None:
        """A constant or field with a symbol of its own."""
        opened, chain = self._scopes.scopes[scope], self._value_of(event.captures)
        uid = ""
        if not any(binding.target for binding in opened.names.get(name, ())):
            whole = self._whole(event.node)
            docstring = comment_before(whole, self.spec, self.text)
            if docstring and self.spec.doc_types is not None:
                chain = self._stated(self.spec.doc_types(docstring), "") or chain
            symbol = self._symbol(
                kind, self._scopes.qualified(scope, name), whole, opened.symbol, self._head(whole), docstring
            )
            self._scopes.note_member(scope, symbol)
            uid = self._scopes.symbols[symbol].uid
        if uid or chain:
            self._scopes.bind(scope, name, Binding(VALUE, uid, chain))
        if uid and opened.kind == "class" and "shared" in event.captures:
            own_type = opened.qualified_name.rpartition(".")[2]
            self._scopes.bind(opened.parent, name, Binding(VALUE, uid, f"{own_type}.{CALL}"))

    def _head(self, node: Node) -> str:
        """The beginning of a declaration on one line."""
        end = min(node.end_byte, node.start_byte + 4 * MAX_HEAD_CHARS)
        return SPACE.sub(" ", self.lines.text(node.start_byte, end))[:MAX_HEAD_CHARS]

    def _variable(self, event: Event, scope: int) -> None:
        name_node = event.captures.get("name")
        if name_node is None or name_node.id in self._bound:
            return
        self._bound.add(name_node.id)
        name, kind = self.text(name_node), self._scopes.scopes[scope].kind
        if kind in ("module", "class") and "local" not in event.captures:
            self._value(event, scope, name, SymbolKind.CONSTANT if kind == "module" else SymbolKind.FIELD)
        else:
            self._scopes.bind(scope, name, Binding(VALUE, "", self._value_of(event.captures)))

    def _parameter(self, event: Event, scope: int) -> None:
        name = self._bound_name(event)
        if name:
            chain = self._stated(self._doc_types.get(scope, {}), name) or self._value_of(event.captures)
            self._scopes.bind(scope, name, Binding(VALUE, "", chain))

    def _stated(self, types: Mapping[str, str], name: str) -> str:
        """The chain of the type that a doc comment states."""
        return type_chain(types[name], self.spec.types) if name in types else ""

    def _bound_name(self, event: Event) -> str:
        """The name that a match binds, unless it was bound before."""
        node = event.captures.get("name")
        if node is None:
            return self.spec.implicit_parameter
        if node.id in self._bound:
            return ""
        self._bound.add(node.id)
        return event.given_name or self.text(node)

    def _element(self, event: Event, scope: int) -> None:
        name = self._bound_name(event)
        if name:
            held = self._chains.value(event.captures.get("value"))
            chain = self._chains.type(event.captures.get("type")) or (f"{held}.{ELEMENT}" if held else "")
            self._scopes.bind(scope, name, Binding(VALUE, "", chain))

    def _field(self, event: Event, scope: int) -> None:
        """A field that a method declares by assigning it, or a constructor by a parameter."""
        inner = scope
        while scope > 0 and self._scopes.scopes[scope].kind != "class":
            scope = self._scopes.scopes[scope].parent
        name_node, owner = event.captures.get("name"), self._scopes.scopes[scope]
        if name_node is None or owner.kind != "class":
            return
        name = bare_name(self.text(name_node))
        chain = self._scopes.outside(self._value_of(event.captures), inner)
        uid = ""
        known = owner.names.get(name, ())
        if not known or (self.spec.rules.methods_apart and all(b.kind == DEFINITION for b in known)):
            symbol = self._symbol(
                SymbolKind.FIELD, f"{owner.qualified_name}.{name}", event.node, owner.symbol,
                self._head(event.node),
            )  # fmt: skip
            uid = self._scopes.symbols[symbol].uid
        if uid or chain:
            self._scopes.bind(scope, name, Binding(VALUE, uid, chain))

    def _return(self, event: Event, scope: int) -> None:
        chain = self._chains.value(event.captures.get("value"))
        if chain and self._scopes.scopes[scope].kind == "function":
            self._returns.append((scope, chain))

    def _whole(self, node: Node) -> Node:
        """A definition with what wraps only it: `export`, a declaration around one specification."""
        while True:
            outer = node.parent
            if outer is None or outer.type not in self.spec.outer:
                return node
            if sum(child.type == node.type for child in outer.named_children) > 1:
                return node
            node = outer

    def _symbol(
        self, kind: SymbolKind, name: str, node: Node, parent: int, signature: str, docstring: str = ""
    ) -> int:
        whole = node == self._root
        start, end = (0, len(self.source)) if whole else (node.start_byte, node.end_byte)
        span = self.lines.span(self.path, start, end)
        return self._scopes.add_symbol(kind, name, span, parent, signature, docstring, self.source[start:end])
