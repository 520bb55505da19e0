"""Healed prompts: they end where the finished text's tokens do, and what was taken off is spelled, byte for byte."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trained_tokenizers import KINDS, ROOT, opened

from engine.text.healing import Spelling, Vocabulary, heal_prefix, heal_suffix
from engine.text.retokenise import TokenisedText

CODE = (ROOT / "index" / "words.py").read_text(encoding="utf-8")
VOCABULARIES = {}


def vocabulary(kind):
    if kind not in VOCABULARIES:
        VOCABULARIES[kind] = Vocabulary(opened(kind))
    return VOCABULARIES[kind]


def healed(kind, text):
    prefix = TokenisedText(opened(kind), text)
    found = heal_prefix(opened(kind), vocabulary(kind), prefix)
    return prefix.tokens[: found.tokens], found.forced


def tokens(kind, text):
    return TokenisedText(opened(kind), text).tokens


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(place=st.integers(1, len(CODE)))
def test_a_healed_prompt_is_the_beginning_of_the_finished_texts_tokens(kind, place):
    kept, forced = healed(kind, CODE[:place])
    whole = tokens(kind, CODE)
    assert whole[: len(kept)] == kept
    lead = opened(kind).lead(CODE)
    assert b"".join(map(opened(kind).token_bytes, kept)) + forced == (lead + CODE[:place]).encode()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(place=st.integers(1, len(CODE) - 200))
def test_the_tokens_of_the_finished_text_are_always_allowed(kind, place):
    kept, forced = healed(kind, CODE[:place])
    spelling, generated = Spelling(vocabulary(kind), forced), b""
    for token in tokens(kind, CODE)[len(kept) :]:
        allowed = spelling.allowed(generated)
        if allowed is None:
            return
        assert token in allowed
        generated += opened(kind).token_bytes(token)
    raise AssertionError("the text was never spelled")


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_chosen_of_what_is_allowed_spells_the_forced_text(kind):
    draw = random.Random(11)
    for text in ["def f():\n        ", "x = ret", "naïve 🦀", "價", "a\r\n\t\t", "\x00", " ", "x  = 12345"]:
        _, forced = healed(kind, text)
        for _ in range(20):
            spelling, generated = Spelling(vocabulary(kind), forced), b""
            while (allowed := spelling.allowed(generated)) is not None:
                generated += opened(kind).token_bytes(draw.choice(allowed))
            assert generated.startswith(forced)


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet="ab \n(é", min_size=1, max_size=6), done=st.integers(0, 6))
def test_what_is_allowed_is_what_a_search_of_the_whole_vocabulary_finds(text, done):
    forced = text.encode()
    generated, rest = forced[:done], forced[done:]
    found = Spelling(vocabulary("gpt2"), forced).allowed(generated)
    if not rest:
        assert found is None
        return
    spelled = {token: opened("gpt2").token_bytes(token) for token in range(opened("gpt2").size)}
    wanted = {token for token, b in spelled.items() if b and (rest.startswith(b) or b.startswith(rest))}
    assert sorted(found) == sorted(wanted)


def test_a_prompt_that_ends_in_an_indentation_goes_back_before_the_newline():
    kept, forced = healed("gpt2", "def f(x):\n    y = x\n    ")
    assert forced == b"\n    " and opened("gpt2").decode(kept) == "def f(x):\n    y = x"


def test_inside_a_word_the_word_and_its_space_are_spelled_again():
    assert healed("gpt2", "    y = ret")[1] == b" ret"
    assert healed("llama_spm", "    y = ret")[1] == b" ret"


def test_punctuation_that_may_take_in_a_newline_is_spelled_again_where_the_pattern_says_so():
    assert healed("llama3", "f():\n    ")[1] == b"():\n    "
    assert healed("gpt2", "f():\n    ")[1] == b"\n    "


def test_a_long_text_without_a_cut_is_healed_by_its_last_token():
    kept, forced = healed("gpt2", "x = " + "ab" * 500)
    assert 0 < len(forced) <= 16 and kept == tokens("gpt2", "x = " + "ab" * 500)[:-1]


def test_an_empty_prefix_needs_no_healing():
    assert healed("gpt2", "") == ([], b"")


def test_what_differs_from_the_forced_text_allows_nothing():
    spelling = Spelling(vocabulary("gpt2"), b"abc")
    assert (
        spelling.allowed(b"ax") == () and spelling.allowed(b"abX") == () and spelling.allowed(b"xyzw") == ()
    )


def test_a_text_that_the_vocabulary_cannot_spell_is_not_taken_off():
    assert not Spelling(vocabulary("unigram"), "\U0001f9ff".encode()).possible
    assert healed("unigram", "x \U0001f9ff")[1] == b""


@pytest.mark.parametrize(
    ("before", "suffix", "expected"),
    [
        ("return ret", "urn_value + 1", "urn"),
        ("x = ", "y", ""),
        ("f(", ")", ""),
        ("  ", "  return x", "  return"),
        ("a", "", ""),
        ("", "abc", ""),
        ("ab", "c" * 500, ""),
    ],
)
def test_a_suffix_that_starts_inside_a_word_or_among_spaces_leaves_it_to_the_model(before, suffix, expected):
    text = TokenisedText(opened("gpt2"), suffix, opens=False)
    found = heal_suffix(opened("gpt2"), text, before[-1:])
    assert found.expected == expected
    left = suffix[len(expected) :]
    assert text.tokens[found.tokens :] == TokenisedText(opened("gpt2"), left, opens=False).tokens


class FiftyThousand:
    """A vocabulary of the size that code models have: every byte, and words with and without a space."""

    def __init__(self):
        draw = random.Random(1)
        words = {
            "".join(draw.choices("etaoinsrhldcu_", k=draw.randint(1, 9))).encode() for _ in range(60_000)
        }
        runs = {b"\n" * a + b" " * b for a in range(4) for b in range(30)}
        spelled = {bytes([byte]) for byte in range(256)} | runs | words | {b" " + word for word in words}
        self.spelled = sorted(spelled)[:: max(1, len(spelled) // 50_000)]
        self.size = len(self.spelled)

    def token_bytes(self, token):
        return self.spelled[token]


def test_a_step_takes_less_than_a_millisecond_in_a_vocabulary_of_fifty_thousand():
    large = Vocabulary(FiftyThousand())
    times = []
    for forced in (b" ", b"\n        ", b" return_the", b"():\n" + b" " * 56, b"e"):
        spelling = Spelling(large, forced)
        for done in range(len(forced)):
            before = time.process_time()
            spelling.allowed(forced[:done])
            times.append(time.process_time() - before)
    times.sort()
    assert times[len(times) // 2] < 0.001 and times[-3] < 0.003
