"""Read one Python file into facts: symbols, bindings, uses, imports. Knows no other file, executes nothing."""

from __future__ import annotations

from collections.abc import Hashable

from tree_sitter import Node

from index.content import Content
from index.conventions import is_test_path
from index.facts import DEFINITION, VALUE, Binding, FileFacts, Use
from index.python.bindings import SPACE, PythonBindings
from index.python.pieces import Pieces
from index.python.scopes import FileScopes
from index.python.types import annotation_chain, definition_docstring, function_role, value_chain
from index.python.watched import WatchedScopes
from index.types import SymbolKind

_MAX_SIGNATURE_CHARS = 300


def extract(
    repository: str, path: str, module: str, content: Content, pieces: Pieces | None = None
) -> FileFacts:
    """Everything that one Python file says by itself. `module` is its dotted name.

    `pieces` are those of the file's last reading: what is as it was then is taken from there.
    """
    if pieces is None:
        return _PythonFile(path, content, FileScopes(repository, path)).read(module)
    pieces.begin((repository, path, module, content.encoding, content.data.isascii()))
    return _FileAgain(path, content, WatchedScopes(repository, path), pieces).read(module)


class _PythonFile(PythonBindings):
    """A walk that also opens a scope and adds a symbol for every definition."""

    def __init__(self, path: str, content: Content, file: FileScopes) -> None:
        super().__init__(path, content, file)
        self._test_file = is_test_path(path)
        self.handlers |= {
            "class_definition": self._class,
            "function_definition": self._function,
            "decorated_definition": self._decorated,
        }

    def read(self, module: str) -> FileFacts:
        docstring = definition_docstring(self.root, self.text)
        symbol = self.symbol(SymbolKind.MODULE, module, self.root, -1, "", docstring)
        self.file.open("module", module, symbol, -1)
        self.walk()
        body = self.file.body(self.uses, self.imports)
        return FileFacts(self.file.symbols, self.file.interface(), body, self.root.has_error)

    def _decorated(self, node: Node, scope: int) -> None:
        definition = node.child_by_field_name("definition")
        decorators = [child for child in node.named_children if child.type == "decorator"]
        names = [
            value_chain(child.named_children[0], self.text) for child in decorators if child.named_children
        ]
        if definition is not None:
            if definition.type == "class_definition":
                self._class(definition, scope, node)
            else:
                self._function(definition, scope, node, names)
        for decorator in reversed(decorators):
            for child in decorator.named_children:
                if child.type in ("identifier", "attribute"):
                    self.use(child, scope, "decorates")
                else:
                    self.push(child, scope)

    def _class(self, node: Node, scope: int, whole: Node | None = None) -> None:
        name_node = node.child_by_field_name("name")
        if name_node is None:
            return
        name, arguments = self.text(name_node), node.child_by_field_name("superclasses")
        body = node.child_by_field_name("body")
        qualified_name = self.file.qualified(scope, name)
        symbol = self._define(SymbolKind.CLASS, qualified_name, node, whole or node, scope)
        self.file.bind(scope, name, Binding(DEFINITION, qualified_name, ""))
        inner = self.file.open("class", qualified_name, symbol, scope)
        self.file.scopes[inner].bases = self._bases(arguments, scope, inner)
        self.push_children(body, inner)

    def _bases(self, arguments: Node | None, scope: int, inner: int) -> tuple[str, ...]:
        """Chains of the base classes; each is also a use."""
        bases = []
        for base in arguments.named_children if arguments is not None else ():
            target = base.child_by_field_name("value") if base.type == "subscript" else base
            if target is not None and target.type in ("identifier", "attribute"):
                bases.append(value_chain(target, self.text))
                self.use(target, inner, "inherits")
                for child in base.named_children[1:] if base.type == "subscript" else ():
                    self.push(child, scope)
            else:
                self.push(base, scope)
        return tuple(base for base in bases if base)

    def _function(
        self, node: Node, scope: int, whole: Node | None = None, decorators: list[str] | None = None
    ) -> None:
        name_node, parameters = node.child_by_field_name("name"), node.child_by_field_name("parameters")
        if name_node is None:
            return
        name, body = self.text(name_node), node.child_by_field_name("body")
        qualified_name, returned = self.file.qualified(scope, name), node.child_by_field_name("return_type")
        role = function_role(decorators or [])
        kind = self._function_kind(name, scope)
        symbol = self._define(kind, qualified_name, node, whole or node, scope)
        if role != "setter":
            self.file.bind(scope, name, Binding(DEFINITION, qualified_name, ""))
        inner = self.file.open("function", qualified_name, symbol, scope)
        opened = self.file.scopes[inner]
        opened.role = role or ("test" if kind is SymbolKind.TEST else "")
        if returned is not None:
            opened.returns, opened.returns_annotated = annotation_chain(self.text(returned)), True
        self._parameters(parameters, inner, scope, kind is SymbolKind.TEST or role == "fixture")
        self.push_children(body, inner)
        self.push(returned, scope)

    def _function_kind(self, name: str, scope: int) -> SymbolKind:
        outer = self.file.scopes[scope]
        if name.startswith("test"):
            class_name = outer.qualified_name.rpartition(".")[2]
            unittest = any(base.endswith("TestCase") for base in outer.bases)
            pytest = outer.kind == "module" or class_name.startswith("Test") or bool(outer.bases)
            if outer.kind != "function" and (unittest or (self._test_file and pytest)):
                return SymbolKind.TEST
        return SymbolKind.METHOD if outer.kind == "class" else SymbolKind.FUNCTION

    def _parameters(self, parameters: Node | None, inner: int, outer: int, fixtures: bool) -> None:
        """Bind parameters in the function; defaults and annotations are evaluated outside it."""
        opened, first = self.file.scopes[inner], self.file.scopes[outer].kind == "class"
        for parameter in parameters.named_children if parameters is not None else ():
            name_node = parameter
            while name_node.type not in ("identifier", "ERROR") and name_node.named_child_count:
                name_node = name_node.child_by_field_name("name") or name_node.named_children[0]
            if name_node.type != "identifier":
                continue
            name, annotation = self.text(name_node), parameter.child_by_field_name("type")
            if first and opened.role != "static":
                opened.receiver = name
            first = False
            chain = "" if annotation is None else annotation_chain(self.text(annotation))
            splat = (
                parameter.type if parameter.type != "typed_parameter" else parameter.named_children[0].type
            )
            if splat in ("list_splat_pattern", "dictionary_splat_pattern"):
                chain = f"{chain}.*" if chain else ""
            self.file.bind(inner, name, Binding(VALUE, "", chain))
            self.push(annotation, outer)
            self.push(parameter.child_by_field_name("value"), outer)
            if fixtures and name != opened.receiver and parameter.type == "identifier":
                self.uses.append(Use(inner, "fixture", name, self.positions([name_node])))

    def _define(self, kind: SymbolKind, qualified_name: str, node: Node, whole: Node, scope: int) -> int:
        """Add the symbol of a class or function; `whole` includes its decorators."""
        body = node.child_by_field_name("body")
        end = node.end_byte if body is None else body.start_byte
        text = SPACE.sub(" ", self.lines.text(node.start_byte, end)).strip()
        head, colon, _ = text.rpartition(":")
        signature = (head if colon else text)[:_MAX_SIGNATURE_CHARS]
        docstring = definition_docstring(body, self.text)
        return self.symbol(kind, qualified_name, whole, self.file.scopes[scope].symbol, signature, docstring)


class _FileAgain(_PythonFile):
    """The same for a file that was read before: functions that are as they were then are not walked."""

    def __init__(self, path: str, content: Content, file: WatchedScopes, pieces: Pieces) -> None:
        super().__init__(path, content, file)
        self._watched_file, self._pieces = file, pieces
        self._walked = {kind: self.handlers[kind] for kind in ("function_definition", "decorated_definition")}
        self.handlers |= dict.fromkeys(self._walked, self._function_again)

    def _function_again(self, node: Node, scope: int) -> None:
        walked, file = self._walked[node.type], self._watched_file
        key = self._key(node, scope)
        if key is None:
            walked(node, scope)
            return
        place = file.place(node.start_byte, node.start_point[0], scope)
        known = self._pieces.get(key)
        piece = None if known is None else file.again(known, place)
        if piece is not None:
            self.uses += piece.uses
            self.imports += piece.imports
        else:
            uses, imports, height = len(self.uses), len(self.imports), len(self._stack)
            file.watch(scope)
            walked(node, scope)
            self.walk_down(height)
            piece = file.watched_piece(place, self.uses[uses:], self.imports[imports:])
        if piece is not None:
            self._pieces.put(key, piece)

    def _key(self, node: Node, scope: int) -> Hashable:
        """All that a function's share follows from, but for the names that it meets; None if it is to be walked."""
        opened = self.file.scopes[scope]
        if self._watched_file.watched >= 0 or opened.kind not in ("module", "class") or opened.outer:
            return None
        start, end = node.start_byte, node.end_byte
        before = self.source[start - node.start_point[1] : start]
        if node.has_error or before.strip(b" \t"):
            return None
        if node.type == "decorated_definition":
            definition = node.child_by_field_name("definition")
            if definition is None or definition.type != "function_definition":
                return None
        around = opened.kind, opened.qualified_name, opened.bases, self.file.symbols[opened.symbol].uid
        return node.type, node.descendant_count, before, self.source[start:end], around
