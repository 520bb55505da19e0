"""What can be named at a place of a Python file: parameters, locals, functions, attributes, literals.

Reads one file's tree; knows nothing of suspicion, failures or how a change is made.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from tree_sitter import Node

from agent.propose.kinds import annotation_kind, kind_from_use, kind_of
from agent.propose.syntax import SourceFile, walk

COMMON_BUILTINS = frozenset(
    [
        "len",
        "range",
        "enumerate",
        "zip",
        "sum",
        "min",
        "max",
        "abs",
        "sorted",
        "reversed",
        "set",
        "list",
        "dict",
        "tuple",
        "str",
        "int",
        "float",
        "bool",
        "any",
        "all",
        "isinstance",
        "print",
        "map",
        "filter",
        "round",
        "ord",
        "chr",
        "bin",
        "hex",
        "open",
        "type",
        "repr",
        "iter",
        "next",
        "super",
    ]
)


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    default: str | None = None
    keyword_only: bool = False
    splat: bool = False
    """Whether this is `*args` or `**kwargs`."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A function of this file, or of a file that it imports from."""

    name: str
    parameters: tuple[Parameter, ...]
    owner: str | None = None
    """The class that it is a method of."""

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """Parameters that a caller writes."""
        bound = self.owner is not None and bool(self.parameters)
        return (
            self.parameters[1:] if bound and self.parameters[0].name in ("self", "cls") else self.parameters
        )


@dataclass(slots=True)
class NameFacts:
    """One local name: its guessed kind, where it was first bound, and as what."""

    kind: str | None
    first_byte: int
    role: str
    """parameter, loop, local, import or module."""
    uses: int = 0
    """How often it appears, its binding included."""

    @property
    def unused(self) -> bool:
        """Bound and never read: a sign that something was forgotten."""
        return self.uses <= 1 and self.role in ("parameter", "local", "loop")


@dataclass
class Scope:
    """The names that one function (or the module, `node` being its root) binds."""

    node: Node
    name: str
    owner: str | None
    names: dict[str, NameFacts] = field(default_factory=dict)

    def kinds(self) -> dict[str, str]:
        """Names whose kind is guessed so far."""
        return {name: facts.kind for name, facts in self.names.items() if facts.kind}


class ModuleScope:
    """All scopes of one file, each read on first use."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self._scopes: dict[int, Scope] = {}
        self._nodes: dict[int, dict[str, list[Node]]] = {}

    @cached_property
    def signatures(self) -> dict[str, list[Signature]]:
        """Functions and methods by bare name."""
        found: dict[str, list[Signature]] = {}
        for node in walk(self.source.root):
            if node.type == "function_definition":
                signature = self._signature(node)
                found.setdefault(signature.name, []).append(signature)
        return found

    @cached_property
    def attributes(self) -> dict[str, Counter[str]]:
        """Attributes by the text of the object that they are read from or set on, with counts.

        Methods of a class count as attributes of `self` (keyed `self@Class`).
        """
        found: dict[str, Counter[str]] = {}
        for node in walk(self.source.root):
            if node.type == "attribute":
                owner = node.child_by_field_name("object")
                attribute = node.child_by_field_name("attribute")
                if owner is None or attribute is None or owner.type not in ("identifier", "attribute"):
                    continue
                key = self.source.text(owner)
                if key == "self":
                    key = f"self@{self.owner_of(node) or ''}"
                found.setdefault(key, Counter())[self.source.text(attribute)] += 1
            elif node.type == "function_definition" and (owner_name := self.owner_of(node)):
                name = node.child_by_field_name("name")
                if name is not None:
                    found.setdefault(f"self@{owner_name}", Counter())[self.source.text(name)] += 1
            elif (
                node.type == "assignment"
                and self.function_of(node) is None
                and (owner_name := self.owner_of(node))
            ):
                name = node.child_by_field_name("left")
                if name is not None and name.type == "identifier":
                    found.setdefault(f"self@{owner_name}", Counter())[self.source.text(name)] += 1
        return found

    @cached_property
    def classes(self) -> list[str]:
        return [
            self.source.text(name)
            for node in walk(self.source.root)
            if node.type == "class_definition" and (name := node.child_by_field_name("name")) is not None
        ]

    @cached_property
    def result_kinds(self) -> dict[str, str]:
        """What each module-level function's first telling `return` gives, keyed `name()`."""
        found: dict[str, str] = {}
        for node in walk(self.source.root):
            function = (
                self.function_of(node) if node.type == "return_statement" and node.named_children else None
            )
            name = function.child_by_field_name("name") if function is not None else None
            if function is None or name is None or self.owner_of(function) is not None:
                continue
            scope = self.scope_of(node)
            kind = kind_of(node.named_children[0], self.source.text, scope.kinds())
            if kind is not None and kind != "none":
                found.setdefault(f"{self.source.text(name)}()", kind)
        return found

    def owner_of(self, node: Node) -> str | None:
        """The class whose body most closely holds `node`."""
        current = node.parent
        while current is not None and current.type != "class_definition":
            current = current.parent
        name = current.child_by_field_name("name") if current is not None else None
        return self.source.text(name) if name is not None else None

    def function_of(self, node: Node) -> Node | None:
        """The innermost `def` that holds `node` in its body, parameters or name."""
        current: Node | None = node
        while current is not None and current.type != "function_definition":
            current = current.parent
        return current

    def nodes_of(self, function: Node) -> dict[str, list[Node]]:
        """All nodes below a function by type, in order of appearance."""
        if function.id not in self._nodes:
            found: dict[str, list[Node]] = {}
            for node in walk(function):
                found.setdefault(node.type, []).append(node)
            self._nodes[function.id] = found
        return self._nodes[function.id]

    def scope_of(self, node: Node) -> Scope:
        """The scope that a name at `node` is looked up in first."""
        root = self.function_of(node) or self.source.root
        if root.id not in self._scopes:
            self._scopes[root.id] = self._read_scope(root)
        return self._scopes[root.id]

    @cached_property
    def top(self) -> Scope:
        return self.scope_of(self.source.root)

    def visible(self, node: Node) -> dict[str, NameFacts]:
        """Names visible at `node`, innermost first: its function's, outer functions', the module's."""
        found: dict[str, NameFacts] = {}
        current: Node | None = node
        while current is not None:
            function = self.function_of(current)
            scope = self.scope_of(current)
            for name, facts in scope.names.items():
                found.setdefault(name, facts)
            current = function.parent if function is not None else None
        for name, facts in self.top.names.items():
            found.setdefault(name, facts)
        return found

    def _signature(self, node: Node) -> Signature:
        name = node.child_by_field_name("name")
        block = node.parent
        holder = block.parent if block is not None else None
        if holder is not None and holder.type == "decorated_definition":
            holder = holder.parent
        while holder is not None and holder.type in ("block", "if_statement"):
            holder = holder.parent
        owner = None
        if holder is not None and holder.type == "class_definition":
            owner = self.owner_of(node)
        parameters = read_parameters(node.child_by_field_name("parameters"), self.source)
        return Signature(self.source.text(name) if name is not None else "", parameters, owner)

    def _read_scope(self, root: Node) -> Scope:
        name = root.child_by_field_name("name") if root.type == "function_definition" else None
        scope = Scope(root, self.source.text(name) if name is not None else "", self.owner_of(root))
        _bind_parameters(scope, self.source)
        _bind_body(scope, self.source)
        return scope


def read_parameters(node: Node | None, source: SourceFile) -> tuple[Parameter, ...]:
    """Parameters as a `parameters` or `lambda_parameters` node lists them."""
    found: list[Parameter] = []
    keyword_only = False
    for child in node.named_children if node is not None else ():
        match child.type:
            case "keyword_separator":
                keyword_only = True
            case "identifier":
                found.append(Parameter(source.text(child), None, keyword_only))
            case "default_parameter" | "typed_default_parameter":
                name = child.child_by_field_name("name")
                value = child.child_by_field_name("value")
                if name is not None and value is not None:
                    found.append(Parameter(source.text(name), source.text(value), keyword_only))
            case "typed_parameter" | "list_splat_pattern" | "dictionary_splat_pattern":
                inner = child.named_children[0]
                splat = child.type != "typed_parameter" or inner.type != "identifier"
                found.append(Parameter(source.text(inner).lstrip("*"), None, keyword_only, splat))
                keyword_only = keyword_only or splat
    return tuple(found)


def _bind_parameters(scope: Scope, source: SourceFile) -> None:
    node = scope.node.child_by_field_name("parameters") if scope.node.type == "function_definition" else None
    for child in node.named_children if node is not None else ():
        name = child.child_by_field_name("name") or (child if child.type == "identifier" else None)
        if name is None and child.named_children and child.type != "comment":
            name = child.named_children[0]
        if name is None:
            continue
        annotation = child.child_by_field_name("type")
        value = child.child_by_field_name("value")
        kind = annotation_kind(source.text(annotation)) if annotation is not None else None
        kind = kind or kind_of(value, source.text, {})
        text = source.text(name).lstrip("*")
        scope.names[text] = NameFacts(None if kind == "none" else kind, child.start_byte, "parameter")


def _bind_body(scope: Scope, source: SourceFile) -> None:
    """Bind what the body assigns, imports and defines; then read kinds off the uses."""
    uses: list[Node] = []
    stack = list(reversed(scope.node.children))
    while stack:
        node = stack.pop()
        if node.type in ("attribute", "keyword_argument"):
            stack.append(node.named_children[0 if node.type == "attribute" else -1])
            continue
        if node.type == "identifier":
            uses.append(node)
            continue
        if node.type in ("function_definition", "class_definition"):
            name = node.child_by_field_name("name")
            if name is not None:
                _bind(scope, source.text(name), "callable", node.start_byte, "local")
            continue
        _bind_node(scope, node, source)
        stack.extend(reversed(node.children))
    for use in uses:
        facts = scope.names.get(source.text(use))
        if facts is not None:
            facts.uses += 1
            facts.kind = facts.kind or kind_from_use(use, source.text)


def _bind_node(scope: Scope, node: Node, source: SourceFile) -> None:
    match node.type:
        case "assignment" | "augmented_assignment" | "named_expression":
            target = node.child_by_field_name("left") or node.child_by_field_name("name")
            value = node.child_by_field_name("right") or node.child_by_field_name("value")
            annotation = node.child_by_field_name("type")
            kind = annotation_kind(source.text(annotation)) if annotation is not None else None
            _bind_target(scope, target, kind or kind_of(value, source.text, scope.kinds()), "local", source)
        case "for_statement" | "for_in_clause":
            target = node.child_by_field_name("left")
            _bind_target(scope, target, _item_kind(node, target, source), "loop", source)
        case "as_pattern_target":
            _bind_target(scope, node.named_child(0), None, "local", source)
        case "import_statement" | "import_from_statement":
            module = node.child_by_field_name("module_name")
            for child in node.named_children:
                if child == module:
                    continue
                alias = child.child_by_field_name("alias")
                text = source.text(alias) if alias is not None else source.text(child).split(".")[0]
                if text.isidentifier():
                    _bind(scope, text, None, node.start_byte, "import")
        case _:
            return


def _bind_target(scope: Scope, target: Node | None, kind: str | None, role: str, source: SourceFile) -> None:
    if target is None:
        return
    if target.type == "identifier":
        _bind(scope, source.text(target), kind, target.start_byte, role)
    elif target.type in ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern"):
        inner = None
        if target.parent is not None and target.parent.type == "assignment":
            inner = target.parent.child_by_field_name("right")
        values = (
            inner.named_children if inner is not None and inner.type in ("expression_list", "tuple") else []
        )
        for position, child in enumerate(target.named_children):
            child_kind = kind_of(values[position], source.text, {}) if position < len(values) else None
            _bind_target(scope, child, child_kind, role, source)


def _bind(scope: Scope, name: str, kind: str | None, byte: int, role: str) -> None:
    known = scope.names.get(name)
    if known is None:
        scope.names[name] = NameFacts(None if kind == "none" else kind, byte, role)
    elif known.kind is None and kind != "none":
        known.kind = kind


def _item_kind(loop: Node, target: Node | None, source: SourceFile) -> str | None:
    iterable = loop.child_by_field_name("right")
    if target is None or target.type != "identifier" or iterable is None or iterable.type != "call":
        return None
    function = iterable.child_by_field_name("function")
    return "int" if function is not None and source.text(function) == "range" else None
