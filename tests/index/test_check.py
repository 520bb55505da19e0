"""A sound graph passes; each kind of damage is told."""

import sqlite3

import pytest
from graph_trees import write_files

from index.check import check_graph, compare_with_rebuild
from index.graph import open_graph
from index.sqlite.packing import pack_json, unpack_json

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
        ("UPDATE inbound SET target = target + 999999 WHERE target > 0", "edges to nothing"),
        ("DELETE FROM files WHERE path = 'b.py'", "symbols of no file"),
        ("UPDATE symbols SET start_byte = 9000 WHERE name = 'go'", "B.go spans bytes 9000-"),
        ("UPDATE symbols SET start_line = 2 WHERE name = 'go'", "lines and bytes of B.go do not agree"),
        ("UPDATE symbols SET parent_uid = 5 WHERE name = 'go'", "B.go has a parent that is not in its file"),
        ("UPDATE symbols SET uid = 5 WHERE name = 'go'", "B.go has the uid 0000000000000005 instead of "),
        ("UPDATE resolutions SET names = swapped(names) WHERE refs <> x''", "the text is 'h', not 'g'"),
        ("UPDATE resolutions SET edges = x''", "edges: 0 too many, "),
        ("INSERT INTO readers VALUES (5, 77)", "1 readers of no file"),
        ("INSERT INTO symbol_words (rowid, path, names, prose, body) VALUES (900, 'x', '', '', '')",
         "1 words of no symbol"),
    ],
)  # fmt: skip
def test_damage_is_told(graph, sql, told):
    with sqlite3.connect(graph.root / ".graft" / "graph.db") as connection:
        connection.create_function("swapped", 1, swapped)
        connection.execute(sql)
    connection.close()
    assert any(told in fault for fault in faults(graph)), faults(graph)
