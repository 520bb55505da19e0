"""What a fault of our own looks like to the user."""

import json

import pytest

from agent.errors import Cancelled, EnvironmentBroken
from engine.types import ScriptError
from index.errors import StoreCorrupt, UpdateCancelled
from tui.failure import report_failure


def test_an_unforeseen_error_is_one_sentence_and_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    try:
        raise KeyError("missing piece")
    except KeyError as error:
        assert report_failure(error, ["fix"]) == 3
    said = capsys.readouterr()
    [kept] = (tmp_path / "graft").glob("crash-*.txt")
    assert "KeyError: 'missing piece'" in said.err
    assert str(kept) in said.err
    assert "Traceback" not in said.err
    assert "raise KeyError" in kept.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EnvironmentBroken("no bwrap"), 3),
        (Cancelled("Stopped."), 130),
        (ScriptError("no reply"), 3),
        (StoreCorrupt("damaged", "graph.db"), 3),
        (UpdateCancelled("Stopped."), 130),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_expected_error_has_its_exit_code_and_leaves_no_file(tmp_path, monkeypatch, capsys, error, code):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert report_failure(error, ["locate", "--json"]) == code
    said = capsys.readouterr()
    assert json.loads(said.out)["exit_code"] == code
    assert list(tmp_path.iterdir()) == []
