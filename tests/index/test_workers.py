"""Reading in several processes: same answers, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from graph_trees import snapshot, write_files

from index.errors import UpdateCancelled
from index.files import walk
from index.graph import open_graph
from index.reading import ReadTask, read_file
from index.workers import WorkerDied, read_all

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
    assert [read.entry.record.path for read in read_all(tasks)] == [task.found.path for task in tasks]


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
    reading = read_all(tasks_of(tmp_path))
    next(reading)
    for child in children() - before:
        os.kill(int(child), signal.SIGKILL)
    with pytest.raises(WorkerDied, match="ended while it read"):
        list(reading)
    assert children() == before


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
