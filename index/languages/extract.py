"""Read one file of a declared language into facts: symbols, bindings, uses, imports. Knows no other file.

One pass over what the language's query found, in order of place, with a stack of open scopes.
"""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from index.content import Content
from index.conventions import is_test_path
from index.facts import (
    CALL,
    DEFINITION,
    IMPORT,
    MARKS,
    VALUE,
    Binding,
    FileFacts,
    ImportUse,
)
from index.languages.comments import comment_before
from index.languages.imports import read_plain_import
from index.languages.matches import DEFINITIONS, Captures, Event
from index.languages.names import file_module_name, plain_name
from index.languages.overloads import arity_of
from index.languages.rules import ANY_CLASS
from index.languages.scopes import NAMESPACE
from index.languages.spec import LanguageSpec
from index.languages.values import MAX_HEAD_CHARS, SPACE, FileValues
from index.python.scopes import OPAQUE
from index.types import SymbolKind

_MAX_SIGNATURE_CHARS = 300
_CLASS_LIKE = {
    "definition.class": SymbolKind.CLASS,
    "definition.interface": SymbolKind.INTERFACE,
    "definition.module": SymbolKind.MODULE,
}
_VALUE_LIKE = {"definition.field": SymbolKind.FIELD, "definition.constant": SymbolKind.CONSTANT}
_ROLE = "role."
Handler = Callable[[Event, int], None]


def extract(spec: LanguageSpec, repository: str, path: str, content: Content) -> FileFacts:
    """Everything that one file says by itself."""
    spec = spec.dialect(content) if spec.dialect is not None else spec
    return _File(spec, repository, path, content).read()


class _File(FileValues):
    """One file while it is read, with its definitions, the scopes that these open, and its imports."""

    def __init__(self, spec: LanguageSpec, repository: str, path: str, content: Content) -> None:
        super().__init__(spec, repository, path, content)
        self._test_file = is_test_path(path)
        self._package_name = ""
        self._opened: set[int] = set()
        """Nodes of definitions, which open a scope by themselves."""
        self._open: list[tuple[int, int]] = []
        self._imports: list[ImportUse] = []
        self._handlers: dict[str, Handler] = {
            **dict.fromkeys(DEFINITIONS, self._definition),
            "anonymous": self._anonymous,
            "package": self._package,
            "part": self._part,
            "scope": self._scope,
            "skip": self._skip_within,
            "tokens": self._tokens,
            "inherits": self._inherits,
            "decorates": self._decorates,
            "import": self._import,
            "export": self._export,
            "parameter": self._parameter,
            "element": self._element,
            "field": self._field,
            "variable": self._variable,
            "return": self._return,
        }

    def read(self) -> FileFacts:
        name = file_module_name(self.path)
        docstring = comment_before(self._root, self.spec, self.text)
        symbol = self._symbol(SymbolKind.MODULE, name, self._root, -1, "", docstring)
        self._scopes.open("module", name, symbol, -1)
        if self.spec.namespace is not None:
            self._scopes.namespace = self.spec.namespace(self.path, "")
        self._open.append((len(self.source) + 1, 0))
        opened, taken = self._open, self._taken
        last_use = (0, 0)
        for place, thing in self._found:
            while opened[-1][0] <= place[0]:
                opened.pop()
            if isinstance(thing, Event):
                self._handlers[thing.head](thing, opened[-1][1])
            elif thing.id not in taken and place[0] >= self._skipped_to and place[:2] != last_use:
                last_use = place[:2]
                self._note_use(thing, opened[-1][1], "")
        for scope, chain in self._returns:
            function = self._scopes.scopes[scope]
            if not function.returns:
                function.returns = self._scopes.outside(chain, scope)
        interface = self._scopes.interface()
        body = self._scopes.body(self._uses, self._imports)
        return FileFacts(self._scopes.symbols, interface, body, self._root.has_error)

    # Definitions

    def _definition(self, event: Event, scope: int) -> None:
        captures, name_node = event.captures, event.captures.get("name")
        if name_node is None or name_node.id in self._bound:
            return
        is_test = event.head == "definition.test"
        if is_test and not self._test_file:
            return
        self._bound.add(name_node.id)
        scope = 0 if "global" in captures else scope
        name = plain_name(self.text(name_node))
        self._taken.add(event.node.id)
        self._opened.update((event.node.id, captures.get("inner", event.node).id))
        if event.head in _VALUE_LIKE:
            self._value(event, scope, name, _VALUE_LIKE[event.head])
        elif event.head in _CLASS_LIKE:
            self._class(event, scope, name)
        else:
            self._function(event, scope, name, is_test)

    def _class(self, event: Event, scope: int, name: str) -> None:
        *around, name = name.split("::")
        for outer in around:
            scope = self._scopes.open_namespace(outer, scope)
        scope = self._owner_scope(event.captures, scope)
        qualified_name = self._scopes.qualified(scope, name)
        symbol = self._define(_CLASS_LIKE[event.head], qualified_name, event, scope)
        inner = self._scopes.open_class(
            qualified_name, symbol, scope, companion="companion" in event.captures
        )
        if event.head == "definition.module" and self.spec.open_modules:
            self._scopes.scopes[inner].role = NAMESPACE
        self._scopes.bind(scope, name, Binding(DEFINITION, qualified_name, ""))
        self._open.append((event.node.end_byte, inner))

    def _anonymous(self, event: Event, scope: int) -> None:
        """A class without a name has members, but is no symbol of its own."""
        inner = self._scopes.open_anonymous(scope)
        base = self._chains.type(event.captures.get("base")).removesuffix(f".{CALL}")
        self._scopes.scopes[inner].bases = (base,) if base else ()
        self._open.append((event.node.end_byte, inner))

    def _function(self, event: Event, scope: int, name: str, is_test: bool) -> None:
        captures, scope = event.captures, self._owner_scope(event.captures, scope)
        outer = self._scopes.scopes[scope]
        in_class = outer.kind == "class" and not self._scopes.is_namespace(scope)
        kind = SymbolKind.METHOD if in_class else SymbolKind.FUNCTION
        if is_test or "test" in captures or (self._test_file and self.spec.is_test_name(name)):
            kind = SymbolKind.TEST
        qualified_name = self._scopes.qualified(scope, name)
        symbol = self._define(kind, qualified_name, event, scope)
        self._scopes.note_member(scope, symbol)
        if not is_test:
            makes = in_class and "" in self.spec.rules.constructors and outer.is_called(name)
            self._scopes.bind(scope, "" if makes else name, Binding(DEFINITION, qualified_name, ""))
            if self.spec.rules.extensions:
                self._extend(captures, name, qualified_name)
        inner = self._scopes.open("function", qualified_name, symbol, scope)
        opened = self._scopes.scopes[inner]
        opened.role = "test" if kind is SymbolKind.TEST else self._role(captures)
        if self.spec.rules.overloads:
            opened.arity = arity_of(event.node)
        if "returns" in captures:
            opened.returns, opened.returns_annotated = self._chains.type(captures["returns"]), True
        if self.spec.doc_types is not None:
            self._doc_types[inner] = self.spec.doc_types(self._scopes.symbols[symbol].docstring)
            stated = self._stated(self._doc_types[inner], "")
            if stated:
                opened.returns, opened.returns_annotated = stated, True
        if "receiver" in captures:
            opened.receiver = self.text(captures["receiver"])
        elif in_class:
            opened.receiver = self.spec.receiver
        if opened.receiver:
            self._scopes.bind(inner, opened.receiver, OPAQUE)
        self._open.append((event.node.end_byte, inner))

    def _owner_scope(self, captures: Captures, scope: int) -> int:
        """The scope that a definition belongs to: a class that stands elsewhere, if it names one."""
        owner = self._owner(captures["owner"]) if "owner" in captures else ""
        if owner and "outer" in captures:
            owner = f"{self._owner(captures['outer'])}.{owner}"
        return self._scopes.part_of(self._scopes.qualified(scope, owner), scope) if owner else scope

    def _owner(self, node: Node) -> str:
        """The class that a method outside it belongs to; of a container or type without members, its bare name."""
        owner = self._chains.type(node).removesuffix(f".{CALL}")
        outer, _, last = owner.rpartition(".")
        owner = outer if outer and last in self.spec.rules.makers else owner
        if owner and MARKS.isdisjoint(owner.split(".")):
            return owner
        return self._chains.written(self._chains.take_apart(node)) if self.spec.rules.extensions else ""

    def _extend(self, captures: Captures, name: str, qualified_name: str) -> None:
        """Offer an extension to its class, and to whatever is asked for a member of its name."""
        extended = captures.get("extends") or captures.get("owner")
        if extended is None:
            return
        owner = self._owner(extended)
        for part in (owner, ANY_CLASS) if "extends" in captures and owner else (ANY_CLASS,):
            self._scopes.bind(self._scopes.part_of(part, 0), name, Binding(DEFINITION, qualified_name, owner))

    def _role(self, captures: Captures) -> str:
        if "static" in captures:
            return "class"
        if "property" in captures:
            return "property"
        return next((capture[len(_ROLE) :] for capture in captures if capture.startswith(_ROLE)), "")

    def _define(self, kind: SymbolKind, qualified_name: str, event: Event, scope: int) -> int:
        node, inner = event.node, event.captures.get("inner", event.node)
        body = event.captures.get("body") or inner.child_by_field_name("body")
        if body is None and self.spec.bodies:
            body = next((child for child in inner.children if child.type in self.spec.bodies), None)
        whole, end = self._whole(node), node.end_byte if body is None else body.start_byte
        if body is not None and "body" in event.captures:
            brace = self.source.find(b"{", end, min(body.end_byte, end + MAX_HEAD_CHARS))
            end = max(end, brace)
        remarks = (child.start_byte for child in node.children if child.type in self.spec.comments)
        end = min(end, whole.start_byte + 4 * _MAX_SIGNATURE_CHARS, *remarks)
        signature = SPACE.sub(" ", self.lines.text(whole.start_byte, end)).strip().rstrip("{=> ")
        docstring = comment_before(whole, self.spec, self.text)
        parent = self._scopes.scopes[scope].symbol
        return self._symbol(kind, qualified_name, whole, parent, signature[:_MAX_SIGNATURE_CHARS], docstring)

    # Scopes, bases, imports

    def _part(self, event: Event, scope: int) -> None:
        """Members of a type outside its definition: an implementation, an extension."""
        owner = self._chains.type(event.captures.get("owner")).removesuffix(f".{CALL}")
        name = owner if MARKS.isdisjoint(owner.split(".")) and owner else self.text(event.captures["owner"])
        inner = self._scopes.part_of(self._scopes.qualified(scope, name), scope)
        self._open.append((event.node.end_byte, inner))

    def _scope(self, event: Event, scope: int) -> None:
        """A lambda or anonymous function has names of its own."""
        if event.node.id not in self._opened:
            outer = self._scopes.scopes[scope]
            inner = self._scopes.open("block", outer.qualified_name, outer.symbol, scope)
            self._open.append((event.node.end_byte, inner))

    def _package(self, event: Event, scope: int) -> None:
        self._skip(event.node)
        if self.spec.namespace is not None:
            package = self.text(event.node)
            if self.spec.packages_nest and self._package_name:
                package = f"{self._package_name}.{package}"
            self._package_name = package
            self._scopes.namespace = self.spec.namespace(self.path, package)

    def _inherits(self, event: Event, scope: int) -> None:
        opened = self._scopes.scopes[scope]
        chain = self._chains.type(event.node).removesuffix(f".{CALL}") or self._chains.value(event.node)
        if opened.kind == "class" and chain and chain not in opened.bases:
            opened.bases = (*opened.bases, chain)
            if not self._scopes.is_anonymous(scope):
                self._note_use(event.node, scope, "inherits")

    def _decorates(self, event: Event, scope: int) -> None:
        self._note_use(event.node, scope, "decorates")

    def _import(self, event: Event, scope: int) -> None:
        reader = self.spec.read_import or read_plain_import
        for name in ("module", "name"):
            self._skip(event.captures.get(name))
        for found in reader(event.captures, self.text, self.path):
            target = f"{found.level}:{found.module}"
            if found.name == "*":
                if target not in self._scopes.stars:
                    self._scopes.stars.append(target)
            elif found.bound:
                self._scopes.bind(scope, found.bound, Binding(IMPORT, target, found.name))
            if found.level or found.module:
                span = self.lines.span(self.path, found.at.start_byte, found.at.end_byte)
                place = (
                    span.start_byte, span.end_byte, span.start_line, span.start_column, span.end_line,
                    span.end_column,
                )  # fmt: skip
                self._imports.append(ImportUse(scope, found.level, found.module, found.name, place))

    def _export(self, event: Event, scope: int) -> None:
        """A name of this file offered under another one."""
        captures = event.captures
        name = captures.get("alias") or captures.get("name")
        shown = "default" if "default" in captures or name is None else self.text(name)
        value = captures.get("value")
        chain = self.text(captures["name"]) if "name" in captures else self._chains.value(value)
        if chain and "." not in chain:
            self._scopes.bind(0, shown, Binding(IMPORT, "1:", chain))
        elif chain:
            self._scopes.bind(0, shown, Binding(VALUE, "", self._scopes.outside(chain, scope)))
