import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_projects import ENVIRONMENT, SHOP, SHOP_FAULT, SHOP_FIX, graft, make_repository, tree_of


@pytest.fixture
def shop(tmp_path):
    return make_repository(tmp_path / "shop project", SHOP)


def fix(repo, *arguments):
    done = graft("fix", repo, "--json", "--python", sys.executable, "--budget-s", "60", *arguments)
    assert done.stdout.strip(), done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def test_failing_test_is_turned_into_a_patch_that_git_applies(shop):
    before = tree_of(shop)
    code, result, _ = fix(shop)
    assert (code, result["status"]) == (0, "patched")
    assert tree_of(shop) == before
    assert result["files"] == ["shop/prices.py"]
    assert sorted(result["tests"]["fixed"]) == [
        "tests/test_cart.py::test_discount_is_at_most_half",
        "tests/test_cart.py::test_discount_is_taken_off",
        "tests/test_cart.py::test_negative_discount_is_none",
    ]
    assert result["tests"]["regressed"] == []
    assert result["tests"]["passed"] >= 4
    subprocess.run(["git", "apply"], input=result["patch"].encode(), cwd=shop, check=True)
    assert (shop / "shop/prices.py").read_bytes() == SHOP["shop/prices.py"].encode().replace(
        SHOP_FAULT, SHOP_FIX
    )


def test_run_folder_holds_patch_result_report_and_trajectory(shop):
    _, result, _ = fix(shop, "--issue", "Discounts are ignored by `total`")
    folder = shop / ".graft/runs" / result["run"]
    assert (folder / "patch.diff").read_text() == result["patch"]
    assert json.loads((folder / "result.json").read_text()) == result
    report = (folder / "report.md").read_text()
    for expected in ("## What was wrong", "## Where", "shop/prices.py", "## Evidence", "if value < low:"):
        assert expected in report
    steps = [json.loads(line) for line in (folder / "trajectory.jsonl").read_text().splitlines()]
    assert [step["step"] for step in steps if step["event"] == "StepStarted"][:4] == [
        "intake",
        "locate",
        "reproduce",
        "reproduce",
    ]


def test_apply_changes_the_faulty_line_and_nothing_else(shop):
    (shop / "notes.txt").write_text("not committed\n")
    before = tree_of(shop)
    code, result, _ = fix(shop, "--apply")
    assert (code, result["applied"]) == (0, True)
    after = tree_of(shop)
    assert {path for path in after if after[path] != before.get(path)} == {"shop/prices.py"}
    assert after.keys() == before.keys()


def test_uncommitted_work_is_part_of_what_is_repaired_and_stays(shop):
    test = shop / "tests/test_cart.py"
    test.write_text(test.read_text() + "\n\ndef test_new():\n    assert clamp(7, 0, 5) == 5\n")
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=shop, capture_output=True, check=True
    ).stdout
    code, result, _ = fix(shop, "--test", "tests/test_cart.py::test_new")
    assert code == 0
    assert result["tests"]["fixed"] == ["tests/test_cart.py::test_new"]
    again = subprocess.run(["git", "status", "--porcelain"], cwd=shop, capture_output=True, check=True).stdout
    assert again == status


def test_passing_suite_is_no_failing_test(tmp_path):
    repo = make_repository(tmp_path, {"test_ok.py": "def test_ok():\n    assert True\n"})
    code, result, _ = fix(repo)
    assert (code, result["status"], result["patch"]) == (1, "no_failing_test", None)


def test_named_test_that_passes_is_no_failing_test(shop):
    code, result, _ = fix(shop, "--test", "tests/test_cart.py::test_tax")
    assert (code, result["status"]) == (1, "no_failing_test")
    assert "test_tax" in result["message"]


def test_test_that_does_not_exist_is_bad_usage(shop):
    code, result, _ = fix(shop, "--test", "tests/test_cart.py::test_nowhere")
    assert (code, result["status"]) == (2, "error")
    assert "test_nowhere" in result["message"]


@pytest.mark.parametrize("node", ["tests/test_cart.py", "tests"])
def test_a_file_or_folder_of_tests_may_be_named(shop, node):
    code, result, said = fix(shop, "--test", node)
    assert code == 0, said
    assert len(result["tests"]["fixed"]) == 3
    assert result["files"] == ["shop/prices.py"]


def test_impossible_demand_ends_in_none(tmp_path):
    repo = make_repository(
        tmp_path,
        {
            "m.py": "def f(x):\n    return x\n",
            "test_m.py": "from m import f\n\n\ndef test_f():\n    assert list(map(f, range(4))) == [9, 4, 7, 1]\n",
        },
    )
    code, result, _ = fix(repo, "--budget-s", "30")
    assert (code, result["status"], result["patch"]) == (1, "none", None)
    assert result["candidates"]["tried"] > 0


def test_same_seed_gives_the_same_patch(shop):
    assert fix(shop, "--seed", "3")[1]["patch"] == fix(shop, "--seed", "3")[1]["patch"]


def test_two_runs_at_once_do_not_disturb_each_other(shop):
    command = [
        str(Path(sys.executable).with_name("graft")),
        "fix",
        str(shop),
        "--json",
        "--python",
        sys.executable,
    ]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT) for _ in range(2)]
    results = [json.loads(process.communicate(timeout=240)[0]) for process in both]
    assert [result["status"] for result in results] == ["patched", "patched"]
    assert results[0]["run"] != results[1]["run"]


def test_unittest_project_is_repaired(tmp_path):
    repo = make_repository(
        tmp_path,
        {
            "ages.py": "def adult(age):\n    return age > 18\n",
            "test_ages.py": (
                "import unittest\n\nfrom ages import adult\n\n\n"
                "class AgesTest(unittest.TestCase):\n"
                "    def test_birthday(self):\n        self.assertTrue(adult(18))\n\n"
                "    def test_child(self):\n        self.assertFalse(adult(17))\n\n"
                "    def test_grown_up(self):\n        self.assertTrue(adult(40))\n"
            ),
            "graft.toml": '[tests]\nframework = "unittest"\n',
        },
    )
    code, result, _ = fix(repo)
    assert (code, result["status"]) == (0, "patched")
    assert "+    return age >= 18" in result["patch"]


def test_any_command_can_be_the_test(tmp_path):
    repo = make_repository(
        tmp_path,
        {
            "area.py": "def area(width, height):\n    return width + height\n",
            "check.py": "from area import area\n\nassert (area(3, 5), area(0, 4), area(7, 1)) == (15, 0, 7)\n",
            "check.sh": f"#!/bin/sh\nexec {sys.executable} check.py\n",
        },
    )
    code, result, _ = fix(repo, "--test-command", "sh check.sh")
    assert (code, result["status"]) == (0, "patched")
    assert "+    return width * height" in result["patch"]


def test_crlf_and_latin_1_file_keeps_every_other_byte(tmp_path):
    source = b"# -*- coding: latin-1 -*-\r\n# caf\xe9\r\ndef last(xs):\r\n    return xs[0]\r\n"
    repo = make_repository(
        tmp_path,
        {
            "m.py": source,
            "test_m.py": (
                "from m import last\n\n\ndef test_last():\n    assert last([1, 9, 3]) == 3\n"
                "    assert last([5]) == 5\n    assert last('ab') == 'b'\n    assert last((0, 0, 0, -4)) == -4\n"
            ),
        },
    )
    code, result, _ = fix(repo, "--apply")
    assert (code, result["status"]) == (0, "patched"), result
    patched = (repo / "m.py").read_bytes()
    assert patched.startswith(source[: source.index(b"    return")])
    assert patched.count(b"\r\n") == source.count(b"\r\n") == patched.count(b"\n")


def test_patch_meets_the_tests_whose_trace_a_cache_hides(tmp_path):
    """`first` runs once, in `test_a`: no line of it is in the trace of `test_b`, which depends on it too."""
    cached = "from functools import lru_cache\n\n\n@lru_cache\ndef first():\n    return [3, 5, 8][0]\n"
    tests = {"a": "first() > 0", "b": "first() < 6", "c": "first() != 3"}
    files = {
        f"test_{name}.py": f"from m import first\n\n\ndef test_{name}():\n    assert {check}\n"
        for name, check in tests.items()
    }
    repo = make_repository(tmp_path, {"m.py": cached, **files})
    _, result, _ = fix(repo, "--test", "test_c.py::test_c")
    report = (repo / ".graft/runs" / result["run"] / "report.md").read_text()
    assert "Still passing: 2 other tests" in report
