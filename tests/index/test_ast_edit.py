"""Definitions replaced, added and taken out in files of many languages: before, operation, after."""

from __future__ import annotations

import pytest
from edit_samples import CPP, CSHARP, FILES, GO, JAVA, JSON, KOTLIN, PHP, PYTHON, RUBY, RUST, TYPESCRIPT
from hypothesis import given, settings
from hypothesis import strategies as st

from index.ast.edit import check_syntax, delete_symbol, insert_after, insert_before, replace_symbol
from index.ast.edits import Edit, apply_edits
from index.ast.extent import extent_of
from index.ast.target import definition_at, definition_named
from index.definitions import definitions
from index.errors import EditError, SymbolNotFound, SyntaxGateError
from index.grammars import grammar_names
from index.parse import syntax_errors
from index.syntax import SourceFile

OPERATIONS = {"before": insert_before, "after": insert_after, "replace": replace_symbol}


def edited(path, before, operation, name, text=""):
    """The file after one operation, as bytes where it was given as bytes."""
    data = before if isinstance(before, bytes) else before.encode()
    source = SourceFile.of(path, data)
    definition = definition_named(source, name)
    edit = (
        delete_symbol(source, definition)
        if operation == "delete"
        else OPERATIONS[operation](source, definition, text)
    )
    after = apply_edits(data, [edit])
    return after if isinstance(before, bytes) else after.decode()


REPLACED = [
    # A function with decorator, trailing and inner comments; the plain comment above stays. Text in a fence.
    (
        "a.py", PYTHON, "run", "```python\ndef run(b):\n  return b\n```",
        PYTHON[PYTHON.index("@decorated") : PYTHON.index("\n\nclass")], "def run(b):\n    return b\n",
    ),
    # A method that was cut off at its first line's column.
    (
        "a.py", PYTHON, "Ship.sail", "def sail(self):\n        return 3\n",
        "    def sail(self):\n        return 1\n", "    def sail(self):\n        return 3\n",
    ),
    # The text brings a comment of its own.
    (
        "a.py", PYTHON, "run", "# New.\ndef run():\n\tpass",
        PYTHON[PYTHON.index("# Says") : PYTHON.index("\n\nclass")], "# New.\ndef run():\n    pass\n",
    ),
    ("a.rs", RUST, "Ship", "pub struct Ship;", RUST[: RUST.index("\n\nimpl")], "pub struct Ship;"),
    (
        "a.rs", RUST, "Ship.sail", "/// New.\npub fn sail(&self) -> i32 {\n  2\n}",
        RUST[RUST.index("    /// Sails") : RUST.index("\n\n    fn stop")],
        "    /// New.\n    pub fn sail(&self) -> i32 {\n        2\n    }",
    ),
    (
        "A.java", JAVA, "Ship.sail", "    @Override\n    public int sail() {\n        return 2;\n    }\n",
        JAVA[JAVA.index("\t@Override") : JAVA.index("\n\n\tint speed")],
        "\t@Override\n\tpublic int sail() {\n\t\treturn 2;\n\t}",
    ),
    (
        "a.go", GO, "Ship.Sail", "func (s *Ship) Sail() int {\n    return 2\n}",
        GO[GO.index("// Sail is") : GO.index("\n\nconst")], "func (s *Ship) Sail() int {\n\treturn 2\n}",
    ),
    ("a.ts", TYPESCRIPT, "Ship", "export class Ship {}", TYPESCRIPT[: TYPESCRIPT.index("\n\nexport const")],
     "export class Ship {}"),
    ("a.ts", TYPESCRIPT, "run", "export const run = () => 2",
     "export const run = async () => {\n  return 1;\n}", "export const run = () => 2"),
    (
        "a.cc", CPP, "n.Ship", "template <typename T>\nclass Ship {\n  int y;\n}",
        CPP[CPP.index("/// Old") : CPP.index(";\n\n}  // n")], "template <typename T>\nclass Ship {\n  int y;\n}",
    ),
    (
        "a.cc", CPP, "Ship.stop", "template <class T>\nvoid Ship<T>::stop() {}",
        CPP[CPP.index("template <class T>") :], "template <class T>\nvoid Ship<T>::stop() {}\n",
    ),
    (
        "a.rb", RUBY, "Sea.Ship.sail", "def sail\n  <<~END\n    wind\n  END\nend",
        RUBY[RUBY.index("    # Sails") : RUBY.index("\n\n    def self")],
        "    def sail\n      <<~END\n        wind\n      END\n    end",
    ),
    (
        "a.php", PHP, "Ship.sail", "public function sail()\n{\n  return 2;\n}",
        PHP[PHP.index("    /** Old") : PHP.index("\n\n    private")],
        "    public function sail()\n    {\n        return 2;\n    }",
    ),
    (
        "a.cs", CSHARP, "Sea.Ship.Sail", "public int Sail() { return 2; }",
        CSHARP[CSHARP.index("        [Pure]") : CSHARP.index("\n\n        public int Speed")],
        "        public int Sail() { return 2; }",
    ),
    ("a.kt", KOTLIN, "Ship.sail", "fun sail(): Int = 2",
     KOTLIN[KOTLIN.index("    fun sail") : KOTLIN.index("\n\n    val y")], "    fun sail(): Int = 2"),
    ("a.json", JSON, "b.c", '"c": [1],', '"c": 2', '"c": [1]'),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "name", "text", "old", "new"), REPLACED)
def test_replacing_changes_the_whole_definition_and_only_that(path, before, name, text, old, new):
    assert before.count(old) == 1
    assert edited(path, before, "replace", name, text) == before.replace(old, new)


INSERTED = [
    ("a.py", PYTHON, "before", "run", "def go(): pass", "# Says so.", "def go(): pass\n\n\n# Says so."),
    ("a.py", PYTHON, "after", "run", "def go():\n\tpass", "# inner\n", "# inner\n\n\ndef go():\n    pass\n"),
    ("a.py", PYTHON, "after", "Ship.speed", "    def go(self):\n        pass\n", "return 2\n",
     "return 2\n\n    def go(self):\n        pass\n"),
    ("a.py", PYTHON, "after", "LIMIT", "MORE = 3", "LIMIT = 1\n", "LIMIT = 1\nMORE = 3\n"),
    ("a.py", PYTHON, "after", "LIMIT", "def go():\n    pass", "LIMIT = 1\n",
     "LIMIT = 1\n\n\ndef go():\n    pass\n\n\n"),
    ("a.rs", RUST, "before", "Ship.sail", "fn go() {}", "    /// Sails", "    fn go() {}\n\n    /// Sails"),
    ("a.rs", RUST, "after", "Wind.South", "East", "South\n", "South,\n    East\n"),
    ("a.rs", RUST, "before", "Wind.South", "East", "    South", "    East,\n    South"),
    ("A.java", JAVA, "after", "Ship.sail", "int go() {\n  return 0;\n}", "return 1;\n\t}\n",
     "return 1;\n\t}\n\n\tint go() {\n\t\treturn 0;\n\t}\n"),
    ("a.go", GO, "before", "Ship.Sail", "func Go() {}", "// Sail is", "func Go() {}\n\n// Sail is"),
    ("a.go", GO, "after", "X", "Z = 3", "X = 1\n", "X = 1\n\tZ = 3\n"),
    ("a.ts", TYPESCRIPT, "before", "Ship.sail", "@Z()\ngo(): void {\n    return;\n}", "  @Log()",
     "  @Z()\n  go(): void {\n    return;\n  }\n\n  @Log()"),
    ("a.ts", TYPESCRIPT, "after", "run", "export function go() {}", "};\n", "};\n\nexport function go() {}\n"),
    ("a.ts", TYPESCRIPT, "after", "Port.r", "s: number", "r: number }", "r: number; s: number }"),
    ("a.ts", TYPESCRIPT, "before", "Port.q", "s: number", "q(): void;", "s: number; q(): void;"),
    ("a.cc", CPP, "after", "n.Ship.sail", "void go() {}", "const { }\n", "const { }\n\n  void go() {}\n"),
    ("a.rb", RUBY, "after", "Sea.Ship.build", "def go\n    2\nend", "self.build; end\n",
     "self.build; end\n\n    def go\n      2\n    end\n"),
    ("a.json", JSON, "after", "b", '"d": null', "    \"c\": 2\n  }", '    "c": 2\n  },\n  "d": null'),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "operation", "name", "text", "old", "new"), INSERTED)
def test_inserting_keeps_the_custom_of_blank_lines_and_indentation(
    path, before, operation, name, text, old, new
):
    assert before.count(old) == 1
    assert edited(path, before, operation, name, text) == before.replace(old, new)


DELETED = [
    ("a.py", PYTHON, "run", PYTHON[PYTHON.index("# Says") : PYTHON.index("class Ship")]),
    ("a.py", PYTHON, "Ship.sail", "    def sail(self):\n        return 1\n\n"),
    ("a.py", PYTHON, "Ship.speed", "\n    @property\n    def speed(self):\n        return 2\n"),
    ("a.py", PYTHON, "OTHER", "OTHER = 2  # why\n"),
    ("a.rs", RUST, "Ship.sail", RUST[RUST.index("    /// Sails") : RUST.index("    fn stop")]),
    ("a.rs", RUST, "Wind.South", ",\n    South"),
    ("a.rs", RUST, "Wind.North", "    North,\n"),
    ("A.java", JAVA, "Ship.sail", JAVA[JAVA.index("\n\t@Override") : JAVA.index("\n\tint speed")]),
    ("a.go", GO, "Run", "// Run does.\nfunc Run() {}\n\n"),
    ("a.go", GO, "Ship", "type Ship struct {\n\tA int\n}\n\n"),
    ("a.ts", TYPESCRIPT, "Ship.sail", "\n  @Log()\n  sail(): void {}\n"),
    ("a.ts", TYPESCRIPT, "run", "export const run = async () => {\n  return 1;\n};\n\n"),
    ("a.ts", TYPESCRIPT, "Port.q", "q(): void; "),
    ("a.cc", CPP, "n.Ship", CPP[CPP.index("\n/// Old") : CPP.index("}  // n")]),
    ("a.rb", RUBY, "Sea.Ship.build", "\n    def self.build; end\n"),
    ("a.php", PHP, "Ship.x", "\n    private $x = 1;\n"),
    ("a.cs", CSHARP, "Sea.Ship", CSHARP[CSHARP.index("    /// <summary>") : CSHARP.rindex("}")]),
    ("a.kt", KOTLIN, "Ship", KOTLIN[: KOTLIN.index("fun run")]),
    ("a.json", JSON, "a", '  "a": 1,\n'),
    ("a.json", JSON, "b", ',\n  "b": {\n    "c": 2\n  }'),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "name", "gone"), DELETED)
def test_deleting_takes_what_belongs_to_it_and_one_side_of_the_blank_lines(path, before, name, gone):
    assert before.count(gone) == 1
    assert edited(path, before, "delete", name) == before.replace(gone, "")


def test_a_python_block_that_would_be_empty_gets_pass():
    assert edited("a.py", "class A:\n    def f(self): pass\n", "delete", "A.f") == "class A:\n    pass\n"
    assert edited("a.py", "class A: x = 1\n", "delete", "A.x") == "class A: pass\n"


def test_statements_that_share_a_line_are_told_apart():
    assert edited("a.py", "x = 1; y = 2\n", "delete", "x") == "y = 2\n"
    assert edited("a.js", "class A { f() {} g() {} }\n", "delete", "A.f") == "class A { g() {} }\n"
    assert edited("a.js", "class A { f() {} g() {} }\n", "delete", "A.g") == "class A { f() {} }\n"
    assert edited("a.js", "class A { f() {} }\n", "after", "A.f", "g() {}") == "class A { f() {} g() {} }\n"


@pytest.mark.parametrize(("path", "before", "name", "text", "old", "new"), REPLACED)
def test_crlf_line_ends_are_kept(path, before, name, text, old, new):
    after = edited(path, before.replace("\n", "\r\n").encode(), "replace", name, text)
    assert after.decode() == before.replace(old, new).replace("\n", "\r\n")


def test_a_file_whose_lines_end_in_carriage_returns_is_edited_like_any_other():
    before = PYTHON.replace("\n", "\r").encode()
    after = edited("a.py", before, "delete", "Ship.sail").decode()
    assert after == PYTHON.replace("    def sail(self):\n        return 1\n\n", "").replace("\n", "\r")
    assert edited("a.py", before, "after", "LIMIT", "MORE = 3") == before.replace(
        b"LIMIT = 1\r", b"LIMIT = 1\rMORE = 3\r"
    )


def test_a_text_cut_off_at_its_comment_and_lines_that_are_aligned_keep_their_shape():
    text = "/// New.\n    pub fn sail(&self) -> i32 { 2 }"
    new = "    /// New.\n    pub fn sail(&self) -> i32 { 2 }\n\n    fn stop"
    assert edited("a.rs", RUST, "replace", "Ship.sail", text) == (
        RUST[: RUST.index("    /// Sails")] + new + RUST[RUST.index("(&self) {}") :]
    )
    c = "int sail(int a,\n         int b);\n\nint stop(void)\n{\n    return 1;\n}\n"
    assert edited("a.c", c, "replace", "sail", "int sail(int a,\n         int c);") == c.replace(
        "int b", "int c"
    )


def test_every_definition_replaced_by_itself_leaves_the_file_as_it_was():
    for path, text in FILES:
        source = SourceFile.of(path, text.encode())
        for definition in definitions(source):
            extent = extent_of(source, definition)
            end = extent.comment_end if source.language == "python" else extent.end
            edit = replace_symbol(source, definition, text.encode()[extent.start : end].decode())
            assert apply_edits(source.data, [edit]) == source.data, (path, definition.qualified_name)


def test_mixed_line_ends_follow_the_place():
    mixed = b"def f():\n    pass\n\n\ndef g():\r\n    pass\r\n"
    assert edited("a.py", mixed, "replace", "g", "def g():\n    return 1").endswith(
        b"def g():\r\n    return 1\r\n"
    )
    assert edited("a.py", mixed, "replace", "f", "def f():\r\n    return 1").startswith(
        b"def f():\n    return 1\n\n\ndef g():\r\n"
    )


def test_a_byte_order_mark_stays_first():
    marked = b"\xef\xbb\xbfdef f():\n    pass\n\n\ndef g():\n    pass\n"
    assert edited("a.py", marked, "before", "f", "X = 'é'").startswith("\ufeffX = 'é'\n\n\ndef f()".encode())
    assert edited("a.py", marked, "delete", "f") == b"\xef\xbb\xbfdef g():\n    pass\n"


def test_a_declared_encoding_is_written_and_a_character_it_lacks_is_refused():
    latin = "# -*- coding: latin-1 -*-\nNAME = 'été'\n\n\ndef f():\n    return 'é'\n".encode("latin-1")
    after = edited("a.py", latin, "replace", "f", "def f():\n    return 'à'")
    assert after == latin.replace("return 'é'".encode("latin-1"), "return 'à'".encode("latin-1"))
    with pytest.raises(EditError, match=r"latin-1|iso8859-1"):
        edited("a.py", latin, "replace", "f", "def f():\n    return '😀'")


def test_places_behind_an_emoji_are_exact():
    text = "const a = '😀😀'; function f() { return '😀' }\nfunction g() {}\n"
    expected = "const a = '😀😀'; function f() { return 1 }\nfunction g() {}\n"
    assert edited("a.js", text, "replace", "f", "function f() { return 1 }") == expected


def test_text_in_string_literals_is_left_as_it_is():
    before = "class A:\n    def f(self):\n        pass\n"
    text = 'def f(self):\n    """Doc.\n\n    More.\n    """\n    return """\n one\n  two\n"""\n'
    indented = 'class A:\n    def f(self):\n        """Doc.\n\n        More.\n        """\n'
    assert edited("a.py", before, "replace", "A.f", text) == (
        indented + '        return """\n one\n  two\n"""\n'
    )


def test_a_file_without_a_final_newline_stays_without_one():
    before = "def f():\n    pass\n\n\ndef g():\n    pass"
    assert edited("a.py", before, "replace", "g", "def g():\n    return 1\n").endswith("return 1")
    assert edited("a.py", before, "delete", "g") == "def f():\n    pass"
    assert edited("a.py", before, "after", "g", "X = 1").endswith("pass\n\n\nX = 1")


def test_an_edit_that_would_not_parse_is_refused_with_its_place():
    with pytest.raises(
        SyntaxGateError, match=r"a\.py would not parse as python: line 5, column \d+"
    ) as caught:
        edited("a.py", PYTHON, "replace", "run", "def run(:\n    return")
    assert (caught.value.path, caught.value.line) == ("a.py", 5)
    with pytest.raises(SyntaxGateError):
        edited("a.rs", RUST, "after", "Ship.stop", "fn go( {")


def test_errors_that_were_there_are_forgiven():
    broken = "def f(:\n    pass\n\n\ndef g():\n    pass\n"
    assert edited("a.py", broken, "replace", "g", "def g():\n    return 1").endswith("return 1\n")
    with pytest.raises(SyntaxGateError):
        edited("a.py", broken, "replace", "g", "def g():\n    return )")


def test_no_text_is_refused():
    with pytest.raises(EditError, match="There is no text"):
        edited("a.py", PYTHON, "replace", "run", "```\n\n```")


def test_names_that_lead_nowhere_or_to_two_places_say_so():
    source = SourceFile.of("a.py", PYTHON.encode())
    with pytest.raises(SymbolNotFound, match=r"a\.py defines no Ship\.sale\. Did you mean Ship\.sail"):
        definition_named(source, "Ship.sale")
    twice = SourceFile.of("a.py", b"def f(): pass\ndef f(): pass\n")
    with pytest.raises(SymbolNotFound, match="at lines 1, 2"):
        definition_named(twice, "f")
    assert definition_at(twice, 2).node.start_byte == 14
    assert definition_at(source, 4).qualified_name == "run"
    assert definition_named(source, "sail").qualified_name == "Ship.sail"


def test_the_samples_cover_every_grammar():
    assert {SourceFile.of(path, b"").language for path, _ in FILES} == set(grammar_names())


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.data())
def test_an_edit_changes_nothing_outside_of_its_span_and_parses_as_well_as_before(data):
    path, text = data.draw(st.sampled_from(FILES))
    line_end = data.draw(st.sampled_from(["\n", "\r\n"]))
    before = text.replace("\n", line_end).encode()
    source = SourceFile.of(path, before)
    definition = data.draw(st.sampled_from(definitions(source)))
    extent = extent_of(source, definition)
    own = before[extent.start : extent.end].decode()
    operation = data.draw(st.sampled_from(["replace", "before", "after", "delete"]))
    try:
        edit = (
            delete_symbol(source, definition)
            if operation == "delete"
            else OPERATIONS[operation](source, definition, own)
        )
    except SyntaxGateError:
        assert operation != "replace", "a definition in its own place parses"
        return
    after = apply_edits(before, [edit])
    assert after[: edit.start_byte] == before[: edit.start_byte]
    assert after.endswith(before[edit.end_byte :])
    then = SourceFile.of(path, after)
    assert len(syntax_errors(after, then.tree)) <= len(syntax_errors(before, source.tree))
    assert after.count(b"\n") == after.count(line_end.encode()) or line_end == "\n"
    names, now = [[each.qualified_name for each in definitions(file)] for file in (source, then)]
    if operation == "delete":
        assert len(now) < len(names)
    elif operation == "replace":
        assert now == names


def test_edits_that_overlap_or_lie_outside_are_refused():
    assert apply_edits(b"abcd", [Edit("a", 2, 3, b"X"), Edit("a", 0, 1, b"")]) == b"bXd"
    with pytest.raises(EditError, match="overlap"):
        apply_edits(b"abcd", [Edit("a", 0, 2, b""), Edit("a", 1, 3, b"")])
    with pytest.raises(EditError, match="lies outside"):
        apply_edits(b"abcd", [Edit("a", 3, 9, b"")])


def test_the_gate_takes_several_edits_at_once():
    source = SourceFile.of("a.py", b"x = 1\n2\n")
    assert check_syntax(source, [Edit("a.py", 4, 5, b"(1,"), Edit("a.py", 6, 7, b"2)")]) == b"x = (1,\n2)\n"
    with pytest.raises(SyntaxGateError, match="line 1"):
        check_syntax(source, [Edit("a.py", 4, 5, b"(1,"), Edit("a.py", 6, 7, b"2]")])
