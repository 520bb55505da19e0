"""What every `ChatModel` and `Generator` does, whatever stands behind it; and a server that somebody else wrote."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from openai_server import serving

from engine.open import open_chat_model, open_generator
from engine.types import ChatReply, Completion, EngineError, Message, SamplingParams, Usage

REPLY = "return a\n\ndef next(): ..."
HELLO = [Message("system", "be brief"), Message("user", "hello")]


@pytest.fixture(params=["scripted", "http"])
def url(request, tmp_path):
    """A model that answers REPLY to everything."""
    if request.param == "http":
        with serving(replies=[REPLY]) as server:
            yield server.url
    else:
        path = tmp_path / "replies.json"
        path.write_text(json.dumps({"replies": [{"text": REPLY, "repeat": True}]}), encoding="utf-8")
        yield f"scripted:{path}"


def test_chat_gives_as_many_replies_as_asked_for(url):
    replies = open_chat_model(url).chat(HELLO, SamplingParams(), n=3)
    assert [type(reply) for reply in replies] == [ChatReply] * 3
    assert [reply.text for reply in replies] == [REPLY] * 3


def test_infilling_gives_as_many_completions_as_asked_for(url):
    found = open_generator(url).infill("def f(a):\n    ", "\n", SamplingParams(), n=3, path="a/b.py")
    assert [type(completion) for completion in found] == [Completion] * 3
    assert [completion.text for completion in found] == [REPLY] * 3


def test_one_is_what_is_asked_for_without_a_number(url):
    assert len(open_chat_model(url).chat(HELLO, SamplingParams())) == 1
    assert len(open_generator(url).infill("a", "b", SamplingParams())) == 1


def test_a_text_ends_before_the_first_stop_string(url):
    params = SamplingParams(stop=("\ndef", "\n\n", "absent"))
    assert open_chat_model(url).chat(HELLO, params)[0].text == "return a"
    assert open_generator(url).infill("x", "", params)[0].text == "return a"


def test_usage_and_confidence_are_within_their_bounds(url):
    [reply] = open_chat_model(url).chat(HELLO, SamplingParams())
    [completion] = open_generator(url).infill("x", "y", SamplingParams())
    for usage in (reply.usage, completion.usage):
        assert isinstance(usage, Usage) and min(usage.input_tokens, usage.output_tokens, usage.cost_usd) >= 0
    assert completion.confidence is None or 0 <= completion.confidence <= 1


@pytest.mark.parametrize(
    ("prefix", "suffix"), [("", ""), ("é🦀\r\n\x00", "\t\u2028"), ("x" * 200_000, "y" * 200_000)]
)
def test_any_text_may_stand_around_the_cursor(url, prefix, suffix):
    assert open_generator(url).infill(prefix, suffix, SamplingParams())[0].text == REPLY


def test_a_model_has_a_name_and_may_be_asked_from_several_threads(url):
    model, texts = open_generator(url), []
    assert model.name.partition(":")[0] in ("scripted", "http")
    threads = [
        threading.Thread(target=lambda: texts.append(model.infill("x", "y", SamplingParams())[0].text))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == [REPLY] * 8


def test_a_model_that_cannot_answer_raises_the_error_of_the_seam(tmp_path):
    empty = tmp_path / "none.json"
    empty.write_text('{"replies": []}', encoding="utf-8")
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(EngineError):
        open_chat_model(f"scripted:{empty}").chat(HELLO, SamplingParams())
    with pytest.raises(EngineError, match=r"Cannot reach the model at .*\nIs the server running"):
        open_generator(f"http://127.0.0.1:{port}/v1#model=m").infill("x", "y", SamplingParams())


FAKELLM = os.environ.get("GRAFT_TEST_FAKELLM") or shutil.which("fakellm", path=Path(sys.executable).parent)
NEEDS_FAKELLM = pytest.mark.skipif(not FAKELLM, reason="fakellm is not installed (pip install fakellm)")


@pytest.fixture(scope="module")
def foreign_url(tmp_path_factory):
    """fakellm, a real server of another hand: chat alone, no list of models, no `n`, streams."""
    folder = tmp_path_factory.mktemp("fakellm")
    rules = [
        {
            "name": "busy",
            "when": {"messages_contain": "fail"},
            "respond": {"status": 400, "error": "bad request"},
        },
        {"name": "any", "when": {}, "respond": {"content": REPLY}},
    ]
    (folder / "fakellm.yaml").write_text(json.dumps({"rules": rules}), encoding="utf-8")
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    config = ["--config", str(folder / "fakellm.yaml")]
    log = (folder / "log").open("wb")
    server = subprocess.Popen(
        [FAKELLM, "serve", "--host", "127.0.0.1", "--port", str(port), *config], stdout=log, stderr=log
    )
    try:
        for _ in range(600):
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, (folder / "log").read_text(encoding="utf-8")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/v1#model=gpt-4o-mini"
    finally:
        server.terminate()
        server.wait(10)
        log.close()


@NEEDS_FAKELLM
def test_a_server_of_another_hand_keeps_the_contract(foreign_url):
    for check in (
        test_chat_gives_as_many_replies_as_asked_for,
        test_infilling_gives_as_many_completions_as_asked_for,
        test_one_is_what_is_asked_for_without_a_number,
        test_a_text_ends_before_the_first_stop_string,
        test_usage_and_confidence_are_within_their_bounds,
        test_a_model_has_a_name_and_may_be_asked_from_several_threads,
    ):
        check(foreign_url)


@NEEDS_FAKELLM
def test_a_server_of_another_hand_streams(foreign_url):
    from engine.remote import RemoteModel

    model = RemoteModel(foreign_url)
    assert "".join(model.stream_chat(HELLO, SamplingParams())) == REPLY
    assert "".join(model.stream_infill("x", "y", SamplingParams(stop=("\n\n",)))) == "return a"


@NEEDS_FAKELLM
def test_what_a_server_of_another_hand_refuses_is_told(foreign_url):
    with pytest.raises(EngineError, match="refuses with 400: bad request"):
        open_chat_model(foreign_url).chat([Message("user", "please fail")], SamplingParams())
