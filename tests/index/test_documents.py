"""Texts and docstrings that speak of symbols: what is taken for a mention, and what it means when it is asked."""

from __future__ import annotations

import pytest
from graph_trees import edge_lines, write_files

from index.check import check_graph, compare_with_rebuild
from index.documented import meanings, names_of
from index.graph import WorkTreeGraph
from index.layer.memory import MemoryStore
from index.layer.store import LayeredStore
from index.listing import named_edges
from index.mentions_in_prose import MAX_MENTIONS
from index.names import find_symbols
from index.queries import at_symbols, definition, references
from index.retrieval.maps import symbol_map
from index.store import open_store
from index.types import EdgeType

SHAPES = """
    class Shape:
        def area(self): return 0
        def turn(self): return self.area()

    class Square(Shape):
        def area(self): return 1

    def make_square(): return Square()
    """
CODE = {
    "pkg/__init__.py": "from pkg.shapes import Square\n",
    "pkg/shapes.py": SHAPES,
    "pkg/words.py": "def turn_over(): pass\ndef parse(): pass\n",
    "tests/test_words.py": "def test_it(): pass\ndef turn_over(): pass\n",
}


def documents(graph):
    """DOCUMENTS edges as `path:line name`."""
    named = {symbol.uid: symbol.qualified_name for symbol in graph.symbols()}
    edges = graph.edges(types=[EdgeType.DOCUMENTS])
    return [f"{e.span.path}:{e.span.start_line} {named[e.target]}" for e in edges]


def mentioned(graph, path="doc.md"):
    return [reference.name for reference in graph.references(source=path)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Call `make_square()`, `Shape` or `Square.area`.", ["make_square", "Shape", "Square.area"]),
        ("``pkg.shapes.Shape.turn(by=(1, 2))`` and `pkg::shapes`", ["pkg.shapes.Shape.turn", "pkg.shapes"]),
        ("`Shape#area` `_private` `camelCase` `HTTPServer`", ["Shape.area", "camelCase", "HTTPServer"]),
        ("`save` `GET` `True` `--all` `a b` `x = y()` `3.1` `settings.py` `` `tick` `` ` a_b`", []),
        ("Shape.area, make_square() and **turn_over** are no marks", []),
        ("```python\n`Square.area`\n```\n`turn_over`\n~~~\n`pkg.shapes`\n~~~", ["turn_over"]),
        ("````\n```\n`a_b`\n```\n`c_d`\n````\n`e_f`", ["e_f"]),
        ("> ```\n> `a_b`\n> ```\n`c_d`", ["c_d"]),
        ("\\`a_b` `never_closed and\n`c_d`", ["c_d"]),
        ("🐚 `a_b`\r\n`c_d`\r\n", ["a_b", "c_d"]),
        ("`a_b` `a_b` `a_b`", ["a_b"]),
    ],
)
def test_markdown_mentions_what_looks_like_code(tree, text, names):
    graph = tree({"doc.md": text.encode()})
    assert mentioned(graph) == names
    assert list(check_graph(graph.store, graph.root)) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (":func:`parse` :meth:`~pkg.Shape.area` :py:class:`!Shape`", ["parse", "pkg.Shape.area", "Shape"]),
        (":class:`a shape <pkg.shapes.Shape>` :setting:`A_B` :ref:`a_b`", ["pkg.shapes.Shape"]),
        (":meth:`save()` and ``turn_over()`` and `turn_over`_", ["save", "turn_over"]),
        (".. py:function:: pkg.parse(text, *, strict)\n\n   `a_b` inside", ["pkg.parse", "a_b"]),
        (".. autoclass:: pkg.Shape\n.. method:: turn\n.. image:: a_b.png\n", ["pkg.Shape", "turn"]),
        ("So::\n\n    `a_b` ``c_d``\n\n  `e_f`\n\nthen `g_h`", ["g_h"]),
        (".. code-block:: python\n   :linenos:\n\n   ``a_b``\n\n``c_d``", ["c_d"]),
        (".. note::\n\n   ``a_b`` is prose", ["a_b"]),
    ],
)
def test_restructured_text_mentions_roles_marks_and_directives(tree, text, names):
    graph = tree({"doc.rst": text})
    assert mentioned(graph, "doc.rst") == names
    assert list(check_graph(graph.store, graph.root)) == []


def test_a_name_is_kept_once_in_a_chunk_and_the_first_ones_of_a_huge_text(tree):
    section = "# Head\n\n" + "`turn_over` word " * 80 + "\n\n"
    names = "\n\n".join(f"`name_{number}`" for number in range(MAX_MENTIONS + 500))
    graph = tree({**CODE, "doc.md": section * 3, "long.md": names, "deep.txt": "`" * 900_000})
    assert mentioned(graph) == ["turn_over"] * 3
    assert [reference.span.start_line for reference in graph.references(source="doc.md")] == [3, 7, 11]
    assert len(mentioned(graph, "long.md")) == MAX_MENTIONS
    assert mentioned(graph, "deep.txt") == []


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfCaf\xc3\xa9 `pkg.Square`\r\n",
        b"Caf\xe9 `pkg.Square`\r\n",
        b"\xff\xfe `\x80_\x81` Caf\xe9 `pkg.Square`",
        b"`pkg.Square` \0",
    ],
)
def test_odd_bytes_are_no_names_and_columns_count_code_points(tree, data):
    graph = tree({**CODE, "doc.md": data})
    assert list(check_graph(graph.store, graph.root)) == []
    found = [edge.span for edge in graph.edges(types=[EdgeType.DOCUMENTS])]
    if b"\0" in data:
        assert found == []
    else:
        assert [span.start_column for span in found] == [
            data.decode("latin-1").index("pkg") + 1 - data.count(0xC3) - 3 * data.count(0xEF)
        ]


STORES = {
    "sqlite": lambda root, folder, request: open_store(f"sqlite:{folder}/graph.db", "."),
    "layer": lambda root, folder, request: LayeredStore(
        open_store(f"sqlite:{folder}/base.db", "."), MemoryStore(".")
    ),
    "neo4j": lambda root, folder, request: open_store(
        request.getfixturevalue("neo4j_url"), folder.as_posix()
    ),
}


@pytest.fixture(params=STORES)
def stored(request, tmp_path):
    """The graph of some files in every kind of store."""
    opened = []

    def build(files):
        write_files(tmp_path / "tree", files)
        if not opened:
            store = STORES[request.param](tmp_path / "tree", tmp_path, request)
            opened.append(WorkTreeGraph(tmp_path / "tree", store))
        opened[0].update()
        return opened[0]

    yield build
    opened[0].close()


README = """\
# Shapes

Make one with `make_square()`, then `Shape.turn`.

See `pkg.Square`, `Square.area`, `area()`, `turn_over` and `elsewhere.area`.
"""


def test_texts_document_symbols_and_follow_every_edit_of_either(stored):
    graph = stored({**CODE, "README.md": README})
    assert edge_lines(graph, "DOCUMENTS") == {
        "README.md DOCUMENTS pkg/shapes.py::make_square (scoped)",
        "README.md DOCUMENTS pkg/shapes.py::Shape.turn (scoped)",
        "README.md DOCUMENTS pkg/shapes.py::Square (scoped)",
        "README.md DOCUMENTS pkg/shapes.py::Square.area (scoped)",
        "README.md DOCUMENTS pkg/words.py::turn_over (scoped)",
    }
    [square] = graph.symbols(name="Square")
    [edge] = graph.edges(target=square.uid, types=[EdgeType.DOCUMENTS])
    assert (edge.source, edge.confidence, edge.span.start_line, edge.span.start_column) == (
        "README.md",
        0.9,
        5,
        6,
    )
    assert graph.edges(source="README.md", target=square.uid) == [edge]
    assert graph.edges(source="README.md", types=[EdgeType.DOCUMENTS])[0].span.start_line == 3
    graph = stored({"pkg/shapes.py": SHAPES.replace("make_square", "square_of")})
    assert documents(graph) == [
        "README.md:3 Shape.turn", "README.md:5 Square", "README.md:5 Square.area", "README.md:5 turn_over",
    ]  # fmt: skip
    graph = stored({"README.md": "Now `square_of()`.\n"})
    assert documents(graph) == ["README.md:1 square_of"]
    (graph.root / "README.md").unlink()
    graph.update()
    assert (documents(graph), list(compare_with_rebuild(graph.store, graph.root))) == ([], [])


def test_one_of_several_namesakes_is_answered_by_name_when_asked_for(stored):
    graph = stored({**CODE, "README.md": "Call `area()`, `turn_over` or `Nothing.area`.\n"})
    assert documents(graph) == ["README.md:1 turn_over"]
    listed = [
        (edge.target, edge.resolution, edge.confidence)
        for edge in named_edges(graph.store, [EdgeType.DOCUMENTS], name_only=True)
    ]
    assert listed == [
        ("pkg/shapes.py::Shape.area", "name_only", 0.25),
        ("pkg/shapes.py::Square.area", "name_only", 0.25),
        ("pkg/words.py::turn_over", "scoped", 0.7),
    ]


def test_references_and_definition_lead_between_texts_and_code(stored):
    graph = stored({**CODE, "README.md": README})
    [square] = at_symbols(find_symbols(graph.store, "Square"))
    found = references(graph.store, [square])
    assert [(a.symbol.qualified_name, a.span.start_line, a.resolution) for a in found] == [
        ("README.md", 5, "scoped"),
        ("pkg", 1, "exact"),
        ("make_square", 9, "exact"),
    ]
    [turn] = definition(graph.store, "README.md", 3, 46)
    assert (turn.symbol.qualified_name, turn.resolution, turn.confidence) == ("Shape.turn", "scoped", 0.9)
    area = definition(graph.store, "README.md", 5, README.splitlines()[4].index("area()") + 1)
    assert [a.symbol.qualified_name for a in area] == ["Shape.area", "Square.area"]
    assert {a.resolution for a in area} == {"name_only"}
    assert definition(graph.store, "README.md", 1, 3) == []
    assert "documented in: README.md:5" in symbol_map(graph.store, square.symbol, 1_000)


def test_an_unsaved_text_is_seen_and_given_up(tree):
    graph = tree({**CODE, "README.md": "`turn_over`\n"})
    graph.overlay("README.md", "# New\n\n`Shape.turn`\n")
    assert documents(graph) == ["README.md:3 Shape.turn"]
    graph.close_overlay("README.md")
    assert documents(graph) == ["README.md:1 turn_over"]


def test_every_name_of_a_symbol_means_it(tree):
    graph = tree(
        {
            "a/b/__init__.py": "class Deep:\n    def do_it(self): pass\n",
            "a/c/d.py": "class Far:\n    def go(self): pass\n",
        }
    )
    symbols = graph.symbols()
    lookup = lambda name: [symbol for symbol in symbols if symbol.name == name]  # noqa: E731
    for symbol in symbols:
        for name in names_of(symbol):
            assert symbol in [found.symbol for found in meanings(name, lookup)], name
    [far] = graph.symbols(name="Far")
    assert set(names_of(far)) == {"Far", "a.Far", "a.c.Far", "a.c.d.Far", "c.Far", "c.d.Far", "d.Far"}
    assert meanings("x.Far", lookup) == meanings("a.d.Far", lookup) == meanings("Far.x", lookup) == []


DOCSTRINGS = {
    "pkg/ports.py": '''
        """Ports. See :func:`sail` and :class:`~pkg.ports.Port`."""

        def sail(to):
            """Go there, as `Port.enter` says; not as ``sail`` itself.

            Then::

                `Port.leave`

            :raises PortClosed: by `🐚` or :meth:`Port.leave`
            """

        class Port:
            """One \\\\ may `Port.enter`."""
            def enter(self): pass
            def leave(self): pass
        ''',
    "Ship.java": """
        /** Holds. See {@link Ship#steer(int)} and `Ship.stop`. */
        class Ship {
            void steer(int to) {}
            /**
             * Stops.
             * @see Ship#anchor
             */
            void stop() {}
            void anchor() {}
        }
        """,
    "Boat.cs": """
        class Boat {
            /// <summary>As <see cref="Boat.Row"/> does.</summary>
            void Drift() {}
            void Row() {}
        }
        """,
    "lib.rs": """
        /// Rows, see [`Oar::dip`].
        pub fn row_it() {}
        pub struct Oar;
        impl Oar { pub fn dip(&self) {} }
        """,
}


def test_docstrings_document_what_they_refer_to(stored):
    graph = stored(DOCSTRINGS)
    assert edge_lines(graph, "DOCUMENTS") == {
        "pkg/ports.py::pkg.ports DOCUMENTS pkg/ports.py::sail (scoped)",
        "pkg/ports.py::pkg.ports DOCUMENTS pkg/ports.py::Port (scoped)",
        "pkg/ports.py::sail DOCUMENTS pkg/ports.py::Port.enter (scoped)",
        "pkg/ports.py::sail DOCUMENTS pkg/ports.py::Port.leave (scoped)",
        "pkg/ports.py::Port DOCUMENTS pkg/ports.py::Port.enter (scoped)",
        "Ship.java::Ship DOCUMENTS Ship.java::Ship.steer (scoped)",
        "Ship.java::Ship DOCUMENTS Ship.java::Ship.stop (scoped)",
        "Ship.java::Ship.stop DOCUMENTS Ship.java::Ship.anchor (scoped)",
        "Boat.cs::Boat.Drift DOCUMENTS Boat.cs::Boat.Row (scoped)",
        "lib.rs::row_it DOCUMENTS lib.rs::Oar.dip (scoped)",
    }
    assert list(check_graph(graph.store, graph.root)) == []
    [leave] = graph.symbols(qualified_name="Port.leave")
    [edge] = graph.edges(target=leave.uid, types=[EdgeType.DOCUMENTS])
    assert (edge.span.start_line, edge.span.start_column) == (11, 42)
