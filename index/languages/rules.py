"""How names of a family of languages are found in other files: the defaults, and files that share a namespace.

Every look-up goes through the world, which records it: that is what keeps an incremental graph exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.infer import Found, Inference
    from index.world import Definer, Entity, Module, World

ANY_CLASS = "*"
"""The name under which extensions are kept that something of unknown type may have."""

_MAX_FILES_OF_IMPORT = 20
"""Importing a namespace links to each of its files up to this many; beyond, only to those whose names are used."""


class Rules:
    """A language whose files stand alone: names come from the file itself and from what it imports."""

    overloads = False
    """Whether functions of one name are told apart by their arguments."""
    family = ""
    """Languages that see each other's files; empty for a language of its own."""
    constructors: tuple[str, ...] = ()
    """Methods that run when an object is made; an empty name stands for those called like their class."""
    makers: frozenset[str] = frozenset()
    """Names that, asked of a class and called, make an object of it (Ruby's `new`), unless it defines them."""
    own_types: frozenset[str] = frozenset()
    """Names that mean the class around them (`Self`, `static`)."""
    class_receiver_methods: frozenset[str] = frozenset()
    """Methods that get the class without saying so."""
    call_method = item_method = ""
    """Methods that run when an object is called, or asked for an element."""
    iteration_method = class_member = ""
    """What a loop over an object calls; the attribute of an object that is its class."""
    element_methods: frozenset[str] = frozenset(
        {"pop", "get", "first", "last", "find", "at", "shift", "poll", "peek", "next", "remove", "front", "back",
         "unwrap", "getOrNull", "firstOrNull", "lastOrNull", "First", "Last", "Pop", "Dequeue", "Peek"}
    )  # fmt: skip
    """Methods of containers that give one element."""
    container_methods: frozenset[str] = frozenset(
        {"values", "copy", "filter", "slice", "concat", "reverse", "sort", "clone", "stream", "iterator", "toList",
         "to_vec", "iter_mut", "into_iter", "Where", "ToList", "ToArray", "OrderBy", "sorted", "take", "drop"}
    )  # fmt: skip
    """Methods of containers that give a container of the same elements."""
    same_methods: frozenset[str] = frozenset()
    """Methods that give their object, or what a wrapper around it holds, unless its class defines them."""
    set_up_methods: tuple[str, ...] = ("setUp", "set_up", "setup", "SetUp", "beforeEach")
    """Methods of a class of tests that run before each of them."""
    implicit_receiver = False
    """Whether a method's bare names also mean members of its class, and those of the classes around it."""
    methods_apart = False
    """Whether a field or local value and a method may share a name, told apart by the call."""
    extensions = False
    """Whether functions may be called like members of what they extend (`@owner` or `@extends`)."""
    calls_give_element = False
    """Whether a container is indexed in the form of a call."""
    names_call = False
    """Whether a method's name alone calls it, as in Ruby."""
    super_calls_namesake = False
    """Whether `super` is a call of the base class's method of the same name."""
    open_classes = False
    """Whether any file may open a class of another one again and add to it."""
    answers_travel = False
    """Whether what a name means at the top of another file is the same for whichever file asks."""
    class_attributes: frozenset[str] = frozenset()
    """Attributes of an object that give its class."""
    calls_give_value = False
    """Whether a call of what holds an object gives that object: accessors of records, parameterless methods."""

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        """The file or namespace that an import names, if it lies in the tree."""
        return None

    def is_inside(self, world: World, importer: str, module: str) -> bool:
        """Whether an import that was not found names something of the tree all the same."""
        return False

    def files_of(self, world: World, module: Module) -> list[str]:
        """The files that an import of this module depends on."""
        return [module.path] if module.path else []

    def module_member(self, infer: Inference, module: Module, name: str, depth: int) -> Found | None:
        """What a module offers beyond the names of its own file."""
        return None

    def beyond(self, infer: Inference, definer: Definer, name: str, depth: int) -> Found | None:
        """What a name after that of a class or function means which is no member of it."""
        return None

    def implementation(self, infer: Inference, found: Found) -> Found:
        """What a declaration stands for: the definition elsewhere, where there is one."""
        return found

    def offers(self, name: str) -> bool:
        """Whether an import of all names brings this one."""
        return True

    def keyword(self, infer: Inference, name: str, scope: int) -> Found | None:
        """What a word of the language means by the place where it stands, before any binding is asked."""
        return None

    def fall_through(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        """What a bare name means at the top of a file that neither binds nor imports it."""
        return None

    def extenders(self, infer: Inference, owner: Definer, member: str) -> list[str]:
        """Other files that add this member to a class; with an empty member, those that add bases."""
        return []

    def base(self, infer: Inference, owner: Definer, chain: str, depth: int) -> Entity:
        """What a chain in a class's bases means, read where the class stands."""
        around = owner.qualified_name.rpartition(".")[0]
        outer = owner._replace(qualified_name=around) if around else None
        return infer.foreign(owner.path, chain, None, outer, depth + 1).entity

    def extension(self, infer: Inference, name: str) -> Found | None:
        """The extension that is meant where something of unknown type is asked for a member."""
        return None

    def reaches_out(self, name: str) -> bool:
        """Whether a bare name may mean a member of a class around the method's own."""
        return True

    def overrides(self, name: str) -> bool:
        """Whether a method of this name overrides one of a base class."""
        return name not in self.constructors

    def fixture(self, infer: Inference, name: str, scope: int) -> Found:
        """What a test's parameter asks for by its name; asked only for uses of the role `fixture`."""
        raise NotImplementedError


class NamespaceRules(Rules):
    """A language whose files share namespaces: a package, a global scope. Its specs give `namespace`."""

    def in_namespace(
        self, infer: Inference, namespace: str, name: str, depth: int, *, but: str = ""
    ) -> Found | None:
        """What the files of a namespace offer under a name."""
        part: Found | None = None
        for provider in infer.world.providers(namespace, name):
            if provider != but:
                found = infer.module_name(provider, name, depth + 1)
                if found is not None and found.uid:
                    return found
                if found is not None and found.entity is not None:
                    part = part or found
        return part

    def visible(self, world: World, path: str) -> list[str]:
        """Namespaces whose names a file sees bare, nearest first: its own, then those imported whole."""
        own = world.namespace(path)
        found = [own] if own else []
        for star in world.stars(path)[1]:
            level, _, dotted = star.partition(":")
            module = self.find_module(world, path, int(level), dotted)
            if module is not None and not module.path:
                found.append(module.location)
        return found

    def fall_through(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        for namespace in self.visible(infer.world, path):
            found = self.in_namespace(infer, namespace, name, depth, but=path)
            if found is not None:
                return found
        return None

    def module_member(self, infer: Inference, module: Module, name: str, depth: int) -> Found | None:
        return None if module.path else self.in_namespace(infer, module.location, name, depth)

    def files_of(self, world: World, module: Module) -> list[str]:
        if module.path:
            return [module.path]
        files = world.providers(module.location, "")
        return files if len(files) <= _MAX_FILES_OF_IMPORT else []

    def extenders(self, infer: Inference, owner: Definer, member: str) -> list[str]:
        namespace = infer.world.namespace(owner.path)
        if not namespace:
            return []
        found = infer.world.providers(namespace, f"{owner.qualified_name}.{member}")
        return [path for path in found if path != owner.path]
