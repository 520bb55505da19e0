"""Histories of odd, broken and hostile git repositories: each has a clear outcome, and none runs a program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from git_trees import ALONE, GitRepository, weights
from graph_trees import write_files

from index.graph import open_graph


def test_tree_without_git_has_no_history_and_loses_one_it_had(repository, graph):
    for n in range(2):
        repository.commit({"a.py": f"{n}\n", "b.py": f"{n}\n"})
    graph.update()
    shutil.rmtree(repository.root / ".git")
    assert "not in a git repository" in graph.update().history
    assert (graph.store.recency(), graph.store.changed_with(["a.py"]), graph.store.touched_by("a.py")) == (
        {},
        [],
        [],
    )


def test_repository_without_a_commit_and_one_with_a_broken_head_say_so(repository, graph):
    write_files(repository.root, {"a.py": "x = 1\n"})
    assert "nothing is committed yet" in graph.update().history
    (repository.root / ".git" / "HEAD").write_bytes(b"\xff\0 nonsense")
    assert "No history of" in graph.update().history
    assert graph.symbols(path="a.py")


def test_missing_objects_end_the_history_without_an_error(repository, graph):
    repository.commit({"a.py": "1\n"})
    broken = repository.commit({"a.py": "2\n"})
    repository.commit({"a.py": "3\n"}, "Kept")
    tree = repository.git("rev-parse", f"{broken}^{{tree}}")
    (repository.root / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    report = graph.update()
    assert report.files_parsed == 1
    assert "commits, as of" in report.history


def test_shallow_clone_does_not_take_its_last_commit_for_the_origin_of_everything(repository, tmp_path):
    for n in range(5):
        repository.commit({"a.py": f"{n}\n", "b.py": f"{n // 3}\n", "still.py": "1\n"})
    source = repository.root.as_uri()
    repository.git("clone", "-q", "--depth", "2", source, str(tmp_path / "shallow"))
    opened = open_graph(tmp_path / "shallow")
    assert opened.update().history.startswith("1 commits, ")
    assert set(opened.store.recency()) == {"a.py"}
    opened.close()


def test_clone_without_old_contents_is_read_and_nothing_is_fetched(repository, tmp_path):
    body = "".join(f"def f{n}(): return {n}\n" for n in range(20))
    repository.commit({"a.py": body, "b.py": "1\n"})
    repository.commit({"a.py": None, "c.py": body + "# more\n", "b.py": "2\n"})
    repository.commit({"c.py": body + "# and more\n", "b.py": "3\n"})
    repository.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    repository.git("clone", "-q", "--filter=blob:none", repository.root.as_uri(), str(clone))
    packs = sorted((clone / ".git" / "objects").rglob("*"))
    opened = open_graph(clone, f"sqlite:{tmp_path}/partial.db")
    assert opened.update().history.startswith("3 commits, ")
    assert weights(opened, "b.py").keys() == {"c.py"}
    assert sorted((clone / ".git" / "objects").rglob("*")) == packs
    opened.close()


def test_detached_head_linked_work_tree_and_subfolder_are_read(repository, tmp_path):
    for n in range(3):
        repository.commit({"pkg/a.py": f"{n}\n", "pkg/b.py": f"{n}\n", "top.py": f"{n}\n"})
    repository.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"), "HEAD~1")
    for root, path, count in ((tmp_path / "linked", "pkg/a.py", 2), (tmp_path / "linked" / "pkg", "a.py", 2)):
        opened = open_graph(root, f"sqlite:{tmp_path}/{root.name}.db")
        opened.update()
        assert len(opened.store.touched_by(path)) == count
        assert opened.store.changed_with([path])
        opened.close()


def test_bare_repository_and_submodule_are_no_trouble(repository, graph, tmp_path):
    repository.commit({"a.py": "1\n"})
    inner = GitRepository(tmp_path / "inner")
    for n in range(2):
        inner.commit({"c.py": f"{n}\n", "d.py": f"{n}\n"})
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "sub")
    repository.commit({"a.py": "2\n"})
    graph.update()
    assert set(graph.store.recency()) == {"a.py", ".gitmodules"}
    opened = open_graph(repository.root / "sub", f"sqlite:{tmp_path}/sub.db")
    opened.update()
    assert weights(opened, "c.py").keys() == {"d.py"}
    opened.close()
    repository.git("clone", "-q", "--bare", str(repository.root), str(tmp_path / "bare.git"))
    opened = open_graph(tmp_path / "bare.git", f"sqlite:{tmp_path}/bare.db")
    assert "not in the work tree" in opened.update().history
    opened.close()


def test_names_with_quotes_newlines_umlauts_and_broken_encodings(repository, graph):
    odd = ["q\"uo'te.py", "new\nline.py", "tab\t.py", "grün.py", "R100.py"]
    for n in range(3):
        (repository.root / os.fsdecode(b"bad\xff.py")).write_text(f"{n}\n")
        repository.commit(dict.fromkeys(odd, f"{n}\n"))
    graph.update()
    assert set(graph.store.recency()) == set(odd)
    assert len(weights(graph, "grün.py")) == len(odd) - 1


WITHOUT_GIT = """
import os, sys
os.environ["PATH"] = "/nonexistent"
from index.graph import open_graph
from index.errors import HistoryUnavailable
graph = open_graph(sys.argv[1], "sqlite:" + sys.argv[1] + ".db")
print(graph.update().history)
try:
    graph.history("a.py")
except HistoryUnavailable as error:
    print(error)
"""


def test_machine_without_git_says_so_and_indexes_all_the_same(repository):
    repository.commit({"a.py": "1\n"})
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_GIT, str(repository.root)], capture_output=True, text=True, check=True
    )
    assert ended.stdout.count("the program git was not found. Install it") == 2


def test_configuration_of_a_repository_never_runs_a_program(repository, graph, tmp_path):
    mark = tmp_path / "ran"
    trap = tmp_path / "trap"
    trap.write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\ncat\n')
    trap.chmod(0o755)
    repository.commit({"a.py": "def f():\n    return 1\n", ".gitattributes": "*.py diff=evil filter=evil\n"})
    repository.commit({"a.py": "def f():\n    return 2\n"})
    for name in ("core.fsmonitor", "diff.external", "diff.evil.command", "diff.evil.textconv", "gpg.program",
                 "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "core.pager", "pager.log",
                 "pager.blame", "core.sshCommand", "core.editor", "remote.origin.uploadpack"):  # fmt: skip
        repository.git("config", name, str(trap))
    for name, value in (("log.showSignature", "true"), ("filter.evil.required", "true"),
                        ("core.hooksPath", str(tmp_path)),
                        ("extensions.partialClone", "origin"), ("remote.origin.promisor", "true"),
                        ("remote.origin.url", str(tmp_path)), ("core.repositoryFormatVersion", "1")):  # fmt: skip
        repository.git("config", name, value)
    write_files(repository.root, {"a.py": "def f():\n    return 3\n"})
    graph.update()
    (function,) = graph.symbols(name="f")
    assert [(origin.commit.subject, origin.lines) for origin in graph.blame(function.uid)] == [
        ("not committed yet", 1),
        ("Change", 1),
    ]
    assert len(graph.history(function.uid)) == len(graph.history("a.py")) == 2
    assert not mark.exists(), mark.read_text()
    # The trap works: git by itself falls into it.
    subprocess.run(
        ["git", "blame", "a.py"],
        cwd=repository.root,
        env=os.environ | ALONE,
        capture_output=True,
        check=False,
    )
    assert mark.exists()
