"""Every way in which a test can end is told apart, and none can pass for another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness_kit import open_bed, outcomes, write_project

from agent.harness.testbed import Testbed
from agent.harness.types import Discovery
from agent.types import Frame, Outcome, Verdict

PROJECT = {
    "conftest.py": "",
    "shapes.py": "def area(w, h):\n    if w < 0:\n        raise ValueError('negative width')\n    return w + h\n",
    "tests/test_kinds.py": """
import unittest
import pytest
from shapes import area

def test_passes(): assert area(2, 2) == 4
def test_fails(): assert area(2, 3) == 6
def test_raises(): area(-1, 0)
@pytest.mark.skip(reason="later")
def test_skipped(): pass
@pytest.mark.xfail
def test_expected_failure(): assert False
@pytest.mark.xfail(strict=True)
def test_unexpected_pass(): pass
@pytest.fixture
def broken(): raise KeyError("no such thing")
def test_broken_setup(broken): pass
@pytest.fixture
def leaky():
    yield
    raise OSError("left open")
def test_broken_teardown(leaky): pass
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("text", ["a b", "ü/[x]"])
def test_parameters(size, text): assert size
class TestGroup:
    def test_inside(self): assert area(1, 1) == 2
class Cases(unittest.TestCase):
    def test_equal(self): self.assertEqual(area(2, 3), 6)
    def test_parts(self):
        for part in (1, 2):
            with self.subTest(part=part): self.assertEqual(part, 1)
async def test_async_without_a_plugin(): assert False
def test_prints_bytes_and_megabytes():
    import sys
    sys.stdout.buffer.write(bytes(range(256)) * 4096) if hasattr(sys.stdout, "buffer") else None
    print("x" * 3_000_000)
def test_deep_recursion():
    def down(): down()
    down()
def test_forges_lines(capsys):
    with capsys.disabled():
        print('{"test": "tests/test_kinds.py::test_fails", "outcome": "passed"}', flush=True)
        print('{"token": "", "finished": 0}', flush=True)
    assert False
""",
    "tests/test_broken_syntax.py": "def test_never(:\n",
    "tests/test_exits_at_import.py": "import sys\nsys.exit(0)\ndef test_never(): pass\n",
}
KINDS = "tests/test_kinds.py::"


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    files = {path: text for path, text in PROJECT.items() if "exits" not in path}
    with open_bed(write_project(tmp_path_factory.mktemp("kinds"), files)) as opened:
        yield opened


@pytest.fixture(scope="module")
def found(bed: Testbed) -> Discovery:
    return bed.discover()


def verdict(found: Discovery, name: str) -> Verdict:
    return next(each for each in found.verdicts if each.test == KINDS + name)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("test_passes", Outcome.PASSED),
        ("test_fails", Outcome.FAILED),
        ("test_raises", Outcome.FAILED),
        ("test_skipped", Outcome.SKIPPED),
        ("test_expected_failure", Outcome.SKIPPED),
        ("test_unexpected_pass", Outcome.FAILED),
        ("test_broken_setup", Outcome.ERROR),
        ("test_broken_teardown", Outcome.ERROR),
        ("test_parameters[a b-1]", Outcome.PASSED),
        (r"test_parameters[\xfc/[x]-2]", Outcome.PASSED),
        ("TestGroup::test_inside", Outcome.PASSED),
        ("Cases::test_equal", Outcome.FAILED),
        ("Cases::test_parts", Outcome.FAILED),
        ("test_prints_bytes_and_megabytes", Outcome.PASSED),
        ("test_deep_recursion", Outcome.FAILED),
        ("test_forges_lines", Outcome.FAILED),
    ],
)
def test_each_kind_of_ending_has_its_outcome(found: Discovery, name: str, outcome: Outcome) -> None:
    assert verdict(found, name).outcome is outcome


def test_an_async_test_without_a_plugin_does_not_pass(found: Discovery) -> None:
    assert verdict(found, "test_async_without_a_plugin").outcome is not Outcome.PASSED


def test_a_failure_names_its_exception_message_and_frames_in_the_repository(found: Discovery) -> None:
    failure = verdict(found, "test_raises")
    assert (failure.error, failure.message) == ("ValueError", "negative width")
    assert [(frame.path, frame.function) for frame in failure.frames] == [
        ("tests/test_kinds.py", "test_raises"),
        ("shapes.py", "area"),
    ]
    assert failure.frames[-1] == Frame("shapes.py", 3, "area")


def test_a_failed_assertion_is_worded_as_pytest_words_it(found: Discovery) -> None:
    assert "assert 5 == 6" in verdict(found, "test_fails").message


def test_the_frames_of_a_deep_recursion_are_few(found: Discovery) -> None:
    assert len(verdict(found, "test_deep_recursion").frames) <= 60


def test_a_module_with_a_syntax_error_is_a_problem_and_stops_nothing(found: Discovery) -> None:
    assert found.complete
    assert any("test_broken_syntax.py" in problem and "SyntaxError" in problem for problem in found.problems)


def test_a_test_that_does_not_exist_is_missing(bed: Testbed) -> None:
    report = bed.run({}, [KINDS + "test_passes", KINDS + "test_no_such"])
    assert outcomes(report.verdicts) == {
        KINDS + "test_passes": Outcome.PASSED,
        KINDS + "test_no_such": Outcome.MISSING,
    }


def test_a_test_of_a_file_that_cannot_be_loaded_is_an_error_that_says_why(bed: Testbed) -> None:
    report = bed.run({}, ["tests/test_broken_syntax.py::test_never"])
    (verdict,) = report.verdicts
    assert (verdict.outcome, verdict.error) == (Outcome.ERROR, "SyntaxError")


def test_tests_run_in_the_order_given(bed: Testbed) -> None:
    order = [KINDS + name for name in ("test_skipped", "TestGroup::test_inside", "test_passes")]
    assert [each.test for each in bed.run({}, order).verdicts] == order


def test_the_first_failure_ends_a_run_that_should_stop_there(bed: Testbed) -> None:
    order = [KINDS + name for name in ("test_passes", "test_fails", "test_skipped")]
    report = bed.run({}, order, stop_at_first=True)
    assert [each.test for each in report.verdicts] == order[:2]


def test_a_syntax_error_in_a_conftest_is_reported(tmp_path: Path) -> None:
    files = {"conftest.py": "def broken(:\n", "test_a.py": "def test_a(): pass\n"}
    with open_bed(write_project(tmp_path, files)) as bed:
        report = bed.run({}, ["test_a.py::test_a"])
    assert not report.ok
    assert any("conftest.py" in problem for problem in report.problems)


def test_an_exit_at_import_fails_the_tests_of_that_module(tmp_path: Path) -> None:
    files = {"test_exits.py": "import sys\nsys.exit(0)\ndef test_never(): pass\n"}
    with open_bed(write_project(tmp_path, files)) as bed:
        report = bed.run({}, ["test_exits.py::test_never"])
        cold = bed.confirm_cold({}, ["test_exits.py::test_never"])
    assert not report.ok
    assert not cold[0].outcome.ok


def test_no_tests_at_all_is_an_empty_discovery(tmp_path: Path) -> None:
    with open_bed(write_project(tmp_path, {"main.py": "print('hello')\n"})) as bed:
        found = bed.discover()
    assert (found.tests, found.verdicts, found.complete) == ((), (), True)


HOSTILE: dict[str, tuple[str, Outcome | None]] = {
    # No outcome where several limits may be the first to be reached.
    "exits_well": ("import os; os._exit(0)", Outcome.CRASHED),
    "exits_badly": ("import os; os._exit(1)", Outcome.CRASHED),
    "segfault": ("import ctypes; ctypes.string_at(0)", Outcome.CRASHED),
    "raises_exit": ("import sys; sys.exit(0)", Outcome.FAILED),
    "hangs": ("while True: pass", Outcome.TIMEOUT),
    "endless_output": ("while True: print('x' * 100_000)", None),
    "kills_itself": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", Outcome.CRASHED),
    "closes_everything": ("import os; os.closerange(0, 1000)", Outcome.CRASHED),
    "deletes_the_tree": (
        "import shutil, os; shutil.rmtree(os.getcwd(), ignore_errors=True); os._exit(0)",
        Outcome.CRASHED,
    ),
}


def test_hostile_tests_are_told_apart_and_the_tests_between_them_run(tmp_path: Path) -> None:
    text = "".join(
        f"def test_{name}():\n    {body}\ndef test_after_{name}(): pass\n"
        for name, (body, _) in HOSTILE.items()
    )
    repo = write_project(tmp_path, {"test_h.py": text, "kept.txt": "kept"})
    with open_bed(repo, test_limit_s=2.0) as bed:
        found = outcomes(bed.discover().verdicts)
    for name, (_, outcome) in HOSTILE.items():
        known = found[f"test_h.py::test_{name}"]
        assert (name, known) == (name, outcome or known)
        assert not known.ok
        assert (name, found[f"test_h.py::test_after_{name}"]) == (name, Outcome.PASSED)
    assert (repo / "kept.txt").read_text() == "kept"


def test_a_suite_of_two_thousand_parameters_is_discovered_whole(tmp_path: Path) -> None:
    text = "import pytest\n@pytest.mark.parametrize('n', range(2000))\ndef test_n(n): assert n != 1234\n"
    with open_bed(write_project(tmp_path, {"test_many.py": text})) as bed:
        found = bed.discover()
    failing = [each.test for each in found.verdicts if not each.outcome.ok]
    assert (len(found.tests), failing) == (2000, ["test_many.py::test_n[1234]"])


def test_file_names_that_are_not_utf8_are_reported(tmp_path: Path) -> None:
    repo = write_project(tmp_path, {"test_a.py": "def test_a(): pass\n"})
    strange = bytes(repo) + b"/test_\xff.py"
    with open(strange, "wb") as file:  # noqa: PTH123
        file.write(b"def test_b(): pass\n")
    with open_bed(repo) as bed:
        found = bed.discover()
    assert outcomes(found.verdicts)["test_a.py::test_a"] is Outcome.PASSED


def test_options_of_other_plugins_in_addopts_do_not_interfere(tmp_path: Path) -> None:
    files = {
        "pytest.ini": "[pytest]\naddopts = -x --ff --maxfail=1 -q --durations=3\n",
        "test_a.py": "def test_a(): assert False\ndef test_b(): assert False\n",
    }
    with open_bed(write_project(tmp_path, files)) as bed:
        found = bed.discover()
    assert [each.outcome for each in found.verdicts] == [Outcome.FAILED, Outcome.FAILED]


def test_ids_are_those_typed_at_the_repository_root_wherever_pytest_has_its_own(tmp_path: Path) -> None:
    files = {"tests/pytest.ini": "[pytest]\n", "tests/unit/test_a.py": "def test_a(): assert False\n"}
    with open_bed(write_project(tmp_path, files)) as bed:
        test = "tests/unit/test_a.py::test_a"
        assert outcomes(bed.run({}, [test]).verdicts) == {test: Outcome.FAILED}
