"""`graft fix`, `locate` and `index` on the bundled example, run as users run them."""

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

GRAFT = Path(sys.executable).with_name("graft")
FAILING = "tests/test_desk.py::test_a_boat_can_leave_as_soon_as_the_crew_is_done"
REPAIR = [
    "-        return self.start < other.end and other.start <= self.end",
    "+        return self.start < other.end and other.start < self.end",
]


@pytest.fixture
def repository(example_repository, tmp_path):
    return shutil.copytree(example_repository, tmp_path / "quayside", symlinks=True)


@pytest.fixture
def environment(environment):
    """As in an activated virtual environment that has pytest."""
    return environment | {"VIRTUAL_ENV": str(GRAFT.parents[1])}


def git(repository, *arguments):
    process = subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True, text=True)
    return process.stdout


def changed_lines(patch):
    return [line for line in patch.splitlines() if re.match(r"[-+][^-+]", line)]


def test_fix_finds_the_failing_test_and_the_patch_and_touches_nothing(graft, repository):
    before = git(repository, "rev-parse", "HEAD")
    process = graft("fix", "--issue", "ISSUE.md", "--json", cwd=repository)
    assert process.returncode == 0, process.stderr
    result = json.loads(process.stdout)
    assert result["status"] == "patched"
    assert result["files"] == ["quayside/hours/spans.py"]
    assert changed_lines(result["patch"]) == REPAIR
    assert result["tests"]["fixed"] == [FAILING]
    assert result["tests"]["regressed"] == []
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "rev-parse", "HEAD") == before


def test_fix_from_a_folder_inside_applies_when_told_and_says_what_to_do_next(graft, repository):
    process = graft("fix", "--test", FAILING, "--apply", cwd=repository / "quayside")
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[-1].split() == ["Next", "git", "diff"]
    assert changed_lines(git(repository, "diff")) == REPAIR
    assert "\x1b" not in process.stdout + process.stderr

    [line] = graft("runs", "list", cwd=repository).stdout.splitlines()
    run, status = line.split()[:2]
    assert status == "patched"
    assert graft("runs", "show", run, cwd=repository).stdout.startswith("# ")
    assert graft("runs", "clean", "--older-than", "0", cwd=repository).stdout == "1 deleted.\n"


def test_a_suite_that_passes_is_no_failing_test(graft, repository):
    (repository / "tests" / "test_desk.py").unlink()
    process = graft("fix", "--json", cwd=repository)
    assert process.returncode == 1, process.stderr
    assert json.loads(process.stdout)["status"] == "no_failing_test"


def start_fix(repository, environment):
    """A run that has come as far as running the tests, and the name of the run."""
    process = subprocess.Popen(
        [GRAFT, "fix", "--json"],
        cwd=repository,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    run = None
    for line in process.stderr:
        run = run or (re.search(r" run (\S+)", line) or [None, None])[1]
        if " reproduce: " in line:
            return process, run
    raise AssertionError(f"the run ended with {process.wait()} before it ran the tests")


def test_ctrl_c_stops_a_run_that_resume_completes(graft, repository, environment):
    process, run = start_fix(repository, environment)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(output)["exit_code"] == 130
    assert f"graft fix --resume {run}" in errors
    assert graft("runs", "list", cwd=repository).stdout.split()[:2] == [run, "interrupted"]

    resumed = graft("fix", "--resume", run, "--json", cwd=repository)
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout)["run"] == run


def test_a_request_to_end_stops_a_run_like_ctrl_c(repository, environment):
    process, run = start_fix(repository, environment)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"graft fix --resume {run}" in errors


def test_a_second_signal_ends_the_process_at_once(repository, environment):
    process, _ = start_fix(repository, environment)
    process.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGINT, -signal.SIGTERM)


def test_locate_leads_from_the_issue_to_the_place_and_says_why(graft, repository):
    process = graft("locate", "--issue", "ISSUE.md", "--top", "8", "--json", cwd=repository)
    assert process.returncode == 0, process.stderr
    places = json.loads(process.stdout)
    assert places.keys() == {"files", "symbols"}
    assert len(places["files"]) <= 8
    assert "quayside/bookings/desk.py" in [file["path"] for file in places["files"]]
    for place in places["files"] + places["symbols"]:
        assert place["reasons"]
    desk = next(each for each in places["symbols"] if each["path"] == "quayside/bookings/desk.py")
    assert 1 <= desk["start_line"] <= desk["end_line"]


def test_locate_takes_the_repository_first_and_prints_for_people(graft, repository, tmp_path):
    process = graft("locate", repository, "TimeSpan.overlaps", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "quayside/hours/spans.py" in process.stdout
    assert re.search(r"overlaps \(method, quayside/hours/spans\.py:\d+-\d+\)", process.stdout)


def test_nothing_located_ends_with_1(graft, repository):
    process = graft("locate", "zzyzx", cwd=repository)
    assert process.returncode == 1, process.stderr
    assert process.stdout.startswith("Nothing found.")


def test_index_says_what_it_did_and_does_only_what_changed(graft, repository):
    first = json.loads(graft("index", "--json", cwd=repository).stdout)
    again = json.loads(graft("index", "--json", cwd=repository).stdout)
    assert first["files_parsed"] > 20
    assert (again["files_seen"], again["files_parsed"]) == (first["files_seen"], 0)
    assert re.match(r"\d+ files: 0 parsed, 0 removed, ", graft("index", cwd=repository).stdout)
    assert git(repository, "status", "--porcelain") == ""


def test_doctor_finds_every_part_of_this_installation(graft, repository):
    process = graft("doctor", "--json", cwd=repository)
    reply = json.loads(process.stdout)
    assert process.returncode == 0, [each for each in reply["checks"] if each["status"] == "missing"]
    assert reply["ready"] is True
    checks = {each["name"]: each for each in reply["checks"]}
    assert checks["python"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert {"git", "langgraph", "grammar Python", "sqlite", "repository", "interpreter"} <= checks.keys()


def test_doctor_says_what_is_missing_and_how_to_get_it(graft, tmp_path):
    process = graft(
        "doctor", "--json", cwd=tmp_path, extra={"PATH": "/nonexistent", "GRAFT_MODEL_CHAT": "gpt"}
    )
    reply = json.loads(process.stdout)
    checks = {each["name"]: each for each in reply["checks"]}
    assert process.returncode == 3
    assert reply["ready"] is False
    assert checks["git"]["status"] == "missing"
    assert "apt install git" in checks["git"]["remedy"]
    assert checks["model chat"]["status"] == "missing"
    assert checks["repository"]["status"] == "warning"
