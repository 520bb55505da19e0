"""Evaluate chains: names through scopes and imports, attributes through classes and types. Emits no edges.

A small abstract interpreter over `index.facts`: flow-insensitive, first answer wins, depth bounded.
"""

from __future__ import annotations

from index.facts import CALL, CONTAINER, DEFINITION, ELEMENT, IMPORT, VALUE, Binding, Body
from index.found import NOTHING, OUTSIDE, Found
from index.languages.registry import spec_of
from index.languages.rules import Rules
from index.world import Container, Definer, Entity, External, Instance, Module, Parent, Same, World

__all__ = ["NOTHING", "OUTSIDE", "Found", "Inference"]

_MAX_DEPTH = 12
Receiver = Instance | Definer | None


class Inference:
    """Evaluates chains in one file against the world."""

    def __init__(self, world: World, path: str, body: Body) -> None:
        self.world = world
        self.path = path
        self.scopes = body.scopes
        spec = spec_of(path)
        self.rules = spec.rules if spec else Rules()
        self._builtins = spec.builtins if spec else frozenset()
        self._fixtures = {(use.scope, use.chain) for use in body.uses if use.role == "fixture"}
        self._evaluating: set[tuple[int, str]] = set()
        self.memo: dict[tuple[str, ...], object] = {}
        """What the rules worked out for this file; goes with it, as its look-ups do."""
        self._names: dict[tuple[str, str], Found | None] = {}
        self._chains: dict[tuple[str, str, Receiver, Definer | None], Found] = {}

    # Names

    def local(self, name: str, scope: int, *, called: bool = False) -> Found | None:
        """What a name means in a scope of this file; None where nothing binds it, not even a builtin."""
        passed = called and self.rules.methods_apart
        special = self.rules.keyword(self, name, scope)
        if special is not None:
            return special
        if name in self.rules.own_types:
            own = self.enclosing_class(scope)
            return self._class_found(own) if own else NOTHING
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
            return self._class_found(maker)
        return OUTSIDE if name in self._builtins else None

    def _from_class(self, class_name: str, name: str) -> Found | None:
        """What a bare name means by the class around it: a name of its body or, where that is seen, a member."""
        owner = Definer(self.path, class_name, True)
        if self.is_namespace(class_name):
            found = self._member(owner, name, owner, 0, set())
            return found if found.uid or found.entity is not None else None
        if self.rules.implicit_receiver:
            owner = self._whole_class(owner)
            found = self.attribute(Instance(owner), name)
            by_type = not (isinstance(found.entity, Definer) and found.entity.is_class)
            held = None if self.rules.names_call else found.held
            found = found._replace(typed=by_type, held=held)
            return found if found.uid or found.entity is not None else None
        bindings = self.world.member(self.path, class_name, name)
        return self.binding(self.path, bindings, owner=owner) if bindings else None

    def _whole_class(self, part: Definer) -> Definer:
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

    def visible_name(self, path: str, name: str, depth: int = 0) -> Found | None:
        """What a bare name means at the top of a file: a name of its own, or one that its namespaces hold."""
        found = self.module_name(path, name, depth)
        if found is None and depth <= _MAX_DEPTH:
            found = self.rules.fall_through(self, path, name, depth)
        return found

    def _receiver(self, scope: int) -> Found:
        opened = self.scopes[scope]
        owner = self.enclosing_class(scope)
        if owner is None:
            return NOTHING
        definition = self.world.definition(self.path, opened.qualified_name)
        role = definition.role if definition else ""
        name = opened.qualified_name.rpartition(".")[2]
        if role == "class" or name in self.rules.class_receiver_methods:
            return self._class_found(owner)
        return Found(Instance(owner), typed=True)

    def _class_found(self, owner: Definer) -> Found:
        known = self.world.definition(owner.path, owner.qualified_name)
        return Found(owner, known.uid if known else "", owner.path, typed=True)

    def enclosing_class(self, scope: int) -> Definer | None:
        while scope > 0:
            scope = self.scopes[scope].parent
            name = self.scopes[scope].qualified_name
            if self.scopes[scope].kind == "class" and not self.is_namespace(name):
                return self._whole_class(Definer(self.path, name, True))
        return None

    def is_namespace(self, qualified_name: str) -> bool:
        """Whether a class-like scope of this file holds names but makes no objects."""
        definition = self.world.interface(self.path).definitions.get(qualified_name)
        return definition is not None and definition.role == "namespace"

    def _local_value(self, scope: int, name: str, bindings: list[Binding]) -> Found:
        if (scope, name) in self._fixtures:
            fixture = self.fixture(name, scope)
            return Found(self._called(fixture.entity, 0), typed=True)
        if (scope, name) in self._evaluating or len(self._evaluating) > _MAX_DEPTH:
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

    def module_name(self, path: str, name: str, depth: int = 0) -> Found | None:
        """What a module offers under a name, its own or a star import's. None if nothing."""
        if (path, name) not in self._names:
            self._names[path, name] = None
            self._names[path, name] = self._module_name(path, name, depth)
        return self._names[path, name]

    def _module_name(self, path: str, name: str, depth: int) -> Found | None:
        bindings = self.world.names(path, name)
        if bindings:
            return self.binding(path, bindings, depth)
        if depth > _MAX_DEPTH:
            return None
        for star in self.world.stars(path)[1]:
            module = self._imported_module(path, star)
            if module is None or not module.path or module.path == path:
                continue
            exported = self.world.stars(module.path)[0]
            if name in exported if exported is not None else self.rules.offers(name):
                found = self.module_name(module.path, name, depth + 1)
                if found is not None:
                    return found
        return None

    def binding(
        self, path: str, bindings: list[Binding], depth: int = 0, owner: Definer | None = None,
        receiver: Receiver = None,
    ) -> Found:  # fmt: skip
        """What a name of another scope stands for; the last definition wins, then the first import that is found."""
        for binding in reversed(bindings):
            if binding.kind == DEFINITION:
                definition = self.world.definition(path, binding.target)
                if definition is not None:
                    entity = Definer(path, binding.target, definition.kind == "class", receiver)
                    values = [other for other in bindings if other.kind == VALUE]
                    apart = self.rules.methods_apart and values and not entity.is_class
                    held = self.binding(path, values, depth, owner, receiver) if apart else None
                    return Found(entity, definition.uid, path, held=held)
        outside = NOTHING
        for binding in bindings:
            if binding.kind == IMPORT:
                found = self.imported(path, binding, depth)
                if found.entity is not None and not isinstance(found.entity, External):
                    return found
                outside = found if found.entity is not None else outside
        uid = next((binding.target for binding in bindings if binding.kind not in (DEFINITION, IMPORT)), "")
        if outside.entity is not None and not uid:
            return outside
        for binding in bindings:
            if binding.kind not in (DEFINITION, IMPORT) and binding.chain and depth < _MAX_DEPTH:
                value = self.foreign(path, binding.chain, receiver, owner, depth + 1).entity
                if value is not None:
                    return Found(value, uid, path if uid else "", typed=True)
        return Found(None, uid, path if uid else "")

    def imported(self, path: str, binding: Binding, depth: int = 0) -> Found:
        """What an import statement of a file binds."""
        level = binding.target.partition(":")[0]
        module = self._imported_module(path, binding.target)
        if module is None:
            return OUTSIDE if level == "0" else NOTHING
        if not binding.chain:
            return Found(module)
        return self.imported_name(module, binding.chain, depth + 1)

    def imported_name(self, module: Module, dotted: str, depth: int = 0) -> Found:
        """What an import finds in a module under a name, or under a path of names through classes."""
        name, *inner = dotted.split(".")
        return self._follow(self._module_member(module, name, depth), inner, depth)

    def _imported_module(self, path: str, target: str) -> Module | None:
        level, _, dotted = target.partition(":")
        return self.rules.find_module(self.world, path, int(level), dotted)

    def _module_member(self, module: Module, name: str, depth: int) -> Found:
        if module.path and depth <= _MAX_DEPTH:
            found = self.module_name(module.path, name, depth)
            if found is not None:
                return found
        return self.rules.module_member(self, module, name, depth) or NOTHING

    # Chains

    def evaluate(self, chain: str, scope: int) -> Found:
        """What a chain gives in a scope of this file."""
        if not chain:
            return NOTHING
        root, *parts = chain.split(".")
        if root == "super" and parts[:1] == [CALL]:
            found, parts = self.parent_of(scope), parts[1:]
        else:
            found = self.local(root, scope, called=parts[:1] == [CALL]) or NOTHING
        return self._follow(found, parts, 0)

    def parent_of(self, scope: int) -> Found:
        """`super()` in a method."""
        owner = self.enclosing_class(scope)
        return Found(Parent(owner, Instance(owner)), typed=True) if owner else NOTHING

    def foreign(self, path: str, chain: str, receiver: Receiver, owner: Definer | None, depth: int) -> Found:
        """What a chain gives at the top of another file; the root `self` is the receiver."""
        key = (path, chain, receiver, owner)
        if key not in self._chains:
            self._chains[key] = NOTHING
            self._chains[key] = self._foreign(path, chain, receiver, owner, depth)
        return self._chains[key]

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
        return self._follow(found or NOTHING, parts, depth)

    def _around(self, path: str, owner: Definer, name: str, depth: int) -> Found | None:
        """What a bare name means in a class's body: a member of it or of a class around it."""
        around = owner.qualified_name
        while around and depth <= _MAX_DEPTH:
            if around != owner.qualified_name and not self.rules.reaches_out(name):
                break
            outer = Definer(path, around, True)
            found = self._member(outer, name, Instance(outer), depth + 1, set())
            if found.uid or found.entity is not None:
                return found
            around = around.rpartition(".")[0]
        return None

    def _follow(self, found: Found, parts: list[str], depth: int) -> Found:
        for index, part in enumerate(parts):
            found = found.chosen(parts[index:])
            if depth > _MAX_DEPTH or (found.entity is None and not self.rules.extensions):
                return NOTHING
            found = self.step(found, part, depth)
        return found.chosen([])

    def step(self, found: Found, part: str, depth: int = 0) -> Found:
        """One part of a chain further: call, element, container or attribute."""
        entity = found.entity
        if part == CALL:
            return Found(self._called(entity, depth), typed=True)
        if part == CONTAINER:
            return Found(Container(entity), typed=True)
        if part == ELEMENT:
            return Found(self._element(entity, depth), typed=True)
        found_part = self.attribute(entity, part, depth)
        if self.rules.extensions and not found_part.uid and (entity is None or isinstance(entity, External)):
            found_part = self.rules.extension(self, part) or found_part
        return found_part if not found.typed else found_part._replace(typed=True)

    def _called(self, entity: Entity, depth: int) -> Entity:
        match entity:
            case Definer(is_class=True, receiver=Definer() as asked) if asked[:2] == entity[:2]:
                return asked
            case Definer(is_class=True):
                return Instance(entity._replace(receiver=None))
            case Definer():
                return self._returned(entity, depth)
            case Instance() if self.rules.call_method:
                return self._called(
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
        if definition is None or not definition.returns or depth > _MAX_DEPTH:
            return None
        owner_name = function.qualified_name.rpartition(".")[0]
        owner = self._whole_class(Definer(function.path, owner_name, True)) if owner_name else None
        return self.foreign(function.path, definition.returns, function.receiver, owner, depth + 1).entity

    def _element(self, entity: Entity, depth: int) -> Entity:
        match entity:
            case Container(method=""):
                return entity.element
            case Definer(is_class=True):
                return entity
            case Instance():
                for name in filter(None, (self.rules.item_method, self.rules.iteration_method)):
                    given = self._called(self.attribute(entity, name, depth + 1).entity, depth + 1)
                    if given is not None:
                        held = given.element if isinstance(given, Container) else None
                        return held if name == self.rules.iteration_method else given
                return entity if self.rules.same_methods else None
        return None

    # Attributes

    def attribute(self, entity: Entity, name: str, depth: int = 0) -> Found:
        """What an attribute of an entity is."""
        match entity:
            case Module():
                return self._module_member(entity, name, depth)
            case External():
                return OUTSIDE
            case Definer(is_class=True):
                found = self._member(entity, name, entity, depth, set())
                made = name in self.rules.makers and not found.uid and found.entity is None
                if not found.uid and found.entity is None and not made:
                    return self.rules.beyond(self, entity, name, depth) or NOTHING
                if made:
                    return self._class_found(entity)._replace(typed=not self.rules.names_call)
                return self._property_value(found, depth) if self.rules.implicit_receiver else found
            case Instance() if name and name == self.rules.class_member:
                return self._class_found(entity.of)._replace(typed=True)
            case Instance():
                found = self._member(entity.of, name, entity, depth, set())._replace(typed=True)
                if found.entity is None and not found.uid and name in self.rules.same_methods:
                    return Found(Same(entity), typed=True)
                if name in self.rules.class_attributes and not found.uid:
                    return Found(entity.of._replace(receiver=entity.of), typed=True)
                return self._property_value(found, depth)
            case Definer() if self.rules.names_call and depth <= _MAX_DEPTH:
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
                return self.rules.beyond(self, entity, name, depth) or NOTHING
        return NOTHING

    def _member(
        self, owner: Definer, name: str, receiver: Instance | Definer, depth: int, seen: set[tuple[str, str]]
    ) -> Found:
        """Search a class and its bases, depth first from the left."""
        key = (owner.path, owner.qualified_name)
        if key in seen or depth > _MAX_DEPTH:
            return NOTHING
        seen.add(key)
        bindings = self.world.member(owner.path, owner.qualified_name, name)
        if bindings:
            return self.binding(owner.path, bindings, depth, owner, receiver)
        for path in self.rules.extenders(self, owner, name):
            bindings = self.world.member(path, owner.qualified_name, name)
            if bindings:
                return self.binding(path, bindings, depth, owner, receiver)
        for base in self.bases(owner, depth):
            inherited = self._member(base, name, receiver, depth + 1, seen)
            if inherited.uid or inherited.entity is not None:
                return inherited
        return NOTHING

    def bases(self, owner: Definer, depth: int = 0) -> list[Definer]:
        """The base classes that lie in the repository."""
        found = []
        for path in (owner.path, *self.rules.extenders(self, owner, "")):
            definition = self.world.definition(path, owner.qualified_name)
            for chain in definition.bases if definition else ():
                base = self.rules.base(self, Definer(path, owner.qualified_name, True), chain, depth)
                if isinstance(base, Definer) and base.is_class and base != owner:
                    found.append(base)
        return found

    def _property_value(self, found: Found, depth: int) -> Found:
        if not isinstance(found.entity, Definer) or found.entity.is_class:
            return found
        definition = self.world.definition(found.entity.path, found.entity.qualified_name)
        is_property = definition is not None and definition.role == "property"
        return found._replace(entity=self._returned(found.entity, depth)) if is_property else found
