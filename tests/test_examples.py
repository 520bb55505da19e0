"""The examples work: the bundled project has the one fault it says, and the headless program repairs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
FAILING = "tests/test_desk.py::test_a_boat_can_leave_as_soon_as_the_crew_is_done"


@pytest.fixture
def repository(tmp_path):
    target = tmp_path / "quayside"
    subprocess.run([sys.executable, EXAMPLES / "make_repository.py", target], check=True)
    return target


def git(repository, *arguments):
    return subprocess.run(
        ["git", *arguments], cwd=repository, check=True, capture_output=True, text=True
    ).stdout


def pytest_in(repository):
    arguments = ["-q", "-p", "no:cacheprovider", "--tb=no"]
    return subprocess.run(
        [sys.executable, "-B", "-m", "pytest", *arguments], cwd=repository, capture_output=True, text=True
    )


def test_the_repository_is_the_project_with_a_history(repository):
    listed = set(git(repository, "ls-files").split())
    kept = {
        path.relative_to(EXAMPLES / "quayside").as_posix()
        for path in (EXAMPLES / "quayside").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert listed == kept
    assert git(repository, "status", "--porcelain") == ""
    assert len(git(repository, "log", "--format=%H").split()) == 6
    assert len(set(git(repository, "log", "--format=%as").split())) == 6


def test_exactly_the_test_of_the_issue_fails(repository):
    closing = pytest_in(repository).stdout.splitlines()
    assert closing[-2].partition(" - ")[0] == f"FAILED {FAILING}"
    assert closing[-1].startswith("1 failed, ")


def test_an_existing_target_is_left_alone(tmp_path):
    (tmp_path / "precious").write_text("kept")
    process = subprocess.run(
        [sys.executable, EXAMPLES / "make_repository.py", tmp_path], capture_output=True, text=True
    )
    assert process.returncode == 2
    assert "exists already" in process.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_the_headless_program_prints_a_patch_that_applies_and_repairs(repository):
    program = EXAMPLES / "fix_issue_headless.py"
    process = subprocess.run(
        [sys.executable, program, repository, repository / "ISSUE.md", FAILING],
        env=os.environ | {"VIRTUAL_ENV": sys.prefix},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert process.returncode == 0, process.stderr
    subprocess.run(["git", "apply", "-"], cwd=repository, input=process.stdout, text=True, check=True)
    assert git(repository, "diff", "--name-only") == "quayside/hours/spans.py\n"
    assert "29 passed" in pytest_in(repository).stdout


def test_the_indexing_program_answers_about_a_symbol(repository):
    def run(*arguments):
        program = EXAMPLES / "index_a_repository.py"
        return subprocess.run(
            [sys.executable, program, repository, *arguments], capture_output=True, text=True, timeout=120
        )

    process = run("TimeSpan.overlaps")
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert lines[0].startswith("31 files, 163 symbols, ")
    assert lines[1] == "def overlaps(self, other)  quayside/hours/spans.py:25"
    assert "  callers  test_spans_that_share_an_hour_overlap  tests/test_spans.py:5  scoped" in lines
    unknown = run("overlap")
    assert (unknown.returncode, "Near: overlaps" in unknown.stderr) == (1, True)
