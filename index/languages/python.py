"""Python: read by code of its own (index/python*.py), resolved by dotted module names (index/modules.py)."""

from __future__ import annotations

from index.content import Content
from index.conventions import builtin_names
from index.facts import FileFacts
from index.infer import Found, Inference
from index.languages.rules import Rules
from index.languages.spec import LanguageSpec
from index.modules import module_name
from index.python import extract
from index.world import Module, World


class PythonRules(Rules):
    constructors = ("__init__",)

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        return world.find_module(importer, level, module)

    def is_inside(self, world: World, importer: str, module: str) -> bool:
        return world.has_top(importer, module)

    def module_member(self, infer: Inference, module: Module, name: str, depth: int) -> Found | None:
        """A package's module."""
        submodule = infer.world.module_at(f"{module.location}/{name}" if module.location else name)
        return Found(submodule) if submodule else None

    def offers(self, name: str) -> bool:
        return not name.startswith("_")


def read(repository: str, path: str, content: Content) -> FileFacts:
    return extract(repository, path, module_name(path), content)


SPECS = (
    LanguageSpec("python", (".py", ".pyi", ".pyw"), rules=PythonRules(), read=read, builtins=builtin_names()),
)
