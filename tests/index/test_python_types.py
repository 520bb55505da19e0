"""What types Python's expressions pass on: copies, casts, loops, generators, neighbours among classes."""

from graph_trees import edge_lines

from index.types import EdgeType


def test_types_pass_through_copies_casts_classes_and_super(tree):
    graph = tree(
        {
            "m.py": """
                import copy
                from typing import cast

                class Base:
                    def copy(self):
                        return copy.copy(self)

                    def run(self): pass

                class Child(Base):
                    def twice(self):
                        same = self.copy()
                        same.run()

                    def copy(self):
                        again = super().copy()
                        again.stop()
                        return again

                    def fresh(self):
                        one = self.__class__()
                        one.stop()
                        other = type(self)()
                        other.stop()

                    def stop(self): pass

                def work(found):
                    cast("Child", found).stop()
                    held = cast(Child, found)
                    held.copy().stop()
                    first = next(iter([Child()]))
                    first.stop()
                """
        }
    )
    calls = edge_lines(graph, "CALLS")
    assert {f"m.py::{name} CALLS m.py::Child.stop (scoped)" for name in ("Child.copy", "work")} <= calls
    assert "m.py::Child.twice CALLS m.py::Base.run (scoped)" in calls
    (stop,) = graph.symbols(qualified_name="Child.stop")
    lines = [edge.span.start_line for edge in graph.edges(target=stop.uid, types=[EdgeType.CALLS])]
    assert lines == [18, 23, 25, 32, 34]


def test_loops_and_with_give_what_containers_and_generators_hold(tree):
    graph = tree(
        {
            "m.py": """
                from contextlib import contextmanager

                class Item:
                    def use(self): pass

                class Items:
                    def __iter__(self):
                        yield Item()

                @contextmanager
                def opened():
                    yield Item()

                def each():
                    yield from [Item()]

                def work(named: dict[str, Item], listed: list[Item], rows: Items):
                    for key, value in named.items():
                        value.use()
                    for index, item in enumerate(listed):
                        item.use()
                    for one, other in zip(key, sorted(listed)):
                        other.use()
                        one.use()
                    with opened() as thing:
                        thing.use()
                    for found in each():
                        found.use()
                    for row in rows:
                        row.use()
                """
        }
    )
    (use,) = graph.symbols(qualified_name="Item.use")
    lines = [edge.span.start_line for edge in graph.edges(target=use.uid, types=[EdgeType.CALLS])]
    assert lines == [20, 22, 24, 27, 29, 31]


def test_classes_inside_functions_inherit_from_their_neighbours(tree):
    graph = tree(
        {
            "m.py": """
                class Base:
                    def run(self): pass

                def test():
                    class Base:
                        def run(self): pass

                    class Child(Base):
                        pass

                    Child().run()
                """
        }
    )
    assert "m.py::test CALLS m.py::test.Base.run (scoped)" in edge_lines(graph, "CALLS")
    assert edge_lines(graph, "INHERITS") == {"m.py::test.Child INHERITS m.py::test.Base"}
