"""Packages that hold classes, and imports of either: what Java, Kotlin, Scala and C# have in common.

A package may stand in any folder; of namesakes the one in the nearest folder is meant. Which overload a call means
is not worked out: all of one name share the last one's edge.
"""

from __future__ import annotations

from index.infer import Found, Inference
from index.languages.rules import NamespaceRules
from index.modules import shared_folders
from index.world import Module, World

CLASS = "#"
"""Stands between a package and a class of it in the location of a module whose names are the class's members."""


class PackageRules(NamespaceRules):
    """A package is a namespace called by its dotted name, after `prefix`."""

    prefix = ""
    constructors: tuple[str, ...] = ("",)
    implicit_receiver = True
    absolute_first = False
    """Whether a name that could be both is no relative one."""
    sees_outwards = False
    """Whether a file also sees the packages around its own, and may import relative to them."""

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        """A package, or a class of one whose members are imported."""
        around = outwards(world.namespace(importer).removeprefix(self.prefix)) if self.sees_outwards else []
        names = [f"{outer}.{module}" for outer in around]
        for name in [module, *names] if self.absolute_first else [*names, module]:
            found = self._absolute(world, name)
            if found is not None:
                return found
        return None

    def visible(self, world: World, path: str) -> list[str]:
        found = super().visible(world, path)
        if not self.sees_outwards:
            return found
        own = world.namespace(path)
        around = [self.prefix + name for name in outwards(own.removeprefix(self.prefix))]
        return [*around, *(space for space in found if space != own), self.prefix]

    def _absolute(self, world: World, module: str) -> Module | None:
        package, classes = module, ""
        while package:
            if world.providers(self.prefix + package, ""):
                if not classes:
                    return Module(self.prefix + package, "")
                if world.providers(self.prefix + package, classes.partition(".")[0]):
                    return Module(f"{self.prefix}{package}{CLASS}{classes}", "")
            package, _, last = package.rpartition(".")
            classes = f"{last}.{classes}" if classes else last
        return None

    def is_inside(self, world: World, importer: str, module: str) -> bool:
        """Whether a package that holds files, but no mere beginning that strangers share, is the import's own."""
        parts = module.split(".")
        return any(
            world.providers(self.prefix + ".".join(parts[:end]), "")
            for end in range(len(parts), min(2, len(parts)), -1)
        )

    def fall_through(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        found = super().fall_through(infer, path, name, depth)
        if found is not None:
            return found
        module = self.find_module(infer.world, path, 0, name)
        if module is not None and CLASS not in module.location:
            return Found(module)
        return self._package(infer, self.prefix + name)

    def module_member(self, infer: Inference, module: Module, name: str, depth: int) -> Found | None:
        found = super().module_member(infer, module, name, depth)
        if found is not None or module.path or CLASS in module.location:
            return found
        return self._package(infer, f"{module.location}.{name}")

    def _package(self, infer: Inference, location: str) -> Found | None:
        """A package that holds files, or that the file under resolution lies below."""
        below = infer.world.namespace(infer.path).startswith(f"{location}.")
        return Found(Module(location, "")) if below or infer.world.providers(location, "") else None

    def files_of(self, world: World, module: Module) -> list[str]:
        package, _, classes = module.location.partition(CLASS)
        if module.path or not classes:
            return super().files_of(world, module)
        return world.providers(package, classes.partition(".")[0])[:1]

    def in_namespace(
        self, infer: Inference, namespace: str, name: str, depth: int, *, but: str = ""
    ) -> Found | None:
        package, _, classes = namespace.partition(CLASS)
        if classes:
            found = infer.imported_name(Module(package, ""), f"{classes}.{name}", depth + 1)
            return found if found.uid or found.entity is not None else None
        providers = infer.world.providers(namespace, name)
        if len(providers) > 1:
            providers = sorted(providers, key=lambda path: -shared_folders(path, infer.path))
        for provider in providers:
            if provider != but:
                found_there = infer.module_name(provider, name, depth + 1)
                if found_there is not None and (found_there.uid or found_there.entity is not None):
                    return found_there
        return None


def outwards(name: str) -> list[str]:
    """A dotted name and its beginnings: `a.b` → `a.b`, `a`."""
    parts = name.split(".") if name else []
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
