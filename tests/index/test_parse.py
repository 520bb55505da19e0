"""Syntax trees: the gate before a write, positions, and sources that are hard on a parser."""

from __future__ import annotations

from graph_trees import edge_lines

from index.parse import Lines, SyntaxIssue, descendants, enclosing, new_errors, parse, syntax_errors


def test_gate_forgives_old_errors_and_names_new_ones():
    before = b"def f(:\n    pass\n\nx = 1\n"
    assert new_errors(before, before + b"y = 2\n") == []
    assert new_errors(b"x = 1\n", b"x = (1\n") != []
    (issue,) = new_errors(b"x = 1\n", b"x = 1\ny = )\n")
    assert issue == SyntaxIssue(2, 1, "unexpected", "y = )")


def test_valid_source_has_no_errors():
    source = b"match x:\n    case {'a': [*rest]}: pass\ntype A[T] = list[T]\nasync def f(): await x\n"
    assert syntax_errors(source, parse(source)) == []


def test_columns_count_code_points_and_bytes_stay_those_of_the_file():
    source = 'é = "😀"; name = 1\n'.encode()
    assert Lines(source).position(source.index(b"name")) == (1, 10)
    marked = b"\xef\xbb\xbfname = 1\n"
    assert Lines(marked).position(3) == (1, 1)


def test_nodes_are_found_at_any_depth():
    source = b"class A:\n    def f(self):\n        return " + b"(" * 3_000 + b"x" + b")" * 3_000 + b"\n"
    nodes = [node for node in descendants(parse(source).root_node) if node.type == "identifier"]
    inner = next(node for node in nodes if node.text == b"x")
    assert inner.start_byte == source.index(b"x")
    return_statement = enclosing(next(n for n in nodes if n.text == b"self"), {"function_definition"})
    assert return_statement is not None
    assert enclosing(nodes[0], {"while_statement"}) is None


def test_byte_order_mark_crlf_and_declared_encodings_keep_exact_spans(tree):
    sources = {
        "mark.py": b"\xef\xbb\xbfdef f():\r\n    return 1\r\n",
        "crlf.py": b"import mark\r\n\r\ndef g():\r\n    mark.f()\r\n",
        "old.py": "# -*- coding: latin-1 -*-\ndef h():\n    'été'; return 'é'\nh()\n".encode("latin-1"),
        "wrong.py": b"def w(): return '\xff\xfe'\n",
    }
    graph = tree(sources)
    for path, name in (("mark.py", "f"), ("crlf.py", "g"), ("old.py", "h"), ("wrong.py", "w")):
        (symbol,) = graph.symbols(path=path, name=name)
        span = symbol.span
        text = sources[path][span.start_byte : span.end_byte]
        assert text.startswith(b"def " + name.encode())
        assert span.start_column == 1
        assert span.end_line == span.start_line + text.count(b"\n")
    assert graph.symbols(path="old.py", name="h")[0].docstring == "été"
    assert "crlf.py::g CALLS mark.py::f" in edge_lines(graph, "CALLS")


def test_hostile_sources_are_read_without_harm(tree):
    graph = tree(
        {
            "deep.py": "x = " + "[" * 5_000 + "]" * 5_000 + "\n" + "y = " + "a." * 5_000 + "b\n",
            "sum.py": "z = " + " + ".join(f"n{n}()" for n in range(5_000)) + "\n",
            "nested.py": "".join(f"{' ' * n}def f{n}():\n" for n in range(90)) + " " * 90 + "pass\n",
            "chain.py": "\n".join(f"v{n} = v{n + 1}" for n in range(2_000)) + "\nv0.call()\n",
            "local.py": "def f():\n"
            + "\n".join(f"  v{n} = v{n + 1}" for n in range(2_000))
            + "\n  v0.call()\n",
            "bases.py": "\n".join(f"class C{n}(C{n + 1}): pass" for n in range(500)) + "\nC0().run()\n",
            "empty.py": "",
            "broken.py": ")))) def (((\nclass\n",
        }
    )
    assert {record.path for record in graph.files() if record.skipped} == set()
    assert graph.symbols(path="nested.py", name="f89")
