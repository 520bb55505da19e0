"""Watching: every change of the tree arrives in the graph, whatever made it; nothing else wakes it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from graph_trees import contents, write_files
from watched_trees import WatchedTree, watched_trees

from index.errors import RootError
from index.graph import WorkTreeGraph, open_graph
from index.store import open_store
from index.watch import watch


class Watched(WatchedTree):
    def __init__(self, root, **options):
        super().__init__(root, options.pop("store", "sqlite:.graft/graph.db"))
        self.reports, self.troubles = [], []
        self.failure: list[BaseException] = []
        self.start(**options)
        self.until(lambda: self.reports)

    def _run(self, **options):
        try:
            watch(self.graph, self.reports.append, self.stop, on_trouble=self.troubles.append, **options)
        except RootError as error:
            self.failure.append(error)

    def seen(self):
        return self.troubles, self.failure

    def names(self):
        return {symbol.name for symbol in self.graph.symbols()}


watched = watched_trees(Watched)


@pytest.mark.parametrize("polling", [False, True])
def test_edits_arrive(watched, tmp_path, polling):
    seen = watched({"a.py": "def one(): pass\n"}, polling=polling)
    write_files(tmp_path, {"a.py": "def two(): pass\n", "pkg/deep/b.py": "def three(): pass\n"})
    seen.until(lambda: {"two", "three"} <= seen.names())
    assert "one" not in seen.names()
    shutil.rmtree(tmp_path / "pkg")
    (tmp_path / "a.py").rename(tmp_path / "c.py")
    seen.until(lambda: [record.path for record in seen.graph.files()] == ["c.py"])
    assert seen.troubles == []


def test_branch_switch_of_thousands_of_files_ends_in_the_graph_of_a_clean_rebuild(watched, tmp_path):
    def git(*arguments):
        subprocess.run(["git", "-C", tmp_path, "-c", "user.name=T", "-c", "user.email=t@example.org", *arguments],
                       check=True, capture_output=True)  # fmt: skip

    write_files(tmp_path, {f"p{n % 20}/m{n}.py": "" for n in range(800)} | {"a.py": "def one(): pass\n"})
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "one")
    git("switch", "-qc", "other")
    shutil.rmtree(tmp_path / "p3")
    write_files(tmp_path, {f"q{n % 20}/m{n}.py": "" for n in range(700)} | {"a.py": "def two(): pass\n"})
    git("add", "-A")
    git("commit", "-qm", "two")
    seen = watched({})
    git("switch", "-q", "main")
    seen.until(lambda: "one" in seen.names() and not any(r.path.startswith("q") for r in seen.graph.files()))
    seen.until(lambda: len(seen.graph.files()) == 801)
    clean = WorkTreeGraph(tmp_path, open_store(f"sqlite:{tmp_path}.db", "."))
    clean.update()
    seen.until(lambda: contents(clean.store) == contents(seen.graph.store))
    clean.close()


def test_commit_brings_the_history_up_to_date(watched, tmp_path):
    def git(*arguments):
        subprocess.run(["git", "-C", tmp_path, "-c", "user.name=T", "-c", "user.email=t@example.org", *arguments],
                       check=True, capture_output=True)  # fmt: skip

    write_files(tmp_path, {"a.py": "x = 1\n"})
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "one")
    seen = watched({})
    git("commit", "-q", "--allow-empty", "-m", "nothing")
    write_files(tmp_path, {"a.py": "x = 2\n"})
    git("commit", "-qam", "two")
    seen.until(lambda: [each.subject for each in seen.graph.store.touched_by("a.py")] == ["two", "one"])


def test_what_the_walk_leaves_out_wakes_nobody(watched, tmp_path):
    seen = watched({".gitignore": "build/\n", "a.py": "x = 1\n"}, store=f"sqlite:{tmp_path}/own.db")
    seen.until(lambda: seen.graph.files())
    count = len(seen.reports)
    write_files(tmp_path, {"build/made.py": "x = 1\n", "node_modules/m.js": "", ".git/HEAD": ""})
    time.sleep(1.5)
    assert len(seen.reports) == count
    write_files(tmp_path, {".gitignore": ""})
    seen.until(lambda: "build/made.py" in [record.path for record in seen.graph.files()])


def test_removed_tree_ends_the_watch_with_its_name(tmp_path):
    (tmp_path / "tree").mkdir()
    graph = open_graph(tmp_path / "tree", f"sqlite:{tmp_path}/graph.db")
    shutil.rmtree(tmp_path / "tree")
    with pytest.raises(RootError, match="tree: no such folder"):
        watch(graph, lambda report: None, threading.Event())
    graph.close()


SCARCE = textwrap.dedent(
    """
    import sys, threading
    from pathlib import Path
    from index.graph import open_graph
    from index.watch import watch

    Path("/proc/sys/user/max_inotify_watches").write_text("2")
    graph, stop = open_graph(sys.argv[1], f"sqlite:{sys.argv[1]}.db"), threading.Event()

    def updated(report):
        if graph.symbols(name="late"):
            stop.set()
        (graph.root / "a.py").write_text("def late(): pass\\n")

    watch(graph, updated, stop, on_trouble=print)
    """
)


def can_limit() -> bool:
    command = ["unshare", "-rm", "sh", "-c", "echo 2 > /proc/sys/user/max_inotify_watches"]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.skipif(not can_limit(), reason="a limit of watches needs a user namespace")
def test_too_few_watches_are_told_and_the_tree_is_polled(tmp_path):
    write_files(tmp_path / "tree", {f"p{n}/m.py": "" for n in range(8)} | {"a.py": ""})
    ended = subprocess.run(
        ["unshare", "-rm", sys.executable, "-c", SCARCE, str(tmp_path / "tree")],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "looked at every second instead. On Linux, raise fs.inotify.max_user_watches" in ended.stdout
