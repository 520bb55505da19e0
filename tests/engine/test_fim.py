"""Prompts around a cursor: each family's form, what stays in front, and what is left out when the budget is small."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.text.fim import Chunk, Document, PromptBuilder, PromptTooLong, comment
from engine.text.fim_formats import FORMATS, format_of_name, format_of_tokens
from engine.text.tokenizer import Encoding

FAMILIES = {each.family: each for each in FORMATS}
ROOM = 10_000


class Letters:
    """One token a letter, and a control token for each mark of a family."""

    opening_ids: tuple[int, ...] = ()
    end_ids = frozenset({0})
    boundaries = None
    size = 0x110000

    def __init__(self, *marks):
        self.marks = {mark: -1 - number for number, mark in enumerate(marks)}

    def encode(self, text):
        return Encoding([ord(char) for char in text], list(range(len(text))))

    def decode(self, ids):
        names = {token: mark for mark, token in self.marks.items()}
        return "".join(names.get(token) or chr(token) for token in ids)

    def control_id(self, text):
        return self.marks.get(text)


def builder(family, order="psm"):
    fim = FAMILIES.get(family)
    tokenizer = Letters(*(fim.marks if fim else ()))
    return PromptBuilder(tokenizer, fim, order), tokenizer


def prompt(
    family, order="psm", *, typed="", context=(), path="", repository="", prefix="P", suffix="S", room=ROOM
):
    made, tokenizer = builder(family, order)
    document = Document(*(tokenizer.encode(text).ids for text in (prefix, suffix, typed)), path, repository)
    return tokenizer.decode(made.build(document, context, room).tokens)


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("deepseek", "<\uff5cfim\u2581begin\uff5c>P<\uff5cfim\u2581hole\uff5c>S<\uff5cfim\u2581end\uff5c>"),
        ("qwen", "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>"),
        ("codegemma", "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>"),
        ("starcoder2", "<fim_prefix>P<fim_suffix>S<fim_middle>"),
        ("santacoder", "<fim-prefix>P<fim-suffix>S<fim-middle>"),
        ("codestral", "[SUFFIX]S[PREFIX]P"),
        ("codellama", "\u2581<PRE>P\u2581<SUF>S\u2581<MID>"),
        ("none", "P"),
    ],
)
def test_each_family_has_its_form(family, text):
    assert prompt(family) == text


def test_in_suffix_first_order_and_in_appending_order_what_is_typed_stands_last():
    assert prompt("qwen", "spm", typed="T") == "<|fim_prefix|><|fim_suffix|>S<|fim_middle|>PT"
    assert prompt("qwen", "append", typed="T") == "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>T"
    assert prompt("qwen", "psm", typed="T") == "<|fim_prefix|>PT<|fim_suffix|>S<|fim_middle|>"
    assert prompt("codestral", "append", typed="T") == "[SUFFIX]S[PREFIX]PT"
    assert prompt("none", typed="T") == "PT"


CONTEXT = [Chunk("z.py", "zed"), Chunk("a.js", "ay\n")]


@pytest.mark.parametrize(
    ("family", "text"),
    [
        (
            "qwen",
            "<|repo_name|>R\n<|file_sep|>a.js\nay\n<|file_sep|>z.py\nzed\n<|file_sep|>m.py\n<|fim_prefix|>P",
        ),
        ("starcoder2", "<repo_name>R<file_sep>a.js\nay\n<file_sep>z.py\nzed\n<file_sep><fim_prefix>m.py\nP"),
        (
            "codegemma",
            "<|file_separator|>a.js\nay\n<|file_separator|>z.py\nzed\n<|file_separator|>m.py\n<|fim_prefix|>P",
        ),
        ("deepseek", "<\uff5cfim\u2581begin\uff5c>// a.js\nay\n\n# z.py\nzed\n\nP"),
        ("none", "// a.js\nay\n\n# z.py\nzed\n\nP"),
    ],
)
def test_context_stands_in_front_in_the_order_of_paths(family, text):
    assert prompt(family, context=CONTEXT, path="m.py", repository="R").startswith(text)
    assert prompt(family, context=CONTEXT[::-1], path="m.py", repository="R").startswith(text)


def test_what_stands_in_front_of_the_document_does_not_change_with_it():
    made, tokenizer = builder("qwen")
    first, second = (
        made.build(Document(tokenizer.encode(text).ids, [], (), "m.py", "R"), CONTEXT, ROOM).parts
        for text in ("P", "PQ")
    )
    assert [part for part in first if part.role == "context"] == [
        part for part in second if part.role == "context"
    ]


def test_a_checkpoint_shows_its_format_by_its_tokens():
    for fim in FORMATS:
        assert format_of_tokens(Letters(*fim.marks).control_id) == fim
    assert format_of_tokens(Letters("<|endoftext|>", "<file_sep>", "<repo_name>").control_id) is None


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Qwen/Qwen2.5-Coder-7B", "qwen"),
        ("deepseek-coder-v2-lite", "deepseek"),
        ("bigcode/starcoder2-3b", "starcoder2"),
        ("code-llama", "codellama"),
        ("codestral-latest", "codestral"),
        ("SmolLM2-135M", None),
        ("qwen/llama-3", None),
    ],
)
def test_a_models_name_suggests_its_format(name, family):
    found = format_of_name(name)
    assert (found and found.family) == family


def test_as_text_a_prompt_has_the_marks_that_servers_read():
    assert FAMILIES["codellama"].text("P", "S") == "<PRE> P <SUF>S <MID>"
    assert FAMILIES["codestral"].text("P", "S") == "[SUFFIX]S[PREFIX]P"
    assert FAMILIES["qwen"].text("P", "S") == "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>"


def test_every_mark_of_the_format_ends_a_completion():
    made, tokenizer = builder("qwen")
    assert made.end_ids == {0, *tokenizer.marks.values()}


lengths = st.integers(0, 400)


@settings(max_examples=200, deadline=None)
@given(
    family=st.sampled_from([*FAMILIES, "none"]),
    order=st.sampled_from(["psm", "spm", "append"]),
    prefix=lengths,
    suffix=lengths,
    room=st.integers(60, 600),
    chunks=st.lists(st.integers(0, 200), max_size=4),
)
def test_a_prompt_fits_its_budget_and_keeps_what_stands_around_the_cursor(
    family, order, prefix, suffix, room, chunks
):
    made, _ = builder(family, order)
    before, behind = list(range(1000, 1000 + prefix)), list(range(2000, 2000 + suffix))
    context = [Chunk(f"{number}.py", "x" * length) for number, length in enumerate(chunks)]
    found = made.build(Document(before, behind, (), "m.py", "R"), context, room)
    assert len(found.tokens) <= room
    parts = {part.role: list(part.tokens) for part in found.parts if part.role in ("prefix", "suffix")}
    kept_before, kept_behind = parts.get("prefix", []), parts.get("suffix", [])
    assert kept_before == before[prefix - len(kept_before) :] and found.prefix_dropped == prefix - len(
        kept_before
    )
    assert kept_behind == behind[: len(kept_behind)]
    least = (room - 30) // 2
    assert len(kept_before) >= min(prefix, least // 2) and (
        family == "none" or len(kept_behind) >= min(suffix, least // 5)
    )
    if prefix + suffix + sum(chunks) + 20 * len(chunks) + 40 <= room:
        assert (found.prefix_dropped, found.suffix_dropped, found.chunks_dropped) == (0, 0, 0)


def test_the_least_important_chunk_is_left_out_first():
    context = [Chunk("z.py", "z" * 100), Chunk("a.py", "a" * 100)]
    assert (
        "zzz" in (text := prompt("qwen", context=context, prefix="P" * 300, room=480)) and "aaa" not in text
    )


def test_typing_into_a_prefix_that_is_too_long_moves_its_cut_seldom():
    made, _ = builder("qwen")
    cuts = {
        made.build(Document(range(length), range(500)), [], 400).prefix_dropped for length in range(600, 640)
    }
    assert len(cuts) <= 2


def test_a_budget_without_room_for_the_cursor_is_refused():
    with pytest.raises(PromptTooLong, match="A prompt of 12 tokens has no room"):
        prompt("qwen", room=12)


def test_a_comment_is_written_in_the_files_language():
    assert [comment(path) for path in ("a.py", "b.ts", "c.sql", "Makefile")] == [
        "# a.py",
        "// b.ts",
        "-- c.sql",
        "# Makefile",
    ]


def test_formats_need_no_library_of_the_extra():
    import subprocess
    import sys

    heavy = "{'torch', 'transformers', 'tokenizers'}"
    program = f"import sys, engine.text.fim, engine.open; sys.exit(bool({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
