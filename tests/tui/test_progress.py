"""Progress as a log and as a moving line, from real events."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agent.events import Note, RunStarted, StepProgress, StepStarted
from tui.progress import shown_progress

PROGRAM = """
from agent.events import Note, StepProgress, StepStarted
from tui.progress import shown_progress
with shown_progress() as observe:
    observe(StepStarted("locate", "asking the graph"))
    observe(StepStarted("validate", "trying candidates"))
    observe(StepProgress("validate", "trying [candidates]", 3, 9))
    observe(Note("one test is flaky"))
"""


@pytest.fixture
def log(capsys):
    """What a log shows of some events, without the times."""

    def shown(*events):
        with shown_progress() as observe:
            for event in events:
                observe(event)
        lines = capsys.readouterr().err.splitlines()
        assert all(re.match(r"\d\d:\d\d:\d\d ", line) for line in lines)
        return [line[9:] for line in lines]

    return shown


def test_a_log_has_a_line_for_each_step_and_note(log):
    lines = log(
        RunStarted("20240604-1", Path("runs/20240604-1")),
        StepStarted("locate", "asking the graph"),
        Note("one test is flaky"),
        StepStarted("plan", "ranking 7 files"),
    )
    assert lines == [
        "run 20240604-1",
        "locate: asking the graph",
        "note: one test is flaky",
        "plan: ranking 7 files",
    ]


def test_a_log_is_not_flooded_by_progress(log):
    steps = [StepProgress("validate", "candidates", done, 500) for done in range(500)]
    assert log(*steps) == ["validate: candidates 0/500"]


def test_a_long_line_is_not_broken(log):
    assert log(Note("word " * 60 + "end")) == ["note: " + "word " * 60 + "end"]


def test_markup_in_a_text_is_shown_as_it_is(log):
    assert log(Note("tests/test_x.py::test_y[bold]")) == ["note: tests/test_x.py::test_y[bold]"]


def on_a_terminal(**extra):
    controller, terminal = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", **extra}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=terminal, stderr=terminal, env=environment
    )
    os.close(terminal)
    output = b""
    try:
        while chunk := os.read(controller, 4096):
            output += chunk
    except OSError:
        pass
    os.close(controller)
    assert process.wait(60) == 0
    return output.decode()


def test_a_terminal_sees_each_finished_step_once_and_the_cursor_again():
    output = on_a_terminal()
    assert output.count("✓ locate") == 1
    assert "one test is flaky" in output
    assert output.rindex("\x1b[?25h") > output.rindex("\x1b[?25l")


def test_a_terminal_in_continuous_integration_gets_plain_lines():
    assert re.match(r"\d\d:\d\d:\d\d locate: asking the graph\r\n", on_a_terminal(CI="true"))
