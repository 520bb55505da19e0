"""Functions of one name: each a symbol of its own, and calls lead to the one that takes so many arguments."""

from __future__ import annotations

import pytest

from index.ast.edit import replace_symbol
from index.ast.edits import write_edits
from index.ast.target import find_target
from index.check import check_graph, compare_with_rebuild
from index.errors import SymbolNotFound
from index.names import find_symbols
from index.types import EdgeType

JAVA = {
    "p/Ship.java": """
        package p;
        public class Ship {
          Ship() {}
          Ship(int length) { this(); }
          void sail(int to) {}
          void sail(int to, int speed) { sail(to); }
          void sail(String name, int... stops) {}
          void load(int box) {}
          void load(String box) {}
          void rest() {}
        }
        """,
    "p/Port.java": """
        package p;
        class Port {
          void open(Ship ship) {
            ship.sail(1);
            ship.sail(1, /* knots */ 2);
            ship.sail("x", 1, 2);
            ship.load(1);
            ship.rest();
            new Ship();
            new Ship(3).sail(4, 5);
          }
        }
        class Yacht extends Ship {
          Yacht() { super(12); }
          void go() { super.sail(1, 2); }
        }
        """,
}
CSHARP = {
    "Boat.cs": """
        class Boat {
            public Boat() {}
            public Boat(int seats) {}
            public void Row(int a) {}
            public void Row(int a, int b, int c = 3) {}
            public void Row(int a, params int[] more) {}
            static void Use(Boat boat) {
                boat.Row(1);
                boat.Row(1, 2);
                boat.Row(1, 2, 3);
                boat.Row(1, 2, 3, 4);
                new Boat(1);
            }
        }
        """,
}
CPP = {
    "oar.h": """
        #pragma once
        class Oar {
         public:
          void dip();
          void dip(int depth, int times = 1);
        };
        int weight(int wood);
        int weight(int wood, int iron);
        """,
    "oar.cc": """
        #include "oar.h"
        void Oar::dip() {}
        void Oar::dip(int depth, int times) {}
        int weight(int wood) { return wood; }
        int weight(int wood, int iron) { return weight(wood) + iron; }
        """,
    "row.cc": """
        #include "oar.h"
        void row(Oar oar) {
          oar.dip();
          oar.dip(1);
          oar.dip(1, 2);
          weight(1);
          weight(1, 2);
        }
        template <typename... All> void every(All... all) { weight(all...); }
        """,
}


def calls(graph, path):
    """Calls from a file as `line → line resolution confidence`, of every line those to functions only."""
    symbols = {symbol.uid: symbol for symbol in graph.symbols()}
    return [
        f"{edge.span.start_line} → {symbols[edge.target].span.start_line} {edge.resolution} {edge.confidence:g}"
        for edge in graph.edges(types=[EdgeType.CALLS])
        if edge.span.path == path
    ]


def test_overloads_are_symbols_of_their_own(tree):
    graph = tree(JAVA | CSHARP | CPP)
    sails = find_symbols(graph.store, "Ship.sail")
    assert [(symbol.span.start_line, symbol.ordinal) for symbol in sails] == [(6, 0), (7, 1), (8, 2)]
    assert len({symbol.uid for symbol in graph.symbols()}) == len(graph.symbols())
    assert len(find_symbols(graph.store, "Boat.Row")) == 3
    assert list(check_graph(graph.store, graph.root)) == []


def test_a_call_leads_to_the_overload_that_takes_so_many_arguments(tree):
    graph = tree(JAVA)
    assert calls(graph, "p/Port.java") == [
        "5 → 6 scoped 0.8",
        "6 → 7 scoped 0.8",
        "7 → 8 scoped 0.8",
        "8 → 10 scoped 0.4",
        "9 → 11 scoped 0.85",
        "10 → 4 scoped 0.8",
        "11 → 5 scoped 0.8",
        "11 → 7 scoped 0.8",
        "15 → 5 scoped 0.8",
        "16 → 7 scoped 0.8",
    ]
    assert "7 → 6 scoped 0.8" in calls(graph, "p/Ship.java")


def test_default_values_and_open_lists_count(tree):
    assert calls(tree(CSHARP), "Boat.cs") == [
        "9 → 5 scoped 0.8",
        "10 → 6 scoped 0.8",
        "11 → 6 scoped 0.8",
        "12 → 7 scoped 0.8",
        "13 → 4 scoped 0.8",
    ]


def test_declarations_tell_default_values_and_definitions_are_the_answer(tree):
    graph = tree(CPP)
    definitions = {symbol.uid: symbol for symbol in graph.symbols(path="oar.cc")}
    found = [edge for edge in graph.edges(types=[EdgeType.CALLS]) if edge.span.path == "row.cc"]
    assert [(e.span.start_line, definitions[e.target].span.start_line) for e in found] == [
        (4, 3), (5, 4), (6, 4), (7, 5), (8, 6), (10, 6),
    ]  # fmt: skip
    assert [edge.confidence for edge in found[:5]] == [0.8] * 5


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("void sail(int to) {}\n", "void sail() {}\n", "5 → 8 scoped 0.8"),
        ("  void sail(int to) {}\n", "", "5 → 7 scoped 0.8"),
        ("int to) {}", "int to, int a, int b) {}", "5 → 8 scoped 0.8"),
    ],
)
def test_calls_elsewhere_follow_when_an_overload_changes(tree, old, new, line):
    graph = tree(JAVA)
    graph = tree({"p/Ship.java": JAVA["p/Ship.java"].replace(old, new, 1)})
    assert calls(graph, "p/Port.java")[0] == line
    assert list(compare_with_rebuild(graph.store, graph.root)) == []


def test_a_branch_of_a_condition_is_no_overload_in_c(tree):
    branches = "#ifdef A\nint f(int a) { return 1; }\n#else\nint f(int a) { return 2; }\n#endif\n"
    graph = tree({"a.c": branches + "int g(void) { return f(1); }\n"})
    assert [edge.resolution for edge in graph.edges(types=[EdgeType.CALLS])] == ["exact"]


def test_an_overload_is_edited_by_its_line_or_symbol(tree):
    graph = tree(JAVA)
    [_, second, _] = find_symbols(graph.store, "Ship.sail")
    for address, text in (
        (("p/Ship.java", 6), "void sail(int to) { rest(); }"),
        (second.uid, "void sail(int to, int speed) { rest(); }"),
    ):
        found = find_target(graph.root, address, graph)
        edit = replace_symbol(found.source, found.definition, text)
        write_edits(graph.root, [edit], found.source.content_hash)
    text = (graph.root / "p/Ship.java").read_text()
    assert text.count("{ rest(); }") == 2
    assert "void sail(String name, int... stops) {}" in text
    with pytest.raises(
        SymbolNotFound, match=r"defines Ship.sail at lines 6, 7, 8\. Name it by a path and a line"
    ):
        find_target(graph.root, "p/Ship.java::Ship.sail")
