"""The test bed's other questions: what fails, which lines ran, what a patch breaks, how functions behave."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness_kit import LEAN, open_bed, outcomes, validate, write_project

from agent.errors import EnvironmentBroken
from agent.harness.testbed import Testbed
from agent.harness.types import Regression
from agent.types import Outcome, Verdict

TAX = """RATE = 2

def tax(amount):
    if amount < 0:
        return 0
    return amount * RATE

def unused():
    return 1
"""
PROJECT = {
    "src/shop/__init__.py": "",
    "src/shop/tax.py": TAX,
    "src/shop/bill.py": "from shop.tax import tax\n\ndef total(items):\n    return sum(i + tax(i) for i in items)\n",
    "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['src']\ntestpaths = ['tests']\n",
    "tests/__init__.py": "",
    "tests/test_bill.py": (
        "from pathlib import Path\nfrom shop.bill import total\nfrom shop.tax import tax\n\n"
        "def test_total():\n    assert total([1, 2]) == 6\n\n"
        "def test_tax():\n    assert tax(-5) == 0\n\n"
        "def test_working_directory():\n    assert Path('pyproject.toml').is_file()\n\n"
        "def test_subprocess():\n    import subprocess, sys\n"
        "    assert subprocess.run([sys.executable, '-c', 'print(1)'], stdout=subprocess.PIPE).stdout == b'1\\n'\n"
    ),
}
TOTAL, NEGATIVE = "tests/test_bill.py::test_total", "tests/test_bill.py::test_tax"
REPAIRED = TAX.replace("RATE = 2", "RATE = 1")
BREAKING = REPAIRED.replace("return 0", "return 9")


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    with open_bed(write_project(tmp_path_factory.mktemp("shop"), PROJECT)) as opened:
        yield opened


def test_a_source_layout_is_run_from_the_root_as_pytest_would(bed: Testbed) -> None:
    found = bed.discover()
    assert [each.test for each in found.verdicts if not each.outcome.ok] == [TOTAL]
    assert (len(found.tests), found.problems, found.complete) == (4, (), True)


def test_reproduction_gives_the_lines_that_the_failing_test_ran(bed: Testbed) -> None:
    seen = bed.reproduce([TOTAL])
    (failure,) = seen.failures
    assert failure.verdict.error == "AssertionError"
    assert failure.executed["src/shop/tax.py"] == {4, 6}
    assert failure.executed["src/shop/bill.py"] == {4}
    assert {1, 3, 8} <= seen.import_lines["src/shop/tax.py"]
    assert not any("site-packages" in path or path.startswith("/") for path in failure.executed)


def test_a_spectrum_tells_the_lines_of_each_test_apart(bed: Testbed) -> None:
    lines = {run.verdict.test: run.lines.get("src/shop/tax.py") for run in bed.spectrum().runs}
    assert (lines[TOTAL], lines[NEGATIVE]) == ({4, 6}, {4, 5})


def test_a_flaky_test_is_told_from_a_failing_one(tmp_path: Path) -> None:
    body = (
        "import time, unittest\nclass T(unittest.TestCase):\n"
        "    def test_flaky(self): self.assertTrue(time.time_ns() // 1000 % 2)\n"
        "    def test_bad(self): self.fail()\n"
    )
    with open_bed(write_project(tmp_path, {"test_f.py": body}), framework="unittest") as bed:
        for _ in range(30):
            seen = bed.reproduce(["test_f.T.test_flaky", "test_f.T.test_bad"])
            assert "test_f.T.test_bad" in [failure.verdict.test for failure in seen.failures]
            if seen.flaky:
                break
    assert seen.flaky == ("test_f.T.test_flaky",)


def test_the_plain_command_confirms_a_repair_and_its_exit_code_counts(bed: Testbed, tmp_path: Path) -> None:
    repaired = {"src/shop/tax.py": REPAIRED.encode()}
    assert all(verdict.outcome.ok for verdict in bed.confirm_cold(repaired, [TOTAL, NEGATIVE]))
    assert outcomes(bed.confirm_cold({}, [TOTAL, NEGATIVE])) == {
        TOTAL: Outcome.FAILED,
        NEGATIVE: Outcome.PASSED,
    }
    files = {"test_x.py": "import atexit, os\natexit.register(os._exit, 5)\ndef test_x(): pass\n"}
    with open_bed(write_project(tmp_path, files)) as other:
        (verdict,) = other.confirm_cold({}, ["test_x.py::test_x"])
    assert (verdict.outcome, "exit code 5" in verdict.message) == (Outcome.CRASHED, True)


def test_the_user_s_tree_is_left_as_it_is(bed: Testbed) -> None:
    def content() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in bed.repo.rglob("*") if path.is_file()}

    before = content()
    bed.run({"src/shop/tax.py": b"open('src/shop/bill.py', 'w').write('')\n", "new.py": b""}, [TOTAL])
    validate(bed, {"a": {"src/shop/tax.py": "import os\nos.remove('pyproject.toml')\n" + REPAIRED}}, [TOTAL])
    assert content() == before


def test_inputs_are_recorded_and_trees_differ_where_their_behaviour_does(bed: Testbed) -> None:
    inputs = bed.record_calls([("src/shop/tax.py", "tax"), ("src/shop/bill.py", "total")], [TOTAL, NEGATIVE])
    assert inputs.recorded == 4
    base = bed.probe([{}], inputs, seed=3)[0]
    assert base[:2] == ("int:9", "int:2")
    assert bed.probe([{}], inputs, seed=3)[0] == base
    same = {"src/shop/tax.py": TAX.replace("RATE = 2", "RATE = 1 + 1").encode()}
    alike, other = bed.probe([same, {"src/shop/tax.py": BREAKING.encode()}], inputs, seed=3)
    assert alike == base
    assert len(other) == len(base)
    assert other != base


def test_probes_of_a_crashing_or_endless_tree_still_come_in_full_number(bed: Testbed) -> None:
    inputs = bed.record_calls([("src/shop/tax.py", "tax")], [TOTAL])
    crashing = b"import os\ndef tax(amount):\n    os._exit(0)\n"
    hanging = b"def tax(amount):\n    while amount == 1: pass\n    return 1\n"
    base, crash, endless = bed.probe(
        [{}, {"src/shop/tax.py": crashing}, {"src/shop/tax.py": hanging}], inputs
    )
    assert (len(crash), set(crash)) == (len(base), {"not run"})
    assert len(endless) == len(base)
    assert {"takes too long", "int:1"} <= set(endless)


def test_on_a_patched_tree_a_test_goes_on_and_shows_more_of_its_calls(tmp_path: Path) -> None:
    test = "def test_double():\n    assert double(2) == 4\n    assert double(3) == 6\n"
    source = "def double(x):\n    return x + 1\n"
    repo = write_project(tmp_path, {"calc.py": source, "test_calc.py": "from calc import double\n" + test})
    with open_bed(repo) as bed:
        ask = [("calc.py", "double")], ["test_calc.py::test_double"]
        assert bed.record_calls(*ask).recorded == 1
        assert bed.record_calls(*ask, {"calc.py": source.replace("x + 1", "x * 2").encode()}).recorded == 2


def test_a_test_command_is_one_test_whose_exit_code_is_its_verdict(tmp_path: Path) -> None:
    repo = write_project(
        tmp_path, {"value.txt": "3\n", "check.sh": "grep -q 4 value.txt || { echo no four; exit 2; }\n"}
    )
    with open_bed(repo, test_command="sh check.sh") as bed:
        (verdict,) = bed.discover().verdicts
        assert (verdict.test, verdict.outcome) == ("sh check.sh", Outcome.FAILED)
        assert "no four" in verdict.message
        trees: dict[str, dict[str, str | None]] = {"four": {"value.txt": "4\n"}, "five": {"value.txt": "5\n"}}
        assert validate(bed, trees, ["sh check.sh"]) == {"four": True, "five": False}
        assert bed.confirm_cold({"value.txt": b"4\n"}, ["sh check.sh"])[0].outcome.ok


UNITTEST = {
    "shop/__init__.py": "",
    "shop/tax.py": TAX,
    "tests/__init__.py": "",
    "tests/test_tax.py": (
        "import unittest\nfrom shop.tax import tax\n"
        "class Tax(unittest.TestCase):\n"
        "    @classmethod\n    def setUpClass(cls): cls.one = 1\n"
        "    def test_one(self): self.assertEqual(tax(self.one), 1)\n"
        "    def test_negative(self): self.assertEqual(tax(-1), 0)\n"
        "    def test_parts(self):\n"
        "        for part in (-1, -2):\n            with self.subTest(part=part): self.assertEqual(tax(part), 0)\n"
        "    @unittest.expectedFailure\n    def test_known(self): self.fail()\n"
        "    @unittest.skip('later')\n    def test_later(self): pass\n"
        "class Broken(unittest.TestCase):\n"
        "    @classmethod\n    def setUpClass(cls): raise OSError('no service')\n"
        "    def test_never(self): pass\n"
        "class Asynchronous(unittest.IsolatedAsyncioTestCase):\n"
        "    async def test_async(self): self.assertEqual(tax(-1), 0)\n"
    ),
    "tests/test_broken.py": "import no_such_module\n",
}


UNIT_ONE, UNIT_NEGATIVE = "tests.test_tax.Tax.test_one", "tests.test_tax.Tax.test_negative"
UNIT_ASYNC = "tests.test_tax.Asynchronous.test_async"


@pytest.fixture(scope="module")
def unittest_bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    repo = write_project(tmp_path_factory.mktemp("unittest"), UNITTEST)
    with open_bed(repo, framework="unittest") as opened:
        yield opened


def guarded(bed: Testbed, tree: dict[str, bytes | None], tests: list[str]) -> tuple[Verdict, ...]:
    found: dict[int, tuple[Verdict, ...]] = {}
    bed.regressions([(tree, tests), (tree, tests)], found.__setitem__)
    assert outcomes(found[0]) == outcomes(found[1])
    return found[0]


def test_a_regression_is_what_fails_thrice_on_the_patch_and_passes_thrice_on_the_base(
    unittest_bed: Testbed,
) -> None:
    bed = unittest_bed
    breaking: dict[str, bytes | None] = {"shop/tax.py": BREAKING.encode()}
    repaired: dict[str, bytes | None] = {"shop/tax.py": REPAIRED.encode()}
    assert bed.is_regression(breaking, UNIT_NEGATIVE) is Regression.REAL
    assert bed.is_regression(repaired, UNIT_NEGATIVE) is Regression.NONE
    assert bed.is_regression({}, UNIT_ONE) is Regression.FLAKY
    verdicts = guarded(bed, breaking, [UNIT_ONE, UNIT_NEGATIVE, UNIT_ASYNC])
    assert outcomes(verdicts) == {UNIT_ONE: Outcome.PASSED, UNIT_NEGATIVE: Outcome.FAILED}
    assert all(verdict.outcome.ok for verdict in guarded(bed, repaired, [UNIT_NEGATIVE, UNIT_ASYNC]))


def test_a_failure_that_the_base_shares_is_no_regression(unittest_bed: Testbed) -> None:
    changed: dict[str, bytes | None] = {"shop/tax.py": TAX.replace("return 1", "return 2").encode()}
    verdicts = guarded(unittest_bed, changed, [UNIT_ONE, UNIT_NEGATIVE])
    assert outcomes(verdicts) == {UNIT_NEGATIVE: Outcome.PASSED}


def test_a_regression_that_shows_in_company_only_is_found(tmp_path: Path) -> None:
    text = (
        "import unittest, box\n"
        "class Box(unittest.TestCase):\n"
        "    def test_fill(self): box.fill(1)\n"
        "    def test_empty(self): self.assertEqual(box.content(), [])\n"
    )
    base = "def fill(x): pass\ndef content(): return []\n"
    leaky = "items = []\ndef fill(x): items.append(x)\ndef content(): return items\n"
    with open_bed(
        write_project(tmp_path, {"box.py": base, "test_box.py": text}), framework="unittest"
    ) as bed:
        order = ["test_box.Box.test_fill", "test_box.Box.test_empty"]
        assert outcomes(guarded(bed, {"box.py": leaky.encode()}, order))[order[1]] is Outcome.FAILED
        assert guarded(bed, {"box.py": leaky.encode()}, order[1:])[0].outcome.ok


def test_unittest_is_run_by_its_own_ids_and_validated_in_forks(unittest_bed: Testbed) -> None:
    bed = unittest_bed
    found = bed.discover()
    assert outcomes(found.verdicts) == {
        "tests.test_tax.Tax.test_one": Outcome.FAILED,
        "tests.test_tax.Tax.test_negative": Outcome.PASSED,
        "tests.test_tax.Tax.test_parts": Outcome.PASSED,
        "tests.test_tax.Tax.test_known": Outcome.SKIPPED,
        "tests.test_tax.Tax.test_later": Outcome.SKIPPED,
        "tests.test_tax.Broken.test_never": Outcome.ERROR,
        "tests.test_tax.Asynchronous.test_async": Outcome.PASSED,
    }
    assert any("no_such_module" in problem for problem in found.problems)
    one = "tests.test_tax.Tax.test_one"
    assert bed.reproduce([one]).failures[0].executed["shop/tax.py"] == {4, 6}
    trees: dict[str, dict[str, str | None]] = {
        "good": {"shop/tax.py": REPAIRED},
        "bad": {"shop/tax.py": TAX.replace("* RATE", "* RATE * 2")},
    }
    assert validate(bed, trees, [one]) == {"good": True, "bad": False}
    assert bed.confirm_cold({"shop/tax.py": REPAIRED.encode()}, [one])[0].outcome.ok


def test_unittest_modules_in_a_folder_without_a_package_are_found(tmp_path: Path) -> None:
    files = {
        "tests/test_a.py": "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): self.fail()\n"
    }
    with open_bed(write_project(tmp_path, files), framework="unittest") as bed:
        assert outcomes(bed.discover().verdicts) == {"test_a.A.test_a": Outcome.FAILED}


def test_cancelling_ends_a_run_soon_and_the_bed_can_be_used_again(bed: Testbed, tmp_path: Path) -> None:
    files = {"test_slow.py": "import time\ndef test_slow(): time.sleep(600)\n"}
    with open_bed(write_project(tmp_path, files)) as other:
        asked = threading.Event()
        threading.Timer(1.5, asked.set).start()
        found = other.discover(cancelled=asked.is_set)
        assert asked.is_set()
        assert not found.complete or not any(each.outcome.ok for each in found.verdicts)
        again = other.run({"test_slow.py": b"def test_slow(): pass\n"}, ["test_slow.py::test_slow"])
        assert again.ok


def test_closing_from_another_thread_ends_what_runs(tmp_path: Path) -> None:
    files = {"test_slow.py": "import time\ndef test_slow(): time.sleep(600)\n"}
    with open_bed(write_project(tmp_path, files)) as bed:
        bed.run({"test_slow.py": b"def test_slow(): pass\n"}, ["test_slow.py::test_slow"])
        threading.Timer(0.5, bed.close).start()
        report = bed.run({}, ["test_slow.py::test_slow"])
    assert not report.ok


def test_the_companion_works_beside_the_test_bed(bed: Testbed) -> None:
    other = bed.companion()
    spectra: list[int] = []
    thread = threading.Thread(target=lambda: spectra.append(len(other.spectrum().runs)))
    thread.start()
    assert validate(bed, {"good": {"src/shop/tax.py": REPAIRED}}, [TOTAL]) == {"good": True}
    thread.join()
    other.close()
    assert spectra == [4]


def test_a_conftest_that_reaches_the_changed_file_does_not_keep_the_old_code(tmp_path: Path) -> None:
    files = {
        "rate.py": "def rate(): return 2\n",
        "conftest.py": "import pytest\nfrom rate import rate\n@pytest.fixture\ndef current(): return rate()\n",
        "test_rate.py": "def test_rate(current): assert current == 3\n",
    }
    with open_bed(write_project(tmp_path, files)) as bed:
        trees: dict[str, dict[str, str | None]] = {
            "bad": {"rate.py": "def rate(): return 4\n"},
            "good": {"rate.py": "def rate(): return 3\n"},
        }
        assert validate(bed, trees, ["test_rate.py::test_rate"]) == {"bad": False, "good": True}


def test_a_project_that_needs_pytest_under_an_interpreter_without_it_is_told_so(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run(["/usr/bin/env", "python3", "-m", "venv", "--without-pip", str(bare)], check=True)
    repo = write_project(tmp_path / "repo", {"test_a.py": "import pytest\ndef test_a(): pass\n"})
    with (
        pytest.raises(EnvironmentBroken, match="pip install pytest"),
        open_bed(repo, python=bare / "bin/python"),
    ):
        pass


def test_only_the_named_environment_reaches_the_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    text = (
        "import os\ndef test_environment():\n"
        "    assert 'SECRET_TOKEN' not in os.environ and os.environ['NEEDED'] == 'yes'\n"
        "    assert not [name for name in os.environ if name.startswith('GRAFT')]\n"
    )
    with open_bed(write_project(tmp_path, {"test_e.py": text}), environment={**LEAN, "NEEDED": "yes"}) as bed:
        assert bed.run({}, ["test_e.py::test_environment"]).ok


def test_progress_is_told_while_the_suite_runs(bed: Testbed) -> None:
    seen: list[tuple[int, int | None]] = []
    bed.discover(progress=lambda text, done, total: seen.append((done, total)))
    assert seen[-1] == (4, 4)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_time_that_a_whole_suite_may_take_is_kept(tmp_path: Path) -> None:
    text = "import pytest, time\n@pytest.mark.parametrize('n', range(50))\ndef test_n(n): time.sleep(1)\n"
    with open_bed(write_project(tmp_path, {"test_n.py": text}), suite_limit_s=4.0) as bed:
        found = bed.discover()
    assert not found.complete
    assert len(found.tests) == 50
    assert len(found.verdicts) < 50
