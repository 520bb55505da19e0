"""Large trees: built in committed batches, stopped and resumed, in bounded memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from graph_trees import contents, write_files

import index.update
from index.errors import UpdateCancelled
from index.graph import WorkTreeGraph, open_graph
from index.store import open_store


def chain(number):
    return {f"p{n // 50}/m{n}.py": f"from m{n - 1} import f\n\ndef f(): f()\n" for n in range(number)}


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(index.update, "BATCH_FILES", 20)


def clean(graph, folder):
    other = WorkTreeGraph(graph.root, open_store("memory:", "."))
    other.update()
    return contents(other.store)


@pytest.mark.parametrize("phase", ["parse", "resolve"])
def test_stopped_first_index_goes_on_where_it_was(tmp_path, small_batches, phase):
    write_files(tmp_path, chain(100))
    graph = open_graph(tmp_path)
    steps = []

    def progress(what, done, total):
        steps.append((what, done, total))

    with pytest.raises(UpdateCancelled, match=r"of 100; what was read is kept for the next update\.$"):
        graph.update(progress, lambda: (phase, 50, 100) in steps)
    assert not graph.is_whole()
    graph.close()
    graph = open_graph(tmp_path)
    (tmp_path / "p0" / "m3.py").unlink()
    write_files(tmp_path, {"p0/m1.py": "def g(): pass\n", "m1.py": "def f(): pass\n"})
    report = graph.update(progress)
    # Of the 100 files, batches of 20 were kept; one of the kept ones was edited, one is new.
    assert report.files_parsed == {"parse": 100 - 40 + 2, "resolve": 20 + 2}[phase]
    assert graph.is_whole()
    assert contents(graph.store) == clean(graph, tmp_path)
    graph.close()


def test_progress_of_batches_counts_up_once(tmp_path, small_batches):
    write_files(tmp_path, chain(70))
    graph = open_graph(tmp_path)
    steps = []
    graph.update(lambda *step: steps.append(step))
    parsing = [done for what, done, total in steps if what == "parse"]
    assert parsing == sorted(parsing)
    assert set(parsing) == set(range(71))
    assert {total for _, _, total in steps} == {70}
    graph.close()


def test_two_processes_building_in_batches_agree(tmp_path):
    write_files(tmp_path, chain(60))
    program = textwrap.dedent(
        """
        import sys
        import index.update
        from index.graph import open_graph

        index.update.BATCH_FILES = 10
        graph = open_graph(sys.argv[1])
        graph.update()
        print(graph.store.counts())
        """
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    printed = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(printed) == 1
    graph = open_graph(tmp_path)
    assert contents(graph.store) == clean(graph, tmp_path)
    graph.close()


def test_killed_first_index_goes_on_where_it_was(tmp_path):
    write_files(tmp_path, chain(60))
    program = textwrap.dedent(
        """
        import os, signal, sys
        import index.update
        from index.graph import open_graph

        index.update.BATCH_FILES = 10

        def progress(what, done, total):
            if done == 35:
                os.kill(os.getpid(), signal.SIGKILL)

        open_graph(sys.argv[1]).update(progress)
        """
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    graph = open_graph(tmp_path)
    assert not graph.is_whole()
    assert graph.update().files_parsed == 30
    assert contents(graph.store) == clean(graph, tmp_path)
    graph.close()


FILES = int(os.environ.get("GRAFT_LARGE_TREE_FILES", "3000"))


def test_memory_does_not_grow_with_the_files(tmp_path):
    """Set GRAFT_LARGE_TREE_FILES=100000 for the whole of it."""
    for number in range(FILES // 500):
        folder = tmp_path / "tree" / f"p{number}"
        folder.mkdir(parents=True)
        for other in range(500):
            (folder / f"m{other}.py").touch()
    program = textwrap.dedent(
        """
        import resource, sys
        from index.graph import open_graph
        graph = open_graph(sys.argv[1], f"sqlite:{sys.argv[1]}.db")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        report = graph.update()
        print(report.files_seen, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        """
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "tree")], capture_output=True, text=True, check=True
    )
    seen, kib = map(int, ended.stdout.split())
    assert seen == FILES // 500 * 500
    assert kib < 100_000 + 4 * seen
