"""The corpus of real bug-fix commits: the manifest keeps its promises, and cases are laid out and judged rightly."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from real_commits_corpus import CorpusError, Project, Workplace, find_clone, git, load_manifest
from real_commits_judge import functions_changed
from real_commits_mine import changed_code_lines, eligible

SWE_BENCH_OWNERS = {"django", "psf", "sympy", "matplotlib", "scikit-learn", "pytest-dev"}
SWE_BENCH_OWNERS |= {"sphinx-doc", "mwaskom", "astropy", "pydata", "pylint-dev"}

BUGGY = "def clamp(x, low, high):\n    if x < low:\n        return low\n    return x\n"
FIXED = (
    "def clamp(x, low, high):\n    if x < low:\n        return low\n    # Above.\n    return min(x, high)\n"
)
TEST = "from span import clamp\n\n\ndef test_clamp_above():\n    assert clamp(9, 0, 5) == 5\n"


@pytest.fixture
def project() -> Project:
    return Project(
        name="span",
        repository="someone/span",
        split="development",
        source_root=".",
        package="span",
        distribution="span",
        requirements=(),
        suite=("tests",),
    )


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A clone with three commits: the start, a fix with its test, and a change that fixes nothing."""
    repo = tmp_path / "mirror" / "someone+span"
    (repo / "span").mkdir(parents=True)
    (repo / "tests").mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", str(repo)], check=True)
    _commit(repo, {"span/__init__.py": BUGGY, "tests/test_low.py": "def test_low():\n    pass\n"}, "Start")
    _commit(repo, {"span/__init__.py": FIXED, "tests/test_span.py": TEST}, "Fix clamp above the range")
    _commit(repo, {"span/extra.py": "MORE = 1\n", "tests/test_more.py": "def test_more(): ...\n"}, "Add more")
    return tmp_path / "mirror"


def _commit(repo: Path, files: dict[str, str], message: str) -> None:
    for path, text in files.items():
        (repo / path).write_text(text, encoding="utf-8")
    git(repo, "add", "-A")
    identity = ("-c", "user.name=Someone", "-c", "user.email=someone@example.org")
    git(repo, *identity, "commit", "-q", "-m", message)


def test_manifest_has_enough_cases_half_of_them_small_and_splits_by_project():
    manifest = load_manifest()
    assert len(manifest.cases) >= 24
    assert 2 * sum(case.small for case in manifest.cases) >= len(manifest.cases)
    for split in ("development", "test"):
        names = {case.project for case in manifest.cases if manifest.project(case.project).split == split}
        assert len(names) >= 4


def test_manifest_has_no_repository_of_swe_bench():
    owners = {project.repository.split("/")[0].lower() for project in load_manifest().projects}
    assert not owners & (SWE_BENCH_OWNERS | {"pallets/flask"})


def test_every_case_names_failing_tests_in_its_test_files_and_source_apart_from_them():
    for case in load_manifest().cases:
        assert case.failing_tests, case.id
        files = {test.split("::")[0] for test in case.failing_tests}
        assert files <= set(case.test_files), case.id
        assert not set(case.source_files) & set(case.test_files), case.id


def test_rule_picks_the_fix_with_its_test_and_counts_no_comment(project, mirror):
    (commit,) = eligible(find_clone(mirror, project.repository), project)
    assert commit.title == "Fix clamp above the range"
    assert commit.changed_lines == 1
    assert commit.source_files == ("span/__init__.py",)
    assert commit.test_files == ("tests/test_span.py",)


def test_replaced_lines_count_once_and_hunks_add_up():
    diff = "@@ -1,2 +1 @@\n-a = 1\n-b = 2\n+a = 3\n@@ -9,0 +9,2 @@\n+c = 1\n+\n"
    assert changed_code_lines(diff) == 3


def test_laid_out_case_is_the_buggy_tree_with_the_fix_s_test_uncommitted_and_no_later_commit(
    project, mirror, tmp_path
):
    (commit,) = eligible(find_clone(mirror, project.repository), project)
    workplace = Workplace(tmp_path / "work", mirror, Path("/usr/bin/python3"))
    repo = workplace.lay_out(project, commit.parent, commit.sha, commit.test_files)
    assert (repo / "span/__init__.py").read_text() == BUGGY
    assert git(repo, "status", "--porcelain").split() == ["??", "tests/test_span.py"]
    assert git(repo, "log", "--all", "--format=%s").splitlines() == ["Start"]
    with pytest.raises(CorpusError):
        git(repo, "cat-file", "-e", commit.sha)


def test_changed_functions_are_the_innermost_by_qualified_name():
    source = "X = 1\nclass A:\n    def f(self):\n        def g():\n            return 1\n        return g\n"
    assert functions_changed(source, "@@ -5 +5 @@\n") == {"A.f.g"}
    assert functions_changed(source, "@@ -6,0 +7,2 @@\n") == {"A.f"}
    assert functions_changed(source, "@@ -1 +1 @@\n") == {"<module>"}


def test_missing_clone_is_named_with_the_next_step(tmp_path):
    with pytest.raises(CorpusError, match=r"someone\+span"):
        find_clone(tmp_path, "someone/span")
