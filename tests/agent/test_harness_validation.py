"""Candidates are told apart, fast, and none of them changes what a later one sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness_kit import candidate, open_bed, validate, write_project

from agent.harness.testbed import Testbed
from agent.harness.types import Tier
from agent.types import Candidate, Verdict

BASE = "import state\nLIMIT = 3\ndef clamp(x):\n    return x + 1 if x > LIMIT else x\n"
GOOD = BASE.replace("x + 1 if x > LIMIT", "LIMIT if x > LIMIT")
BAD = BASE.replace("x + 1", "x + 2")
STATE = """
import builtins, locale, os, random, sys
COUNT = 0
def signature():
    return [COUNT, len([1, 2]), sorted(os.environ), os.getcwd(), sys.path, locale.setlocale(locale.LC_ALL),
            os.path.exists("dropped.txt"), os.path.exists("/tmp/dropped.txt"), sorted(os.listdir("."))]
"""
TESTS = """
import state
from clamp import clamp

def test_plain():
    assert clamp(9) == 3

def test_under_pytest(tmp_path):
    assert clamp(7) == 3

def test_nothing_was_left_behind():
    assert state.COUNT == 0 and len([1, 2]) == 2
    assert clamp(5) == 3
"""
PROJECT = {"clamp.py": BASE, "state.py": STATE, "test_clamp.py": TESTS, "pytest.ini": "[pytest]\n"}
PLAIN, FIXTURE, CLEAN = (
    f"test_clamp.py::test_{name}" for name in ("plain", "under_pytest", "nothing_was_left_behind")
)

CONTAMINANTS = {
    "module attribute": "import state\nstate.COUNT = 7\n",
    "builtin": "import builtins\nbuiltins.len = lambda x: 99\n",
    "file in the tree": "open('dropped.txt', 'w').write('x')\n",
    "file in /tmp": "open('/tmp/dropped.txt', 'w').write('x')\n",
    "module in the tree": "open('state.py', 'w').write('COUNT = 8\\n')\n",
    "test rewritten": "open('test_clamp.py', 'w').write('def test_plain(): pass\\n')\n",
    "own file rewritten": f"open(__file__, 'w').write({GOOD!r})\n",
    "thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n",
    "process": "import subprocess\nsubprocess.Popen(['sleep', '60'], start_new_session=True)\n",
    "environment": "import os\nos.environ['PYTHONHASHSEED'] = '1'; os.environ['LEFT'] = 'x'\n",
    "working directory": "import os\nos.chdir('/')\n",
    "sys.path": "import sys\nsys.path.insert(0, '/tmp'); sys.path_importer_cache.clear()\n",
    "sys.modules": "import sys, types\nsys.modules['state'] = types.ModuleType('state')\n",
    "random state": "import random\nrandom.seed(4)\n",
    "locale": "import locale\nlocale.setlocale(locale.LC_ALL, 'C')\n",
    "recursion limit": "import sys\nsys.setrecursionlimit(120)\n",
    "bytecode": (
        "import marshal, os, importlib.util as u, struct\n"
        "p = u.cache_from_source(os.path.abspath('clamp.py')); s = os.stat('clamp.py')\n"
        "os.makedirs(os.path.dirname(p), exist_ok=True)\n"
        f"c = compile({GOOD!r}, 'clamp.py', 'exec')\n"
        "h = u.MAGIC_NUMBER + struct.pack('<III', 0, int(s.st_mtime) & 0xffffffff, s.st_size)\n"
        "open(p, 'wb').write(h + marshal.dumps(c))\n"
    ),
    "pytest patched": "import _pytest.runner as r\nr.runtestprotocol = lambda *a, **k: []\n",
    "verdicts patched": "import json, os\nos.write = lambda *a: 0; json.dumps = lambda *a, **k: '{}'\n",
    "exit": "import os\nos._exit(0)\n",
    "fork": "import os\nif os.fork() == 0:\n    import time; time.sleep(30)\n",
    "loader patched": (
        "import importlib.machinery as m\nm.SourceFileLoader.get_code = lambda self, name: compile('', '', 'exec')\n"
    ),
}


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    with open_bed(write_project(tmp_path_factory.mktemp("clamp"), PROJECT), workers=2) as opened:
        yield opened


@pytest.mark.parametrize("test", [PLAIN, FIXTURE], ids=["screened", "forked"])
def test_no_candidate_poisons_the_next(bed: Testbed, test: str) -> None:
    trees: dict[str, dict[str, str | None]] = {}
    for name, poison in CONTAMINANTS.items():
        trees[f"poison: {name}"] = {"clamp.py": poison + BAD}
        trees[f"good after {name}"] = {"clamp.py": GOOD}
        trees[f"bad after {name}"] = {"clamp.py": BAD}
    passed = validate(bed, trees, [test, CLEAN])
    assert {name for name, ok in passed.items() if ok} == {name for name in trees if name.startswith("good")}
    assert len(passed) == len(trees)


def test_poison_in_a_passing_candidate_stays_in_it(bed: Testbed) -> None:
    names = ("module attribute", "builtin", "file in the tree", "process", "environment", "sys.modules")
    trees: dict[str, dict[str, str | None]] = {}
    for name in names:
        trees[f"poisoned {name}"] = {"clamp.py": CONTAMINANTS[name] + GOOD}
        trees[f"bad after {name}"] = {"clamp.py": BAD}
        trees[f"good after {name}"] = {"clamp.py": GOOD}
    passed = validate(bed, trees, [PLAIN, CLEAN])
    assert not any(ok for name, ok in passed.items() if name.startswith("bad"))
    assert all(ok for name, ok in passed.items() if name.startswith("good"))


def test_candidates_of_one_size_do_not_share_bytecode(bed: Testbed) -> None:
    right, wrong = GOOD.replace("LIMIT = 3", "LIMIT = 3"), GOOD.replace("LIMIT = 3", "LIMIT = 4")
    assert len(right) == len(wrong)
    trees: dict[str, dict[str, str | None]] = {
        f"{number} {'right' if number % 2 else 'wrong'}": {"clamp.py": right if number % 2 else wrong}
        for number in range(40)
    }
    passed = validate(bed, trees, [PLAIN])
    assert all(ok == name.endswith("right") for name, ok in passed.items())


def test_a_stale_pyc_beside_a_file_is_never_believed(tmp_path: Path) -> None:
    import py_compile

    repo = write_project(tmp_path, PROJECT)
    py_compile.compile(str(repo / "clamp.py"))
    same_size = GOOD + " " * (len(BASE) - len(GOOD)) if len(GOOD) <= len(BASE) else GOOD
    with open_bed(repo) as bed:
        assert bed.run({"clamp.py": same_size.encode()}, [PLAIN]).ok
        assert bed.confirm_cold({"clamp.py": same_size.encode()}, [PLAIN])[0].outcome.ok
        assert validate(bed, {"a": {"clamp.py": same_size}, "b": {"clamp.py": BAD}}, [PLAIN]) == {
            "a": True,
            "b": False,
        }


def tiers(bed: Testbed) -> set[Tier]:
    assert bed._validator is not None
    return set(bed._validator._warmth.plans)


def preloaded(bed: Testbed, tier: Tier) -> set[str]:
    assert bed._validator is not None
    return set(bed._validator._warmth.plans[tier].preload)


def test_plain_tests_are_screened_and_others_run_in_a_fork(bed: Testbed) -> None:
    validate(bed, {"good": {"clamp.py": GOOD}}, [PLAIN, FIXTURE])
    assert tiers(bed) == {Tier.SCREENED, Tier.FORKED}
    assert bed._validator is not None
    assert bed._validator._warmth.screened_tests == (PLAIN,)


def test_what_reaches_a_changed_file_is_not_loaded_before_the_fork(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/rates.py": "RATE = 2\n",
        "pkg/price.py": "from pkg.rates import RATE\ndef price(n): return n * RATE\n",
        "pkg/late.py": "def bill(n):\n    from pkg.price import price\n    return price(n)\n",
        "pkg/words.py": "def title(s): return s.title()\n",
        "pkg/dynamic.py": "import importlib\nrates = importlib.import_module('pkg.rates')\n",
        "test_bill.py": (
            "from pkg.late import bill\nfrom pkg.words import title\nimport pkg.dynamic, decimal\n"
            "def test_bill(): assert bill(2) == 6\n"
        ),
    }
    with open_bed(write_project(tmp_path, files)) as bed:
        passed = validate(
            bed,
            {"good": {"pkg/rates.py": "RATE = 3\n"}, "bad": {"pkg/rates.py": "RATE = 4\n"}},
            ["test_bill.py::test_bill"],
        )
        loaded = preloaded(bed, Tier.SCREENED)
        warmth = bed._validator._warmth if bed._validator else None
        unloaded: dict[str, dict[str, str | None]] = {
            "good": {"pkg/price.py": "from pkg.rates import RATE\ndef price(n): return n * RATE + 2\n"},
            "bad": {"pkg/price.py": "def price(n): return n\n", "pkg/rates.py": "RATE = 3\n"},
        }
        assert validate(bed, unloaded, ["test_bill.py::test_bill"]) == {"good": True, "bad": False}
        assert bed._validator is not None
        assert bed._validator._warmth is warmth, "files that were not loaded anyway need no new start"
        reloaded: dict[str, dict[str, str | None]] = {
            "good": {"pkg/words.py": "import pkg.rates\npkg.rates.RATE = 3\ndef title(s): return s\n"}
        }
        assert validate(bed, reloaded, ["test_bill.py::test_bill"]) == {"good": True}
        assert "pkg.words" not in preloaded(bed, Tier.SCREENED)
    assert passed == {"good": True, "bad": False}
    assert {"pkg.words", "decimal", "pkg"} <= loaded
    assert not loaded & {"pkg.rates", "pkg.price", "pkg.late", "pkg.dynamic", "test_bill"}


def test_a_module_that_reads_a_changed_file_as_data_is_not_loaded_before_the_fork(tmp_path: Path) -> None:
    files = {
        "version.py": "NUMBER = 1\n",
        "about.py": "scope = {}\nexec(open('version.py').read(), scope)\nNUMBER = scope['NUMBER']\n",
        "test_about.py": "import about, version\ndef test_number(): assert about.NUMBER == 2\n",
    }
    with open_bed(write_project(tmp_path, files)) as bed:
        trees: dict[str, dict[str, str | None]] = {
            "good": {"version.py": "NUMBER = 2\n"},
            "bad": {"version.py": "NUMBER = 3\n"},
        }
        assert validate(bed, trees, ["test_about.py::test_number"]) == {"good": True, "bad": False}
        assert "about" not in preloaded(bed, Tier.SCREENED)


def test_dependencies_that_start_threads_get_fresh_processes(tmp_path: Path) -> None:
    files = {
        "busy.py": "import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n",
        "one.py": "def one(): return 2\n",
        "test_one.py": "import busy\nfrom one import one\ndef test_one(): assert one() == 1\n",
    }
    notes: list[str] = []
    with open_bed(write_project(tmp_path, files), note=notes.append) as bed:
        trees: dict[str, dict[str, str | None]] = {
            "good": {"one.py": "def one(): return 1\n"},
            "bad": {"one.py": "def one(): return 3\n"},
        }
        assert validate(bed, trees, ["test_one.py::test_one"]) == {"good": True, "bad": False}
        assert tiers(bed) == set()
    assert any("threads" in note for note in notes)


def test_a_candidate_that_makes_or_deletes_a_file_gets_a_fresh_process(bed: Testbed) -> None:
    trees: dict[str, dict[str, str | None]] = {
        "new helper": {"clamp.py": GOOD + "import helper\n", "helper.py": ""},
        "deleted": {"clamp.py": None},
    }
    assert validate(bed, trees, [PLAIN]) == {"new helper": True, "deleted": False}


def test_a_hanging_test_is_given_up_on_soon_and_a_repair_of_it_is_found(tmp_path: Path) -> None:
    files = {
        "count.py": "def count(n):\n    while n > 0:\n        pass\n    return n\n",
        "test_count.py": "from count import count\ndef test_count(): assert count(3) == 0\n",
    }
    with open_bed(write_project(tmp_path, files), hanging_after_s=1.0) as bed:
        seen = bed.reproduce(["test_count.py::test_count"])
        fixed = files["count.py"].replace("pass", "n -= 1")
        trees: dict[str, dict[str, str | None]] = {
            "hangs": {"count.py": files["count.py"].replace("n > 0", "n > 1")},
            "good": {"count.py": fixed},
            "hangs at import": {"count.py": "while True: pass\n"},
        }
        passed = validate(bed, trees, ["test_count.py::test_count"])
    assert seen.failures[0].verdict.outcome.value == "timeout"
    assert {2, 3} <= seen.failures[0].executed["count.py"]
    assert passed == {"hangs": False, "good": True, "hangs at import": False}


def test_parameters_and_methods_are_screened_with_the_right_values(tmp_path: Path) -> None:
    files = {
        "calc.py": "def double(x): return x + 2\n",
        "test_calc.py": (
            "import unittest\nimport pytest\nfrom calc import double\n"
            "@pytest.mark.parametrize('x, y', [(2, 4), pytest.param(3, 6, id='three'), (5, 10)])\n"
            "def test_double(x, y): assert double(x) == y\n"
            "class TestGroup:\n    def test_in_class(self): assert double(1) == 2\n"
            "class Cases(unittest.TestCase):\n"
            "    def setUp(self): self.one = 1\n"
            "    def test_in_case(self): self.assertEqual(double(self.one), 2)\n"
        ),
    }
    names = ("test_double[three]", "test_double[5-10]", "TestGroup::test_in_class", "Cases::test_in_case")
    tests = [f"test_calc.py::{name}" for name in names]
    with open_bed(write_project(tmp_path, files)) as bed:
        trees: dict[str, dict[str, str | None]] = {
            "good": {"calc.py": "def double(x): return x * 2\n"},
            "only three": {"calc.py": "def double(x): return 6\n"},
            "not five": {"calc.py": "def double(x): return x * 2 if x < 5 else 0\n"},
        }
        assert validate(bed, trees, tests) == {"good": True, "only three": False, "not five": False}
        assert bed._validator is not None
        assert bed._validator._warmth.screened_tests == tuple(tests)


def test_a_pass_that_only_screening_sees_is_not_believed(tmp_path: Path) -> None:
    files = {
        "pytest.ini": "[pytest]\nfilterwarnings = error\n",
        "old.py": "def old(): return 0\n",
        "test_old.py": "from old import old\ndef test_old(): assert old() == 1\n",
    }
    with open_bed(write_project(tmp_path, files)) as bed:
        warns = "import warnings\ndef old():\n    warnings.warn('old')\n    return 1\n"
        trees: dict[str, dict[str, str | None]] = {
            "warns": {"old.py": warns},
            "quiet": {"old.py": "def old(): return 1\n"},
        }
        assert validate(bed, trees, ["test_old.py::test_old"]) == {"warns": False, "quiet": True}


def test_a_candidate_that_has_its_test_skipped_has_not_repaired_it(bed: Testbed) -> None:
    skips = "import pytest\ndef clamp(x): pytest.skip('not here')\n"
    unit = "import unittest\ndef clamp(x): raise unittest.SkipTest('not here')\n"
    trees: dict[str, dict[str, str | None]] = {"skips": {"clamp.py": skips}, "unit": {"clamp.py": unit}}
    for test in (PLAIN, FIXTURE):
        assert validate(bed, trees, [test]) == {"skips": False, "unit": False}
    assert not bed.confirm_cold({"clamp.py": skips.encode()}, [PLAIN])[0].outcome.ok


def test_results_come_for_every_candidate_until_the_caller_stops(bed: Testbed) -> None:
    seen: list[str] = []

    def on_result(tried: Candidate, verdicts: tuple[Verdict, ...], killed: str | None) -> None:
        seen.append(tried.note)

    work = [(candidate(str(number)), {"clamp.py": BAD.encode()}) for number in range(200)]
    bed.validate_many(work, [PLAIN], on_result, lambda: len(seen) >= 20)
    assert 20 <= len(seen) < 40
