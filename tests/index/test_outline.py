"""What files of data, pages and style sheets, and prose come to."""

from graph_trees import edge_lines

from index.types import SymbolKind


def names(graph, path: str) -> set[str]:
    return {s.qualified_name for s in graph.symbols(path=path) if s.kind is not SymbolKind.MODULE}


def test_keys_of_data_files_are_fields_down_to_three_levels(tree):
    graph = tree(
        {
            "a.json": '{"a": {"b": {"c": {"d": 1}}}, "x.y": [{"in": 1}]}',
            "b.yaml": "# top\njobs:\n  'the test':\n    steps:\n      - run: x\n    on: {push: 1}\n---\nsecond: 1\n",
            "c.toml": "[tool.ruff]\nline-length = 1\nlint.select = {all = 1}\n[[bin]]\nname = 'x'\n",
        }
    )
    assert names(graph, "a.json") == {"a", "a.b", "a.b.c", "x_y"}
    assert names(graph, "b.yaml") == {
        "jobs",
        "jobs.the test",
        "jobs.the test.steps",
        "jobs.the test.on",
        "second",
    }
    assert names(graph, "c.toml") == {"tool.ruff", "tool.ruff.line-length", "bin", "bin.name"}
    symbol = graph.symbols(qualified_name="jobs.the test.steps")[0]
    assert (symbol.kind, symbol.span.start_line, symbol.span.end_line) == ("field", 4, 5)
    assert graph.symbols(path="c.toml")[0].docstring.startswith("Left out: 1 keys ")


def test_huge_data_files_stay_small_and_say_what_they_leave_out(tree):
    items = ", ".join(f'"key{number}": {{"inner": {number}}}' for number in range(2_000))
    graph = tree({"data.json": f"{{{items}}}", "rows.json": "[" + ", ".join(["{}"] * 9_000) + "]"})
    assert len(names(graph, "data.json")) == 500
    assert "key499" in names(graph, "data.json")
    assert graph.symbols(path="data.json")[0].docstring == (
        "Left out: 3,500 keys beyond the first 500 or below level 3."
    )
    assert names(graph, "rows.json") == set()


def test_data_that_does_not_parse_keeps_what_does(tree):
    graph = tree(
        {"a.json": '{"good": 1, "bad": }', "b.yaml": "good: 1\nbad: [\n", "c.toml": "good = 1\nbad = [\n"}
    )
    for path in ("a.json", "b.yaml", "c.toml"):
        assert "good" in names(graph, path)
        assert next(record for record in graph.files() if record.path == path).has_errors


def test_lock_files_and_minified_files_are_listed_with_a_reason(tree):
    graph = tree(
        {
            "package-lock.json": "{}",
            "poetry.lock": "",
            "app.js": "var a=1;" * 1_000,
            "app.css": ".a{b:c}" * 1_000,
            "plain.js": "var a = 1;\n" * 1_000,
        }
    )
    assert {record.path: record.skipped for record in graph.files()} == {
        "package-lock.json": "lock file",
        "poetry.lock": "lock file",
        "app.js": "minified",
        "app.css": "minified",
        "plain.js": None,
    }


def test_classes_and_ids_of_pages_lead_to_the_style_sheets_they_link(tree):
    graph = tree(
        {
            "css/site.css": "@import 'base.css';\n.card, #top { color: var(--main); }\n@keyframes spin {}\n",
            "css/base.css": ":root { --main: red; }\n.btn { }\n",
            "css/other.css": ".card { }\n.lonely { }\n",
            "index.html": '<link href="css/site.css?v=1"><script src="/app.js"></script>\n'
            '<p id="top" class="btn card\n  lonely nothing">x</p>\n',
            "app.js": "function f() {}\n",
        }
    )
    assert names(graph, "css/site.css") == {"card", "#top", "spin"}
    assert names(graph, "index.html") == {"#top"}
    assert edge_lines(graph, "IMPORTS", "REFERENCES") == {
        "css/site.css IMPORTS css/base.css",
        "index.html IMPORTS css/site.css",
        "index.html IMPORTS app.js",
        "css/site.css::css.site REFERENCES css/base.css::--main",
        "index.html::index REFERENCES css/site.css::card",
        "index.html::index REFERENCES css/site.css::#top",
        "index.html::index REFERENCES css/base.css::btn",
        "index.html::index REFERENCES css/other.css::lonely",
    }
    assert graph.references() == []


def test_chunks_of_prose_begin_at_headings(tree):
    section = "Words of a paragraph. " * 30
    markdown = (
        f"# One\n\n{section}\n\n## Two\n\n{section}\n\nThree\n-----\n\n```\n# no heading\n```\n{section}\n"
    )
    rst = f"One\n===\n\n{section}\n\nTwo\n---\n\n{section}\n\n=====\nThree\n=====\n\n{section}\n"
    graph = tree(
        {"a.md": markdown, "b.rst": rst, "c.txt": f"{section}\n\n{section}\n\n{section}\n\n{section}\n"}
    )
    assert [chunk.text[:7].split("\n")[0] for chunk in graph.chunks("a.md")] == ["# One", "Three"]
    assert [chunk.text.split("\n")[0] for chunk in graph.chunks("b.rst")] == ["One", "====="]
    assert [chunk.text[:5] for chunk in graph.chunks("c.txt")] == ["Words", "Words"]
    assert "".join(chunk.text for chunk in graph.chunks("a.md")) == markdown


def test_chunks_of_long_sections_are_cut_at_paragraphs(tree):
    paragraph = "Words. " * 100
    text = "# Long\n\n" + f"{paragraph}\n\n" * 5 + "# Next\n\nShort.\n"
    chunks = tree({"a.md": text}).chunks("a.md")
    assert all(chunk.text.startswith(("# Long", "Words", "# Next")) for chunk in chunks)
    assert chunks[-1].text.startswith(("# Next", "Words"))
    assert "".join(chunk.text for chunk in chunks) == text
