"""Histories from real git repositories: what they say, and the law of updates."""

from __future__ import annotations

import random
import time

import pytest
from git_trees import GitRepository, clean_histories, histories, read_all, weights
from graph_trees import write_files

import index.git.commits
from index.errors import UpdateCancelled
from index.git.history import update_history
from index.graph import WorkTreeGraph
from index.update import update_store


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
    touches = graph.edges(source="a.py", types=["TOUCHED_BY"])
    assert [each.target for each in touches] == [f"commit:{each.sha}" for each in graph.history("a.py")]
    assert graph.store.edges(source="a.py") == [edge, *touches]
    assert graph.store.edges(target="b.py") == [edge]
    assert graph.store.edges(source="b.py", types=["CHANGED_WITH"]) == []


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
    monkeypatch.setattr(index.git.commits, "MAX_COMMITS", 9)
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


def test_file_that_was_away_between_two_commits_has_its_history_again(repository, graph):
    repository.commit({"a.py": "x = 1\n"})
    graph.update()
    before, place = graph.edges(types=["TOUCHED_BY"]), repository.root / "a.py"
    text = place.read_text()
    place.unlink()
    graph.update(paths=["a.py"])
    assert graph.edges(types=["TOUCHED_BY"]) != before
    place.write_text(text)
    graph.update(paths=["a.py"])
    graph.update()
    assert graph.edges(types=["TOUCHED_BY"]) == before


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
    assert [step for step in read if step[0] == "history"] == []


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
