"""Collect the scopes, symbols and bindings of one Python file while it is read. Knows no syntax nodes.

Functions see enclosing functions and the module; a class body's names are seen by itself only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field

from index.conventions import builtin_names
from index.facts import (
    CALL,
    LITERAL_ROOT,
    MARKS,
    VALUE,
    Binding,
    Body,
    Definition,
    ImportUse,
    Interface,
    Scope,
    Use,
)
from index.types import Span, Symbol, SymbolKind

OPAQUE = Binding(VALUE, "", "")
CLASS_RECEIVER_METHODS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
"""Methods that get the class without being declared class methods."""
_MAX_SUBSTITUTIONS = 4


@dataclass(slots=True)
class OpenScope:
    """A module, class, function or block (a lambda, a comprehension) while its body is being read."""

    kind: str
    qualified_name: str
    symbol: int
    parent: int
    receiver: str = ""
    role: str = ""
    returns: str = ""
    returns_annotated: bool = False
    yields: bool = False
    yielded: str = ""
    """Chain of what a generator holds."""
    arity: tuple[int, int] | None = None
    """(least, most) numbers of arguments, where overloads are told apart by it."""
    bases: tuple[str, ...] = ()
    names: dict[str, list[Binding]] = field(default_factory=dict)
    outer: dict[str, str] = field(default_factory=dict)
    """Names declared `global` or `nonlocal`, and which."""

    def is_called(self, name: str) -> bool:
        return name == self.qualified_name.rpartition(".")[2]

    @property
    def is_class_method(self) -> bool:
        """Whether the receiver is the class itself."""
        name = self.qualified_name.rpartition(".")[2]
        return bool(self.receiver) and (self.role == "class" or name in CLASS_RECEIVER_METHODS)


class FileScopes:
    """The scopes and symbols of a file under construction. Scope 0 and symbol 0 are the module's."""

    methods_apart = False
    """Whether a value and a method may share a name, told apart by the call."""
    extensions = False
    """Whether even a literal may have members that the repository defines."""

    def __init__(
        self, repository: str, path: str, language: str = "python", builtins: Collection[str] | None = None
    ) -> None:
        self._language = language
        self._builtins = builtin_names() if builtins is None else builtins
        self._repository = repository
        self._path = path
        self._ordinals: dict[tuple[SymbolKind, str], int] = {}
        self.symbols: list[Symbol] = []
        self.scopes: list[OpenScope] = []
        self.stars: list[str] = []
        self.exported: tuple[str, ...] | None = None

    def add_symbol(
        self,
        kind: SymbolKind,
        qualified_name: str,
        span: Span,
        parent: int,
        signature: str,
        docstring: str,
        body: bytes,
    ) -> int:
        """Add a definition and return its index. `parent` is a symbol's index, -1 for none."""
        ordinal = self._ordinals.get((kind, qualified_name), 0)
        self._ordinals[kind, qualified_name] = ordinal + 1
        self.symbols.append(
            Symbol(
                uid=symbol_uid(self._repository, self._path, kind, qualified_name, ordinal),
                path=self._path,
                kind=kind,
                name=qualified_name.rpartition(".")[2],
                qualified_name=qualified_name,
                span=span,
                language=self._language,
                signature=signature,
                docstring=docstring,
                body_hash=hashlib.blake2b(body, digest_size=8).hexdigest(),
                ordinal=ordinal,
                parent_uid=None if parent < 0 else self.symbols[parent].uid,
            )
        )
        return len(self.symbols) - 1

    def open(self, kind: str, qualified_name: str, symbol: int, parent: int) -> int:
        self.scopes.append(OpenScope(kind, qualified_name, symbol, parent))
        return len(self.scopes) - 1

    def qualified(self, scope: int, name: str) -> str:
        outer = self.scopes[scope]
        return name if outer.kind == "module" else f"{outer.qualified_name}.{name}"

    def held(self, scope: int, name: str) -> list[Binding]:
        """What a scope holds under a name so far."""
        return self.scopes[scope].names.get(name, [])

    def bind(self, scope: int, name: str, binding: Binding) -> None:
        opened = self.scopes[scope]
        home = opened.outer.get(name)
        if home is not None:
            opened = self.scopes[0] if home == "global" else self.scopes[opened.parent]
            if opened.names.get(name):
                return
        known = opened.names.setdefault(name, [])
        if binding not in known and (binding != OPAQUE or not known):
            known.append(binding)

    def outside(self, chain: str, scope: int, depth: int = 0) -> str:
        """A chain in words that others understand: local roots replaced by what they hold; empty if impossible."""
        opened = self.scopes[scope]
        if opened.kind in ("module", "class") or not chain:
            return chain
        if depth > _MAX_SUBSTITUTIONS:
            return ""
        root, dot, rest = chain.partition(".")
        if root == opened.receiver:
            return f"self{dot}{rest}"
        if root not in opened.names:
            return self.outside(chain, opened.parent, depth + 1)
        held = next((binding.chain for binding in opened.names[root] if binding.kind == VALUE), "")
        inner = self.outside(held, scope if held.partition(".")[0] != root else opened.parent, depth + 1)
        return f"{inner}{dot}{rest}" if inner else ""

    def interface(self) -> Interface:
        """What other files can see."""
        definitions: dict[str, Definition] = {}
        for scope in self.scopes[1:]:
            if scope.kind == "block":
                continue
            if scope.role == "setter" and scope.qualified_name in definitions:
                continue
            definitions[scope.qualified_name] = Definition(
                self.symbols[scope.symbol].uid,
                scope.kind,
                scope.role,
                scope.bases,
                scope.names if scope.kind == "class" else {},
                scope.yielded if scope.yields and not scope.returns_annotated else scope.returns,
            )
        return Interface(self.scopes[0].names, definitions, self.exported, tuple(self.stars))

    def body(self, uses: list[Use], imports: list[ImportUse]) -> Body:
        """What the file uses, less what can only be a local value or a builtin."""
        verdicts: dict[tuple[int, str, bool, bool], bool] = {}
        cut: dict[str, tuple[str, bool, bool]] = {}
        kept, roots = [], set()
        for use in uses:
            parts = cut.get(use.chain)
            if parts is None:
                parts = cut[use.chain] = self._cut(use.chain)
            key = (use.scope, *parts)
            verdict = verdicts.get(key)
            if verdict is None:
                verdict = verdicts[key] = self._may_resolve(*key)
            if verdict or use.role == "fixture":
                kept.append(use)
                roots.add(parts[0])
        for scope in self.scopes:
            if scope.kind in ("function", "block"):
                roots.update(
                    binding.chain.partition(".")[0]
                    for bindings in scope.names.values()
                    for binding in bindings
                )
        closed = []
        for scope in self.scopes:
            local = scope.names if scope.kind in ("function", "block") else {}
            names = {name: found for name, found in local.items() if name in roots}
            closed.append(
                Scope(
                    self.symbols[scope.symbol].uid,
                    scope.qualified_name,
                    scope.kind,
                    scope.parent,
                    scope.receiver,
                    names,
                )
            )
        return Body(closed, kept, imports)

    def _cut(self, chain: str) -> tuple[str, bool, bool]:
        """(root, whether nothing but the root is a name, whether it is called) of a chain; see `_may_resolve`."""
        root, _, rest = chain.partition(".")
        single = not rest or all(part in MARKS for part in rest.split("."))
        return root, single, self.methods_apart and rest.startswith(CALL)

    def _may_resolve(self, scope: int, root: str, single: bool, called: bool) -> bool:
        """Whether a chain from this root may lead to a definition; `single` if nothing but the root is a name.

        Values are passed over if `called`, where methods may share their names.
        """
        if root == LITERAL_ROOT:
            return self.extensions
        first = True
        while scope >= 0:
            opened = self.scopes[scope]
            if root == opened.receiver and opened.is_class_method:
                return True
            passed = called and all(binding.kind == VALUE for binding in opened.names.get(root, ()))
            if root in opened.names and (opened.kind != "class" or first) and not passed:
                opaque = all(
                    binding.kind == VALUE and not binding.chain and not binding.target
                    for binding in opened.names[root]
                )
                local = opened.kind in ("function", "block") and self._is_value(opened, root)
                return not (single and (opaque or local))
            scope, first = opened.parent, first and opened.kind == "block"
        return bool(self.stars) or root == "super" or root not in self._builtins

    @staticmethod
    def _is_value(scope: OpenScope, name: str) -> bool:
        """Whether a local name only ever holds values: reading it refers to no definition."""
        return all(
            binding.kind == VALUE and binding.chain.endswith((".()", ".[]", ".*"))
            for binding in scope.names[name]
        )


def symbol_uid(repository: str, path: str, kind: SymbolKind, qualified_name: str, ordinal: int) -> str:
    """16 hexadecimal digits that name a definition for as long as it keeps its place and name."""
    key = f"{repository}\0{path}\0{kind}\0{qualified_name}\0{ordinal}"
    return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
