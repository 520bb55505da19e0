"""Python: read by code of its own (index/python*.py), resolved by dotted module names (index/modules.py)."""

from __future__ import annotations

from index.content import Content
from index.conventions import builtin_names
from index.facts import FileFacts
from index.infer import NOTHING, Found, Inference
from index.languages.rules import Rules
from index.languages.spec import LanguageSpec
from index.modules import module_name
from index.python.extract import extract
from index.python.pieces import Pieces
from index.python.scopes import CLASS_RECEIVER_METHODS
from index.world import Definer, Entity, Module, World


class PythonRules(Rules):
    answers_travel = True
    constructors = ("__init__",)
    class_receiver_methods = CLASS_RECEIVER_METHODS
    call_method, item_method = "__call__", "__getitem__"
    iteration_method, class_member = "__iter__", "__class__"
    element_methods = frozenset(
        {"pop", "get", "popleft", "setdefault", "__enter__", "__next__", "__getitem__"}
    )
    container_methods = frozenset({"values", "copy", "__iter__", "union", "difference"})
    set_up_methods = ("setUp", "setUpClass", "setup_method", "setup_class", "asyncSetUp")

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        names = module.split(".") if module else []
        if level:
            folder = importer.split("/")[:-1]
            if level - 1 > len(folder):
                return None
            base = folder[: len(folder) - (level - 1)]
            return world.module_at("/".join([*base, *names]))
        world.read_tree(f"root:{importer}")
        world.read_tree(f"top:{names[0]}")
        own, tops = world.modules.own_root(importer), world.modules.tops.get(names[0], ())
        for root in world.modules.roots_for(importer, names[0], own, tops):
            found = world.module_at("/".join([root, *names] if root else names))
            if found is not None:
                return found
        return None

    def is_inside(self, world: World, importer: str, module: str) -> bool:
        return self.find_module(world, importer, 0, module.partition(".")[0]) is not None

    def base(self, infer: Inference, owner: Definer, chain: str, depth: int) -> Entity:
        """A class of the scopes around the class, or of its module."""
        root, *parts = chain.split(".")
        outer, first = owner.qualified_name.rpartition(".")[0], True
        while outer:
            around = infer.world.definition(owner.path, outer)
            name = f"{outer}.{root}"
            near = infer.world.definition(owner.path, name) if name != owner.qualified_name else None
            if around and near and (first or around.kind == "function"):
                found = Found(Definer(owner.path, name, near.kind == "class"), near.uid, owner.path)
                for part in parts:
                    found = infer.step(found, part, depth + 1)
                return found.entity
            outer, first = outer.rpartition(".")[0], False
        return super().base(infer, owner, chain, depth)

    def overrides(self, name: str) -> bool:
        return not name.startswith("__")

    def fixture(self, infer: Inference, name: str, scope: int) -> Found:
        """The pytest fixture that a test's parameter asks for: of its class, its module or a conftest above it."""
        owner = infer.enclosing_class(scope)
        if owner is not None:
            found = infer.binding(infer.path, infer.world.member(infer.path, owner.qualified_name, name))
            if _is_fixture(infer, found):
                return found
        folder = infer.path.rpartition("/")[0]
        places = [infer.path]
        while True:
            conftest = infer.world.module_at(f"{folder}/conftest" if folder else "conftest")
            if conftest and conftest.path != infer.path:
                places.append(conftest.path)
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        for path in places:
            found = infer.module_name(path, name) or NOTHING
            if _is_fixture(infer, found):
                return found
        return NOTHING

    def module_member(self, infer: Inference, module: Module, name: str, depth: int) -> Found | None:
        """A package's module."""
        submodule = infer.world.module_at(f"{module.location}/{name}" if module.location else name)
        return Found(submodule) if submodule else None

    def offers(self, name: str) -> bool:
        return not name.startswith("_")


def _is_fixture(infer: Inference, found: Found) -> bool:
    if not isinstance(found.entity, Definer):
        return False
    definition = infer.world.definition(found.entity.path, found.entity.qualified_name)
    return definition is not None and definition.role == "fixture"


def read(repository: str, path: str, content: Content) -> FileFacts:
    return extract(repository, path, module_name(path), content)


def read_again(repository: str, path: str, content: Content, pieces: Pieces) -> FileFacts:
    return extract(repository, path, module_name(path), content, pieces)


SPECS = (
    LanguageSpec(
        "python",
        (".py", ".pyi", ".pyw"),
        rules=PythonRules(),
        read=read,
        read_again=read_again,
        builtins=builtin_names(),
    ),
)
