"""A document that is edited under a model: what is read again, and that answers are those of reading it afresh."""

import random

import pytest
import torch
from tiny_models import make_reference, positions_of
from trained_tokenizers import ROOT, opened

from engine.cache.plain import PlainCache
from engine.session import AROUND, Session
from engine.text.fim import PromptTooLong
from engine.types import SamplingParams
from engine.weights.load import load_model

CODE = (ROOT / "engine" / "transport.py").read_text(encoding="utf-8")[:1500]
ONE = SamplingParams(max_tokens=1)
SOME = SamplingParams(max_tokens=12)


@pytest.fixture(scope="module")
def tokenizer():
    return opened("smollm")


@pytest.fixture(scope="module", params=["llama", "qwen2", "deepseek_v2, groups"])
def model(request, tmp_path_factory, tokenizer):
    return load_of(request.param, tmp_path_factory.mktemp("checkpoint"), tokenizer)


@pytest.fixture(scope="module")
def llama(tmp_path_factory, tokenizer):
    return load_of("llama", tmp_path_factory.mktemp("checkpoint"), tokenizer)


def load_of(case, folder, tokenizer):
    make_reference(case, vocab_size=tokenizer.size, max_position_embeddings=2048).save_pretrained(folder)
    return load_model(folder)


def logits_behind(session, model, length):
    """What the session's cache says behind its first tokens, when it is asked about the last one."""
    last = torch.tensor([session.tokens[length - 1 : length]])
    with session.cache.branch(length - 1), torch.inference_mode():
        return model.logits(model(last, positions_of(last, length - 1), session.cache))


def fresh_logits(session, model, length):
    tokens = torch.tensor([session.tokens[:length]])
    with torch.inference_mode():
        return model.logits(model(tokens, positions_of(tokens), PlainCache(model.config)))[:, -1:]


def random_edit(draw, text):
    start = draw.randrange(len(text) + 1)
    end = min(len(text), start + draw.choice([0, 0, 1, 5, 60]))
    return start, end, draw.choice(["", "x", "\n", " return a", "é🦀", "def f(a, b):\n    return a + b\n"])


def edited(session, seed, count):
    draw = random.Random(seed)
    for _ in range(count):
        session.edit(*random_edit(draw, session.text))


def test_after_any_edits_exact_mode_says_what_reading_afresh_says(model, tokenizer):
    session, draw, text = Session(model, tokenizer, CODE), random.Random(1), CODE
    for _ in range(6):
        start, end, new = random_edit(draw, text)
        text = text[:start] + new + text[end:]
        session.edit(start, end, new)
        cursor = draw.randrange(1, len(text) + 1)
        found = session.complete(cursor, SOME, "exact")
        assert session.text == text
        assert session.tokens == Session(model, tokenizer, text).tokens
        again = Session(model, tokenizer, text).complete(cursor, SOME, "exact")
        assert (found.text, found.tokens, found.reason) == (again.text, again.tokens, again.reason)
        assert found.reading.exact and found.reading.staleness == 0
        length = min(session.cache.exact_length, len(session.tokens))
        torch.testing.assert_close(
            logits_behind(session, model, length), fresh_logits(session, model, length), atol=1e-4, rtol=0
        )


def test_pie_reads_only_what_is_new(model, tokenizer):
    session = Session(model, tokenizer, CODE)
    first = session.complete(len(CODE), ONE, "pie").reading
    assert (first.tokens_reused, first.exact) == (0, True)
    session.edit(200, 200, "x = 1\n")
    reading = session.complete(len(session.text), ONE, "pie").reading
    assert reading.tokens_encoded <= 10
    assert reading.tokens_reused + reading.tokens_encoded >= first.tokens_encoded
    assert 1 <= reading.staleness <= 10 and not reading.exact
    assert session.complete(len(session.text), ONE, "pie").reading.tokens_encoded == 1


def test_an_edit_behind_the_cursor_costs_nothing_and_leaves_it_exact(llama, tokenizer):
    session = Session(llama, tokenizer, CODE)
    session.complete(300, ONE, "pie")
    session.edit(600, 640, "y = 2\n")
    reading = session.complete(300, ONE, "pie").reading
    assert (reading.tokens_encoded, reading.exact, reading.staleness) == (1, True, 0)


def test_appending_at_the_cursor_is_exact_and_reads_what_was_typed(model, tokenizer):
    session = Session(model, tokenizer, CODE)
    session.complete(len(CODE), ONE, "pie")
    for typed in ("\nfor", " each in", " range(3):\n"):
        session.edit(len(session.text), len(session.text), typed)
        found = session.complete(len(session.text), SOME, "pie")
        assert found.reading.exact and found.reading.tokens_encoded <= 8
        again = Session(model, tokenizer, session.text).complete(len(session.text), SOME, "exact")
        assert found.tokens == again.tokens


def test_repair_reads_behind_the_edit_and_before_the_cursor_once(llama, tokenizer):
    session = Session(llama, tokenizer, CODE)
    length = session.complete(len(CODE), ONE, "repair").reading.tokens_encoded
    session.edit(100, 100, "x = 1\n")
    reading = session.complete(len(session.text), ONE, "repair").reading
    assert 2 * AROUND <= reading.tokens_encoded <= 2 * AROUND + 12 < length
    stale = session.cache.staleness()
    assert int(stale[-AROUND:].max()) <= 0 and int(stale.max()) > 0
    assert session.complete(len(session.text), ONE, "repair").reading.tokens_encoded == 1


def test_past_the_bound_on_staleness_repair_reads_the_rest(llama, tokenizer, monkeypatch):
    monkeypatch.setattr("engine.session.STALENESS_BOUND", 3)
    session = Session(llama, tokenizer, CODE)
    session.complete(len(CODE), ONE, "repair")
    session.edit(100, 100, "first = second + third * fourth\n")
    reading = session.complete(len(session.text), ONE, "repair").reading
    assert reading.exact and reading.staleness == 0


def test_idle_work_makes_all_exact_and_stops_when_it_is_told(model, tokenizer):
    session = Session(model, tokenizer, CODE)
    session.complete(len(CODE), ONE, "pie")
    edited(session, seed=3, count=10)
    session.complete(len(session.text), ONE, "pie")
    asked = iter([False, False, True])
    assert not session.idle(lambda: next(asked))
    reached = session.cache.exact_length
    assert 0 < reached < len(session.tokens)
    assert session.idle(lambda: False)
    length = len(session.tokens)
    assert (session.cache.exact_length, session.cache.shifts, int(session.cache.staleness().max())) == (
        length,
        1,
        0,
    )
    torch.testing.assert_close(
        logits_behind(session, model, length), fresh_logits(session, model, length), atol=1e-4, rtol=0
    )
    assert session.complete(len(session.text), ONE, "exact").reading.tokens_encoded == 1


def test_a_completion_leaves_the_document_as_it_was(llama, tokenizer):
    session = Session(llama, tokenizer, CODE)
    session.complete(len(CODE), ONE, "pie")
    before = session.cache.staleness().tolist(), session.cache.pages, session.tokens
    first = session.complete(777, SOME, "pie")
    assert session.complete(777, SOME, "pie").tokens == first.tokens
    assert (session.cache.staleness().tolist(), session.cache.pages, session.tokens) == before


def test_syncing_with_a_text_that_differs_in_two_places_keeps_what_lies_between(llama, tokenizer):
    session = Session(llama, tokenizer, CODE)
    session.complete(len(CODE), ONE, "pie")
    lines = CODE.splitlines(keepends=True)
    lines[2:2] = ["import this\n"]
    lines[-3] = "    pass\n"
    session.sync("".join(lines))
    assert session.text == "".join(lines)
    assert session.tokens == Session(llama, tokenizer, session.text).tokens
    assert session.complete(len(session.text), ONE, "pie").reading.tokens_encoded < 30


@pytest.mark.parametrize("text", ["", "x", "\n", " " * 200, "é🦀" * 30])
def test_small_and_odd_texts_are_completed_in_every_mode(llama, tokenizer, text):
    for mode in ("exact", "pie", "repair"):
        session = Session(llama, tokenizer, text)
        for cursor in (0, len(text) // 2, len(text)):
            session.complete(cursor, SOME, mode)
        session.edit(0, len(text), "z = 1\n")
        session.complete(3, SOME, mode)
        assert session.idle(lambda: False)


def test_what_was_healed_is_not_part_of_the_text(llama, tokenizer):
    session = Session(llama, tokenizer, "def read(file):\n    retu")
    found = session.complete(len(session.text), SOME, "exact")
    spelled = b"".join(map(tokenizer.token_bytes, found.tokens))
    assert spelled.endswith(found.text.encode()[-3:]) and b"retu" in spelled
    assert not found.text.startswith("retu")


def test_a_seed_repeats_a_sample(llama, tokenizer):
    session = Session(llama, tokenizer, CODE)
    warm = SamplingParams(max_tokens=12, temperature=0.9, top_p=0.95, seed=4)
    assert session.complete(500, warm).tokens == session.complete(500, warm).tokens
    other = SamplingParams(max_tokens=12, temperature=0.9, top_p=0.95, seed=5)
    assert session.complete(500, warm).tokens != session.complete(500, other).tokens


def test_what_does_not_fit_the_context_and_what_is_outside_is_refused(llama, tokenizer):
    session = Session(llama, tokenizer, CODE)
    with pytest.raises(PromptTooLong, match="longer context"):
        session.complete(len(CODE), SamplingParams(max_tokens=2040))
    with pytest.raises(ValueError, match="outside"):
        session.complete(len(CODE) + 1, ONE)
    with pytest.raises(ValueError, match="outside"):
        session.edit(5, len(CODE) + 1, "")
