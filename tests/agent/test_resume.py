import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_projects import ENVIRONMENT, SHOP, graft, make_repository, tree_of

from agent.runs import list_runs

STEPS = [
    "intake",
    "locate",
    "reproduce",
    "plan",
    "propose",
    "validate",
    "judge",
    "refine",
    "select",
    "report",
]
HARD = {
    # Nothing cheap repairs it, so that the loop goes round more than once.
    "m.py": "def f(x):\n    y = x + 1\n    return y\n",
    "test_m.py": "from m import f\n\n\ndef test_f():\n    assert [f(i) for i in range(4)] == [8, 3, 5, 4]\n",
}


def die_at(repo, step, nth=1):
    driver = Path(__file__).with_name("repair_and_die.py")
    command = [sys.executable, str(driver), str(repo), step, str(nth), sys.executable]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, timeout=240, check=False).returncode


def verdicts(repo, run):
    path = repo / ".graft/runs" / run / "verdicts.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("step", [step for step in STEPS if step != "refine"])
def test_run_killed_at_a_step_is_resumed_and_loses_no_verdict(tmp_path, step):
    repo = make_repository(tmp_path, SHOP)
    before = tree_of(repo)
    assert die_at(repo, step) == -signal.SIGKILL
    (run,) = list_runs(repo)
    assert run.status == "interrupted"
    kept = verdicts(repo, run.id)
    done = graft("fix", repo, "--resume", run.id, "--json", "--budget-s", "120")
    result = json.loads(done.stdout)
    assert (done.returncode, result["status"], result["run"]) == (0, "patched", run.id), done.stderr
    after = verdicts(repo, run.id)
    assert after[: len(kept)] == kept
    keys = [(line["patch"], line["stage"]) for line in after]
    assert len(set(keys)) == len(keys), "a finished validation was run again"
    assert tree_of(repo) == before


def test_run_killed_in_its_second_round_goes_on_there(tmp_path):
    repo = make_repository(tmp_path, HARD)
    assert die_at(repo, "validate", 2) == -signal.SIGKILL
    (run,) = list_runs(repo)
    kept = verdicts(repo, run.id)
    assert kept
    done = graft("fix", repo, "--resume", run.id, "--json", "--budget-s", "12")
    result = json.loads(done.stdout)
    assert (done.returncode, result["status"]) == (1, "none")
    assert result["candidates"]["tried"] > len(kept)
    assert verdicts(repo, run.id)[: len(kept)] == kept


def test_resuming_on_a_changed_tree_is_refused(tmp_path):
    repo = make_repository(tmp_path, SHOP)
    assert die_at(repo, "validate") == -signal.SIGKILL
    (run,) = list_runs(repo)
    (repo / "shop/cart.py").write_text(SHOP["shop/cart.py"] + "\nMORE = 1\n")
    done = graft("fix", repo, "--resume", run.id)
    assert done.returncode == 2
    assert "has changed since" in done.stderr


def test_finished_run_is_told_again_not_repeated(tmp_path):
    repo = make_repository(tmp_path, SHOP)
    first = json.loads(graft("fix", repo, "--json", "--python", sys.executable).stdout)
    count = len(verdicts(repo, first["run"]))
    again = json.loads(graft("fix", repo, "--resume", first["run"], "--json").stdout)
    assert again == first
    assert len(verdicts(repo, first["run"])) == count


@pytest.mark.parametrize("step", ["intake", "reproduce", "validate", "select"])
def test_interrupt_ends_with_130_and_can_be_resumed(tmp_path, step):
    repo = make_repository(tmp_path, SHOP)
    command = [str(Path(sys.executable).with_name("graft")), "fix", str(repo), "--python", sys.executable]
    process = subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for_step(repo, step, process)
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("the run was over before the signal arrived")
    assert process.returncode == 130, errors
    (run,) = list_runs(repo)
    assert run.id in errors
    done = graft("fix", repo, "--resume", run.id, "--json")
    assert json.loads(done.stdout)["status"] == "patched", done.stderr


def wait_for_step(repo, step, process):
    limit = time.monotonic() + 120
    while time.monotonic() < limit and process.poll() is None:
        for trajectory in repo.glob(".graft/runs/*/trajectory.jsonl"):
            if f'"step":"{step}"' in trajectory.read_text():
                return
        time.sleep(0.01)
