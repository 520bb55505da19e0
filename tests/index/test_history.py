"""Histories from real git repositories: what they say, the law of updates, and every odd repository."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from git_trees import ALONE, GitRepository, clean_histories, histories, read_all
from graph_trees import write_files

import index.commits
from index.errors import UpdateCancelled
from index.graph import WorkTreeGraph, open_graph
from index.history import update_history
from index.update import update_store


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path / "tree")


@pytest.fixture
def graph(repository: GitRepository, tmp_path: Path) -> Iterator[WorkTreeGraph]:
    opened = open_graph(repository.root, f"sqlite:{tmp_path}/graph.db")
    yield opened
    opened.close()


def weights(graph: WorkTreeGraph, path: str) -> dict[str, float]:
    return {other: weight for _, other, weight in graph.store.changed_with([path])}


def subjects(graph: WorkTreeGraph, path: str) -> list[str]:
    return [commit.subject for commit in graph.store.touched_by(path)]


def test_files_that_change_together_are_linked_both_ways_and_stored_once(repository, graph):
    for n in range(4):
        repository.commit({"a.py": f"x = {n}\n", "b.py": f"y = {n}\n"})
        repository.commit({"c.py": f"z = {n}\n"})
    report = graph.update()
    assert report.history == f"8 commits, as of commit {repository.git('rev-parse', 'HEAD')[:12]}"
    assert weights(graph, "a.py") == {"b.py": 0.8}
    assert weights(graph, "b.py") == {"a.py": 0.8}
    assert weights(graph, "c.py") == {}
    (edge,) = graph.edges(types=["CHANGED_WITH"])
    assert (edge.source, edge.target, edge.confidence, edge.resolution) == ("a.py", "b.py", 0.8, "exact")
    assert graph.store.edges(source="a.py") == graph.store.edges(target="b.py") == [edge]
    assert graph.store.edges(source="b.py") == []


def test_file_that_every_commit_changes_is_nobodys_best_companion(repository, graph):
    for n in range(12):
        files = {"log.md": f"{n}\n", f"lone{n}.py": "x = 1\n"}
        repository.commit(files | ({"a.py": f"{n}\n", "b.py": f"{n}\n"} if n % 4 == 0 else {}))
    graph.update()
    found = weights(graph, "a.py")
    assert found["b.py"] > 1.5 * found["log.md"]


def test_newer_changes_weigh_more_and_one_met_once_says_nothing(repository, graph):
    for n in range(3):
        repository.commit({"a.py": f"{n}\n", "old.py": f"{n}\n"})
    repository.day += 700
    for n in range(3, 6):
        repository.commit({"a.py": f"{n}\n", "new.py": f"{n}\n"})
    repository.commit({"a.py": "-\n", "once.py": "x\n"})
    graph.update()
    found = weights(graph, "a.py")
    assert found["new.py"] > 2 * found["old.py"]
    assert "once.py" not in found
    recency = graph.store.recency()
    assert recency["new.py"] > recency["old.py"] + 700 / 180 - 0.1


def test_history_moves_with_a_renamed_file_through_several_names(repository, graph):
    body = "".join(f"def f{n}(): return {n}\n" for n in range(20))
    repository.commit({"a.py": body, "friend.py": "1\n"}, "First")
    repository.commit({"a.py": body + "# 2\n", "friend.py": "2\n"}, "Second")
    repository.git("mv", "a.py", "b.py")
    repository.commit({}, "Move")
    repository.commit({"b.py": None, "pkg/c.py": body + "# 2\n# 3\n", "friend.py": "3\n"}, "Move and change")
    repository.commit({"a.py": "another = 1\n"}, "Another of the old name")
    graph.update()
    assert subjects(graph, "pkg/c.py") == ["Move and change", "Move", "Second", "First"]
    assert subjects(graph, "a.py") == ["Another of the old name"]
    assert weights(graph, "friend.py").keys() == {"pkg/c.py"}


def test_change_on_another_branch_under_the_old_name_counts_for_the_new(repository, graph):
    body = "".join(f"def f{n}(): return {n}\n" for n in range(20))
    repository.commit({"a.py": body}, "First")
    repository.git("checkout", "-q", "-b", "side")
    repository.git("mv", "a.py", "b.py")
    repository.commit({}, "Move")
    repository.git("checkout", "-q", "main")
    repository.commit({"a.py": body + "# more\n"}, "Later, under the old name")
    repository.git("merge", "-q", "side", "-m", "Merge")
    graph.update()
    assert subjects(graph, "b.py") == ["Later, under the old name", "Move", "First"]


def test_sweeping_commit_counts_for_recency_only(repository, graph):
    for n in range(3):
        repository.commit({f"m{k}.py": f"{n}\n" for k in range(60)}, f"Sweep {n}")
    graph.update()
    assert graph.store.changed_with(["m0.py"]) == []
    assert subjects(graph, "m0.py") == ["Sweep 2", "Sweep 1", "Sweep 0"]


def test_files_deleted_ignored_or_skipped_have_no_history(repository, graph):
    for n in range(3):
        repository.commit(
            {"a.py": f"{n}\n", "gone.py": f"{n}\n", "quiet.py": f"{n}\n", "data.py": b"\0\1%d" % n, ".env": f"{n}\n"}
        )  # fmt: skip
    repository.commit({"gone.py": None, ".gitignore": "quiet.py\n"})
    graph.update()
    assert set(graph.store.recency()) == {"a.py", ".gitignore"}
    assert graph.store.changed_with(["a.py"]) == []


def test_commit_is_shown_without_mail_address_or_what_steers_a_terminal(repository, graph):
    repository.commit({"a.py": "1\n"}, "Red \x1b[31m subject\n\nBody")
    graph.update()
    (commit,) = graph.store.touched_by("a.py")
    assert (commit.author, commit.subject) == ("Graft", "Red  [31m subject")
    assert commit.sha == repository.git("rev-parse", "HEAD")


# The law


def random_step(repository: GitRepository, rng: random.Random) -> str:
    """Change the history a little; returns what was done, for the failure message."""
    git, root = repository.git, repository.root
    present = sorted(path.name for path in root.glob("*.py"))
    kind = rng.choice(("commit", "commit", "commit", "move", "delete", "branch", "switch", "merge", "rebase",
                       "amend", "reset", "detach", "edit"))  # fmt: skip
    branches = git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    if kind == "edit":
        (root / f"f{rng.randrange(8)}.py").write_text("unsaved = 1\n")
        return kind
    git("reset", "-q", "--hard")
    git("clean", "-qfd")
    if kind == "move" and present:
        git("mv", "-f", rng.choice(present), f"f{rng.randrange(8)}.py", check=False)
        repository.commit({}, "Move")
    elif kind == "delete" and len(present) > 1:
        repository.commit({rng.choice(present): None}, "Delete")
    elif kind == "branch":
        git("checkout", "-q", "-b", f"b{len(branches)}", check=False)
    elif kind in ("switch", "merge", "rebase"):
        other = rng.choice(branches)
        repository.day += 1
        arguments = {
            "switch": ["checkout", "-q"],
            "merge": ["merge", "-q", "-m", "Merge"],
            "rebase": ["rebase", "-q"],
        }
        git(*arguments[kind], other, check=False)
        for ending in (("merge", "--abort"), ("rebase", "--abort")):
            git(*ending, check=False)
    elif kind == "amend":
        git("commit", "-q", "--amend", "--allow-empty", "-m", f"Amended {rng.random()}")
    elif kind == "reset":
        git("reset", "-q", "--hard", "HEAD~1", check=False)
    elif kind == "detach":
        git("checkout", "-q", "--detach")
    else:
        lines = "".join(f"value{n} = {rng.randrange(3)}\n" for n in range(12))
        names = rng.sample(range(8), rng.randint(1, 3))
        repository.commit({f"f{n}.py": lines + f"last = {rng.random()}\n" for n in names})
    return kind


@pytest.mark.parametrize(
    ("seed", "steps"),
    [(0, 10), (1, 10), *(pytest.param(seed, 40, marks=pytest.mark.slow) for seed in range(2, 8))],
)
def test_updated_histories_equal_a_clean_build_after_random_changes_of_history(
    repository, graph, tmp_path, seed, steps, monkeypatch
):
    # Short, so that commits also fall out at the far end.
    monkeypatch.setattr(index.commits, "MAX_COMMITS", 9)
    rng = random.Random(seed)
    repository.commit({f"f{n}.py": f"value = {n}\n" * 12 for n in range(4)}, "Start")
    done: list[str] = []
    for _ in range(steps):
        done += [random_step(repository, rng) for _ in range(rng.randint(1, 2))]
        read_all(graph)
        assert histories(graph) == clean_histories(repository.root, tmp_path / "clean.db"), f"after {done}"


def test_deleted_file_that_comes_back_has_its_history_and_companions_again(repository, graph, tmp_path):
    for n in range(3):
        repository.commit({"a.py": f"{n}\n", "b.py": f"{n}\n"})
    graph.update()
    before = histories(graph)
    (repository.root / "b.py").unlink()
    graph.update()
    assert weights(graph, "a.py") == {}
    write_files(repository.root, {"b.py": "2\n"})
    graph.update()
    assert histories(graph) == before


def test_only_new_commits_are_read(repository, graph):
    repository.fast_import(2_000, 40)
    read_all(graph)
    assert len(graph.store.recency()) == 40
    assert weights(graph, "m7.py").keys() == {"m6.py", "m8.py"}
    repository.commit({"m7.py": "x = 1\n"})
    read: list[tuple[str, int, int]] = []
    graph.update(lambda *step: read.append(step))
    assert [step for step in read if step[0] == "history"] == [("history", 0, 1), ("history", 1, 1)]
    read.clear()
    graph.update(lambda *step: read.append(step))
    assert read == []


def test_rewritten_commits_do_not_pile_up_in_the_store(repository, graph):
    repository.commit({"a.py": "0\n"})
    for n in range(12):
        repository.git("commit", "-q", "--amend", "-m", f"Amended {n}")
        graph.update()
    assert sum(map(len, graph.store.history_log().values())) < 400


def test_long_reading_stops_in_time_and_goes_on_at_the_next_update(repository, graph, tmp_path):
    repository.fast_import(3_000, 40)
    update_store(graph.store, repository.root, None, lambda: False)
    slow = iter([1.2])
    told = update_history(
        graph.store,
        repository.root,
        lambda _, done, __: time.sleep(next(slow, 0) if done else 0),
        limit_s=1.0,
    )
    assert "of 3,000 commits so far" in told
    assert not graph.store.history_state().complete
    read_all(graph)
    assert histories(graph) == clean_histories(repository.root, tmp_path / "clean.db")


def test_cancelled_reading_leaves_the_old_histories(repository, graph):
    repository.commit({"a.py": "1\n"})
    graph.update()
    before = histories(graph)
    repository.fast_import(300, 5)
    reading: list[int] = []
    with pytest.raises(UpdateCancelled, match=r"history .* as before"):
        update_history(
            graph.store, repository.root, lambda *step: reading.append(step[1]), lambda: bool(reading)
        )
    assert histories(graph) == before


# Odd repositories


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
