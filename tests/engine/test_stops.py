"""Where a streamed completion ends: each rule by example, and the law that nothing shown is ever taken back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.text.stop_rules import Dedent, NodeEnd, Repetition, StopStrings, SuffixOverlap
from engine.text.stops import Stopper


def streamed(rules, text, size=1, reason="length"):
    """What is shown of a text that comes in pieces of some size; and why it ended."""
    stopper = Stopper(rules)
    shown = [stopper.add(text[at : at + size]) for at in range(0, len(text), size)]
    shown.append(stopper.finish(reason))
    assert "".join(shown) == stopper.text
    return stopper.text, stopper.reason


def test_a_stop_string_may_lie_across_tokens():
    stopper = Stopper([StopStrings(["\n\ndef", "END"])])
    assert stopper.token(1, b"x = 1\n") == "x = 1", "the newline may begin a stop string"
    assert stopper.token(2, b"\nde") == ""
    assert stopper.token(3, b"l y") == "\n\ndel y"
    assert stopper.token(4, b" EN") == " "
    assert stopper.token(5, b"D more") == ""
    assert (stopper.text, stopper.reason) == ("x = 1\n\ndel y ", "stop string")


def test_a_character_may_lie_across_tokens():
    stopper = Stopper()
    assert [stopper.token(1, part) for part in ("🦀".encode()[:2], "🦀".encode()[2:], b"\xff")] == [
        "",
        "🦀",
        "\ufffd",
    ]
    stopper = Stopper()
    assert stopper.token(1, "é".encode()[:1]) == "" and stopper.finish() == "\ufffd"


def test_an_end_token_ends_and_spells_nothing():
    stopper = Stopper([StopStrings(["ab"])], end_ids={7})
    assert [stopper.token(1, b"xa"), stopper.token(7, b"<|endoftext|>")] == ["x", "a"]
    assert stopper.reason == "end token"
    assert stopper.token(1, b"late") == "" and stopper.text == "xa"


def test_a_text_that_runs_into_the_suffix_is_cut_there():
    suffix = "\n    return total\n\ndef next():\n"
    text = "total += 1\n    return total\n\ndef other"
    assert streamed([SuffixOverlap(suffix)], text) == ("total += 1", "suffix")


def test_what_only_looks_like_the_suffix_is_shown():
    assert streamed([SuffixOverlap("\n    return total\n")], "a\n    retry()")[0] == "a\n    retry()"


@pytest.mark.parametrize(
    ("suffix", "text", "left"),
    [
        (")\n    return x", "a, b)", "a, b"),
        (")\n    return x", "f(a, b)", "f(a, b)"),
        ("]):\n", "x[1]])", "x[1]"),
        ("]):\n", "1]):", "1"),
        ("result", "the result", "the "),
        ("x", "return x", "return x"),
        ("", "anything", "anything"),
        ("\n", "a\n", "a\n"),
    ],
)
def test_at_the_end_brackets_and_text_that_the_suffix_brings_are_cut(suffix, text, left):
    assert streamed([SuffixOverlap(suffix)], text)[0] == left


def test_the_text_that_the_model_was_told_to_write_again_is_cut():
    assert streamed([SuffixOverlap("urn x\n", expected=3)], "return", reason="end token")[0] == "ret"
    assert streamed([SuffixOverlap("urn x\n", expected=3)], "return x\nmore") == ("ret", "suffix")


@pytest.mark.parametrize(
    ("column", "text", "left"),
    [
        (4, "return a\n\ndef next():\n", "return a"),
        (4, "x = 1\n    y = 2\n  z\n", "x = 1\n    y = 2"),
        (4, "x = 1\r\n\r\n    y\r\nz", "x = 1\r\n\r\n    y"),
        (4, "if a:\n        b\n    c\n", "if a:\n        b\n    c\n"),
        (0, "a\nb\nc", "a\nb\nc"),
        (1, "a\n\tb\n}", "a\n\tb"),
        (4, "\n    a\nb", "\n    a"),
    ],
)
def test_a_line_that_leaves_the_scope_ends_the_text(column, text, left):
    for size in (1, 3, 100):
        assert streamed([Dedent(column)], text, size)[0] == left


def test_a_lines_end_asks_where_the_node_ends():
    asked = []

    def end_of(text):
        asked.append(text)
        return text.index(";") if ";" in text else None

    assert streamed([NodeEnd(end_of)], "a\nb\nc;d\ne\n") == ("a\nb\nc", "node end")
    assert asked == ["a\n", "a\nb\n", "a\nb\nc;d\n"]


def test_lines_that_repeat_are_kept_once():
    assert streamed([Repetition()], "x\n" + "a = b\n\nc = d\n" * 5) == ("x\na = b\n\nc = d\n", "repetition")
    assert streamed([Repetition()], "    pass\n" * 9)[0] == "    pass\n"


def test_a_line_whose_pieces_repeat_ends():
    text, reason = streamed([Repetition()], "x = [" + "1, " * 500)
    assert reason == "repetition" and len(text) < 160
    rule = "# " + "-" * 100 + "\n"
    assert streamed([Repetition()], rule)[0] == rule, "a ruler is code"


def test_two_copies_are_no_repetition():
    text = "a.push(1)\na.push(1)\nb\na.push(1)\nc = 1\n"
    assert streamed([Repetition()], text)[0] == text


pieces = ["a", " ", "\n", "    ", ")", "(", "return x", "\n    b = 1\n", "é", "\r\n", "END", "x = x\n"]
texts = st.lists(st.sampled_from(pieces), max_size=60).map("".join)


@settings(max_examples=150, deadline=None)
@given(
    text=texts,
    suffix=texts,
    column=st.integers(0, 5),
    cuts=st.lists(st.integers(1, 9), min_size=1, max_size=200),
)
def test_the_outcome_does_not_depend_on_how_the_text_was_cut_into_tokens(text, suffix, column, cuts):
    def rules():
        return [
            StopStrings(["END", "\n\n\n"]),
            SuffixOverlap(suffix, min(3, len(suffix))),
            Dedent(column),
            NodeEnd(lambda text: len(text) - 1 if text.count("=") > 6 else None),
            Repetition(),
        ]

    whole = streamed(rules(), text, max(1, len(text)))
    assert streamed(rules(), text, 1) == whole
    stopper, at, shown = Stopper(rules()), 0, ""
    for size in cuts:
        shown += stopper.add(text[at : at + size])
        assert stopper.text.startswith(shown)
        at += size
    shown += stopper.add(text[at:]) + stopper.finish()
    assert (shown, stopper.reason) == whole
    assert text.startswith(shown)
