"""Unsaved text: once settled, the graph is that of a tree where the texts were saved; nobody else sees it."""

from __future__ import annotations

import random
import shutil
import threading

import pytest
from graph_trees import contents, edge_lines, write_files
from random_edits import PATHS, random_edit, random_module

from index import update
from index.graph import WorkTreeGraph, open_graph
from index.store import open_store


def expected(root, folder, texts):
    """The contents of a clean graph of the tree with the texts saved."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns(".graft"))
    write_files(folder, texts)
    graph = WorkTreeGraph(folder, open_store(f"sqlite:{folder}.db", "."))
    graph.update()
    found = contents(graph.store)
    graph.close()
    return found


@pytest.mark.parametrize(("seed", "is_large"), [(0, False), (1, False), (2, True), (3, True)])
def test_settled_overlays_equal_a_clean_rebuild_of_the_saved_texts(tmp_path, monkeypatch, seed, is_large):
    if is_large:
        monkeypatch.setattr("index.layer.overlays._SLOW_BYTES", 0)
    rng, root = random.Random(seed), tmp_path / "tree"
    write_files(root, {path: random_module(rng) for path in PATHS if rng.random() < 0.8})
    graph = open_graph(root)
    graph.update()
    texts: dict[str, str] = {}
    done: list[str] = []
    for step in range(12):
        path, kind = rng.choice(PATHS), rng.choice(("type", "type", "type", "close", "save", "edit"))
        done.append(f"{kind} {path}")
        if kind == "close":
            graph.close_overlay(path)
            texts.pop(path, None)
        elif kind == "edit":
            random_edit(root, rng)
            graph.update()
        else:
            text = texts[path] = random_module(rng)
            graph.overlay(path, text)
            if kind == "save":
                write_files(root, {path: text})
                graph.update(paths=[path])
        if rng.random() < 0.5:
            graph.symbols(path=path)
        if rng.random() < 0.7:
            assert graph.settle()
            found = contents(graph.seen())
            assert found == expected(root, tmp_path / f"saved-{step}", texts), f"seed {seed}, {done}"
    graph.close()


def test_unsaved_text_is_seen_at_once_and_by_this_object_only(tree):
    graph = tree({"a.py": "def f(): pass\n", "b.py": "from a import f\nf()\n"})
    other = open_graph(graph.root)
    graph.overlay("a.py", "def renamed(): pass\n\ndef f(): renamed()\n")
    assert [symbol.name for symbol in graph.symbols(path="a.py")] == ["a", "renamed", "f"]
    assert edge_lines(graph, "CALLS") == {"a.py::f CALLS a.py::renamed", "b.py::b CALLS a.py::f"}
    assert [hit.path for hit in graph.locate("where is `renamed`?").files][:1] == ["a.py"]
    assert other.symbols(name="renamed") == []
    assert (graph.root / "a.py").read_text() == "def f(): pass\n"
    graph.close_overlay("a.py")
    assert graph.symbols(name="renamed") == []
    assert contents(graph.seen()) == contents(other.store)
    other.close()


def test_symbols_of_a_large_text_do_not_wait_for_what_it_uses(tree, monkeypatch):
    graph = tree({"a.py": "def f(): pass\n", "b.py": "from a import f\nf()\n"})
    resolved: list[str] = []
    resolve = update.resolve_file

    def noted(world, path, body):
        resolved.append(path)
        return resolve(world, path, body)

    monkeypatch.setattr(update, "resolve_file", noted)
    graph.overlay("a.py", "def g(): pass\n\ndef f(): g()\n" + "# long\n" * 3_000)
    assert [symbol.name for symbol in graph.symbols(path="a.py")] == ["a", "g", "f"]
    assert resolved == []
    assert edge_lines(graph, "CALLS") == {"a.py::f CALLS a.py::g", "b.py::b CALLS a.py::f"}
    assert resolved == ["a.py"]
    assert graph.settle()
    assert edge_lines(graph, "CALLS") == {"a.py::f CALLS a.py::g", "b.py::b CALLS a.py::f"}


def test_file_that_is_not_saved_yet_resolves_imports_of_it(tree):
    graph = tree({"use.py": "from late import thing\nthing()\n"})
    graph.overlay("late.py", "def thing(): pass\n")
    assert graph.settle()
    assert edge_lines(graph, "CALLS") == {"use.py::use CALLS late.py::thing"}
    graph.close_overlay("late.py")
    assert graph.settle()
    assert edge_lines(graph, "CALLS") == set()
    assert [record.path for record in graph.files()] == ["use.py"]


def test_another_process_saving_below_an_overlay_is_seen(tree):
    graph = tree({"a.py": "def f(): pass\n", "b.py": "import a\n", "c.py": ""})
    graph.overlay("b.py", "from a import f, g\nf()\ng()\n")
    assert edge_lines(graph, "CALLS") == {"b.py::b CALLS a.py::f"}
    write_files(graph.root, {"a.py": "def g(): pass\n", "c.py": "import b\nb.g()\n"})
    other = open_graph(graph.root)
    other.update()
    other.close()
    assert graph.settle()
    assert edge_lines(graph, "CALLS") == {"b.py::b CALLS a.py::g", "c.py::c CALLS a.py::g"}


def test_dependants_are_resolved_in_slices(tree):
    users = {f"use{n}.py": "from a import f\nf().go()\n" for n in range(300)}
    graph = tree({"a.py": "class C:\n    def go(self): pass\n\ndef f(): pass\n", **users})
    graph.overlay("a.py", "class C:\n    def go(self): pass\n\ndef f() -> C: pass\n")
    assert not graph.settle(budget_s=0.0)
    assert not graph.settle(cancelled=lambda: True)
    assert graph.settle()
    (go,) = graph.symbols(name="go")
    assert len(graph.callers(go.uid)) == 300
    assert len(graph.store.edges(target=go.uid)) == 0


def test_text_like_the_file_hides_nothing(tree):
    graph = tree({"a.py": "def f(): pass\n", "b.py": "from a import f\nf()\n"})
    graph.overlay("a.py", "def f(): pass\n")
    assert graph.seen().files() == graph.store.files()
    assert contents(graph.seen()) == contents(graph.store)
    graph.overlay("a.py", "def g(): pass\n")
    graph.settle()
    graph.overlay("a.py", "def f(): pass\n")
    graph.settle()
    assert contents(graph.seen()) == contents(graph.store)


@pytest.mark.parametrize(
    ("path", "reason"),
    [(".env", "may hold credentials"), ("made_pb2.py", "generated"), ("big.py", "larger than 2 MB")],
)
def test_text_that_is_not_to_be_read_is_not(tree, path, reason):
    graph = tree({"a.py": "x = 1\n"})
    graph.overlay(path, "def secret(): pass\n" * (200_000 if path == "big.py" else 1))
    assert {record.path: record.skipped for record in graph.files()}[path] == reason
    assert graph.symbols(name="secret") == []
    assert graph.locate("secret").files == ()


def test_ignored_paths_and_odd_texts_do_no_harm(tree):
    graph = tree({".gitignore": "build/\n", "a.py": "x = 1\n"})
    for path in ("build/made.py", ".git/hook.py", "../outside.py", "node_modules/m.py"):
        graph.overlay(path, "def hidden(): pass\n")
    assert graph.symbols(name="hidden") == []
    for text in ("", "\0", "\ufeffdef f(): pass\r\n", "def f(\ud800): pass", "(" * 10_000, "é" * 3):
        graph.overlay("a.py", text)
        assert graph.settle()
        assert [record.path for record in graph.files()] == [".gitignore", "a.py"]


def test_threads_may_type_ask_and_settle_at_once(tree):
    graph = tree({f"m{n}.py": f"from m{n - 1} import f\n\ndef f(): pass\n\nf()\n" for n in range(20)})
    failures: list[BaseException] = []

    def work(number):
        try:
            for step in range(15):
                graph.overlay(f"m{number}.py", f"def f(): pass\n\ndef g{step}(): f()\n")
                assert len(graph.symbols(path=f"m{number}.py")) == 3
                graph.settle(budget_s=0.01)
                graph.edges()
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert graph.settle()
