"""Questions of an editor, asked of real trees: what is under the cursor, who uses it, what tests it."""

import pytest

from index.listing import named_edges
from index.names import find_symbols, similar_names
from index.queries import Answer, at_symbols, callees, callers, covering_tests, definition, references
from index.store import FileHistory, HistoryState
from index.types import EdgeType, Resolution

FILES = {
    "pkg/__init__.py": "",
    "pkg/shapes.py": '''
        """Shapes. 🐚 before the cursor."""
        class Shape:
            def __init__(self, size): self.size = size
            def area(self): return 0
            def run(self): return self.area()

        class Square(Shape):
            def area(self): return self.size ** 2

        def make(): x = "🐚"; return Square(3).area() + x.area()
        ''',
    "pkg/use.py": """
        from pkg.shapes import make as build
        from pkg import shapes

        def run(): return build() and shapes.Square(1)
        def guess(thing): return thing.area()
        """,
    "tests/test_use.py": """
        from pkg.use import run
        def test_run(): assert run()
        """,
    "tests/test_shapes.py": "def test_nothing(): pass\n",
}


@pytest.fixture
def store(tree):
    return tree(FILES).store


def cursor(name, text, skip=0):
    """(path, line, column) of the first letter of a text in a file."""
    import textwrap

    content = textwrap.dedent(FILES[name])
    start = -1
    for _ in range(skip + 1):
        start = content.index(text, start + 1)
    before = content[:start]
    return name, before.count("\n") + 1, start - before.rfind("\n")


def named(answers):
    return [f"{a.span.path}:{a.span.start_line} {a.symbol.qualified_name}" for a in answers]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("make", ["make"]),
        ("Square.area", ["Square.area"]),
        ("area", ["Shape.area", "Square.area"]),
        ("pkg.shapes.Shape.run", ["Shape.run"]),
        ("shapes.Shape", ["Shape"]),
        ("pkg.shapes", ["pkg.shapes"]),
        ("pkg/shapes.py", ["pkg.shapes"]),
        ("pkg/use.py::run", ["run"]),
        ("run", ["run"]),
        ("Shape::run", ["Shape.run"]),
        ("nothing.run", []),
        ("", []),
    ],
)
def test_a_symbol_is_found_by_what_people_write(store, text, found):
    assert [symbol.qualified_name for symbol in find_symbols(store, text)] == found


def test_a_symbol_is_found_by_its_uid(store):
    [make] = find_symbols(store, "make")
    assert find_symbols(store, make.uid) == [make]
    assert find_symbols(store, "0" * 16) == []


def test_near_names_are_offered_for_a_slip(store):
    assert similar_names(store, "mkae")[0] == "make"
    assert similar_names(store, "SQUARE") == ["Square"]
    assert "Square.area" in similar_names(store, "Sqare.area")
    assert similar_names(store, "zzzzzz") == []


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (cursor("pkg/use.py", "build()"), ["pkg/shapes.py:11 make"]),
        (cursor("pkg/use.py", "make"), ["pkg/shapes.py:11 make"]),
        (cursor("pkg/use.py", "shapes", 1), ["pkg/shapes.py:1 pkg.shapes"]),
        (cursor("pkg/use.py", "Square"), ["pkg/shapes.py:8 Square"]),
        (cursor("pkg/shapes.py", "Square", 1), ["pkg/shapes.py:8 Square"]),
        (cursor("pkg/shapes.py", "area", 3), ["pkg/shapes.py:9 Square.area"]),
        (cursor("pkg/shapes.py", "(Shape)"), ["pkg/shapes.py:8 Square"]),
        (cursor("pkg/shapes.py", "Shape)"), ["pkg/shapes.py:3 Shape"]),
        (cursor("pkg/shapes.py", "def make"), ["pkg/shapes.py:11 make"]),
        (("pkg/nowhere.py", 1, 1), []),
    ],
)
def test_definition_is_that_of_the_use_under_the_cursor(store, place, found):
    assert named(definition(store, *place)) == found


def test_a_cursor_just_after_a_name_is_still_on_it(store):
    path, line, column = cursor("pkg/use.py", "build()")
    assert named(definition(store, path, line, column + len("build"))) == ["pkg/shapes.py:11 make"]


def test_columns_count_code_points(store):
    found = definition(store, *cursor("pkg/shapes.py", "Square(3)"))
    assert named(found) == ["pkg/shapes.py:8 Square"]


def test_an_unresolved_use_is_answered_by_name_and_less_surely_the_more_there_are(store):
    found = definition(store, *cursor("pkg/use.py", "area"))
    assert named(found) == ["pkg/shapes.py:5 Shape.area", "pkg/shapes.py:9 Square.area"]
    assert [(a.resolution, a.confidence) for a in found] == [("name_only", 0.25)] * 2


def test_an_unresolved_use_refers_to_what_all_of_its_name_do(store):
    found = references(store, definition(store, *cursor("pkg/use.py", "area")))
    assert named(found) == [
        "pkg/shapes.py:6 Shape.run", "pkg/shapes.py:11 make", "pkg/shapes.py:11 make", "pkg/use.py:6 guess",
    ]  # fmt: skip
    assert {a.resolution for a in found} == {"name_only"}


def test_references_are_places_of_use_and_by_name_only_when_asked(store):
    area = at_symbols(find_symbols(store, "Square.area"))
    assert named(references(store, area)) == ["pkg/shapes.py:11 make"]
    found = references(store, area, name_only=True)
    assert named(found) == ["pkg/shapes.py:11 make", "pkg/shapes.py:11 make", "pkg/use.py:6 guess"]
    assert [a.resolution for a in found] == ["scoped", "name_only", "name_only"]
    [make] = at_symbols(find_symbols(store, "make"))
    assert named(references(store, [make])) == ["pkg/use.py:2 pkg.use", "pkg/use.py:5 run"]


def test_a_module_is_referred_to_by_those_who_import_it(store):
    [module] = at_symbols(find_symbols(store, "pkg.shapes"))
    assert named(references(store, [module])) == ["pkg/use.py:2 pkg.use", "pkg/use.py:3 pkg.use"]


def test_callers_and_callees_are_symbols_once_each(store):
    def asked(query, text, **options):
        return named(query(store, at_symbols(find_symbols(store, text)), **options))

    assert asked(callers, "make") == ["pkg/use.py:5 run"]
    assert asked(callees, "make") == [
        "pkg/shapes.py:4 Shape.__init__", "pkg/shapes.py:8 Square", "pkg/shapes.py:9 Square.area",
    ]  # fmt: skip
    assert asked(callers, "Square.area") == ["pkg/shapes.py:11 make"]
    assert asked(callers, "Square.area", name_only=True) == ["pkg/shapes.py:11 make", "pkg/use.py:6 guess"]
    assert asked(callees, "guess") == []
    assert asked(callees, "guess", name_only=True) == [
        "pkg/shapes.py:5 Shape.area",
        "pkg/shapes.py:9 Square.area",
    ]


def test_an_answer_is_no_surer_than_what_it_was_asked_of(store):
    [make] = find_symbols(store, "make")
    guess = Answer(make, make.span, Resolution.NAME_ONLY, 0.1)
    assert [(a.resolution, a.confidence) for a in callers(store, [guess])] == [("name_only", 0.1)]


def test_tests_are_those_that_reach_a_symbol_or_else_the_file_named_after_its_own(store):
    assert named(covering_tests(store, at_symbols(find_symbols(store, "pkg/use.py::run")))) == [
        "tests/test_use.py:3 test_run"
    ]
    [found] = covering_tests(store, at_symbols(find_symbols(store, "Shape.run")))
    assert (found.symbol.path, found.resolution) == ("tests/test_shapes.py", "name_only")


def test_no_question_reads_a_whole_table_of_sqlite(store):
    asked = {}
    query = store._query
    store._query = lambda sql, values: (asked.setdefault(sql, values) and None) or query(sql, values)
    targets = at_symbols(find_symbols(store, "pkg.shapes.Shape") + find_symbols(store, "make"))
    for question in (references, callers, callees):
        question(store, targets, name_only=True)
    covering_tests(store, targets)
    definition(store, *cursor("pkg/use.py", "area"))
    steps = [row[3] for sql, values in asked.items() for row in query(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert len(steps) > 10
    assert not [step for step in steps if step.startswith("SCAN")]


def test_what_changes_together_is_listed_with_the_other_edges(store):
    with store.change() as change:
        histories = {"pkg/use.py": FileHistory(1.0, [], {"tests/test_use.py": 0.5})}
        change.put_history(HistoryState("1" * 40), histories, {})
    [edge] = named_edges(store, [EdgeType.CHANGED_WITH])
    assert (edge.source, edge.target) == ("pkg/use.py", "tests/test_use.py")
    assert edge in list(named_edges(store))
