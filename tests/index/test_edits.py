"""Edits on disk: found by uid, name or line, written whole or not at all, refused where the file is not the one."""

from __future__ import annotations

import os
import stat

import pytest
from graph_trees import write_files

from index.ast.edit import replace_symbol
from index.ast.edits import Edit, write_edits
from index.ast.target import find_target
from index.errors import SymbolNotFound, WriteRefused

FILES = {"pkg/a.py": "class Ship:\n    def sail(self):\n        return 1\n", "b.rs": "fn run() {}\n"}
NEW = "def sail(self):\n    return 2"


def replaced(target, text):
    """(edit, content hash) of replacing a target."""
    return replace_symbol(target.source, target.definition, text), target.source.content_hash


def test_a_symbol_is_named_by_uid_by_name_or_by_line(tree, tmp_path):
    graph = tree(FILES)
    (symbol,) = graph.symbols(name="sail")
    edits = {
        replaced(find_target(tmp_path, address, graph), NEW)[0]
        for address in (symbol.uid, symbol, "pkg/a.py::Ship.sail", ("pkg/a.py", 3))
    }
    assert len(edits) == 1
    assert find_target(tmp_path, ("b.rs", 1)).definition.qualified_name == "run"
    with pytest.raises(SymbolNotFound, match="No symbol is called 0000"):
        find_target(tmp_path, "0000", graph)


def test_a_symbol_that_moved_since_the_graph_saw_it_is_found_where_it_is_now(tree, tmp_path):
    graph = tree(FILES)
    (symbol,) = graph.symbols(name="sail")
    (tmp_path / "pkg/a.py").write_text("import os\n\n\n" + FILES["pkg/a.py"])
    target = find_target(tmp_path, symbol)
    assert target.source.span(target.definition.node).start_line == 5


def test_a_write_keeps_the_mode_and_leaves_no_other_file(tmp_path):
    write_files(tmp_path, FILES)
    path = tmp_path / "pkg/a.py"
    path.chmod(0o750)
    edit, seen = replaced(find_target(tmp_path, "pkg/a.py::Ship.sail"), NEW)
    assert write_edits(tmp_path, [edit], seen) == path.read_bytes()
    assert path.read_text() == FILES["pkg/a.py"].replace("1", "2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert os.listdir(path.parent) == ["a.py"]  # noqa: PTH208


def test_a_file_that_changed_since_it_was_read_is_left_alone(tmp_path):
    write_files(tmp_path, FILES)
    edit, seen = replaced(find_target(tmp_path, "pkg/a.py::Ship.sail"), NEW)
    (tmp_path / "pkg/a.py").write_text("x = 1\n")
    with pytest.raises(WriteRefused, match="changed since it was read"):
        write_edits(tmp_path, [edit], seen)
    assert (tmp_path / "pkg/a.py").read_text() == "x = 1\n"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../outside.py", "outside of"),
        ("link.py", "outside of"),
        ("linked/outside.py", "outside of"),
        ("secrets.toml", "credentials"),
        (".git/config.py", "outside of"),
        ("gone.py", "no file gone.py"),
        ("pkg", "not a regular file|is a directory"),
    ],
)
def test_what_is_no_file_of_the_tree_is_not_written(tmp_path, path, message):
    outside, root = tmp_path / "outside.py", tmp_path / "tree"
    outside.write_text("x = 1\n")
    write_files(root, FILES | {"secrets.toml": "x = 1\n", ".git/config.py": "x = 1\n"})
    (root / "link.py").symlink_to(outside)
    (root / "linked").symlink_to(tmp_path)
    with pytest.raises(WriteRefused, match=message):
        write_edits(root, [Edit(path, 0, 1, b"y")], "")
    assert outside.read_text() == "x = 1\n"
    with pytest.raises((WriteRefused, SymbolNotFound)):
        find_target(root, f"{path}::x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_read_only_file_is_not_written(tmp_path):
    write_files(tmp_path, FILES)
    edit, seen = replaced(find_target(tmp_path, "pkg/a.py::Ship.sail"), NEW)
    (tmp_path / "pkg/a.py").chmod(0o440)
    with pytest.raises(WriteRefused, match="read-only"):
        write_edits(tmp_path, [edit], seen)
