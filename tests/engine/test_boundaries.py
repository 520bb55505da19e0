"""Where tokens may be cut apart: what is claimed of a pattern holds for the real scanner."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trained_tokenizers import GPT4O, KINDS, LLAMA3, QWEN2, WHOLE_TEXT, opened, split_by

from engine.text.boundaries import Boundaries
from engine.text.pattern import Pattern, PatternNotUnderstood
from engine.text.pipeline import GPT2_PATTERN

METASPACE = ("llama_spm", "gemma", "unigram")
ALPHABET = [
    *"aZsl1 \n\t'(_./é中я",
    "\r\n",
    "   ",
    "\u0301",
    "\u00a0",
    "\u3000",
    "\x00",
    "\x1c",
    "🦀",
    "ſ",
    "\u037e",
    "▁",
]
texts = st.lists(st.sampled_from(ALPHABET), max_size=40).map("".join)


def cuts_of(text, boundaries):
    return [place for place in range(1, len(text)) if boundaries.is_cut(text[place - 1], text[place])]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(text=texts)
def test_tokens_of_both_sides_of_a_cut_are_the_tokens_of_the_whole(kind, text):
    tokenizer = opened(kind)
    whole = tokenizer.encode(text).ids
    for place in cuts_of(text, tokenizer.boundaries):
        assert tokenizer.encode(text[:place]).ids + tokenizer.encode(text[place:]).ids == whole, repr(
            text[place - 1 : place + 1]
        )


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in METASPACE])
def test_code_has_a_cut_behind_every_word_that_ends_a_line_or_stands_before_a_space(kind):
    boundaries = opened(kind).boundaries
    assert boundaries.is_cut("n", "\n") and boundaries.is_cut("n", " ") and boundaries.is_cut("7", " ")


@pytest.mark.parametrize("kind", METASPACE)
def test_metaspace_is_cut_before_spaces(kind):
    boundaries = opened(kind).boundaries
    assert boundaries.is_cut("n", " ") and not boundaries.is_cut(" ", "n")


def test_an_added_run_of_spaces_is_not_cut_where_the_text_itself_has_the_mark_for_spaces():
    tokenizer, text = opened("gemma"), "x▁  y"
    assert not tokenizer.boundaries.is_cut("▁", " ")
    assert tokenizer.encode(text).ids != tokenizer.encode(text[:2]).ids + tokenizer.encode(text[2:]).ids


def test_a_run_of_white_space_is_never_cut_inside():
    for kind in ("gpt2", "llama3", "qwen2", "gpt4o", "deepseek_v3"):
        boundaries = opened(kind).boundaries
        assert not any(boundaries.is_cut(a, b) for a in " \t\n" for b in " \t\n"), kind


def test_digits_in_groups_of_three_are_not_cut_apart():
    assert not opened("llama3").boundaries.is_cut("1", "2")
    assert opened("smollm").boundaries.is_cut("1", "2"), "single digits are"


def test_qwen_and_llama_keep_newlines_with_the_punctuation_before_them_and_gpt2_does_not():
    assert not opened("llama3").boundaries.is_cut(":", "\n")
    assert not opened("qwen2").boundaries.is_cut(":", "\n")
    assert opened("gpt2").boundaries.is_cut(":", "\n")


def test_a_look_ahead_forbids_the_cut_behind_the_white_space_that_it_follows():
    pattern = Pattern(r"\s+(?!\S)|\s+|\p{P}+|\p{L}+")
    assert not pattern.separates(" ", "("), "'x  (' has two pieces of white space, 'x  ' alone has one"
    assert pattern.separates("x", "(")


def test_an_end_of_line_forbids_the_cut_behind_what_it_follows():
    assert not Pattern(r"\s+$|\p{L}+").separates(" ", "x")


def test_a_possessive_count_gives_nothing_back():
    assert not Pattern(r"a?+a|b").covers("a", "a"), "'a' alone is read by the first part and not given back"
    assert Pattern(r"a?a|b").covers("a", "a")


def test_a_piece_that_a_vocabulary_has_across_a_space_forbids_the_cut():
    from engine.text.boundaries import Merging

    assert not Boundaries([Merging(["▁", "a", "b", "a▁b"], "▁")]).is_cut("a", " ")
    assert Boundaries([Merging(["▁", "a", "b", "▁b"], "▁")]).is_cut("a", " ")


@pytest.mark.parametrize(
    "source",
    [
        r"(?<=a)b",
        r"\bword",
        r"^a",
        r"[a[bc]]",
        r"\p{Han}+",
        r"(a",
        r"a)",
        r"a**",
        r"a*",
        r"\1",
        r"(?>a)",
        "(?P<n>a)",
    ],
)
def test_a_pattern_of_which_nothing_can_be_proved_is_refused(source):
    with pytest.raises(PatternNotUnderstood):
        Pattern(source)


@pytest.mark.parametrize("kind", WHOLE_TEXT)
def test_a_tokenizer_of_which_nothing_can_be_proved_has_no_boundaries(kind):
    assert opened(kind).boundaries is None


@pytest.mark.parametrize("source", [GPT2_PATTERN, LLAMA3, QWEN2, GPT4O])
def test_every_cut_of_a_pattern_is_one_for_all_short_texts(source):
    """Exhaustive over texts of four characters; pieces, not tokens, which could hide a difference."""
    [scanner], pattern, letters = split_by(source), Pattern(source), "aA1 \n\t'(s"
    found = 0
    for number in range(len(letters) ** 4):
        text = "".join(letters[number // len(letters) ** place % len(letters)] for place in range(4))
        before, after = text[1], text[2]
        if pattern.separates(before, after) and pattern.covers(before, after):
            found += 1
            halves = [piece for half in (text[:2], text[2:]) for piece, _ in scanner.pre_tokenize_str(half)]
            assert [piece for piece, _ in scanner.pre_tokenize_str(text)] == halves
    assert found > 1_000
