"""What names of C and C++ mean in other files: through includes, then by linkage; namespaces are open to all files.

A use of what is only declared goes to its definition elsewhere, where there is one.
Conditions of the preprocessor are not evaluated; what macros expand to is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from posixpath import basename, dirname, join, normpath, splitext
from typing import Any

from index.infer import Found, Inference
from index.languages.overloads import DECLARATION
from index.languages.rules import Rules
from index.languages.spec import Import
from index.world import Definer, Module, World

SPACE = "c"
"""The namespace that all files of C and C++ share: the linker's."""
_NAMESPACE = "namespace "
"""Before the name of a namespace in what an import is from."""
_PRIVATE, _MACRO = "private", "macro"
_HEADERS = frozenset({".h", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".ipp", ".tpp", ".inc"})
_MAX_INCLUDED = 400


class CRules(Rules):
    """C and C++: both see each other's files."""

    family = "c"
    constructors = ("",)
    own_types = frozenset({"Self"})
    implicit_receiver = True
    item_method = "operator[]"
    same_methods = frozenset({"get", "value", "lock", "release", "operator->", "operator*", "value_or"})
    element_methods = Rules.element_methods | {"emplace_back", "data", "top", "begin", "end"}
    set_up_methods = ("SetUp", "SetUpTestSuite")

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        if module.startswith(_NAMESPACE):
            return Module(module, "")
        beside = normpath(join(dirname(importer), module))
        if not beside.startswith("../") and world.has_file(beside):
            return Module(beside, beside)
        named = module.lstrip("./")
        found = [
            path
            for path in world.providers(SPACE, f"/{basename(module)}")
            if path == named or path.endswith(f"/{named}")
        ]
        path = next(iter(nearest(importer, found)), None)
        return Module(path, path) if path else None

    def offers(self, name: str) -> bool:
        return False  # includes are searched by `fall_through`, from the name's side

    def files_of(self, world: World, module: Module) -> list[str]:
        return [module.path] if module.path else []

    def fall_through(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        found = self._linked(infer, path, name, depth)
        if found is not None:
            return found
        for star in infer.world.stars(path)[1]:
            module = star.partition(":")[2]
            if module.startswith(_NAMESPACE):
                found = self.module_member(infer, Module(module, ""), name, depth)
                if found is not None:
                    return found
        return None

    def _linked(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        candidates = [other for other in infer.world.providers(SPACE, name) if other != path]
        if not candidates:
            return None
        included = self._included(infer)
        seen = [other for other in nearest(path, candidates) if other in included]
        found = [hit for other in seen if (hit := infer.module_name(other, name, depth + 1)) is not None]
        defined = [hit for hit in found if _role(infer, hit) != DECLARATION]
        if found:
            return (defined or found)[0]
        hits = [(other, infer.module_name(other, name, depth + 1)) for other in candidates]
        linked = [
            hit
            for other, hit in hits
            if hit and (hit.uid or hit.entity is not None) and _may_link(infer, other, hit)
        ]
        return linked[0]._replace(typed=True) if len(linked) == 1 else None

    def _included(self, infer: Inference) -> frozenset[str]:
        """Every file that the one under resolution includes, itself or through others."""
        known = infer.memo.get(("included",))
        if not isinstance(known, frozenset):
            found, queue = {infer.path}, [infer.path]
            while queue and len(found) < _MAX_INCLUDED:
                path = queue.pop()
                for star in infer.world.stars(path)[1]:
                    level, _, name = star.partition(":")
                    module = self.find_module(infer.world, path, int(level), name)
                    if module is not None and module.path and module.path not in found:
                        found.add(module.path)
                        queue.append(module.path)
            known = frozenset(found)
            infer.memo["included",] = known
        return known

    def module_member(self, infer: Inference, module: Module, name: str, depth: int) -> Found | None:
        dotted = module.location.removeprefix(_NAMESPACE)
        if module.path or depth > _MAX_INCLUDED:
            return None
        first, *inner = [*dotted.split("."), name] if dotted else [name]
        found = infer.visible_name(infer.path, first, depth + 1)
        for part in inner:
            if found is None or found.entity is None:
                return None
            found = infer.attribute(found.entity, part, depth + 1)
        return found if found is not None and (found.uid or found.entity is not None) else None

    def extenders(self, infer: Inference, owner: Definer, member: str) -> list[str]:
        found = infer.world.providers(SPACE, f"{owner.qualified_name}.{member}")
        others = [path for path in found if path != owner.path]
        if len(others) > 1:
            included = self._included(infer)
            others.sort(key=lambda path: path not in included)
        return others

    def implementation(self, infer: Inference, found: Found) -> Found:
        """The definition of a function that was found by its declaration."""
        entity = found.entity
        if not isinstance(entity, Definer) or entity.is_class or _role(infer, found) != DECLARATION:
            return found
        name = entity.qualified_name
        while name:  # outside a namespace that the file opened by `using`
            owner, _, last = name.rpartition(".")
            is_constructor = owner and owner.rpartition(".")[2] == last
            key = f"{owner}." if is_constructor else name
            for path in nearest(entity.path, infer.world.providers(SPACE, key)):
                definition = infer.world.definition(path, name)
                known = definition is not None and definition.kind == "function" and definition.uid
                if (
                    definition is not None
                    and known
                    and definition.role not in (DECLARATION, _PRIVATE, _MACRO)
                ):
                    return found._replace(uid=definition.uid, path=path)
            name = name.partition(".")[2] if name.count(".") > 1 else ""
        return found


class CppRules(CRules):
    """C++ has overloads, where C has one function in the branches of a condition."""

    overloads = True


def nearest(path: str, others: Iterable[str]) -> list[str]:
    """Files in order of nearness: of the same name but for the suffix, then in shared folders."""
    stem, folders = splitext(basename(path))[0], path.split("/")[:-1]

    def distance(other: str) -> tuple[bool, int, int]:
        parts = other.split("/")
        shared = 0
        while shared < min(len(folders), len(parts) - 1) and folders[shared] == parts[shared]:
            shared += 1
        return splitext(parts[-1])[0] != stem, -shared, len(parts)

    return sorted(others, key=distance)


def _role(infer: Inference, found: Found) -> str:
    if not isinstance(found.entity, Definer) or not found.uid:
        return ""
    definition = infer.world.definition(found.entity.path, found.entity.qualified_name)
    return definition.role if definition is not None else ""


def _may_link(infer: Inference, path: str, found: Found) -> bool:
    """Whether a name may reach a file that does not include it: by linkage, or a header that was not found."""
    role = _role(infer, found)
    return role not in (_PRIVATE, _MACRO) if splitext(path)[1] not in _HEADERS else role != DECLARATION


def read_include(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    """An include brings all names; `using` brings one of a namespace, or all."""
    node = captures["module"]
    written = text(node)
    if "using" in captures:
        dotted = ".".join(part.strip() for part in written.split("::") if part.strip())
        if "wildcard" in captures:
            return [Import(0, f"{_NAMESPACE}{dotted}", "*", "", node)]
        return [Import(0, _NAMESPACE, dotted, dotted.rpartition(".")[2], node)]
    return [Import(1 if written.startswith('"') else 0, written.strip('"<> '), "*", "", node)]
