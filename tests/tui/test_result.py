"""What a person reads at the end of `graft fix`."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.fix import FixResult
from tui.result import show_result

PATCH = """diff --git a/m.py b/m.py
--- a/m.py
+++ b/m.py
@@ -1 +1 @@
-a <= b
+a < b
"""


@pytest.fixture
def result(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return FixResult(
        status="patched",
        run="r1",
        folder=tmp_path / ".graft" / "runs" / "r1",
        patch=PATCH,
        files=("m.py",),
        confidence=0.934,
        fixed=("tests/test_m.py::test_one",),
        passed=28,
        tried=61,
        plausible=2,
        seconds=6.04,
        message="Changed `<=` to `<` in `m.inside`.",
    )


def shown(result, capsys):
    show_result(result)
    return capsys.readouterr().out


def test_a_patch_comes_with_its_evidence_and_the_next_command(result, capsys):
    assert shown(result, capsys) == (
        "Changed `<=` to `<` in `m.inside`.\n\n"
        f"{PATCH}\n"
        "Now passing  tests/test_m.py::test_one\n"
        "Other tests  28 pass, none broken\n"
        "Search       confidence 0.93; 61 candidates tried, 2 passed, 6.0 s\n"
        "Report       .graft/runs/r1/report.md\n"
        "Next         git apply .graft/runs/r1/patch.diff\n"
    )


def test_an_applied_patch_is_looked_at_next(result, capsys):
    assert "Next         git diff\n" in shown(replace(result, applied=True), capsys)


def test_many_repaired_tests_are_counted(result, capsys):
    many = tuple(f"t::{number}" for number in range(9))
    assert "Now passing  t::0, t::1, t::2 and 6 more\n" in shown(replace(result, fixed=many), capsys)


def test_a_path_with_a_space_can_be_pasted(result, capsys):
    spaced = replace(result, folder=Path("/srv/my project/.graft/runs/r1"))
    assert "Next         git apply '/srv/my project/.graft/runs/r1/patch.diff'\n" in shown(spaced, capsys)


@pytest.mark.parametrize(
    ("status", "hint"),
    [("none", "--budget-s"), ("abstained", "git apply"), ("no_failing_test", "--test NODEID")],
)
def test_without_a_patch_the_next_step_is_said(result, capsys, status, hint):
    output = shown(replace(result, status=status, patch=None, fixed=(), message=""), capsys)
    assert output.startswith(f"{status}\n")
    assert hint in output.splitlines()[-1]
    assert "diff --git" not in output
