"""`graft fix` on repositories that are not as one would wish: a clear word, the right exit code, nothing lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_projects import SHOP, SHOP_FIX, graft, make_repository, tree_of

PYTHON = ("--python", sys.executable)
WRONG = "def area(width, height):\n    return width + height\n"
RIGHT = "    return width * height\n"
TEST = "from calc import area\n\n\ndef test_area():\n    assert (area(3, 5), area(0, 4), area(7, 1)) == (15, 0, 7)\n"
CALC: dict[str, str | bytes] = {"calc.py": WRONG, "test_calc.py": TEST}


def fix(repo, *arguments):
    done = graft("fix", repo, "--json", *PYTHON, "--budget-s", "30", *arguments)
    assert done.stdout.strip(), done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def test_a_folder_without_git_is_repaired_and_that_is_said(tmp_path):
    repo = make_repository(tmp_path / "plain", CALC, git=False)
    code, result, said = fix(repo, "--apply")
    assert (code, result["status"], result["applied"]) == (0, "patched", True)
    assert "Not the top folder of a git repository" in said
    assert (repo / "calc.py").read_text() == WRONG.replace("    return width + height\n", RIGHT)


def test_a_folder_that_does_not_exist_is_bad_usage(tmp_path):
    done = graft("fix", tmp_path / "nowhere", *PYTHON)
    assert done.returncode == 2
    assert "nowhere" in done.stderr


def test_a_repository_without_tests_says_how_to_name_some(tmp_path):
    repo = make_repository(tmp_path, {"calc.py": WRONG})
    code, result, _ = fix(repo)
    assert (code, result["status"], result["patch"]) == (1, "no_failing_test", None)
    assert "--test-command" in result["message"]


def test_a_hanging_test_is_repaired_within_the_budget(tmp_path):
    source = "def count(n):\n    total = 0\n    while n > 0:\n        total += 1\n        n += 1\n    return total\n"
    test = "from count import count\n\n\ndef test_count():\n    assert (count(0), count(4)) == (0, 4)\n"
    repo = make_repository(tmp_path, {"count.py": source, "test_count.py": test})
    code, result, _ = fix(repo)
    assert (code, result["status"]) == (0, "patched")
    assert "+        n -= 1" in result["patch"]


@pytest.mark.parametrize(
    "evil",
    [
        "import os, sys\nsys.stdout.buffer.write(bytes(range(256)) * 99)\nos.write(2, b'\\xff' * 999)\n",
        "print('test_calc.py::test_area PASSED')\nprint('1 passed in 0.01s')\n",
        "import atexit, os\natexit.register(os._exit, 0)\n",
    ],
    ids=["binary output", "forged result", "exit code 0 at the end"],
)
def test_what_a_test_prints_or_how_it_ends_is_no_verdict(tmp_path, evil):
    repo = make_repository(tmp_path, {"calc.py": WRONG, "test_calc.py": evil + TEST})
    code, result, _ = fix(repo)
    assert (code, result["status"]) == (0, "patched")
    assert "+" + RIGHT in result["patch"]


def test_a_test_that_exits_early_with_0_has_not_passed(tmp_path):
    test = TEST.replace("    assert", "    import os; os._exit(0)\n    assert")
    code, result, _ = fix(
        make_repository(tmp_path, {"calc.py": WRONG, "test_calc.py": test}), "--budget-s", "20"
    )
    assert (code, result["status"], result["patch"]) == (1, "none", None)


def test_syntax_errors_and_odd_files_elsewhere_do_not_stand_in_the_way(tmp_path):
    files: dict[str, str | bytes] = {
        **CALC,
        "broken.py": "def half(:\n",
        "test_broken.py": "import broken\n\n\ndef test_it():\n    assert broken.half(2) == 1\n",
        "binary.py": b"\x00\xff\xfe" * 500,
        "latin.py": b"# caf\xe9\nNAME = 1\n",
        "empty.py": "",
        "deep.py": "x = " + "(" * 150 + "1" + ")" * 150 + "\n",
    }
    repo = make_repository(tmp_path / "repo", files)
    (repo / "loop").symlink_to(".")
    (repo / "circle.py").symlink_to("circle.py")
    (repo / "outside").symlink_to(tmp_path)
    (repo / "dangling.py").symlink_to("nowhere.py")
    before = tree_of(repo)
    code, result, said = fix(repo, "--test", "test_calc.py::test_area")
    assert (code, result["status"]) == (0, "patched"), said
    assert result["files"] == ["calc.py"]
    assert tree_of(repo) == before
    assert (repo / "loop").is_symlink()


def test_a_test_that_failed_before_does_not_hide_the_one_just_written(tmp_path):
    other = "def test_other():\n    assert open('/nowhere').read() == 'a machine that is not this one'\n"
    repo = make_repository(tmp_path, {"calc.py": WRONG, "test_other.py": other})
    (repo / "test_calc.py").write_text(TEST)
    code, result, said = fix(repo)
    assert (code, result["tests"]["fixed"]) == (0, ["test_calc.py::test_area"]), said
    assert "Of 2 failing tests those in files changed since the last commit are to be repaired" in said
    issue = "test_other cannot find its file"
    assert fix(repo, "--issue", issue, "--budget-s", "10")[1]["status"] == "none"


def test_a_merge_conflict_in_the_tree_is_no_place_to_edit(tmp_path):
    conflict = "<<<<<<< ours\nA = 1\n=======\nA = 2\n>>>>>>> theirs\n"
    repo = make_repository(tmp_path, {**CALC, "settings.py": conflict})
    code, result, _ = fix(repo)
    assert (code, result["files"]) == (0, ["calc.py"])


def test_a_submodule_is_left_alone(tmp_path):
    other = make_repository(tmp_path / "other", {"lib.py": "ONE = 1\n"})
    repo = make_repository(tmp_path / "repo", CALC)
    add = ["git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "vendor/lib"]
    subprocess.run(add, cwd=repo, check=True)
    before = tree_of(repo)
    code, result, _ = fix(repo)
    assert (code, result["files"]) == (0, ["calc.py"])
    assert tree_of(repo) == before


def test_a_candidate_s_damage_to_the_repository_s_git_folder_does_not_reach_it(tmp_path):
    test = "import shutil\nshutil.rmtree('.git')\n" + TEST
    repo = make_repository(tmp_path, {"calc.py": WRONG, "test_calc.py": test})
    before = tree_of(repo)
    assert fix(repo)[0] == 0
    assert tree_of(repo) == before
    assert (
        subprocess.run(["git", "status", "--porcelain"], cwd=repo, check=True, capture_output=True).stdout
        == b""
    )


def test_a_state_folder_that_cannot_be_written_is_an_error_that_names_it(tmp_path):
    repo = make_repository(tmp_path, CALC)
    (repo / ".graft").write_text("in the way")
    done = graft("fix", repo, *PYTHON)
    assert done.returncode == 3
    assert str(repo / ".graft") in done.stderr
    assert (repo / ".graft").read_text() == "in the way"


def script(folder: Path, role: str, *replies: dict[str, object]) -> str:
    (folder / f"{role}.json").write_text(json.dumps({"replies": list(replies)}))
    return f'{role} = "scripted:{folder}/{role}.json"\n'


HARD: dict[str, str | bytes] = {
    "words.py": "def initials(name):\n    return name\n",
    "test_words.py": (
        "from words import initials\n\n\ndef test_initials():\n"
        "    assert initials('ada lovelace') == 'A. L.'\n    assert initials('alan m turing') == 'A. M. T.'\n"
    ),
}
ANSWER = "    return ' '.join(part[0].upper() + '.' for part in name.split())"


def test_a_chat_model_s_function_is_tried_like_any_other_candidate(tmp_path):
    repo = make_repository(tmp_path / "repo", HARD)
    wrong = {"text": "Run `rm -rf /` first.\n```python\ndef initials(name):\n    return name.upper()\n```"}
    right = {"text": f"```python\ndef initials(name):\n{ANSWER}\n```", "repeat": True}
    (repo / "graft.toml").write_text("[model]\n" + script(tmp_path, "chat", wrong, right))
    code, result, _ = fix(repo)
    assert (code, result["status"]) == (0, "patched")
    assert f"+{ANSWER}" in result["patch"]


def test_an_infilling_model_s_line_is_tried_like_any_other_candidate(tmp_path):
    repo = make_repository(tmp_path / "repo", HARD)
    (repo / "graft.toml").write_text(
        "[model]\n" + script(tmp_path, "infill", {"text": ANSWER.strip() + "\n", "repeat": True})
    )
    code, result, _ = fix(repo)
    assert (code, result["status"]) == (0, "patched")
    assert f"+{ANSWER}" in result["patch"]


def test_a_model_that_falls_silent_does_not_end_the_run(tmp_path):
    repo = make_repository(tmp_path / "repo", SHOP)
    (repo / "graft.toml").write_text("[model]\n" + script(tmp_path, "chat", {"text": "I would rather not."}))
    code, result, said = fix(repo)
    assert (code, result["status"]) == (0, "patched")
    assert "+" + SHOP_FIX.decode().rstrip() in result["patch"]
    assert "no reply" in said
