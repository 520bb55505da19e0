"""The localisation cases keep their promises, and a case's tree, question and answer are read rightly."""

from __future__ import annotations

from pathlib import Path

import pytest
from localisation import FULL, Answer, answer_case, figures, variants, wins_and_losses
from localisation_corpus import Project, Trees, is_source, load_projects, question_of
from localisation_mine import Commit, is_fix
from real_commits_corpus import git

BENCHMARKS = {
    "django/django", "pallets/flask", "psf/requests", "matplotlib/matplotlib", "mwaskom/seaborn", "astropy/astropy",
    "pydata/xarray", "pylint-dev/pylint", "pytest-dev/pytest", "scikit-learn/scikit-learn", "sphinx-doc/sphinx",
    "sympy/sympy", "expressjs/express", "axios/axios", "sveltejs/svelte", "vuejs/core", "cli/cli", "google/gson",
    "clap-rs/clap", "tokio-rs/tokio", "serde-rs/serde", "BurntSushi/ripgrep", "facebook/zstd", "redis/redis",
    "gin-gonic/gin", "rubocop/rubocop", "laravel/framework", "nlohmann/json", "fmtlib/fmt", "preactjs/preact",
}  # fmt: skip
BEFORE = (
    "class Cart:\n    def total(self):\n        return 0\n\n    def empty(self):\n        self.lines = []\n"
)
AFTER = BEFORE.replace("return 0", "return 1") + "        self.n = 0\n"
MESSAGE = "Fix the total of carts\n\nIt was always zero. Fixes #12\n\nSigned-off-by: Someone <a@example.org>"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A clone with a start, a fix, and a later commit that nobody may see."""
    clone = tmp_path / "mirror" / "someone+shop"
    clone.mkdir(parents=True)
    git(clone, "init", "-q", "-b", "main")
    for content, message in ((BEFORE, "Start"), (AFTER, MESSAGE), (AFTER + "# later\n", "Later")):
        (clone / "cart.py").write_text(content)
        (clone / "test_cart.py").write_text(f"# {message}\n")
        git(clone, "add", "-A")
        git(clone, "-c", "user.name=Someone", "-c", "user.email=a@example.org", "commit", "-qm", message)
    return clone.parent


def test_manifest_is_large_split_by_repository_and_leaves_benchmarks_out():
    projects = load_projects()
    assert sum(len(project.fixes) for project in projects) >= 200
    for split in ("development", "test"):
        here = [project for project in projects if project.split == split]
        assert len(here) >= 10
        assert len({project.language for project in here}) >= 5
    names = [project.repository for project in projects]
    assert len(names) == len(set(names))
    assert not BENCHMARKS & set(names)


def test_a_case_asks_the_message_of_the_parents_tree_without_later_history(mirror, tmp_path):
    fix = git(mirror / "someone+shop", "rev-parse", "main~1").strip()
    trees = Trees(tmp_path / "work", mirror)
    project = Project("someone/shop", "Python", "development", (fix,))
    for case, graph, functions in trees.cases(project):
        assert case.text == "Fix the total of carts\n\nIt was always zero. Fixes #12"
        assert case.files == {"cart.py"}
        assert (graph.root / "cart.py").read_text() == BEFORE
        assert git(graph.root, "log", "--all", "--format=%s").split() == ["Start"]
        assert {graph.symbol(uid).qualified_name for uid in functions} == {"Cart.total", "Cart.empty"}
        answers = answer_case(case, graph, functions, variants())
        assert [answer.first for answer in answers if answer.variant == FULL] == [1]


def test_kept_stores_give_the_same_answers(mirror, tmp_path):
    fix = git(mirror / "someone+shop", "rev-parse", "main~1").strip()
    project = Project("someone/shop", "Python", "development", (fix,))
    trees = Trees(tmp_path / "work", mirror, keep=True)
    first, second = ([(c.files, f) for c, _, f in trees.cases(project)] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("lib/a.js", True), ("src/main/java/A.java", True), ("a.go", True), ("shop/cart.py", True),
        ("lib/a.test.js", False), ("src/test/java/A.java", False), ("a_test.go", False), ("docs/conf.py", False),
        ("examples/a.rs", False), ("setup.py", False), ("shop/__version__.py", False), ("CHANGES.md", False),
        ("dist/a.min.js", False), ("types/a.d.ts", False),
    ],
)  # fmt: skip
def test_answers_are_source_files(path, source):
    assert is_source(path) == source


@pytest.mark.parametrize(
    ("message", "changes", "chosen"),
    [
        ("Fix the total of carts\n\nFixes #12", [("M", "cart.py"), ("A", "tests/test_cart.py")], True),
        ("Total of carts was wrong all the time (#12)", [("M", "cart.py")], True),
        ("Total of carts is rounded now (#12)", [("M", "cart.py")], False),
        ("Fix the total of carts that was wrong", [("M", "cart.py")], False),
        ("docs: fix the page of carts, fixes #12", [("M", "cart.py")], False),
        ("Fix it, closes #12", [("M", "cart.py")], False),
        ("Fix the total of carts\n\nFixes #12", [("M", "cart.py"), ("A", "price.py")], False),
        ("Fix the total of carts\n\nFixes #12", [("M", f"cart{n}.py") for n in range(6)], False),
        ("Fix the total of carts\n\nFixes #12", [("M", "tests/test_cart.py")], False),
    ],
)
def test_rule_takes_fixes_of_few_source_files_that_name_an_issue(message, changes, chosen):
    assert is_fix(Commit("1" * 40, ("2" * 40,), message, tuple(changes))) == chosen


def test_trailers_are_no_part_of_the_question():
    assert question_of(MESSAGE).endswith("Fixes #12")


def test_figures_count_any_file_all_files_all_functions_and_pairs():
    def answer(fix, variant, files, functions=()):
        return Answer("r", "Python", "development", fix, variant, files, functions)

    full = [answer("a", FULL, (1, 7), (2, 9)), answer("b", FULL, (0,)), answer("c", FULL, (4,), (5,))]
    assert figures(full) == [
        "33.3",
        "33.3",
        "66.7",
        "66.7",
        "0.417",
        "33.3",
        "50.0",
        "100.0",
        "100.0",
        "100.0",
    ]
    base = [answer("a", "words", (2,)), answer("b", "words", (3,)), answer("c", "words", (9,))]
    assert wins_and_losses(full + base, FULL, "words") == (2, 1, 1, 1)
