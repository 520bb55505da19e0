"""Find functions that are called like members of what they extend, as Kotlin, Scala and C# have them."""

from __future__ import annotations

from index.facts import IMPORT
from index.infer import Found, Inference
from index.languages.packages import PackageRules
from index.languages.rules import ANY_CLASS
from index.world import Definer


class ExtensionRules(PackageRules):
    """Extensions of the file's own namespace, of those it imports whole, and those that it imports by name."""

    extensions = True

    def extenders(self, infer: Inference, owner: Definer, member: str) -> list[str]:
        """Files with an extension of a class, and with another part of it: `partial` of C#, `actual` of Kotlin."""
        found: list[str] = []
        if owner.qualified_name != ANY_CLASS:
            first = owner.qualified_name.partition(".")[0]
            found += infer.world.providers(infer.world.namespace(owner.path), first)
        if member:
            found += self._extensions(infer, owner, member)
        return [
            path for path in dict.fromkeys(found) if path != owner.path or owner.qualified_name == ANY_CLASS
        ]

    def _extensions(self, infer: Inference, owner: Definer, member: str) -> list[str]:
        world = infer.world
        namespaces = self.visible(world, infer.path)
        for binding in world.names(infer.path, member):
            if binding.kind == IMPORT:
                namespaces.append(self.prefix + binding.target.partition(":")[2])
        namespaces.append(world.namespace(owner.path))
        names = dict.fromkeys((owner.qualified_name, owner.qualified_name.rpartition(".")[2]))
        found: list[str] = []
        for namespace in dict.fromkeys(namespaces):
            for name in names:
                found += world.providers(namespace, f"{name}.{member}")
        return found

    def in_namespace(
        self, infer: Inference, namespace: str, name: str, depth: int, *, but: str = ""
    ) -> Found | None:
        """What a namespace offers under a name; an extension may be imported by its own."""
        found = super().in_namespace(infer, namespace, name, depth, but=but)
        if found is not None:
            return found
        for path in infer.world.providers(namespace, f"{ANY_CLASS}.{name}"):
            bindings = infer.world.member(path, ANY_CLASS, name)
            if bindings:
                return infer.binding(path, bindings, depth)
        return None

    def extension(self, infer: Inference, name: str) -> Found | None:
        """One of a type outside the repository: what is of a type in it would have been known."""
        for path in self.extenders(infer, Definer(infer.path, ANY_CLASS, True), name):
            for binding in infer.world.member(path, ANY_CLASS, name):
                extended = infer.visible_name(path, binding.chain)
                if extended is None or not isinstance(extended.entity, Definer):
                    return infer.binding(path, [binding])._replace(typed=True)
        return None
