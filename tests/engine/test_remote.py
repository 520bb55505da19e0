"""Models on servers: what is sent, what is made of refusals, failures and streams, and that keys are never shown."""

import logging
import threading
import time
import traceback

import pytest
from openai_server import serving

from engine.remote import RemoteModel
from engine.remote_address import read_address
from engine.transport import RemoteError
from engine.types import Message, SamplingParams, UnknownModelURL

KEY = "sk-hunter2-0123456789abcdef"
ASK = [Message("user", "hi")]
GREEDY, WARM = SamplingParams(), SamplingParams(temperature=0.8, seed=5)


def model(server, options="", key=KEY):
    return RemoteModel(server.url + options, environment={"GRAFT_API_KEY": key}, backoff_s=0.001)


def test_the_suffix_is_sent_where_the_server_takes_it():
    with serving() as server:
        [found] = model(server).infill(
            "before", "after", SamplingParams(max_tokens=9, stop=("\n",)), path="a.py"
        )
        [sent] = server.requests
    assert (sent["kind"], sent["prompt"], sent["suffix"], sent["max_tokens"]) == (
        "completions",
        "before",
        "after",
        9,
    )
    assert sent["stop"] == ["\n"] and "seed" not in sent and "n" not in sent
    assert found.confidence == pytest.approx(0.6065, abs=1e-4)
    assert (found.usage.input_tokens, found.usage.output_tokens) == (7, 2)


def test_where_the_suffix_is_refused_the_models_name_tells_the_prompt():
    with serving(
        refuses={"suffix"}, replies=["mid\nafter the cursor"], models=("Qwen2.5-Coder-1.5B",)
    ) as server:
        opened = model(server)
        assert opened.infill("P", "\nafter the cursor", GREEDY)[0].text == "mid", (
            "cut where it runs into the suffix"
        )
        assert (
            server.requests[-1]["prompt"] == "<|fim_prefix|>P<|fim_suffix|>\nafter the cursor<|fim_middle|>"
        )
        opened.infill("P", "S", GREEDY)
        assert len(server.requests) == 3, "the refused way is not tried again"


def test_a_server_of_chats_alone_is_asked_in_a_message_and_its_fence_is_taken_off():
    with serving(missing={"completions"}, replies=["```python\nx = 1 + 2\n```"]) as server:
        [found] = model(server).infill("def f():\n    x =", "\n    return x", GREEDY, path="a.py")
        sent = server.requests[-1]["messages"]
    assert found.text == " 1 + 2", "what stands before the cursor is not said twice"
    assert sent[1]["content"] == "File a.py\ndef f():\n    x =<CURSOR>\n    return x"


@pytest.mark.parametrize(
    ("way", "prompt"),
    [("suffix", "P"), ("codestral", "[SUFFIX]S[PREFIX]P"), ("codellama", "<PRE> P <SUF>S <MID>")],
)
def test_the_url_may_say_how_to_infill(way, prompt):
    with serving() as server:
        model(server, f"#infill={way}").infill("P", "S", GREEDY)
        assert server.requests[-1]["prompt"] == prompt
    with serving(missing={"completions"}) as server, pytest.raises(RemoteError, match="404"):
        model(server, f"#infill={way}").infill("P", "S", GREEDY)


def test_of_a_long_document_the_neighbourhood_of_the_cursor_is_sent():
    with serving() as server:
        model(server).infill("a" * 100_000 + "NEAR", "CLOSE" + "b" * 100_000, GREEDY)
        sent = server.requests[-1]
    assert sent["prompt"].endswith("aNEAR") and len(sent["prompt"]) == 24_000
    assert sent["suffix"].startswith("CLOSEb") and len(sent["suffix"]) == 8_000


def test_a_server_that_gives_one_text_a_time_is_asked_with_other_seeds():
    with serving(most_choices=1, replies=["text {seed}"]) as server:
        found = model(server).chat(ASK, WARM, n=3)
        assert [reply.text for reply in found] == ["text 5", "text 6", "text 7"]
        assert sum(reply.usage.output_tokens for reply in found) == 6


@pytest.mark.parametrize("field", ["seed", "n", "logprobs", "stop", "top_p"])
def test_a_field_that_a_server_refuses_by_name_is_left_out_from_then_on(field):
    params = SamplingParams(temperature=1, top_p=0.9, stop=("\n",))
    with serving(refuses={field}, replies=["a\nb"]) as server:
        opened = model(server)
        for _ in range(2):
            assert [each.text for each in opened.infill("P", "S", params, n=2)] == ["a", "a"]
        assert sum(field in sent for sent in server.requests) == 1


def test_a_server_of_the_newer_name_for_the_bound_on_tokens_gets_it():
    with serving(refuses={"max_tokens"}) as server:
        assert model(server).chat(ASK, SamplingParams(max_tokens=9))[0].text == "reply"
        assert server.requests[-1]["max_completion_tokens"] == 9


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 0])
def test_a_busy_broken_or_dropping_server_is_asked_again(status):
    with serving(statuses=[status, status, status]) as server:
        assert model(server).chat(ASK, GREEDY)[0].text == "reply"
        assert len(server.requests) == 4


def test_a_server_that_stays_broken_is_given_up():
    with serving(statuses=[503] * 9) as server:
        with pytest.raises(RemoteError, match=r"refuses with 503: status 503") as caught:
            model(server, "#model=m").chat(ASK, GREEDY)
        assert len(server.requests) == 4 and caught.value.status == 503


def test_what_repeating_cannot_help_is_not_repeated():
    with serving(statuses=[403]) as server:
        with pytest.raises(RemoteError, match=r"403.*\nName the environment variable"):
            model(server, "#model=m").chat(ASK, GREEDY)
        assert len(server.requests) == 1


def test_the_wait_that_a_server_asks_for_is_kept():
    with serving(statuses=[429], headers={"retry-after": "1"}) as server:
        before = time.monotonic()
        model(server, "#model=m").chat(ASK, GREEDY)
        assert time.monotonic() - before >= 1


def test_a_server_that_does_not_answer_in_time_is_given_up_at_once():
    with serving(wait_s=5) as server:
        before = time.monotonic()
        with pytest.raises(RemoteError, match=r"did not answer within 0.2 s.*\n.*timeout_s"):
            model(server, "#model=m&timeout_s=0.2").chat(ASK, GREEDY)
        assert time.monotonic() - before < 3 and len(server.requests) == 1


@pytest.mark.parametrize(
    "raw", [b"", b"<html>", b"[]", b'{"choices": []}', b'{"choices": null}', b"\xff\xfe", b"null"]
)
def test_nonsense_is_told_as_such(raw):
    with serving(raw=raw) as server, pytest.raises(RemoteError, match="Is it a model server"):
        model(server, "#model=m").chat(ASK, GREEDY)


@pytest.mark.parametrize(
    "choice", [None, 7, {}, {"message": None}, {"message": {"content": None}}, {"text": 3}]
)
def test_a_choice_without_text_is_an_empty_text(choice):
    import json

    with serving(raw=json.dumps({"choices": [choice], "usage": "much"}).encode()) as server:
        assert model(server, "#model=m").chat(ASK, GREEDY)[0].text == ""


def test_an_error_in_an_answer_of_success_is_an_error():
    raw = b'{"error": {"message": "out of memory"}}'
    with serving(raw=raw) as server, pytest.raises(RemoteError, match="reports: out of memory"):
        model(server, "#model=m").chat(ASK, GREEDY)


def test_what_goes_to_this_machine_goes_through_no_proxy(monkeypatch):
    with serving() as proxy, serving() as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
            assert RemoteModel(url, environment={}).chat(ASK, GREEDY)[0].text == "reply"
        assert len(server.requests) == 2 and proxy.requests == []


def test_a_server_without_models_needs_a_name():
    with (
        serving(models=()) as server,
        pytest.raises(RemoteError, match=r"lists no model.\nName one: …/v1#model=NAME"),
    ):
        model(server).chat(ASK, GREEDY)


def test_a_stream_comes_in_pieces_that_make_the_text():
    text = "def f():\n    return '🦀'\n"
    for done in (True, False):
        with serving(replies=[text], ends_with_done=done) as server:
            pieces = list(model(server).stream_chat(ASK, GREEDY))
            assert len(pieces) > 3 and "".join(pieces) == text


def test_a_stream_ends_at_a_stop_string_that_the_server_does_not_know():
    with serving(replies=["one\ntwo" + "\nmore" * 500], refuses={"stop"}, pause_s=0.002) as server:
        pieces = list(model(server).stream_infill("P", "S", SamplingParams(stop=("\ntwo",))))
        assert "".join(pieces) == "one"
        assert server.streamed_pieces < 400, "the server was told to stop"


def test_a_streams_infilling_takes_the_ways_that_the_server_does_not_refuse():
    with serving(missing={"completions"}, replies=["```\nx\n```"]) as server:
        assert list(model(server).stream_infill("P", "S", GREEDY)) == ["x"]


def test_a_server_that_does_not_stream_gives_one_piece():
    with serving(streams=False) as server:
        assert list(model(server).stream_chat(ASK, GREEDY)) == ["reply"]


def test_a_stream_that_breaks_off_is_an_error_after_what_came():
    with serving(replies=["abcdefghi"], drop_after=2) as server:
        pieces = []
        with pytest.raises(RemoteError, match="the stream broke off"):
            for piece in model(server).stream_chat(ASK, GREEDY):
                pieces.append(piece)
        assert pieces == ["abc", "def"]


def cancelled_after(stream, seconds):
    timer = threading.Timer(seconds, stream.cancel)
    timer.start()
    before = time.monotonic()
    pieces = list(stream)
    timer.join()
    return pieces, time.monotonic() - before


def test_a_stream_is_cancelled_from_another_thread_while_it_runs():
    with serving(replies=["ab" * 5_000], pause_s=0.01) as server:
        pieces, took_s = cancelled_after(model(server, "#model=m").stream_chat(ASK, GREEDY), 0.3)
        assert pieces and took_s < 5
        assert server.hung_up.wait(5), "the server saw the end of the connection"


def test_a_stream_is_cancelled_while_the_server_still_reads_the_prompt():
    with serving(wait_s=20) as server:
        pieces, took_s = cancelled_after(model(server, "#model=m").stream_infill("P", "S", GREEDY), 0.3)
        assert pieces == [] and took_s < 5
        assert server.hung_up.wait(5)


def test_a_stream_that_was_cancelled_before_asks_nothing():
    with serving() as server:
        stream = model(server, "#model=m").stream_chat(ASK, GREEDY)
        stream.cancel()
        assert list(stream) == [] and server.requests == []


def test_leaving_the_loop_ends_the_connection():
    with serving(replies=["ab" * 5_000], pause_s=0.01) as server:
        for _ in model(server, "#model=m").stream_chat(ASK, GREEDY):
            break
        assert server.hung_up.wait(5)


def test_the_key_is_sent_and_never_shown(caplog):
    caplog.set_level(logging.DEBUG)
    shown = []
    with serving(key=KEY) as server:
        opened = model(server, "#model=m")
        opened.chat(ASK, GREEDY)
        shown += [repr(opened), opened.name, repr(vars(opened)), repr(opened._address)]
    for statuses in ([401], [429] * 4, [0] * 4):
        with serving(statuses=statuses) as server:
            for call in (
                lambda opened: opened.chat(ASK, GREEDY),
                lambda opened: list(opened.stream_chat(ASK, GREEDY)),
            ):
                server.behaviour.statuses = list(statuses)
                with pytest.raises(RemoteError) as caught:
                    call(model(server, "#model=m"))
                shown += [str(caught.value), repr(caught.value), *traceback.format_exception(caught.value)]
    assert "Bearer …" in "".join(shown), "the server quoted the key"
    assert KEY not in "".join([*shown, caplog.text])


@pytest.mark.parametrize(
    ("url", "environment", "key"),
    [
        ("http://h/v1", {}, ""),
        ("http://h/v1", {"GRAFT_API_KEY": "g", "OPENAI_API_KEY": "o"}, "g"),
        ("http://h/v1", {"GRAFT_API_KEY": "g", "GRAFT_MODEL_API_KEY": "m"}, "m"),
        ("http://h/v1", {"OPENAI_API_KEY": "o"}, ""),
        ("https://api.openai.com/v1", {"OPENAI_API_KEY": "o"}, "o"),
        ("https://api.openai.com.evil.example/v1", {"OPENAI_API_KEY": "o"}, ""),
        ("http://h/v1#MY_KEY", {"MY_KEY": " m\n", "GRAFT_API_KEY": "g"}, "m"),
        ("http://h/v1#model=x&key=OPENAI_API_KEY", {"OPENAI_API_KEY": "o"}, "o"),
    ],
)
def test_a_key_goes_to_the_server_that_it_was_meant_for(url, environment, key):
    assert read_address(url, environment).key == key


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://u:hunter2@h/v1", "holds credentials"),
        ("http://h/v1?key=hunter2", "holds credentials or a query"),
        ("http://h:port/v1", "malformed"),
        ("http:///v1", "no host"),
        ("http://h/v1#key=sk-hunter2", "no name of an environment variable"),
        ("http://h/v1#key=UNSET", "variable UNSET for the server's key is not set"),
        ("http://h/v1#key=BROKEN", "BROKEN for the server's key holds characters that no key has"),
        ("http://h/v1#modle=x", r"unknown option 'modle' behind #. Did you mean model\?"),
        ("http://h/v1#infill=fim", "'fim' is no way to infill"),
        ("http://h/v1#timeout_s=soon", "timeout_s is 'soon'"),
        ("http://h/v1#timeout_s=0", "timeout_s is '0'"),
    ],
)
def test_a_bad_url_is_explained_without_what_may_be_secret(url, message):
    with pytest.raises(UnknownModelURL, match=message) as caught:
        read_address(url, {"BROKEN": "hunter2\x00é"})
    assert "hunter2" not in repr([caught.value, caught.value.__cause__])
    assert caught.value.__cause__ is None and (
        caught.value.__context__ is None or caught.value.__suppress_context__
    )


def test_a_url_without_a_path_means_the_first_version():
    assert read_address("http://127.0.0.1:8012", {}).base == "http://127.0.0.1:8012/v1"
    assert read_address("http://h/beta/", {}).base == "http://h/beta"
