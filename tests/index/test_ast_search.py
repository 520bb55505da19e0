"""Syntax trees searched: patterns and their errors, places, the symbols around them, whole trees of files."""

from __future__ import annotations

import re

import pytest
from graph_trees import write_files

from index.ast.pattern import compile_pattern
from index.ast.search import search_source, search_tree
from index.content import Unreadable
from index.definitions import definitions
from index.errors import PatternError
from index.grammars import UnknownLanguage
from index.syntax import SourceFile, TreeCache, grammar_of, read_source

SHIP = """\
class Ship:
    def sail(self):
        return "😀", wind

    def stop(self):
        return wind


wind = 1
"""


def found(path, content, pattern, **options):
    """(line, column, capture, text, symbol) of every hit in one file."""
    data = content if isinstance(content, bytes) else content.encode()
    hits = search_source(SourceFile.of(path, data), pattern, **options)
    return [(h.span.start_line, h.span.start_column, h.capture, h.text, h.symbol) for h in hits]


def test_captures_come_in_order_with_places_in_code_points_and_the_symbol_around():
    query = '((identifier) @name (#eq? @name "wind"))'
    assert found("a.py", SHIP, query) == [
        (3, 21, "name", "wind", "Ship.sail"),
        (6, 16, "name", "wind", "Ship.stop"),
        (9, 1, "name", "wind", "wind"),
    ]
    (hit, *_) = search_source(SourceFile.of("a.py", SHIP.encode()), query)
    assert SHIP.encode()[hit.span.start_byte : hit.span.end_byte] == b"wind"
    assert (hit.span.end_line, hit.span.end_column, hit.node_type) == (3, 25, "identifier")


def test_a_node_type_is_a_pattern_and_so_is_a_query_without_captures():
    names = [(1, "match"), (2, "match"), (5, "match")]
    both = "[(class_definition) (function_definition)] ; all of them"
    assert [(line, capture) for line, _, capture, _, _ in found("a.py", SHIP, both)] == names
    assert [line for line, *_ in found("a.py", SHIP, "function_definition")] == [2, 5]
    assert [text for _, _, _, text, _ in found("a.py", SHIP, '"class"')] == ["class"]
    mixed = "(class_definition) (function_definition name: (_) @n)"
    assert [(line, capture) for line, _, capture, _, _ in found("a.py", SHIP, mixed)] == [
        (1, "match"), (2, "n"), (5, "n"),
    ]  # fmt: skip


def test_captures_that_only_serve_a_predicate_are_not_shown():
    query = '(function_definition name: (_) @_name (#match? @_name "^st")) @it'
    assert [(line, capture) for line, _, capture, _, _ in found("a.py", SHIP, query)] == [(5, "it")]


def test_a_search_may_be_held_to_a_text_and_to_a_span():
    assert [line for line, *_ in found("a.py", SHIP, "return_statement", text=re.compile("😀"))] == [3]
    assert [line for line, *_ in found("a.py", SHIP, "identifier", text="stop")] == [5]
    source = SourceFile.of("a.py", SHIP.encode())
    stop = next(each for each in definitions(source) if each.name == "stop")
    assert [line for line, *_ in found("a.py", SHIP, "identifier", within=source.span(stop.node))] == [
        5,
        5,
        6,
    ]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("function_defnition", "column 1: no node type is called `function_defnition`.*`function_definition`"),
        ("(class_definition\n  body: (blok))", "line 2, column 10: no node type is called `blok`.*`block`"),
        ('((identifier) @é (#eq? @é "a")) (foo)', "line 1, column 34: no node type is called `foo`"),
        ("(function_definition nme: (_))", "column 22: no field is called `nme`.*`name`"),
        ("(function_definition", "column 1: `\\(` is never closed"),
        ("(identifier))", "column 13: nothing is open that `\\)` closes"),
        ('((identifier) @x (#match? @y "a"))', "column 28: no capture is called `@y`"),
        ('((identifier) @x (#matches? @x "a"))', "column 19: no predicate is called `#matches\\?`.*`#match\\?`"),
        ('(identifier) @x (#match? @x "a")', "column 17: a predicate stands outside"),
        ('((identifier) @x (#match? @x "("))', "regular expression error"),
        ("(module (class_definition name: (string)))", "the grammar of python never puts that there"),
        ("hello world", "that is no query"),
        (" ", "The pattern is empty"),
    ],
)  # fmt: skip
def test_a_wrong_pattern_is_told_where_and_why(pattern, message):
    with pytest.raises(PatternError, match=message):
        compile_pattern(pattern, "python")


def test_brackets_in_strings_and_comments_of_a_pattern_are_no_brackets():
    assert found("a.py", "f(')')\n", "((string) @s (#eq? @s \"')'\")) ; :-)") == [(1, 3, "s", "')'", None)]


FILES = {
    "src/a.py": "def run():\n    pass\n",
    "src/b.go": "package p\n\nfunc Run() {}\n",
    "src/c.js": "function run() {}\n",
    "src/Gone.py": "def gone():\n    x = )\n",
    "ignored.py": "def ignored():\n    pass\n",
    "kept/hidden.py": "def hidden():\n    pass\n",
    ".gitignore": "ignored.py\n",
    ".graftignore": "kept/\n",
    ".env": "def secret(): pass\n",
    "secrets.yaml": "run: 1\n",
    "made_pb2.py": "def made():\n    pass\n",
    "node_modules/m/i.js": "function run() {}\n",
    "data.bin": b"\x00\x01",
    "binary.py": b"def binary(): pass\n\x00",
    "notes.txt": "def run\n",
}


def test_a_tree_is_searched_in_every_language_that_knows_the_pattern(tmp_path):
    write_files(tmp_path, FILES)
    hits = list(search_tree(tmp_path, "[(function_declaration) (function_declaration name: (_) @n)]"))
    assert [(h.span.path, h.language, h.symbol) for h in hits if h.capture == "n"] == [
        ("src/b.go", "go", "Run"),
        ("src/c.js", "javascript", "run"),
    ]
    assert [h.span.path for h in search_tree(tmp_path, "function_definition")] == [
        "src/Gone.py",
        "src/a.py",
    ]
    assert [h.span.path for h in search_tree(tmp_path, "ERROR")] == ["src/Gone.py"]


def test_what_is_ignored_secret_generated_or_binary_is_never_searched(tree, tmp_path):
    graph = tree(FILES)
    for source in (None, graph):
        paths = {h.span.path for h in search_tree(tmp_path, "(_) @any", graph=source)}
        assert paths == {"src/a.py", "src/b.go", "src/c.js", "src/Gone.py"}
    for path in (".env", "secrets.yaml", "made_pb2.py", "binary.py", "notes.txt"):
        with pytest.raises(Unreadable):
            read_source(tmp_path, path)


def test_the_symbols_carry_the_names_of_the_graph_where_it_knows_the_content(tree, tmp_path):
    graph = tree({"a.py": SHIP})
    names = [h.symbol for h in search_tree(tmp_path, "return_statement", graph=graph)]
    assert names == ["Ship.sail", "Ship.stop"]
    (tmp_path / "a.py").write_text("def other():\n    return 1\n")
    assert [h.symbol for h in search_tree(tmp_path, "return_statement", graph=graph)] == ["other"]


def test_a_search_stops_at_its_limit_and_when_it_is_cancelled(tmp_path):
    write_files(tmp_path, {f"{n}.py": "a = b = c = d\n" for n in range(20)})
    assert len(list(search_tree(tmp_path, "identifier", limit=7))) == 7
    seen = []
    hits = search_tree(
        tmp_path,
        "identifier",
        progress=lambda what, done, total: seen.append((what, done, total)),
        cancelled=lambda: len(seen) > 3,
    )
    assert len({h.span.path for h in hits}) == 3
    assert seen == [("search", n, 20) for n in range(4)]


def test_a_cache_gives_the_same_tree_for_the_same_content_and_holds_so_many_bytes(tmp_path):
    write_files(tmp_path, {f"{n}.py": "x = 1\n" * 100 for n in range(4)})
    cache = TreeCache(limit_bytes=1_500)
    first = cache.get(read_source(tmp_path, "0.py"))
    assert cache.get(read_source(tmp_path, "0.py")) is first
    hits = list(search_tree(tmp_path, "assignment", cache=cache))
    assert len(hits) == 400
    assert cache.get(read_source(tmp_path, "0.py")) is not first
    (tmp_path / "3.py").write_text("y = 1\n")
    assert len(list(search_tree(tmp_path, "assignment", cache=cache))) == 301


def test_a_pattern_or_language_that_nobody_knows_is_refused_before_anything_is_read(tmp_path):
    write_files(tmp_path, {"a.py": "x = 1\n", "b.go": "package p\n"})
    with pytest.raises(PatternError, match="Did you mean `function_definition`"):
        search_tree(tmp_path, "function_defnition")
    with pytest.raises(PatternError, match="is never closed"):
        search_tree(tmp_path, "(identifier")
    with pytest.raises(UnknownLanguage, match="No grammar parses 'klingon'"):
        search_tree(tmp_path, "identifier", language="klingon")
    with pytest.raises(PatternError, match="grammar of go"):
        search_tree(tmp_path, "class_definition", language="go")


def test_a_tree_without_source_files_still_checks_the_pattern(tmp_path):
    assert list(search_tree(tmp_path, "class_definition")) == []
    with pytest.raises(PatternError):
        search_tree(tmp_path, "(class_defnition")


def test_names_of_definitions_are_qualified_alike_in_every_language():
    samples = {
        "a.go": ("package p\nfunc (s *Ship[T]) Sail() {}\ntype Ship struct {\n A int\n}\n",
                 ["Ship.Sail", "Ship", "Ship.A"]),
        "a.rs": ("impl<T> Sea for Ship<T> {\n fn sail() {}\n}\nmod m { fn f() {} }\n",
                 ["Ship", "Ship.sail", "m", "m.f"]),
        "a.cc": ("namespace n { class A { void f(); }; }\nvoid A<int>::g() {}\n", ["n", "n.A", "n.A.f", "A.g"]),
        "A.java": ("class A { int x = 1; void f() { int y = 2; } }\n", ["A", "A.x", "A.f"]),
        "a.js": ("const f = () => { const x = 1; };\nclass A { g() {} }\n", ["f", "A", "A.g"]),
        "a.rb": ("module M\n class C\n  def f; end\n  X = 1\n end\nend\n", ["M", "M.C", "M.C.f", "M.C.X"]),
        "a.lua": ("function M.f() end\nfunction M:g() end\n", ["M.f", "M.g"]),
        "a.c": ("#define M(x) x\nstatic int (*f(int a))(void) { struct S *p; return 0; }\n", ["M", "f"]),
        "a.toml": ("[a.b]\nx = 1\n", ["a.b", "a.b.x"]),
        "a.py": ("class A:\n    y: int = 2\n    def f(self):\n        z = 1\n", ["A", "A.y", "A.f"]),
    }  # fmt: skip
    for path, (text, names) in samples.items():
        assert [d.qualified_name for d in definitions(SourceFile.of(path, text.encode()))] == names


def test_hostile_sources_are_searched_without_harm():
    deep = b"x = " + b"[" * 3_000 + b"]" * 3_000 + b"\n"
    assert len(found("deep.py", deep, "list", text=re.compile(r"^\[\]$"))) == 1
    assert found("bad.py", b"def f(): return '\xff\xfe'\n", "string")[0][2:] == ("match", "'ÿþ'", "f")
    assert [line for line, *_ in found("cr.py", b"x = 1\rdef f():\r    pass\r", "pass_statement")] == [3]
    assert found("empty.py", b"", "identifier") == []
    assert grammar_of("Makefile") is None


def test_a_header_is_searched_as_what_its_text_says_it_is(tmp_path):
    write_files(
        tmp_path,
        {
            "ship.h": "#pragma once\nclass Ship { public: void sail(); };\n",
            "boat.h": "#ifndef BOAT_H\nstruct boat { int oars; };\n#endif\n",
            "boat.c": '#include "boat.h"\nstruct boat dinghy;\n',
        },
    )

    def hits(pattern, language=None):
        return [(h.span.path, h.language) for h in search_tree(tmp_path, pattern, language=language)]

    assert hits("class_specifier") == hits("class_specifier", "cpp") == [("ship.h", "cpp")]
    assert hits("struct_specifier") == [("boat.c", "c"), ("boat.h", "c")]
    assert hits("struct_specifier", "c") == [("boat.c", "c"), ("boat.h", "c")]
    assert hits("struct_specifier", "cpp") == []
    source = read_source(tmp_path, "ship.h")
    assert [each.qualified_name for each in definitions(source)] == ["Ship", "Ship.sail"]
