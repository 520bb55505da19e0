import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from agent.errors import RunFolderError, UsageError
from agent.runs import RunFolder, clean_runs, list_runs, read_run


def finished_run(repo, started, status="patched"):
    folder = RunFolder.create(repo)
    folder.write_json("run.json", {"started": started.isoformat(), "tests": ["t.py::test_a"]})
    folder.write_json("result.json", {"status": status, "seconds": 1.5, "tests": {"fixed": ["t.py::test_a"]}})
    folder.unlock()
    return folder


def test_state_folder_is_ignored_by_git_from_inside(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    RunFolder.create(tmp_path).write("patch.diff", "x")
    status = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert status.stdout == b""


def test_run_locked_by_another_process_is_not_opened_twice(tmp_path):
    folder = RunFolder.create(tmp_path)
    script = (
        "import sys; from pathlib import Path; from agent.runs import RunFolder; "
        "RunFolder.open(Path(sys.argv[1]), sys.argv[2]).lock()"
    )
    command = [sys.executable, "-c", script, str(tmp_path), folder.id]
    held = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "in progress in another process" in held.stderr
    folder.unlock()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_torn_last_line_is_left_out_and_does_not_spoil_the_next(tmp_path):
    folder = RunFolder.create(tmp_path)
    folder.append("log.jsonl", {"n": 1})
    with (folder.path / "log.jsonl").open("ab") as stream:
        stream.write(b'{"n": 2, "te')
    again = RunFolder(folder.path)
    again.append("log.jsonl", {"n": 3})
    again.append("log.jsonl", {"n": 4})
    assert [line["n"] for line in again.lines("log.jsonl")] == [1, 3, 4]


def test_full_disk_is_explained_and_keeps_the_old_file(tmp_path):
    folder = RunFolder.create(tmp_path)
    folder.write("result.json", "{}")
    with pytest.raises(RunFolderError, match=r"Cannot write .*no_such_folder"):
        folder.write("no_such_folder/result.json", "{}")
    assert json.loads((folder.path / "result.json").read_text()) == {}


def test_runs_are_listed_newest_first_with_their_status(tmp_path):
    now = datetime.now(UTC)
    first = finished_run(tmp_path, now - timedelta(days=3))
    second = RunFolder.create(tmp_path)
    second.write_json("run.json", {"started": now.isoformat(), "tests": []})
    running, finished = sorted(list_runs(tmp_path), key=lambda run: run.status != "running")
    assert (running.id, running.status) == (second.id, "running")
    assert (finished.id, finished.status, finished.seconds) == (first.id, "patched", 1.5)
    second.unlock()
    assert read_run(tmp_path, second.id).status == "interrupted"


def test_clean_removes_old_runs_and_spares_running_ones(tmp_path):
    now = datetime.now(UTC)
    old = finished_run(tmp_path, now - timedelta(days=40))
    new = finished_run(tmp_path, now - timedelta(days=1))
    running = RunFolder.create(tmp_path)
    running.write_json("run.json", {"started": (now - timedelta(days=50)).isoformat(), "tests": []})
    assert clean_runs(tmp_path, older_than_days=30) == [old.id]
    assert {run.id for run in list_runs(tmp_path)} == {new.id, running.id}


@pytest.mark.parametrize("name", ["nothing", "../../etc", ""])
def test_unknown_run_is_a_usage_error_that_names_the_latest(tmp_path, name):
    known = finished_run(tmp_path, datetime.now(UTC))
    with pytest.raises(UsageError, match=known.id):
        read_run(tmp_path, name)
