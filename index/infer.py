"""Evaluate chains: names through scopes and imports, attributes through classes and types. Emits no edges.

A small abstract interpreter over `index.facts`: flow-insensitive, first answer wins, depth bounded.
"""

from __future__ import annotations

from index.facts import CALL, CONTAINER, DEFINITION, ELEMENT, IMPORT, VALUE, Binding, Body
from index.found import NOTHING, OUTSIDE, Found
from index.infer_members import Members
from index.infer_modules import Receiver
from index.world import Container, Definer, External, Instance, Parent, World

__all__ = ["NOTHING", "OUTSIDE", "Found", "Inference"]

_MAX_EVALUATED = 12


class Inference(Members):
    """Evaluates chains in one file against the world."""

    def __init__(self, world: World, path: str, body: Body) -> None:
        super().__init__(world, path, body)
        self._fixtures = {(use.scope, use.chain) for use in body.uses if use.role == "fixture"}
        self._evaluating: set[tuple[int, str]] = set()
        self._locals: dict[tuple[str, int, bool], Found | None] = {}

    def whole(self) -> Inference:
        return self

    # Names

    def local(self, name: str, scope: int, *, called: bool = False) -> Found | None:
        """What a name means in a scope of this file; None where nothing binds it, not even a builtin."""
        if self._evaluating:  # then some names are left out, lest they ask for themselves
            return self._local(name, scope, called)
        asked = (name, scope, called)
        if asked not in self._locals:
            self._locals[asked] = self._local(name, scope, called)
        return self._locals[asked]

    def _local(self, name: str, scope: int, called: bool) -> Found | None:
        passed = called and self.rules.methods_apart
        special = self.rules.keyword(self, name, scope)
        if special is not None:
            return special
        if name in self.rules.own_types:
            own = self.enclosing_class(scope)
            return self.class_found(own) if own else NOTHING
        index, first, innermost = scope, True, True
        while index > 0:
            opened = self.scopes[index]
            if opened.kind in ("function", "block"):
                if name == opened.receiver and opened.parent >= 0:
                    return self._receiver(index)
                bindings = opened.names.get(name)
                if bindings and not (passed and all(binding.kind == VALUE for binding in bindings)):
                    return self._local_value(index, name, bindings)
            elif (
                first
                or self.is_namespace(opened.qualified_name)
                or (self.rules.implicit_receiver and (innermost or self.rules.reaches_out(name)))
            ):
                found = self._from_class(opened.qualified_name, name)
                if found is not None:
                    return found
                innermost = False
            index, first = opened.parent, first and opened.kind == "block"
        found_global = self.visible_name(self.path, name)
        if found_global is not None:
            return found_global
        if name in self.rules.makers and (maker := self.enclosing_class(scope)):
            return self.class_found(maker)
        return OUTSIDE if name in self._builtins else None

    def _from_class(self, class_name: str, name: str) -> Found | None:
        """What a bare name means by the class around it: a name of its body or, where that is seen, a member."""
        owner = Definer(self.path, class_name, True)
        if self.is_namespace(class_name):
            found = self._member(owner, name, owner, 0, set())
            return found if found.uid or found.entity is not None else None
        if self.rules.implicit_receiver:
            owner = self.whole_class(owner)
            found = self.attribute(Instance(owner), name)
            by_type = not (isinstance(found.entity, Definer) and found.entity.is_class)
            held = None if self.rules.names_call else found.held
            found = found._replace(typed=by_type, held=held)
            return found if found.uid or found.entity is not None else None
        bindings = self.world.member(self.path, class_name, name)
        return self.binding(self.path, bindings, owner=owner) if bindings else None

    def _receiver(self, scope: int) -> Found:
        opened = self.scopes[scope]
        owner = self.enclosing_class(scope)
        if owner is None:
            return NOTHING
        definition = self.world.definition(self.path, opened.qualified_name)
        role = definition.role if definition else ""
        name = opened.qualified_name.rpartition(".")[2]
        if role == "class" or name in self.rules.class_receiver_methods:
            return self.class_found(owner)
        return Found(Instance(owner), typed=True)

    def enclosing_class(self, scope: int) -> Definer | None:
        while scope > 0:
            scope = self.scopes[scope].parent
            name = self.scopes[scope].qualified_name
            if self.scopes[scope].kind == "class" and not self.is_namespace(name):
                return self.whole_class(Definer(self.path, name, True))
        return None

    def is_namespace(self, qualified_name: str) -> bool:
        """Whether a class-like scope of this file holds names but makes no objects."""
        definition = self.world.interface(self.path).definitions.get(qualified_name)
        return definition is not None and definition.role == "namespace"

    def _local_value(self, scope: int, name: str, bindings: list[Binding]) -> Found:
        if (scope, name) in self._fixtures:
            fixture = self.fixture(name, scope)
            return Found(self.called(fixture.entity, 0), typed=True)
        if (scope, name) in self._evaluating or len(self._evaluating) > _MAX_EVALUATED:
            return NOTHING
        self._evaluating.add((scope, name))
        try:
            for binding in bindings:
                if binding.kind in (DEFINITION, IMPORT):
                    found = self.binding(self.path, [binding])
                elif binding.chain:
                    same = (
                        binding.chain.partition(".")[0] == name
                    )  # `struct cart *cart`: the name of an outer thing
                    outer = self.scopes[scope].parent if same else scope
                    found = Found(self.evaluate(binding.chain, outer).entity, typed=True)
                else:
                    continue
                if found.entity is not None:
                    return found
        finally:
            self._evaluating.discard((scope, name))
        return NOTHING

    def fixture(self, name: str, scope: int) -> Found:
        """What a test's parameter asks for by its name."""
        return self.rules.fixture(self, name, scope)

    def evaluate(self, chain: str, scope: int) -> Found:
        """What a chain gives in a scope of this file."""
        if not chain:
            return NOTHING
        root, *parts = chain.split(".")
        if root == "super" and parts[:1] == [CALL]:
            found, parts = self.parent_of(scope), parts[1:]
        else:
            found = self.local(root, scope, called=parts[:1] == [CALL]) or NOTHING
        return self.follow(found, parts, 0)

    def parent_of(self, scope: int) -> Found:
        """`super()` in a method."""
        owner = self.enclosing_class(scope)
        return Found(Parent(owner, Instance(owner)), typed=True) if owner else NOTHING

    def foreign(self, path: str, chain: str, receiver: Receiver, owner: Definer | None, depth: int) -> Found:
        asked = ("chain", self.rules, path, chain, receiver, owner)
        return self._once(asked, depth, lambda: self._foreign(path, chain, receiver, owner, depth), NOTHING)

    def _foreign(self, path: str, chain: str, receiver: Receiver, owner: Definer | None, depth: int) -> Found:
        root, *parts = chain.split(".")
        found: Found | None = None
        if root == "self" and receiver is not None:
            found = Found(receiver, typed=True)
        elif root in self.rules.own_types and owner is not None:
            found = Found(owner, typed=True)
        elif root == "Self" and receiver is not None and parts[:1] == [CALL]:
            instance = receiver if isinstance(receiver, Instance) else Instance(receiver)
            found, parts = Found(instance, typed=True), parts[1:]
        elif root == "super" and owner is not None and parts[:1] == [CALL]:
            found, parts = Found(Parent(owner, receiver or Instance(owner)), typed=True), parts[1:]
        else:
            if owner is not None and self.rules.implicit_receiver:
                found = self._around(path, owner, root, depth)
            found = found or self.visible_name(path, root, depth)
            if found is None and owner is not None:
                found = self.binding(path, self.world.member(path, owner.qualified_name, root), depth)
                if root in self.rules.makers and found == NOTHING:
                    found = Found(receiver if isinstance(receiver, Definer) else owner, typed=True)
        return self.follow(found or NOTHING, parts, depth)

    def _around(self, path: str, owner: Definer, name: str, depth: int) -> Found | None:
        """What a bare name means in a class's body: a member of it or of a class around it."""
        around = owner.qualified_name
        while around and not self._too_deep(depth):
            if around != owner.qualified_name and not self.rules.reaches_out(name):
                break
            outer = Definer(path, around, True)
            found = self._member(outer, name, Instance(outer), depth + 1, set())
            if found.uid or found.entity is not None:
                return found
            around = around.rpartition(".")[0]
        return None

    def follow(self, found: Found, parts: list[str], depth: int) -> Found:
        for index, part in enumerate(parts):
            found = found.chosen(parts[index:])
            if self._too_deep(depth) or (found.entity is None and not self.rules.extensions):
                return NOTHING
            found = self.step(found, part, depth)
        return found.chosen([])

    def step(self, found: Found, part: str, depth: int = 0) -> Found:
        """One part of a chain further: call, element, container or attribute."""
        entity = found.entity
        if part == CALL:
            return Found(self.called(entity, depth), typed=True)
        if part == CONTAINER:
            return Found(Container(entity), typed=True)
        if part == ELEMENT:
            return Found(self.element(entity, depth), typed=True)
        found_part = self.attribute(entity, part, depth)
        if self.rules.extensions and not found_part.uid and (entity is None or isinstance(entity, External)):
            found_part = self.rules.extension(self, part) or found_part
        return found_part if not found.typed else found_part._replace(typed=True)
