"""The command from outside: what it prints where, and how it ends."""

import functools
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from agent.config import Config

ROOT = Path(__file__).resolve().parents[2]
GRAFT = Path(sys.executable).with_name("graft")
COMMANDS = ["fix", "locate", "index", "graph", "ast", "doctor", "runs", "config"]
HEAVY = {"pydantic", "rich", "git", "tree_sitter", "langgraph", "sqlite3", "agent.fix", "index.graph"}
EVERYDAY_NAMES = ["agent", "engine", "index", "lsp", "tui"]


def error_of(process):
    """The one JSON object that a failed command printed on stdout."""
    reply = json.loads(process.stdout)
    assert reply["status"] == "error"
    assert reply["exit_code"] == process.returncode
    return reply


def test_the_version_is_the_distributions(graft):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    process = graft("--version")
    assert (process.returncode, process.stdout) == (0, f"graft {project['version']}\n")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["fix", "--help"], ["runs", "--help"]])
def test_help_and_version_import_nothing_heavy(graft, arguments):
    process = graft(*arguments, extra={"PYTHONPROFILEIMPORTTIME": "1"})
    imported = {line.rpartition("|")[2].strip() for line in process.stderr.splitlines()}
    assert "click" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize("command", COMMANDS)
def test_every_commands_help_states_its_exit_codes(graft, command):
    process = graft(command, "--help")
    assert process.returncode == 0
    assert "Exit: 0 " in process.stdout


def test_the_help_of_fix_states_the_true_defaults(graft):
    text = " ".join(graft("fix", "--help").stdout.split())
    defaults = Config().fix
    assert f"Wall time to spend, in seconds. [default: {defaults.budget_s:g}]" in text
    assert f"Seed of everything drawn at random. [default: {defaults.seed}]" in text


@pytest.mark.parametrize("python_path", ["{project}", ".", "{project}:/nonexistent", ":{project}"])
def test_a_project_with_namesakes_does_not_get_in_the_way(graft, tmp_path, python_path):
    project = tmp_path / "project"
    for name in EVERYDAY_NAMES:
        (project / name).mkdir(parents=True)
        (project / name / "__init__.py").write_text("raise SystemExit('the project was imported')\n")
    (project / "click.py").write_text("raise SystemExit('the project was imported')\n")
    process = graft("config", cwd=project, extra={"PYTHONPATH": python_path.format(project=project)})
    assert (process.returncode, process.stderr) == (0, "")
    assert "fix.budget_s" in process.stdout


def test_an_installation_that_python_path_names_is_still_found(graft):
    own = next(path for path in sys.path if path.endswith("site-packages"))
    assert graft("config", extra={"PYTHONPATH": own}).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nope"], "No such option"),
        (["mend"], "No such command 'mend'"),
        (["fix", "a", "b"], "unexpected extra argument"),
        (["fix", "--seed", "x"], "'x' is not a valid integer"),
        (["fix", "--seed", "-1"], r"flag: bad value for fix\.seed: -1 should be greater than or equal to 0"),
        (["fix", "--budget-s", "nan"], r"bad value for fix\.budget_s: nan"),
        (["fix", "missing"], "missing does not exist"),
        (["fix", "--issue", "notes/issue.md"], "There is no file notes/issue.md"),
        (["fix", "--issue", ""], "the text is empty"),
        (["locate"], "There is no text to locate"),
        (["locate", " "], "There is no text to locate"),
        (["locate", ".", "text", "more"], "Put the text in quotes"),
        (["locate", ".", "text", "--issue", "text"], "TEXT and --issue were both given"),
        (["locate", "text", "--top", "0"], "0 is not in the range"),
        (["runs", "show", "never"], "No run 'never'"),
        (["runs", "clean", "--older-than", "-1"], "-1.0 is not in the range"),
    ],
)
def test_bad_usage_ends_with_2_and_says_what_is_wrong(graft, arguments, message):
    process = graft(*arguments)
    assert process.returncode == 2
    assert process.stdout == ""
    assert re.search(message, process.stderr)
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        (["fix", "missing"], {"schema", "patch", "files", "tests", "candidates", "alternatives", "seconds"}),
        (["fix", "--nope"], {"schema", "patch", "run", "confidence"}),
        (["locate"], {"files", "symbols"}),
        (["index", "missing"], {"schema"}),
        (["runs", "show", "never"], {"schema"}),
    ],
)
def test_json_is_printed_even_for_bad_usage(graft, arguments, fields):
    process = graft(*arguments, "--json")
    reply = error_of(process)
    assert process.returncode == 2
    assert reply.keys() >= fields
    assert reply["message"] in process.stderr


def test_a_wrong_setting_ends_with_2_and_names_its_file(graft, tmp_path):
    (tmp_path / "graft.toml").write_text("[fix]\nbudget = 3\n")
    process = graft("fix", ".", "--json")
    assert process.returncode == 2
    assert "graft.toml: unknown key fix.budget. Did you mean budget_s?" in error_of(process)["message"]


def test_an_issue_that_is_no_text_is_read_as_well_as_possible(graft, tmp_path):
    (tmp_path / "issue").write_bytes(b"\xff\xfe\x00 \n")
    assert graft("locate", "--issue", "issue", "missing").returncode == 2
    (tmp_path / "issue").write_bytes(b"x" * (1 << 20) + b"y")
    assert "longer than 1 MiB" in graft("locate", "--issue", "issue").stderr


def test_no_runs_yet_is_no_error(graft):
    process = graft("runs", "list")
    assert (process.returncode, process.stdout) == (0, "No runs yet. Start one with `graft fix`.\n")
    assert json.loads(graft("runs", "list", "--json").stdout) == {"schema": 1, "runs": []}
    assert graft("runs", "clean").stdout == "0 deleted.\n"


def test_settings_are_shown_with_their_origin_and_without_secrets(graft, tmp_path):
    (tmp_path / "graft.toml").write_text("[fix]\nseed = 9\n")
    extra = {"GRAFT_MODEL_API_KEY": "sk-hunter2", "GRAFT_FIX_WORKERS": "1"}
    lines = graft("config", extra=extra).stdout.splitlines()
    shown = {line.split()[0]: line.split()[2:] for line in lines}
    assert shown["fix.seed"] == ["9", str(tmp_path / "graft.toml")]
    assert shown["fix.workers"] == ["1", "GRAFT_FIX_WORKERS"]
    assert shown["tests.python"] == ["none", "default"]
    as_json = graft("config", "--json", extra=extra).stdout
    assert json.loads(as_json)["settings"]["fix.seed"] == {"value": 9, "origin": str(tmp_path / "graft.toml")}
    assert "hunter2" not in "".join(lines) + as_json


def test_a_reader_that_goes_away_is_not_complained_about(environment):
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [GRAFT, "config", "--reference"], stdout=writing, stderr=subprocess.PIPE, env=environment, timeout=60
    )
    os.close(writing)
    assert (process.returncode, process.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_an_error(graft):
    with Path("/dev/full").open("w") as full:
        process = graft("config", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert process.returncode == 3
    assert "No space left on device" in process.stderr
    assert "Exception ignored" not in process.stderr


@pytest.mark.parametrize(("closed", "code"), [("<&-", 2), (">&-", 2), ("2>&-", 2), ("<&- >&- 2>&-", 2)])
def test_closed_streams_do_no_harm(environment, closed, code):
    command = f"exec {GRAFT} fix --json --issue - {closed} </dev/null"
    if closed.startswith("<"):
        command = command.removesuffix(" </dev/null")
    process = subprocess.run(
        ["sh", "-c", command], env=environment, capture_output=True, text=True, timeout=60
    )
    assert process.returncode == code
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_nothing_runs_yet_ends_with_130(environment, number):
    command = [GRAFT, "fix", "--json", "--issue", "-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # A shell's background job, as these tests may be, starts with Ctrl-C ignored, and so would its children.
    heard = functools.partial(signal.signal, number, signal.SIG_DFL)
    with subprocess.Popen(command, env=environment, preexec_fn=heard, **pipes) as process:
        wait_until_it_reads(process)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(output)["exit_code"] == 130
    assert errors == "Cancelled.\n"


def wait_until_it_reads(process):
    """Until the process sleeps in a read of its standard input, or a minute has passed."""
    call = Path(f"/proc/{process.pid}/syscall")
    for _ in range(600):
        if call.exists() and call.read_text().startswith("0 0x0 "):
            return
        time.sleep(0.1)


def on_a_terminal(arguments, environment):
    """What a command prints when its streams are a terminal."""
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        arguments, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, close_fds=True
    ):
        os.close(terminal)
        output = b""
        while chunk := read_some(controller):
            output += chunk
    os.close(controller)
    return output.decode()


def read_some(descriptor):
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def test_colour_is_for_terminals_that_want_it(environment):
    command = [GRAFT, "doctor"]
    environment |= {"TERM": "xterm-256color"}
    assert "\x1b[" in on_a_terminal(command, environment)
    assert "\x1b[" not in on_a_terminal(command, environment | {"NO_COLOR": "1"})
    assert "\x1b[" not in on_a_terminal(command, environment | {"TERM": "dumb"})
