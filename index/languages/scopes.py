"""Scopes of a file of any declared language, with classes whose parts stand apart. Knows no syntax nodes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from index.facts import DEFINITION, IMPORT, Binding, Definition, Interface, Overload
from index.languages.overloads import same_named
from index.languages.spec import LanguageSpec
from index.python.scopes import FileScopes

NAMESPACE = "namespace"
"""The role of a scope that holds names but makes no objects."""


class LanguageScopes(FileScopes):
    """Adds what Python lacks: methods outside their class (Go, Rust, C++), and classes opened several times."""

    def __init__(self, repository: str, path: str, spec: LanguageSpec) -> None:
        super().__init__(repository, path, spec.name, spec.builtins)
        self.namespace = ""
        self._classes: dict[str, int] = {}
        self.methods_apart = spec.rules.methods_apart
        self.extensions = spec.rules.extensions
        self._companions: dict[str, int] = {}
        """Class with an object of its name below it → its symbol."""
        self._open_classes = spec.rules.open_classes
        self._anonymous: Counter[str] = Counter()
        self._partial: dict[int, list[int]] = {}
        """Scope of a class whose definition was not met → symbols of its members."""

    def open_class(self, qualified_name: str, symbol: int, parent: int, *, companion: bool = False) -> int:
        """Open a class's own scope; it shares its members with other parts of the class in this file.

        A companion is an object beside its class: whoever names the two means the class.
        """
        inner = self.open("class", qualified_name, symbol, parent)
        known = self._classes.get(qualified_name)
        if companion and known is not None:
            self._companions[qualified_name] = self.scopes[known].symbol
            self.scopes[inner].names = self.scopes[known].names
            self.scopes[inner].bases = self.scopes[known].bases
            return inner
        if known is not None:
            opened, earlier = self.scopes[inner], self.scopes[known]
            opened.names, opened.bases = earlier.names, earlier.bases
            for member in self._partial.pop(known, ()):
                self.symbols[member] = replace(self.symbols[member], parent_uid=self.symbols[symbol].uid)
            earlier.symbol = symbol
        self._classes[qualified_name] = inner
        return inner

    def open_anonymous(self, parent: int) -> int:
        """Open the scope of a class without a name: its members are called by its number in what is around it."""
        outer = self.scopes[parent]
        self._anonymous[outer.qualified_name] += 1
        number = self._anonymous[outer.qualified_name]
        return self.open("class", self.qualified(parent, f"${number}"), outer.symbol, parent)

    def is_anonymous(self, scope: int) -> bool:
        return self.scopes[scope].qualified_name.rpartition(".")[2].startswith("$")

    def open_namespace(self, name: str, parent: int) -> int:
        """The scope of a namespace that is only named on the way to one inside it."""
        qualified_name = self.qualified(parent, name)
        inner = self.part_of(qualified_name, parent)
        self.scopes[inner].role = NAMESPACE
        self.bind(parent, name, Binding(DEFINITION, qualified_name, ""))
        return inner

    def part_of(self, qualified_name: str, parent: int) -> int:
        """The scope of a class whose member stands outside it."""
        known = self._classes.get(qualified_name)
        if known is None:
            known = self.open("class", qualified_name, self.scopes[parent].symbol, parent)
            self._classes[qualified_name] = known
            self._partial[known] = []
            if self._open_classes and qualified_name not in self.scopes[parent].names:
                self.bind(parent, qualified_name, Binding(DEFINITION, qualified_name, ""))
        return known

    def is_namespace(self, scope: int) -> bool:
        return self.scopes[scope].role == NAMESPACE

    def note_member(self, scope: int, symbol: int) -> None:
        """Remember a symbol whose class may come later in the file."""
        if scope in self._partial:
            self._partial[scope].append(symbol)

    def interface(self) -> Interface:
        shown = super().interface()
        for name, symbol in self._companions.items():
            shown.definitions[name] = shown.definitions[name]._replace(uid=self.symbols[symbol].uid)
        for scope in self._partial:
            name = self.scopes[scope].qualified_name
            shown.definitions[name] = shown.definitions[name]._replace(uid="")
        return replace(shown, namespace=self.namespace, overloads=self._overloads())

    def _overloads(self) -> dict[str, list[Overload]]:
        """Functions that share their qualified name."""
        return same_named(
            [
                (
                    opened.qualified_name,
                    Overload(self.symbols[opened.symbol].uid, *opened.arity, opened.role)
                    if opened.arity
                    else None,
                )
                for opened in self.scopes
                if opened.kind == "function"
            ]
        )


def added_names(path: str, interface: Interface, open_classes: bool = False) -> list[str]:
    """What a file adds to its namespace: its names, `Class.member` of classes elsewhere, and `/its.own.name`."""
    names = ["", f"/{path.rpartition('/')[2]}"]
    names += (name for name, bindings in interface.names.items() if any(b.kind != IMPORT for b in bindings))
    for qualified_name, definition in interface.definitions.items():
        if is_partial(definition) or (open_classes and definition.kind == "class"):
            if definition.bases or not open_classes:
                names.append(f"{qualified_name}.")
            names += (f"{qualified_name}.{member}" for member in definition.members)
    return names


def is_partial(definition: Definition) -> bool:
    """Whether this is a part of a class or namespace that may stand in other files as well."""
    return not definition.uid or definition.role == NAMESPACE
