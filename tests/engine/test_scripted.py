"""The scripted model through the public door: which reply a call gets, and what a bad file says."""

import json

import pytest

from engine.open import open_chat_model, open_generator
from engine.types import EngineError, Message, SamplingParams, ScriptError, UnknownModelURL, Usage

PARAMS = SamplingParams()


def script(tmp_path, *replies, name="replies.json"):
    path = tmp_path / name
    path.write_text(json.dumps({"replies": list(replies)}), encoding="utf-8")
    return f"scripted:{path}"


def ask(model, text, n=1):
    return [reply.text for reply in model.chat([Message("user", text)], PARAMS, n=n)]


def test_replies_come_in_the_files_order(tmp_path):
    model = open_chat_model(script(tmp_path, {"text": "one"}, {"text": "two"}, {"text": "three"}))
    assert ask(model, "x") == ["one"]
    assert ask(model, "x", n=2) == ["two", "three"]


def test_a_reply_waits_for_the_message_that_its_expression_matches(tmp_path):
    model = open_chat_model(
        script(tmp_path, {"text": "plan", "when": "(?i)make a plan"}, {"text": "edit", "when": "^Edit"})
    )
    assert ask(model, "Edit the file") == ["edit"]
    assert ask(model, "please MAKE A PLAN") == ["plan"]


def test_only_the_last_message_decides(tmp_path):
    model = open_chat_model(script(tmp_path, {"text": "old", "when": "first"}, {"text": "new"}))
    messages = [Message("user", "first"), Message("assistant", "…"), Message("user", "second")]
    assert model.chat(messages, PARAMS)[0].text == "new"


def test_a_repeated_reply_is_never_spent(tmp_path):
    model = open_chat_model(script(tmp_path, {"text": "again", "repeat": True}))
    assert ask(model, "x", n=3) == ["again"] * 3


def test_an_exhausted_script_names_the_file_and_the_call(tmp_path):
    model = open_chat_model(script(tmp_path, {"text": "only", "when": "yes"}))
    ask(model, "yes")
    with pytest.raises(ScriptError, match=r"replies\.json: no reply is left for call 2.*'yes'.*1 of 1"):
        ask(model, "yes")


def test_a_generator_gets_its_replies_by_the_prefix_and_stops_at_the_stop_text(tmp_path):
    model = open_generator(script(tmp_path, {"text": "return a\n\ndef next(): ...", "when": r"def add"}))
    [completion] = model.infill("def add(a, b):\n    ", "", SamplingParams(stop=("\n\n", "\ndef")))
    assert completion.text == "return a"


def test_usage_is_reported_as_written(tmp_path):
    model = open_chat_model(
        script(tmp_path, {"text": "x", "input_tokens": 7, "output_tokens": 2, "cost_usd": 0.5})
    )
    assert model.chat([Message("user", "?")], PARAMS)[0].usage == Usage(7, 2, 0.5)


def test_toml_scripts_are_read_by_their_suffix(tmp_path):
    path = tmp_path / "replies.toml"
    path.write_text('[[replies]]\ntext = "from toml"\n', encoding="utf-8")
    assert ask(open_chat_model(f"scripted:{path}"), "x") == ["from toml"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not valid JSON"),
        ('{"replies": "x"}', "bad entry at replies"),
        ('{"replies": [{"txt": "x"}]}', "bad entry at replies.0"),
        ('{"replies": [{"text": "x", "when": "("}]}', "bad entry at replies.0.when"),
        ("\x00\xff", "not valid JSON"),
    ],
)
def test_a_malformed_script_says_where(tmp_path, content, message):
    path = tmp_path / "bad.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ScriptError, match=message):
        open_chat_model(f"scripted:{path}")


def test_a_missing_script_is_named(tmp_path):
    with pytest.raises(ScriptError, match=r"none\.json \(No such file"):
        open_generator(f"scripted:{tmp_path / 'none.json'}")


@pytest.mark.parametrize("url", ["local:coder", "sriptd:x", "", "/a/path"])
@pytest.mark.parametrize("opened", [open_chat_model, open_generator])
def test_a_url_that_nobody_serves_is_refused_with_the_next_step(url, opened):
    with pytest.raises(UnknownModelURL, match=r"scripted:PATH, or leave the setting empty") as caught:
        opened(url)
    assert isinstance(caught.value, EngineError)


def test_an_error_never_shows_the_credentials_of_a_url():
    with pytest.raises(UnknownModelURL) as caught:
        open_chat_model("https://user:hunter2@host.example/v1?key=hunter2")
    assert "hunter2" not in str(caught.value)
    assert "host.example" in str(caught.value)
