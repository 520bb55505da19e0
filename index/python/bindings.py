"""Note what Python's statements bind: assignments, loops, `with`, patterns, imports. Knows no definitions."""

from __future__ import annotations

import re

from tree_sitter import Node

from index.content import Content
from index.facts import CALL, CONTAINER, ELEMENT, IMPORT, VALUE, Binding, ImportUse, Use
from index.python.scopes import OPAQUE, FileScopes
from index.python.types import annotation_chain, loop_chains, string_items, value_chain
from index.python.walk import PythonWalk
from index.types import SymbolKind

SPACE = re.compile(r"\s+")
_PATTERN_NODES = frozenset({"pattern_list", "tuple_pattern", "list_pattern", "tuple", "list"})
_COMPREHENSIONS = frozenset(
    {"list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"}
)
_MAX_SIGNATURE_CHARS = 80


class PythonBindings(PythonWalk):
    """A walk that also fills the scopes with the names that statements bind."""

    def __init__(self, path: str, content: Content, file: FileScopes) -> None:
        super().__init__(path, content, file)
        self.handlers |= {
            "assignment": self._assignment,
            "augmented_assignment": self._augmented,
            "named_expression": self._walrus,
            "for_statement": self._loop,
            "for_in_clause": self._loop,
            **dict.fromkeys(_COMPREHENSIONS, self._comprehension),
            "as_pattern": self._as_pattern,
            "import_statement": self._import,
            "import_from_statement": self._import_from,
            "global_statement": self._outer_names,
            "nonlocal_statement": self._outer_names,
            "return_statement": self._return,
            "yield": self._yield,
            "lambda": self._lambda,
            "case_pattern": self._case,
            "type_alias_statement": self._type_alias,
        }

    def target(self, node: Node, scope: int, chain: str, whole: Node) -> None:
        """Bind what stands left of an assignment, in a loop or after `as`."""
        pending = [(node, chain)]
        while pending:
            target, value = pending.pop()
            if target.type == "identifier":
                self._assign_name(target, scope, value, whole)
            elif target.type in _PATTERN_NODES:
                pending.extend((child, "") for child in target.named_children)
            elif target.type in (
                "list_splat_pattern",
                "dictionary_splat_pattern",
                "list_splat",
                "parenthesized_expression",
                "as_pattern_target",
            ):
                pending.extend((child, value) for child in target.named_children)
            else:
                if target.type == "attribute":
                    self._assign_field(target, scope, value, whole)
                self.push(target, scope)

    def _assign_name(self, target: Node, scope: int, chain: str, whole: Node) -> None:
        name, opened = self.text(target), self.file.scopes[scope]
        uid = ""
        if opened.kind in ("module", "class") and whole.type in ("assignment", "type_alias_statement"):
            if not any(binding.target for binding in self.file.held(scope, name)) and name != "__all__":
                kind = SymbolKind.CONSTANT if opened.kind == "module" else SymbolKind.FIELD
                qualified_name = self.file.qualified(scope, name)
                symbol = self.symbol(kind, qualified_name, whole, opened.symbol, self._head(whole))
                uid = self.file.symbols[symbol].uid
            elif not chain:
                return
        self.file.bind(scope, name, Binding(VALUE, uid, chain))

    def _assign_field(self, target: Node, scope: int, chain: str, whole: Node) -> None:
        """`self.name = value` in a method declares a field of the class."""
        receiver, name_node = target.child_by_field_name("object"), target.child_by_field_name("attribute")
        opened = self.file.scopes[scope]
        if receiver is None or name_node is None or not opened.receiver or receiver.type != "identifier":
            return
        if self.text(receiver) != opened.receiver:
            return
        owner, name = self.file.scopes[opened.parent], self.text(name_node)
        chain = self.file.outside(chain, scope)
        uid = ""
        if not self.file.held(opened.parent, name):
            qualified_name = f"{owner.qualified_name}.{name}"
            symbol = self.symbol(SymbolKind.FIELD, qualified_name, whole, owner.symbol, self._head(whole))
            uid = self.file.symbols[symbol].uid
        elif not chain:
            return
        self.file.bind(opened.parent, name, Binding(VALUE, uid, chain))

    def _head(self, node: Node) -> str:
        """The beginning of a statement on one line."""
        end = min(node.end_byte, node.start_byte + 4 * _MAX_SIGNATURE_CHARS)
        return SPACE.sub(" ", self.lines.text(node.start_byte, end))[:_MAX_SIGNATURE_CHARS]

    def _assignment(self, node: Node, scope: int) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        annotation = node.child_by_field_name("type")
        value = right
        while value is not None and value.type == "assignment":
            value = value.child_by_field_name("right")
        chain = annotation_chain(self.text(annotation)) if annotation is not None else ""
        chain = chain or value_chain(value, self.text)
        self.push(right, scope)
        self.push(annotation, scope)
        if left is None:
            return
        if scope == 0 and left.type == "identifier" and self.text(left) == "__all__":
            self.file.exported = string_items(value, self.text)
        items = value.named_children if value is not None and value.type == "expression_list" else []
        if left.type == "pattern_list" and left.named_child_count == len(items):
            for target, item in zip(left.named_children, items, strict=True):
                self.target(target, scope, value_chain(item, self.text), node)
        else:
            self.target(left, scope, chain, node)

    def _augmented(self, node: Node, scope: int) -> None:
        left = node.child_by_field_name("left")
        if left is not None and left.type == "identifier":
            if scope == 0 and self.text(left) == "__all__":
                self.file.exported = None
            self.file.bind(scope, self.text(left), OPAQUE)
        self.push_children(node, scope)

    def _walrus(self, node: Node, scope: int) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is not None:
            self.file.bind(scope, self.text(name), Binding(VALUE, "", value_chain(value, self.text)))
        self.push(value, scope)

    def _loop(self, node: Node, scope: int) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        chain = value_chain(right, self.text)
        for child in reversed(node.named_children):
            if child != left:
                self.push(child, scope)
        if left is not None and left.type in _PATTERN_NODES:
            chains = loop_chains(right, left.named_child_count, self.text)
            for child, chain in zip(left.named_children, chains, strict=True):
                self.target(child, scope, chain, node)
        elif left is not None:
            self.target(left, scope, f"{chain}.{ELEMENT}" if chain else "", node)

    def _comprehension(self, node: Node, scope: int) -> None:
        """A comprehension has names of its own; all of it is read in its scope."""
        outer = self.file.scopes[scope]
        self.push_children(node, self.file.open("block", outer.qualified_name, outer.symbol, scope))

    def _lambda(self, node: Node, scope: int) -> None:
        outer, parameters = self.file.scopes[scope], node.child_by_field_name("parameters")
        inner = self.file.open("block", outer.qualified_name, outer.symbol, scope)
        for parameter in parameters.named_children if parameters is not None else ():
            name = parameter.child_by_field_name("name") or parameter
            self.target(name, inner, "", node)
            self.push(parameter.child_by_field_name("value"), scope)
        self.push(node.child_by_field_name("body"), inner)

    def _as_pattern(self, node: Node, scope: int) -> None:
        value, alias = node.named_children[0], node.child_by_field_name("alias") or node.named_children[-1]
        chain = value_chain(value, self.text)
        in_with = node.parent is not None and node.parent.type == "with_item"
        if in_with and chain:
            chain = f"{chain}.__enter__.{CALL}"
        elif chain:
            chain = f"{chain}.{CALL}"
        self.target(alias, scope, chain, node)
        self.push(value, scope)

    def _case(self, node: Node, scope: int) -> None:
        """A `case` pattern: bare names are bound, class patterns and dotted names are used."""
        pending = [node]
        while pending:
            current = pending.pop()
            children = current.named_children
            if current.type == "class_pattern" and children:
                self._dotted(children[0], scope)
                children = children[1:]
            elif current.type == "keyword_pattern":
                children = children[1:]
            elif current.type == "dotted_name" and len(children) > 1:
                self._dotted(current, scope)
                children = []
            elif current.type == "identifier":
                self.file.bind(scope, self.text(current), OPAQUE)
            pending.extend(children)

    def _dotted(self, node: Node, scope: int) -> None:
        names = [child for child in node.named_children if child.type == "identifier"]
        if names:
            chain = ".".join(map(self.text, names))
            self.uses.append(Use(scope, "", chain, self.positions(names)))

    def _type_alias(self, node: Node, scope: int) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and left.named_children and left.named_children[0].type == "identifier":
            self._assign_name(left.named_children[0], scope, "", node)
        self.push(right, scope)

    def _outer_names(self, node: Node, scope: int) -> None:
        word = "global" if node.type == "global_statement" else "nonlocal"
        for child in node.named_children:
            self.file.scopes[scope].outer[self.text(child)] = word

    def _return(self, node: Node, scope: int) -> None:
        opened = self.file.scopes[scope]
        if opened.kind == "function" and not opened.returns and node.named_children:
            opened.returns = self.file.outside(value_chain(node.named_children[0], self.text), scope)
        self.push_children(node, scope)

    def _yield(self, node: Node, scope: int) -> None:
        """A generator holds what it yields, for a loop or a `with`; a fixture's user gets the thing itself."""
        opened = self.file.scopes[scope]
        if opened.kind == "function" and opened.role == "fixture":
            if not opened.returns and node.named_children:
                opened.returns = self.file.outside(value_chain(node.named_children[0], self.text), scope)
        elif opened.kind == "function":
            opened.yields = True
            if not opened.yielded and node.named_children:
                chain = self.file.outside(value_chain(node.named_children[0], self.text), scope)
                whole = any(child.type == "from" for child in node.children)
                opened.yielded = chain if whole or not chain else f"{chain}.{CONTAINER}"
        self.push_children(node, scope)

    def _import(self, node: Node, scope: int) -> None:
        for child in node.named_children:
            name_node = child.child_by_field_name("name") if child.type == "aliased_import" else child
            if name_node is None or name_node.type != "dotted_name":
                continue
            module = SPACE.sub("", self.text(name_node))
            alias = child.child_by_field_name("alias")
            bound = self.text(alias) if alias is not None else module.partition(".")[0]
            target = module if alias is not None else bound
            self.file.bind(scope, bound, Binding(IMPORT, f"0:{target}", ""))
            self.imports.append(ImportUse(scope, 0, module, "", self.span_of(name_node)))

    def _import_from(self, node: Node, scope: int) -> None:
        module_node = node.child_by_field_name("module_name")
        if module_node is None:
            return
        text = SPACE.sub("", self.text(module_node))
        module = text.lstrip(".")
        level = len(text) - len(module)
        for child in node.children_by_field_name("name"):
            name_node = child.child_by_field_name("name") if child.type == "aliased_import" else child
            if name_node is None:
                continue
            name, alias = self.text(name_node), child.child_by_field_name("alias")
            bound = self.text(alias) if alias is not None else name
            self.file.bind(scope, bound, Binding(IMPORT, f"{level}:{module}", name))
            self.imports.append(ImportUse(scope, level, module, name, self.span_of(name_node)))
        if any(child.type == "wildcard_import" for child in node.named_children):
            self.file.stars.append(f"{level}:{module}")
            self.imports.append(ImportUse(scope, level, module, "*", self.span_of(module_node)))
