"""Find what Rust paths name: crates by Cargo.toml, modules by files, names through `use`, methods in any `impl`.

A path is followed name by name, as the compiler does: each module's own names, then its child modules. So re-exports
and inline modules need no code of their own. See https://doc.rust-lang.org/reference/paths.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import basename, dirname, join, normpath

from index.facts import IMPORT
from index.infer import NOTHING, Found, Inference
from index.languages.rules import Rules
from index.languages.rust_files import child_module, crate_folder, crate_root, parent_module
from index.languages.rust_use import PATH_WORDS
from index.world import Definer, Module, World

CARGO = "Cargo.toml"
"""The namespace in which Cargo.toml files offer the names of their crates, with the file of the library."""
_MAX_DEPTH = 12


class RustRules(Rules):
    family = "rust"
    own_types = frozenset({"Self"})
    element_methods = Rules.element_methods | {
        "get_mut",
        "pop_front",
        "pop_back",
        "last_mut",
        "first_mut",
        "nth",
    }
    container_methods = Rules.container_methods | {
        "iter", "values_mut", "into_values", "drain", "rev", "skip", "chain", "cloned", "copied", "collect",
        "peekable", "chunks", "as_slice", "as_mut_slice", "skip_while", "take_while", "inspect", "step_by",
    }  # fmt: skip
    item_method = "index"
    same_methods = frozenset(
        {"clone", "unwrap", "expect", "as_ref", "as_mut", "borrow", "borrow_mut", "lock", "read", "write", "to_owned",
         "unwrap_or_default", "unwrap_or_else", "unwrap_or", "ok", "get_mut", "into_inner", "await", "deref", "take",
         "as_deref", "as_deref_mut", "ok_or", "ok_or_else", "map_err", "cloned", "into", "get_or_insert_with",
         "context", "with_context"}
    )  # fmt: skip

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        if module.startswith("/"):
            path = normpath(join(dirname(importer), module[1:]))
            return Module(path, path) if world.has_file(path) else None
        first, *inner = module.split(".")
        start = self._start(world, importer, first)
        if start is None or not inner:
            return start
        path = start.path
        while path and inner:
            child = child_module(world, path, inner)
            if child is None:
                return Module(f"{path}::{'.'.join(inner)}", "")
            path, inner = child[0], inner[child[1] :]
        return Module(path, path) if path else Module(f"{start.location}.{'.'.join(inner)}", "")

    def _start(self, world: World, importer: str, first: str) -> Module | None:
        """What the first name of a path stands for."""
        if first == "self":
            return Module(importer, importer)
        if first in ("crate", "super"):
            path = crate_root(world, importer) if first == "crate" else parent_module(world, importer)
            return Module(path, path) if path else None
        for declared in world.providers(CARGO, first):
            library = next((binding.chain for binding in world.names(declared, first)), "")
            path = join(dirname(declared), library or "src/lib.rs")
            if world.has_file(path):
                return Module(path, path)
        bindings = world.names(importer, first)
        if any(binding.target != f"0:{first}" for binding in bindings):
            return Module(f"{importer}::{first}", "")
        return None

    def is_inside(self, world: World, importer: str, module: str) -> bool:
        return module.partition(".")[0] in PATH_WORDS

    def keyword(self, infer: Inference, name: str, scope: int) -> Found | None:
        """`self` and `super` as modules, seen from an inline module."""
        if name not in ("self", "super"):
            return None
        around, index = [], scope
        while index > 0:
            opened = infer.scopes[index]
            if name == "self" and opened.receiver == "self":
                return None
            if opened.kind == "class" and infer.is_namespace(opened.qualified_name):
                around.append(opened.qualified_name)
            index = opened.parent
        modules = [*around, ""][0 if name == "self" else 1 :]
        if not modules:
            return self.fall_through(infer, infer.path, name, 0)
        return _inline_module(infer, infer.path, modules[0])

    def fall_through(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        if name in PATH_WORDS:
            return _found(self.find_module(infer.world, path, 1, name))
        for star in infer.world.stars(path)[1]:
            level, _, dotted = star.partition(":")
            module = self.find_module(infer.world, path, int(level), dotted)
            if module is not None and not module.path:
                found = self.module_member(infer, module, name, depth + 1)
                if found is not None:
                    return found
        found = _found(next(iter(self._crates(infer.world, path, name)), None))
        return found or self._macro(infer, path, name, depth)

    def _crates(self, world: World, path: str, name: str) -> Iterator[Module]:
        if world.providers(CARGO, name):
            module = self._start(world, path, name)
            if module is not None and module.path:
                yield module

    def _macro(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        """A macro of the crate: macros are seen in modules after and below their own."""
        if not name.islower() or depth > _MAX_DEPTH:
            return None
        root = crate_folder(path)
        for declared in infer.world.providers("rust", name):
            definition = infer.world.definition(declared, name)
            if definition is not None and definition.role == "macro" and crate_folder(declared) == root:
                return infer.module_name(declared, name, depth + 1)
        return None

    def beyond(self, infer: Inference, definer: Definer, name: str, depth: int) -> Found | None:
        """`super` of an inline module; and a module may share its name with a function (`parse::parse`)."""
        path, own_name = definer.path, definer.qualified_name
        if definer.is_class:
            return _inline_module(infer, path, own_name.rpartition(".")[0]) if name == "super" else None
        for binding in infer.world.names(path, own_name):
            module = infer.imported(path, binding, depth + 1) if binding.kind == IMPORT else NOTHING
            if isinstance(module.entity, Module):
                return infer.attribute(module.entity, name, depth + 1)
        if f"{own_name}.rs" == basename(path) or path.endswith(f"/{own_name}/mod.rs"):
            return infer.module_name(path, name, depth + 1)
        return None

    def module_member(self, infer: Inference, module: Module, name: str, depth: int) -> Found | None:
        if module.path:
            if name in PATH_WORDS:
                return _found(self.find_module(infer.world, module.path, 1, name))
            return self._beyond(infer, module.path, name, depth)
        if depth > _MAX_DEPTH:
            return None
        path, _, dotted = module.location.partition("::")
        first, *inner = dotted.split(".")
        found = infer.module_name(path, first, depth + 1)
        for part in (*inner, name):
            if found is None or found.entity is None:
                return None
            found = infer.attribute(found.entity, part, depth + 1)
        return found if found is not None and (found.uid or found.entity is not None) else None

    def _beyond(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        """What a module offers beside its own names: re-exports of all of an enumeration, modules made by macros."""
        if depth > _MAX_DEPTH:
            return None
        for star in infer.world.stars(path)[1]:
            level, _, dotted = star.partition(":")
            module = self.find_module(infer.world, path, int(level), dotted)
            if module is not None and (not module.path or module.path != path):
                found = self.module_member(infer, module, name, depth + 2)
                if found is not None:
                    return found
        child = child_module(infer.world, path, [name])
        if child is not None:
            return _found(Module(child[0], child[0]))
        if path.endswith("/lib.rs") and infer.world.has_file(join(dirname(path), "main.rs")):
            return infer.module_name(join(dirname(path), "main.rs"), name, depth + 1)
        return None

    def extenders(self, infer: Inference, owner: Definer, member: str) -> list[str]:
        """Other files with an `impl` of this very type."""
        name = owner.qualified_name.rpartition(".")[2]
        found = infer.world.providers("rust", f"{name}.{member}")
        return [path for path in found if path != owner.path and self._is_type(infer, path, name, owner)]

    @staticmethod
    def _is_type(infer: Inference, path: str, name: str, owner: Definer) -> bool:
        """Whether a name of a file means this very type, or nothing that is known."""
        entity = infer.foreign(path, name, None, None, 1).entity
        if isinstance(entity, Definer):
            return (entity.path, entity.qualified_name) == (owner.path, owner.qualified_name)
        return entity is None


def _found(module: Module | None) -> Found | None:
    return Found(module) if module is not None else None


def _inline_module(infer: Inference, path: str, name: str) -> Found:
    """An inline module of a file; the file's own without a name."""
    if not name:
        return Found(Module(path, path))
    definition = infer.world.definition(path, name)
    return Found(Definer(path, name, True), definition.uid if definition else "", path)
