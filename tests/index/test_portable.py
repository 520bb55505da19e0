"""Graphs travel whole: exported, imported elsewhere, and brought up to date there."""

import json

import pytest
from graph_trees import snapshot, write_files

from index.errors import BadExport, ExportFailed, StoreTooNew, UpdateCancelled
from index.graph import open_graph
from index.portable import export_file, export_lines
from index.portable_import import import_lines
from index.store import SCHEMA_VERSION, open_store

FILES = {
    "a.py": "import b\n\nclass A(b.B):\n"
    "    '''Ünïcode </script> \\u2028.'''\n    def run(self): return self.go(b.f())\n",
    "b.py": "class B:\n    def go(self, x): return x.unknown()\n\ndef f(): return 'deadbeefdeadbeef'\n",
    "tests/test_a.py": "from a import A\n\ndef test_run(): assert A().run()\n",
    "README.md": "Words about alpha.\n\nAnd beta.\n",
    "broken.py": "def broken(:\n    pass\n",
    "data.bin": b"\0\1",
    "notes.txt": b"\0binary",
    ".env": "SECRET=1\n",
}


@pytest.fixture(params=["sqlite"])
def store_url(request, tmp_path):
    """Makes URLs of empty stores."""
    return lambda name: {"sqlite": f"sqlite:{tmp_path}/stores/{name}.db"}[request.param]


@pytest.fixture
def exported(tmp_path):
    root = tmp_path / "tree"
    write_files(root, FILES)
    graph = open_graph(root)
    graph.update()
    yield list(export_lines(graph.store))
    graph.close()


def test_export_of_an_import_is_the_same_to_the_byte(exported, store_url):
    for repository in (".", "git@example.org:other/name"):
        store = open_store(store_url(f"{len(repository)}"), repository)
        assert import_lines(store, exported) == len(FILES)
        assert list(export_lines(store)) == exported
        assert import_lines(store, exported) == len(FILES)
        assert list(export_lines(store)) == exported
        store.close()


def test_export_depends_on_the_tree_alone(exported, tmp_path):
    write_files(tmp_path / "copy", FILES)
    graph = open_graph(tmp_path / "copy", f"sqlite:{tmp_path}/copy.db")
    graph.update()
    assert list(export_lines(graph.store)) == exported
    graph.close()


def test_an_imported_graph_is_updated_to_what_a_clean_build_gives(exported, tmp_path, store_url):
    root = tmp_path / "elsewhere"
    write_files(root, FILES)
    imported = open_graph(root, store_url("imported"))
    import_lines(imported.store, exported)
    report = imported.update()
    assert (report.files_parsed, report.files_removed) == (0, 0)
    write_files(root, {"b.py": "def f(): return 1\n", "c.py": "from b import f\n\ndef g(): f()\n"})
    (root / "README.md").unlink()
    assert imported.update().files_parsed == 2
    clean = open_graph(root, f"sqlite:{tmp_path}/clean.db")
    clean.update()
    assert snapshot(imported) == snapshot(clean)
    assert list(export_lines(imported.store)) == list(export_lines(clean.store))
    imported.close()
    clean.close()


def test_an_import_replaces_what_was_there(exported, tmp_path, store_url):
    write_files(tmp_path / "other", {"other.py": "def other(): pass\n"})
    graph = open_graph(tmp_path / "other", store_url("other"))
    graph.update()
    import_lines(graph.store, exported)
    assert graph.symbols(name="other") == []
    assert graph.symbols(name="run")
    assert graph.locate("what does run do with alpha").files
    graph.close()


def changed(lines, number, **fields):
    """The lines with one of them changed; numbers count from 0, or from the end."""
    row = json.loads(lines[number]) | fields
    return [*lines[:number], json.dumps(row) + "\n", *lines[number:][1:]]


BROKEN = {
    "nothing": (lambda lines: [], "line 1 is missing"),
    "no export": (lambda lines: ['{"a": 1}\n', *lines], "line 1 is not the header"),
    "no JSON": (lambda lines: [lines[0], "{", *lines[1:]], "line 2 is no JSON"),
    "no object": (lambda lines: [lines[0], "[]\n", *lines[1:]], "line 2 is no JSON object"),
    "cut short": (lambda lines: lines[:-3], "the export ends too early"),
    "a line is missing": (lambda lines: lines[:-2] + lines[-1:], "announced|lines are missing"),
    "an older schema": (lambda lines: changed(lines, 0, schema=1), "Export the graph again"),
    "a file outside": (lambda lines: changed(lines, 1, path="../x.py"), "no path inside a repository"),
    "an absolute file": (lambda lines: changed(lines, 1, path="/etc/passwd"), "no path inside a repository"),
    "no facts": (lambda lines: changed(lines, 2, interface="%%%"), "is not as an export has it"),
    "an edge to nothing": (lambda lines: changed(lines, -2, source="nobody", target="nobody"), "nobody"),
    "a uid that is not its own": (
        lambda lines: [line.replace('"name":"go"', '"qualified_name":"x","name":"go"') for line in lines],
        "the uid of|is not as an export has it|announced",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_export_is_refused_and_the_old_graph_stands(exported, store_url, how):
    damage, message = BROKEN[how]
    store = open_store(store_url("kept"), "repo")
    import_lines(store, exported)
    before = list(export_lines(store))
    lines = damage(exported)
    if how == "a uid that is not its own":
        lines = [
            line.replace('"ordinal":0', '"ordinal":7') if '"row":"symbol"' in line else line for line in lines
        ]
    with pytest.raises(BadExport, match=message):
        import_lines(store, lines)
    assert list(export_lines(store)) == before
    store.close()


def test_a_newer_schema_is_refused(exported, store_url):
    store = open_store(store_url("kept"), "repo")
    with pytest.raises(StoreTooNew, match=rf"schema {SCHEMA_VERSION + 1}, this Graft knows {SCHEMA_VERSION}"):
        import_lines(store, changed(exported, 0, schema=SCHEMA_VERSION + 1))
    assert store.files() == []
    store.close()


def test_import_and_export_can_be_cancelled_and_leave_all_as_it_was(exported, tmp_path, store_url):
    store = open_store(store_url("kept"), "repo")
    with pytest.raises(UpdateCancelled):
        import_lines(store, exported, cancelled=lambda: True)
    assert store.files() == []
    import_lines(store, exported)
    target = tmp_path / "out" / "graph.jsonl"
    target.parent.mkdir()
    target.write_text("kept")
    with pytest.raises(UpdateCancelled):
        export_file(store, target, cancelled=lambda: True)
    assert (target.read_text(), len(list(target.parent.iterdir()))) == ("kept", 1)
    export_file(store, target)
    assert target.read_text().splitlines(keepends=True) == exported
    with pytest.raises(ExportFailed, match="Cannot write"):
        export_file(store, tmp_path / "missing" / "graph.jsonl")
    store.close()
