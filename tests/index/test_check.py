"""A sound graph passes; each kind of damage is told."""

import sqlite3

import pytest
from graph_trees import write_files

from index.check import check_graph, compare_with_rebuild
from index.graph import open_graph
from index.sqlite.packing import pack_columns, pack_json, unpack_columns, unpack_json

FILES = {
    "a.py": "# ü\r\nimport b as other\r\n\r\n@other.f\r\ndef g(): return other.f() + unknown.h()\r\n",
    "b.py": "def f(): pass\n\nclass B:\n    def go(self): return f()\n",
    "README.md": "Prose.\n\nMore prose.\n",
    "bom.py": b"\xef\xbb\xbfimport b\n\ndef bom(): return b.f()\n",
    "latin.py": b"# -*- coding: latin-1 -*-\nname = '\xe4'; import b\nb.f()\n",
}


@pytest.fixture
def graph(tmp_path):
    write_files(tmp_path, FILES)
    graph = open_graph(tmp_path)
    graph.update()
    yield graph
    graph.close()


def faults(graph):
    return [*check_graph(graph.store, graph.root), *compare_with_rebuild(graph.store, graph.root)]


def swapped(names):
    """The packed names of unresolved uses with one letter changed."""
    return pack_json([name.replace("h", "g") for name in unpack_json(names)])


def changed(numbers, column, value):
    """The packed numbers of a file's symbols with one of the last symbol's changed."""
    columns = [list(values) for values in unpack_columns(numbers, (0, 2))]
    columns[column][-1] = value
    return pack_columns(columns, (0, 2))


def test_a_sound_graph_has_no_faults(graph):
    assert faults(graph) == []


def test_a_file_that_changed_since_is_no_fault_but_differs_from_a_rebuild(graph):
    (graph.root / "b.py").write_text("\n\ndef f(): pass\n")
    assert list(check_graph(graph.store, graph.root)) == []
    differing = list(compare_with_rebuild(graph.store, graph.root))
    assert any(line.startswith("b.py: symbols: ") for line in differing)
    (graph.root / "new.py").write_text("")
    assert "new.py: is missing" in list(compare_with_rebuild(graph.store, graph.root))


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("INSERT OR REPLACE INTO postings VALUES ((3 << 13) + 8, x'7f0101')", "1 edges to nothing"),
        ("DELETE FROM files WHERE path = 'b.py'", "symbols of no file"),
        ("UPDATE symbol_texts SET numbers = changed(numbers, 0, 9000) WHERE file = (SELECT id FROM files "
         "WHERE path = 'b.py')", "B.go spans bytes 9000-"),
        ("UPDATE symbol_texts SET numbers = changed(numbers, 2, 2) WHERE file = (SELECT id FROM files "
         "WHERE path = 'b.py')", "lines and bytes of B.go do not agree"),
        ("UPDATE symbols SET uid = 5 WHERE id = (SELECT max(s.id) FROM symbols s JOIN files f ON f.id = file "
         "WHERE path = 'b.py')", "B.go has the uid 0000000000000005 instead of "),
        ("UPDATE symbol_texts SET hashes = zeroblob(length(hashes))", "b.py: symbols: "),
        ("UPDATE resolutions SET names = swapped(names) WHERE refs <> x''", "the text is 'h', not 'g'"),
        ("UPDATE resolutions SET edges = x''", "edges: 0 too many, "),
        ("INSERT OR REPLACE INTO postings VALUES (5, x'01014d')", "1 readers of no file"),
        ("INSERT INTO symbol_words (rowid, path, names, prose, body) VALUES (900, 'x', '', '', '')",
         "1 words of no symbol"),
    ],
)  # fmt: skip
def test_damage_is_told(graph, sql, told):
    with sqlite3.connect(graph.root / ".graft" / "graph.db") as connection:
        connection.create_function("swapped", 1, swapped)
        connection.create_function("changed", 3, changed)
        connection.execute(sql)
    connection.close()
    assert any(told in fault for fault in faults(graph)), faults(graph)
