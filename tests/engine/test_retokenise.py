"""The law of edits: after any of them the tokens equal those of tokenising the text afresh, for every tokenizer."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trained_tokenizers import KINDS, WHOLE_TEXT, opened

from engine.text import retokenise, tokenizer
from engine.text.retokenise import SplitText, TokenisedText

CODE = open(retokenise.__file__, encoding="utf-8").read()  # noqa: PTH123, SIM115
PIECES = [
    *"aZé1 \n\t'(_.,:;=",
    *(
        "\r\n",
        "\r",
        "    ",
        "\t\t",
        "123",
        "1234567",
        "\x00",
        "\u0301",
        "e\u0301",
        "🦀",
        "👩‍👩‍👧",
        "中文",
        "▁",
        "it's",
    ),
    *(
        "\u00a0",
        "\u3000",
        "\ufeff",
        "\ud800",
        "한",
        "\u1112\u1161\u11ab",
        "def f(x):\n",
        "<|endoftext|>",
        "<s>",
    ),
    *("ſ", "\u212a", "\u037e", "return x\n", "  # naïve\n", "слово слово"),
]
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
    st.integers(0, len(CODE) - 400).map(lambda at: CODE[at : at + 400]),
    st.text(max_size=40),
)
new_texts = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
fractions = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))
edits = st.lists(st.tuples(fractions, st.integers(0, 6), new_texts), min_size=1, max_size=6)


def assert_fresh(tokenizer, edited):
    fresh = TokenisedText(tokenizer, edited.text, opens=edited._opens)
    assert edited.tokens == fresh.tokens
    assert edited.starts() == fresh.starts()


@pytest.mark.parametrize("kind", [*KINDS, *WHOLE_TEXT])
@settings(max_examples=30, deadline=None)
@given(text=texts, edits=edits)
def test_after_any_edits_the_tokens_are_those_of_the_text_tokenised_afresh(kind, text, edits):
    edited, cached = TokenisedText(opened(kind), text), []
    cached += edited.tokens
    for place, length, new in edits:
        start = round(place * len(edited))
        end = min(len(edited), start + length)
        wanted = edited.text[:start] + new + edited.text[end:]
        edited.edit(start, end, new).apply(cached)
        assert edited.text == wanted
        assert_fresh(opened(kind), edited)
        assert cached == edited.tokens


@pytest.mark.parametrize("kind", [*KINDS, *WHOLE_TEXT])
@settings(max_examples=20, deadline=None)
@given(
    text=texts, moves=st.lists(st.one_of(fractions, st.tuples(fractions, fractions, new_texts)), max_size=6)
)
def test_after_any_moves_and_edits_prefix_and_suffix_are_tokenised_as_if_afresh(kind, text, moves):
    document = SplitText(opened(kind), text, len(text) // 2)
    sides = [document.prefix, document.suffix]
    caches = [list(side.tokens) for side in sides]
    for move in moves:
        length = len(document.text)
        if isinstance(move, tuple):
            start, end = sorted(round(place * length) for place in move[:2])
            wanted = document.text[:start] + move[2] + document.text[end:]
            splices = document.edit(start, end, move[2])
        else:
            wanted, cursor = document.text, round(move * length)
            splices = document.move(cursor)
            assert document.cursor == cursor
        assert document.text == wanted
        for side, cached, splice in zip(sides, caches, splices, strict=True):
            splice.apply(cached)
            assert_fresh(opened(kind), side)
            assert cached == side.tokens


@settings(max_examples=40, deadline=None)
@given(old=texts, new=texts)
def test_a_text_given_whole_becomes_the_text(old, new):
    edited = TokenisedText(opened("qwen2"), old)
    edited.sync(new)
    assert edited.text == new
    assert_fresh(opened("qwen2"), edited)


def test_a_splice_names_no_token_that_stays_at_its_ends():
    edited = TokenisedText(opened("gpt2"), CODE)
    old, at = list(edited.tokens), CODE.index("inserted")
    splice = edited.edit(at, at + 8, "added")
    assert splice.removed <= 3 and len(splice.inserted) <= 3
    assert edited.tokens[: splice.start] == old[: splice.start]
    assert edited.tokens[splice.start + len(splice.inserted) :] == old[splice.start + splice.removed :]


def test_nothing_typed_changes_nothing():
    splice = TokenisedText(opened("gpt2"), CODE).edit(7, 7, "")
    assert (splice.removed, splice.inserted, splice.encoded) == (0, (), 0)


@pytest.mark.parametrize("place", [(-1, 0), (3, 2), (0, 99)])
def test_an_edit_outside_of_the_text_is_refused(place):
    with pytest.raises(ValueError, match="lies outside"):
        TokenisedText(opened("gpt2"), "abc").edit(*place, "x")


def lines_edited(kind, edits, seed=5):
    """Tokens worked out per edit that replaces, deletes or inserts one line of a file of 4,000 tokens."""
    draw = random.Random(seed)
    code = open(tokenizer.__file__, encoding="utf-8").read() + CODE  # noqa: PTH123, SIM115
    edited = TokenisedText(opened(kind), code * 3)
    edited = TokenisedText(opened(kind), edited.text[: edited.starts()[4_000]])
    counts, inserted = [], []
    for _ in range(edits):
        lines = edited.text.splitlines(keepends=True)
        number = draw.randrange(len(lines))
        start = sum(map(len, lines[:number]))
        old = lines[number] if draw.random() < 0.7 else ""
        new = draw.choice(lines) if not old or draw.random() < 0.7 else ""
        splice = edited.edit(start, start + len(old), new)
        counts.append(splice.encoded)
        inserted.append(len(splice.inserted))
    return sum(counts) / edits, max(counts), sum(inserted) / edits


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_of_one_line_in_a_long_file_tokenises_about_one_line(kind):
    mean, most, _ = lines_edited(kind, 40)
    assert mean < 60 and most < 200


@pytest.mark.parametrize("kind", ["gpt2", "llama3", "llama_spm"])
def test_typing_at_the_end_of_a_long_file_tokenises_a_few_tokens(kind):
    edited = TokenisedText(opened(kind), CODE)
    counts = [edited.edit(len(edited), len(edited), letter).encoded for letter in "    return value_1 + 2\n"]
    assert max(counts) < 16
