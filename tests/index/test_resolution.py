"""Which edges a tree's code comes to."""

from graph_trees import edge_lines

from index.types import EdgeType, SymbolKind


def test_call_through_a_reexport_reaches_its_definition(tree):
    graph = tree(
        {
            "pkg/__init__.py": "from .impl import parse as read\n",
            "pkg/impl.py": "def parse(text):\n    return text\n",
            "app.py": "import pkg\n\n\ndef main():\n    return pkg.read('x')\n",
        }
    )
    (parse,) = graph.symbols(qualified_name="parse")
    assert [symbol.qualified_name for symbol in graph.callers(parse.uid)] == ["main"]
    (edge,) = graph.edges(target=parse.uid, types=[EdgeType.CALLS])
    assert edge.span is not None
    assert (edge.span.start_line, edge.span.start_column, edge.span.end_column) == (5, 16, 20)
    assert graph.imported_files("app.py") == ["pkg/__init__.py"]
    assert graph.importing_files("pkg/impl.py") == ["pkg/__init__.py"]


def test_relative_aliased_and_star_imports_resolve(tree):
    graph = tree(
        {
            "pkg/__init__.py": "",
            "pkg/a/__init__.py": "from .deep import *\n",
            "pkg/a/deep.py": "__all__ = ['shown']\ndef shown(): pass\ndef unlisted(): pass\n",
            "pkg/b.py": """
                from . import a as first
                from .a import shown, unlisted
                from .a.deep import unlisted as other

                def use():
                    first.shown()
                    shown()
                    unlisted()
                    other()
                """,
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "pkg/b.py::use CALLS pkg/a/deep.py::shown",
        "pkg/b.py::use CALLS pkg/a/deep.py::unlisted",
    }
    missing = [r.name for r in graph.references() if r.type is EdgeType.IMPORTS]
    assert missing == ["unlisted"]


def test_src_layout_and_namespace_packages_are_found(tree):
    graph = tree(
        {
            "src/core/__init__.py": "",
            "src/core/run.py": "def go(): pass\n",
            "plugins/extra/tool.py": "def work(): pass\n",
            "tests/test_it.py": """
                from core.run import go
                from plugins.extra.tool import work

                def test_it():
                    go()
                    work()
                """,
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "tests/test_it.py::test_it CALLS src/core/run.py::go",
        "tests/test_it.py::test_it CALLS plugins/extra/tool.py::work",
    }


def test_a_module_that_shares_a_standard_name_is_not_taken_for_it(tree):
    graph = tree(
        {
            "pkg/__init__.py": "",
            "pkg/types.py": "def thing(): pass\n",
            "pkg/use.py": "import types\n\ndef f():\n    return types.thing()\n",
        }
    )
    assert edge_lines(graph, "CALLS", "IMPORTS") == set()


def test_methods_resolve_through_self_super_and_bases(tree):
    graph = tree(
        {
            "base.py": """
                class Base:
                    def __init__(self, size):
                        self.size = size

                    def save(self):
                        return self.check()

                    def check(self):
                        return True
                """,
            "child.py": """
                from base import Base

                class Child(Base):
                    def __init__(self, size):
                        super().__init__(size)

                    def save(self):
                        super().save()
                        self.check()
                        return self.size

                    @classmethod
                    def make(cls):
                        return cls(1)

                def build():
                    return Child(2).save()
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "INSTANTIATES", "INHERITS", "OVERRIDES") == {
        "base.py::Base.save CALLS base.py::Base.check (scoped)",
        "child.py::Child INHERITS base.py::Base",
        "child.py::Child.__init__ CALLS base.py::Base.__init__ (scoped)",
        "child.py::Child.save OVERRIDES base.py::Base.save",
        "child.py::Child.save CALLS base.py::Base.save (scoped)",
        "child.py::Child.save CALLS base.py::Base.check (scoped)",
        "child.py::Child.make INSTANTIATES child.py::Child (scoped)",
        "child.py::Child.make CALLS child.py::Child.__init__ (scoped)",
        "child.py::build INSTANTIATES child.py::Child",
        "child.py::build CALLS child.py::Child.__init__",
        "child.py::build CALLS child.py::Child.save (scoped)",
    }
    assert "child.py::Child.save REFERENCES base.py::Base.size (scoped)" in edge_lines(graph, "REFERENCES")


def test_types_come_from_annotations_constructors_and_returns(tree):
    graph = tree(
        {
            "shop.py": """
                from __future__ import annotations

                class Item:
                    def price(self): return 1

                class Cart:
                    def __init__(self, first: Item | None = None):
                        self.first = first
                        self.items: list[Item] = []

                    def each(self):
                        for item in self.items:
                            item.price()
                        return self.first.price()

                    @property
                    def best(self) -> "Item":
                        return self.items[0]

                def load() -> Cart:
                    cart = Cart()
                    return cart

                def total(carts: dict[str, Cart]):
                    load().best.price()
                    same = made()
                    same.each()
                    with open_cart() as cart:
                        cart.each()
                    return [c.each() for c in carts.values()]

                def made():
                    cart = Cart()
                    return cart

                def open_cart() -> Iterator[Cart]:
                    yield Cart()
                """
        }
    )
    calls = edge_lines(graph, "CALLS")
    assert {
        "shop.py::Cart.each CALLS shop.py::Item.price (scoped)",
        "shop.py::total CALLS shop.py::Item.price (scoped)",
        "shop.py::total CALLS shop.py::Cart.each (scoped)",
    } <= calls
    (each,) = graph.symbols(qualified_name="Cart.each")
    assert len(graph.edges(target=each.uid, types=[EdgeType.CALLS])) == 3


def test_local_names_shadow_module_names(tree):
    graph = tree(
        {
            "m.py": """
                def run(): pass
                value = 1

                def shadowed(run, value):
                    def inner():
                        return run() + value
                    return [run for run in inner()]

                def plain():
                    return run(), value, (lambda value: value)(2)
                """
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "m.py::shadowed CALLS m.py::shadowed.inner",
        "m.py::plain CALLS m.py::run",
    }
    assert edge_lines(graph, "REFERENCES") == {"m.py::plain REFERENCES m.py::value"}


def test_class_names_are_not_seen_by_methods(tree):
    graph = tree(
        {
            "m.py": """
                def helper(): pass

                class A:
                    def helper(self): pass
                    alias = helper

                    def use(self):
                        helper()
                """
        }
    )
    assert edge_lines(graph, "CALLS", "REFERENCES") == {
        "m.py::A REFERENCES m.py::A.helper",
        "m.py::A.use CALLS m.py::helper",
    }


def test_what_cannot_be_resolved_is_kept_once_with_its_name(tree):
    graph = tree(
        {"m.py": "import os\n\ndef f(thing):\n    os.getcwd()\n    len([])\n    return thing.handle(1)\n"}
    )
    (reference,) = graph.references()
    (function,) = graph.symbols(name="f")
    assert (reference.name, reference.type, reference.source) == ("handle", EdgeType.CALLS, function.uid)
    assert (reference.span.start_line, reference.span.start_column) == (6, 18)


def test_cyclic_imports_bases_and_assignments_come_to_an_end(tree):
    graph = tree(
        {
            "a.py": "from b import *\nfrom b import X as X\nclass A(B): pass\ny = z\nz = y\n",
            "b.py": """
                from a import *
                from a import X as X
                class B(A): pass
                def f(p):
                    p = p.q()
                    return p.r()
                """,
        }
    )
    assert "a.py::A INHERITS b.py::B" in edge_lines(graph, "INHERITS")


def test_a_test_is_linked_to_what_it_uses_directly_or_through_one_helper(tree):
    graph = tree(
        {
            "calc.py": "def add(a, b): return a + b\ndef sub(a, b): return a - b\ndef deep(): pass\n",
            "conftest.py": """
                import pytest
                from calc import sub

                @pytest.fixture
                def difference():
                    return sub(2, 1)
                """,
            "tests/helpers.py": "from calc import add\n\ndef check(n):\n    assert add(1, 1) == n\n",
            "tests/test_calc.py": """
                import unittest
                from tests.helpers import check

                def test_add():
                    check(2)

                def test_sub(difference):
                    assert difference == 1

                class Case(unittest.TestCase):
                    def setUp(self):
                        from calc import deep
                        deep()

                    def test_deep(self):
                        pass
                """,
        }
    )
    assert edge_lines(graph, "TESTS") == {
        "tests/test_calc.py::test_add TESTS calc.py::add",
        "tests/test_calc.py::test_sub TESTS calc.py::sub",
        "tests/test_calc.py::Case.test_deep TESTS calc.py::deep",
        "tests/test_calc.py TESTS calc.py (name_only)",
    }
    assert graph.symbols(qualified_name="Case.test_deep")[0].kind is SymbolKind.TEST
    assert graph.tests_for(["calc.py"]) == ["tests/test_calc.py", "conftest.py", "tests/helpers.py"]


def test_structural_edges_follow_from_paths_and_symbols(tree):
    graph = tree({"pkg/m.py": "class A:\n    def f(self): pass\n", "README.md": "# Title\n\nWords.\n"})
    assert {
        line.replace("pkg/m.py::", "") for line in edge_lines(graph, "HAS_FILE", "HAS_AST", "PARENT_OF")
    } == {
        ". HAS_FILE pkg",
        ". HAS_FILE README.md",
        "pkg HAS_FILE pkg/m.py",
        "pkg/m.py HAS_AST pkg.m",
        "pkg.m PARENT_OF A",
        "A PARENT_OF A.f",
    }
    (chunk,) = graph.chunks("README.md")
    assert chunk.text == "# Title\n\nWords.\n"


def test_symbol_at_gives_the_innermost_definition(tree):
    graph = tree({"m.py": "import os\n\n@os.deco\ndef f():\n    def g():\n        return 1\n    return g\n"})
    found = [graph.symbol_at("m.py", line) for line in (1, 3, 6, 7)]
    assert [symbol.qualified_name if symbol else None for symbol in found] == ["m", "f", "f.g", "f"]
    assert graph.symbol_at("m.py", 99) is None


def test_a_call_on_a_field_of_unknown_type_is_no_call_of_the_field(tree):
    graph = tree(
        {
            "m.py": """
                class A:
                    def __init__(self, log):
                        self.log = log

                    def note(self, line):
                        self.log.append(line)
                """
        }
    )
    assert edge_lines(graph, "CALLS") == set()
    assert [reference.name for reference in graph.references()] == ["append"]
