"""Reading and resolving in several processes: same answers, nothing left behind."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from graph_trees import contents, snapshot, write_files
from real_trees import TREES, real_tree

import index.update
import index.workers
from index.errors import UpdateCancelled
from index.files import walk
from index.graph import WorkTreeGraph, open_graph
from index.reading import ReadTask, read_file
from index.store import open_store
from index.workers import Crew, WorkerDied

MANY = {
    f"pkg/m{n}.py": f"from pkg.m{n // 2} import C{n // 2}\n\nclass C{n}(C{n // 2}):\n    def run(self): self.run()\n"
    for n in range(100)
}


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def is_reading(process: str) -> bool:
    """Whether that process is one of ours and alive."""
    try:
        return b"index.workers" in Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def tasks_of(root: Path) -> list[ReadTask]:
    return [ReadTask(".", str(root), found) for found in walk(root, {})]


def test_many_files_come_to_the_same_graph_as_few_at_a_time(tmp_path):
    for name in ("at_once", "in_turn"):
        (tmp_path / name).mkdir()
    at_once, in_turn = open_graph(tmp_path / "at_once"), open_graph(tmp_path / "in_turn")
    write_files(at_once.root, dict(MANY))
    at_once.update()
    names = list(MANY)
    for start in range(0, 100, 50):
        write_files(in_turn.root, {name: MANY[name] for name in names[start : start + 50]})
        in_turn.update()
    assert snapshot(at_once) == snapshot(in_turn)
    at_once.close()
    in_turn.close()


def test_files_come_in_order(tmp_path):
    write_files(tmp_path, dict(MANY))
    tasks = tasks_of(tmp_path)
    with Crew() as crew:
        assert [read.entry.record.path for read in crew.read(tasks)] == [task.path for task in tasks]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed in /proc only")
def test_cancelling_ends_the_processes(tmp_path):
    write_files(tmp_path, dict(MANY))
    graph, before = open_graph(tmp_path), children()
    started: list[set[str]] = []

    def progress(what: str, done: int, total: int) -> None:
        started.append(children() - before)

    with pytest.raises(UpdateCancelled):
        graph.update(progress, lambda: len(started) > 10)
    assert started[-1] or os.cpu_count() == 1
    assert children() == before
    graph.close()


@pytest.mark.skipif(os.cpu_count() == 1, reason="one processor reads in the process itself")
def test_death_of_a_reading_process_is_told(tmp_path):
    write_files(tmp_path, dict(MANY))
    before = children()
    with Crew() as crew:
        reading = crew.read(tasks_of(tmp_path))
        next(reading)
        for child in children() - before:
            os.kill(int(child), signal.SIGKILL)
        with pytest.raises(WorkerDied, match="ended while it read"):
            list(reading)
    assert children() == before


@pytest.fixture
def shared(monkeypatch):
    """Trees of 100 files are resolved in two processes."""
    monkeypatch.setattr(index.update, "MIN_SHARED", 90)
    monkeypatch.setattr(index.workers, "available_processors", lambda: 2)


def alone(graph: WorkTreeGraph) -> dict[str, object]:
    """The graph of the same tree as one process builds it."""
    other = WorkTreeGraph(graph.root, open_store("memory:", graph.store.repository))
    other.update()
    return contents(other.store)


def test_several_processes_resolve_real_code_as_one_does(tmp_path, shared):
    root = tmp_path / "tree"
    for language in TREES:
        real_tree(language, root / language, 25)
    write_files(root, {f"filler/{name}": text for name, text in MANY.items()})
    helped: set[str] = set()
    before = children()

    def progress(what: str, done: int, total: int) -> None:
        helped.update([what] if children() - before else [])

    graph = open_graph(root, f"sqlite:{tmp_path}/graph.db")
    graph.update(progress)
    assert helped == {"parse", "resolve"}
    assert contents(graph.store) == alone(graph)
    graph.close()


def test_several_processes_give_what_one_gives_to_the_byte(tmp_path, monkeypatch):
    write_files(tmp_path / "tree", dict(MANY))
    found = []
    for processors in (1, 2, 3):
        monkeypatch.setattr(index.update, "MIN_SHARED", 90)
        monkeypatch.setattr(index.workers, "available_processors", lambda: processors)  # noqa: B023
        store = f"{tmp_path}/{processors}.db"
        graph = open_graph(tmp_path / "tree", f"sqlite:{store}")
        graph.update()
        graph.close()
        with sqlite3.connect(store) as connection:
            tables = ("resolutions", "postings", "links", "symbols", "symbol_texts", "facts")
            found.append({table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables})
    assert found[0] == found[1] == found[2]


def test_death_of_a_resolving_process_is_told_and_what_was_read_is_kept(tmp_path, shared):
    write_files(tmp_path, dict(MANY))
    graph, before = open_graph(tmp_path), children()

    def progress(what: str, done: int, total: int) -> None:
        if what == "resolve" and done == 20:
            for child in children() - before:
                os.kill(int(child), signal.SIGKILL)

    with pytest.raises(WorkerDied, match="ended while it resolved pkg/m"):
        graph.update(progress)
    assert children() == before
    assert not graph.is_whole()
    assert graph.update().files_parsed == 0
    assert contents(graph.store) == alone(graph)
    graph.close()


def test_cancelling_while_processes_resolve_ends_them(tmp_path, shared):
    write_files(tmp_path, dict(MANY))
    graph, before = open_graph(tmp_path), children()
    steps: list[tuple[str, int]] = []

    def progress(what: str, done: int, total: int) -> None:
        steps.append((what, done))

    with pytest.raises(UpdateCancelled, match="what was read is kept"):
        graph.update(progress, lambda: ("resolve", 30) in steps)
    assert children() == before
    graph.close()


def test_reading_processes_do_not_outlive_a_killed_caller(tmp_path):
    write_files(tmp_path, dict(MANY))
    program = textwrap.dedent(
        """
        import os, signal, sys
        from index.graph import open_graph

        def progress(what, done, total):
            if done == 20:
                print(open(f"/proc/self/task/{os.getpid()}/children").read(), flush=True)
                os.kill(os.getpid(), signal.SIGKILL)

        open_graph(sys.argv[1]).update(progress)
        """
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == -signal.SIGKILL
    while any(map(is_reading, ended.stdout.split())):
        os.sched_yield()


def test_unchanged_content_is_not_parsed_again(tmp_path):
    write_files(tmp_path, {"a.py": "def f(): pass\n"})
    (task,) = tasks_of(tmp_path)
    first = read_file(task)
    again = read_file(ReadTask(".", str(tmp_path), task.found, first.entry.record.content_hash))
    assert (again.unchanged, again.is_module, list(again.entry.symbols)) == (True, True, [])
