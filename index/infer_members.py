"""What attributes, calls and elements of an entity are: through classes, their bases and what functions return.

Knows no scopes and no names of its own.
"""

from __future__ import annotations

from index.found import NOTHING, OUTSIDE, Found
from index.infer_modules import ModuleNames
from index.world import Container, Definer, Entity, External, Instance, Module, Parent, Same

_KEPT = (Instance, Definer, Module, Parent)
"""Entities whose attributes are worth keeping. They are told apart by their type: named tuples are not."""


class Members(ModuleNames):
    """Names of modules, and what hangs on the entities that they stand for."""

    def attribute(self, entity: Entity, name: str, depth: int = 0) -> Found:
        """What an attribute of an entity is."""
        if not isinstance(entity, _KEPT):
            return self._attribute(entity, name, depth)
        asked = ("attribute", self.rules, type(entity), entity, name)
        return self._kept(asked, depth, lambda: self._attribute(entity, name, depth))

    def _attribute(self, entity: Entity, name: str, depth: int) -> Found:
        match entity:
            case Module():
                return self._module_member(entity, name, depth)
            case External():
                return OUTSIDE
            case Definer(is_class=True):
                found = self._member(entity, name, entity, depth, set())
                made = name in self.rules.makers and not found.uid and found.entity is None
                if not found.uid and found.entity is None and not made:
                    return self.rules.beyond(self.whole(), entity, name, depth) or NOTHING
                if made:
                    return self.class_found(entity)._replace(typed=not self.rules.names_call)
                return self._property_value(found, depth) if self.rules.implicit_receiver else found
            case Instance() if name and name == self.rules.class_member:
                return self.class_found(entity.of)._replace(typed=True)
            case Instance():
                found = self._member(entity.of, name, entity, depth, set())._replace(typed=True)
                if found.entity is None and not found.uid and name in self.rules.same_methods:
                    return Found(Same(entity), typed=True)
                if name in self.rules.class_attributes and not found.uid:
                    return Found(entity.of._replace(receiver=entity.of), typed=True)
                return self._property_value(found, depth)
            case Definer() if self.rules.names_call and not self._too_deep(depth):
                return self.attribute(self._returned(entity, depth), name, depth + 1)
            case Parent():
                for base in self.bases(entity.of, depth):
                    found = self._member(base, name, entity.receiver, depth, set())
                    if found.uid or found.entity is not None:
                        return found._replace(typed=True)
                return NOTHING
            case Container(method=""):
                if (
                    name
                    in self.rules.same_methods - self.rules.element_methods - self.rules.container_methods
                ):
                    return Found(Same(entity), typed=True)
                known = name in self.rules.element_methods or name in self.rules.container_methods
                return Found(Container(entity.element, name)) if known else OUTSIDE
            case Definer():
                return self.rules.beyond(self.whole(), entity, name, depth) or NOTHING
        return NOTHING

    def _member(
        self, owner: Definer, name: str, receiver: Instance | Definer, depth: int, seen: set[tuple[str, str]]
    ) -> Found:
        """Search a class and its bases, depth first from the left."""
        key = (owner.path, owner.qualified_name)
        if key in seen or self._too_deep(depth):
            return NOTHING
        seen.add(key)
        bindings = self.world.member(owner.path, owner.qualified_name, name)
        if bindings:
            return self.binding(owner.path, bindings, depth, owner, receiver)
        for path in self.rules.extenders(self.whole(), owner, name):
            bindings = self.world.member(path, owner.qualified_name, name)
            if bindings:
                return self.binding(path, bindings, depth, owner, receiver)
        for base in self.bases(owner, depth):
            inherited = self._member(base, name, receiver, depth + 1, seen)
            if inherited.uid or inherited.entity is not None:
                return inherited
        return NOTHING

    def bases(self, owner: Definer, depth: int = 0) -> tuple[Definer, ...]:
        """The base classes that lie in the repository."""
        return self._kept(("bases", self.rules, owner), depth, lambda: self._bases(owner, depth))

    def _bases(self, owner: Definer, depth: int) -> tuple[Definer, ...]:
        found = []
        for path in (owner.path, *self.rules.extenders(self.whole(), owner, "")):
            definition = self.world.definition(path, owner.qualified_name)
            for chain in definition.bases if definition else ():
                base = self.rules.base(self.whole(), Definer(path, owner.qualified_name, True), chain, depth)
                if isinstance(base, Definer) and base.is_class and base != owner:
                    found.append(base)
        return tuple(found)

    def _property_value(self, found: Found, depth: int) -> Found:
        if not isinstance(found.entity, Definer) or found.entity.is_class:
            return found
        definition = self.world.definition(found.entity.path, found.entity.qualified_name)
        is_property = definition is not None and definition.role == "property"
        return found._replace(entity=self._returned(found.entity, depth)) if is_property else found

    # Calls and elements

    def called(self, entity: Entity, depth: int) -> Entity:
        match entity:
            case Definer(is_class=True, receiver=Definer() as asked) if asked[:2] == entity[:2]:
                return asked
            case Definer(is_class=True):
                return Instance(entity._replace(receiver=None))
            case Definer():
                return self._returned(entity, depth)
            case Instance() if self.rules.call_method:
                return self.called(
                    self.attribute(entity, self.rules.call_method, depth + 1).entity, depth + 1
                )
            case Container(method="") if self.rules.calls_give_element:
                return entity.element
            case Instance() | Container(method="") if self.rules.calls_give_value:
                return entity
            case Same():
                return entity.of
            case Container(method=method) if method in self.rules.element_methods:
                return entity.element
            case Container(method=method) if method in self.rules.container_methods:
                return Container(entity.element)
        return None

    def _returned(self, function: Definer, depth: int) -> Entity:
        definition = self.world.definition(function.path, function.qualified_name)
        if definition is None or not definition.returns or self._too_deep(depth):
            return None
        owner_name = function.qualified_name.rpartition(".")[0]
        owner = self.whole_class(Definer(function.path, owner_name, True)) if owner_name else None
        return self.foreign(function.path, definition.returns, function.receiver, owner, depth + 1).entity

    def element(self, entity: Entity, depth: int) -> Entity:
        match entity:
            case Container(method=""):
                return entity.element
            case Definer(is_class=True):
                return entity
            case Instance():
                for name in filter(None, (self.rules.item_method, self.rules.iteration_method)):
                    given = self.called(self.attribute(entity, name, depth + 1).entity, depth + 1)
                    if given is not None:
                        held = given.element if isinstance(given, Container) else None
                        return held if name == self.rules.iteration_method else given
                return entity if self.rules.same_methods else None
        return None

    # Classes

    def whole_class(self, part: Definer) -> Definer:
        """Where a class stands of which a file has a part: methods outside it, an extension."""
        definition = self.world.definition(part.path, part.qualified_name)
        if definition is None or definition.uid:
            return part
        name = part.qualified_name
        while name:  # a part inside a namespace may be of a type outside it
            found = self.foreign(part.path, name, None, None, 1).entity
            if isinstance(found, Definer) and found.is_class:
                return found
            name = name.partition(".")[2]
        return part

    def class_found(self, owner: Definer) -> Found:
        known = self.world.definition(owner.path, owner.qualified_name)
        return Found(owner, known.uid if known else "", owner.path, typed=True)
