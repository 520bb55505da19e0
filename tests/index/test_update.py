"""Updates: the incremental graph equals a clean rebuild, and a stopped update leaves the old state."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap

import pytest
from graph_trees import edge_lines, snapshot, write_files
from random_edits import PATHS, random_edit, random_module

from index.errors import UpdateCancelled
from index.graph import WorkTreeGraph, open_graph
from index.store import open_store


@pytest.mark.parametrize("seed", range(4))
def test_incremental_graph_equals_a_clean_rebuild_after_random_edits(tmp_path, seed):
    rng = random.Random(seed)
    root = tmp_path / "tree"
    write_files(root, {path: random_module(rng) for path in PATHS})
    graph = open_graph(root, f"sqlite:{tmp_path}/incremental.db")
    graph.update()
    done: list[str] = []
    for step in range(30):
        done += [random_edit(root, rng) for _ in range(rng.randint(1, 2))]
        graph.update()
        clean = open_graph(root, f"sqlite:{tmp_path}/clean-{step}.db")
        clean.update()
        assert snapshot(graph) == snapshot(clean), f"seed {seed}, after {done}"
        clean.close()
    graph.close()


def test_incremental_graph_in_neo4j_equals_a_clean_one_in_sqlite(tmp_path, neo4j_url):
    rng = random.Random(5)
    root = tmp_path / "tree"
    write_files(root, {path: random_module(rng) for path in PATHS})
    graph = WorkTreeGraph(root, open_store(neo4j_url, root.as_posix()))
    done: list[str] = []
    for step in range(6):
        graph.update()
        clean = open_graph(root, f"sqlite:{tmp_path}/clean-{step}.db")
        clean.update()
        assert snapshot(graph, scores=False) == snapshot(clean, scores=False), f"after {done}"
        clean.close()
        done += [random_edit(root, rng) for _ in range(rng.randint(1, 3))]
    graph.close()


def test_only_the_changed_file_is_parsed(tree):
    graph = tree({"a.py": "def f(): pass\n", "b.py": "from a import f\nf()\n", "c.py": "x = 1\n"})
    (graph.root / "a.py").write_text("def g(): pass\n\ndef f(): pass\n")
    report = graph.update()
    assert (report.files_parsed, report.files_seen) == (1, 3)
    assert edge_lines(graph, "CALLS") == {"b.py::b CALLS a.py::f"}
    assert graph.update().files_parsed == 0


def test_edit_that_keeps_size_and_time_stamp_is_seen(tree):
    graph = tree({"a.py": "def one(): pass\n"})
    status = (graph.root / "a.py").stat()
    (graph.root / "a.py").write_text("def two(): pass\n")
    os.utime(graph.root / "a.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    graph.update()
    assert graph.symbols(name="two")


def test_changed_helper_changes_what_its_tests_are_linked_to(tree):
    graph = tree(
        {
            "calc.py": "def add(): pass\ndef sub(): pass\n",
            "tests/support.py": "from calc import add, sub\n\ndef check():\n    add()\n",
            "tests/test_calc.py": "from tests.support import check\n\ndef test_it():\n    check()\n",
        }
    )
    tree({"tests/support.py": "from calc import add, sub\n\ndef check():\n    sub()\n"})
    assert "tests/test_calc.py::test_it TESTS calc.py::sub" in edge_lines(graph, "TESTS")


def test_new_file_resolves_an_import_that_was_missing(tree):
    graph = tree({"use.py": "from late import thing\nthing()\n", "late_user.py": "import use\nuse.thing()\n"})
    assert edge_lines(graph, "CALLS") == set()
    tree({"late.py": "def thing(): pass\n"})
    assert edge_lines(graph, "CALLS") == {
        "use.py::use CALLS late.py::thing",
        "late_user.py::late_user CALLS late.py::thing",
    }


def test_cancelled_update_leaves_the_old_state(tree):
    graph = tree({"a.py": "def f(): pass\n"})
    before = snapshot(graph)
    write_files(graph.root, {f"m{n}.py": "x = 1\n" for n in range(20)})
    asked = iter(range(1_000))
    with pytest.raises(UpdateCancelled, match="the index is as before"):
        graph.update(cancelled=lambda: next(asked) > 30)
    assert snapshot(graph) == before
    graph.update()
    assert len(graph.files()) == 21


def test_killed_update_leaves_the_old_state(tree):
    graph = tree({"a.py": "def f(): pass\n"})
    before = snapshot(graph)
    write_files(graph.root, {f"m{n}.py": "x = 1\n" for n in range(20)})
    program = textwrap.dedent(
        """
        import os, signal, sys
        from index.graph import open_graph

        def progress(what, done, total):
            if what == "resolve" and done == 10:
                os.kill(os.getpid(), signal.SIGKILL)

        open_graph(sys.argv[1]).update(progress)
        """
    )
    ended = subprocess.run([sys.executable, "-c", program, str(graph.root)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert snapshot(graph) == before
    graph.update()
    assert len(graph.files()) == 21


def test_progress_counts_up_to_the_total(tmp_path):
    write_files(tmp_path, {f"m{n}.py": "x = 1\n" for n in range(5)})
    graph = open_graph(tmp_path)
    seen: list[tuple[str, int, int]] = []
    graph.update(lambda *step: seen.append(step))
    assert seen == [(what, n, 5) for what in ("parse", "resolve") for n in range(6)]
    graph.close()


def test_file_with_a_syntax_error_keeps_what_parses(tree):
    graph = tree(
        {"a.py": "def good(): pass\n\ndef bad(:\n    x = (\n\nclass Also:\n    def fine(self): pass\n"}
    )
    assert graph.files()[0].has_errors
    assert graph.symbols(name="good")
