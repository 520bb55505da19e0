"""Tokenizers against the libraries that checkpoints are made with, and what is said of those that cannot be used."""

import json
import os
import random
from pathlib import Path

import pytest
from trained_tokenizers import KINDS, ROOT, SAMPLES, opened, trained

from engine.text.gguf_vocabulary import PATTERNS, tokenizer_from_gguf
from engine.text.pipeline import TokenizerError
from engine.text.tokenizer import PipelineTokenizer, open_tokenizer

CODE = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "index" / "python").glob("*.py"))]
PLAIN = [*CODE, *SAMPLES[:2], "", " ", "\n", "  x", "▁x", "\x00"]


@pytest.mark.parametrize("kind", KINDS)
def test_plain_text_gets_the_tokens_that_the_checkpoints_own_tokenizer_gives(kind):
    ours, theirs = opened(kind), trained(kind)
    for text in PLAIN:
        assert ours.encode(ours.lead(text) + text).ids == theirs.encode(text, add_special_tokens=False).ids


def test_a_saved_tokenizer_agrees_with_transformers(tmp_path):
    transformers = pytest.importorskip("transformers", reason="the extra `engine` is not installed")
    for kind in ("smollm", "llama_spm"):
        folder = tmp_path / kind
        folder.mkdir()
        trained(kind).save(str(folder / "tokenizer.json"))
        config = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
        (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
        theirs, ours = transformers.AutoTokenizer.from_pretrained(folder), open_tokenizer(folder)
        for text in PLAIN:
            ids = ours.encode(ours.lead(text) + text).ids
            assert ids == theirs.encode(text, add_special_tokens=False)
            assert ours.decode(ids) == ours.lead(text) + (
                text.replace("▁", " ") if kind == "llama_spm" else text
            )


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in ("qwen2", "llama_spm", "gemma", "unigram")]
)
def test_the_bytes_of_the_tokens_are_the_text(kind):
    for text in [*PLAIN, SAMPLES[2]]:
        ids = opened(kind).encode(text).ids
        assert b"".join(map(opened(kind).token_bytes, ids)) == text.encode()
        assert opened(kind).decode(ids) == text


def test_text_of_a_control_token_is_text_in_a_document():
    tokenizer = opened("qwen2")
    control = tokenizer.control_id("<|fim_prefix|>")
    assert control is not None and tokenizer.token_bytes(control) == b""
    assert control not in tokenizer.encode("a<|fim_prefix|>b").ids
    assert tokenizer.control_id("fim") is None


@pytest.mark.parametrize("kind", KINDS)
def test_starts_say_where_each_token_begins(kind):
    text = "a = 'é🦀'\n    b\r\n"
    encoding = opened(kind).encode(text)
    assert encoding.starts == sorted(encoding.starts) and encoding.starts[0] == 0
    for token, start, end in zip(
        encoding.ids, encoding.starts, [*encoding.starts[1:], len(text)], strict=True
    ):
        spelled = opened(kind).token_bytes(token)
        assert start == end or spelled in text[start:end].encode() or kind == "unigram"
    utf8 = encoding.byte_starts(text)
    assert [len(text[:start].encode()) for start in encoding.starts] == utf8


def test_a_lone_surrogate_counts_as_one_replacement_character():
    encoding = opened("gpt2").encode("a\ud800b")
    assert opened("gpt2").decode(encoding.ids) == "a\ufffdb"
    assert encoding.starts[-1] == 2


def test_the_tokens_that_open_and_end_a_prompt_are_read_from_the_checkpoint(tmp_path):
    spec = json.loads(trained("llama_spm").to_str())
    piece, text = {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}
    begin = {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}
    last = {"type": "TemplateProcessing", "single": [piece, text], "pair": [], "special_tokens": begin}
    (tmp_path / "tokenizer.json").write_text(json.dumps(spec | {"post_processor": last}), encoding="utf-8")
    assert open_tokenizer(tmp_path).opening_ids == (1,)
    config = {"bos_token": "<s>", "add_bos_token": False, "eos_token": {"content": "</s>"}}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    assert open_tokenizer(tmp_path).opening_ids == ()
    assert open_tokenizer(tmp_path).end_ids == {2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Cannot read the tokenizer"),
        ("{", "not valid JSON"),
        ("[]", "holds no object"),
        ('{"model": {"type": "BPE"}}', "malformed|not understood"),
        ('{"added_tokens": [{"id": 1}], "model": {}}', "malformed"),
    ],
)
def test_an_unusable_tokenizer_is_explained(tmp_path, content, message):
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(TokenizerError, match=message):
        open_tokenizer(tmp_path)


def gguf_settings(kind, pre):
    """What a conversion of a trained byte-level tokenizer would store."""
    spec = json.loads(trained(kind).to_str())
    tokens = [text for text, _ in sorted(trained(kind).get_vocab().items(), key=lambda item: item[1])]
    added = {token["id"]: 3 if token["special"] else 4 for token in spec["added_tokens"]}
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [added.get(token, 1) for token in range(len(tokens))],
        "tokenizer.ggml.merges": [" ".join(merge) for merge in spec["model"]["merges"]],
        "tokenizer.ggml.eos_token_id": 0,
    }


NAMES = {
    "gpt2": "gpt-2",
    "smollm": "smollm",
    "code_gen": "olmo",
    "llama3": "dbrx",
    "qwen2": "qwen2",
    "gpt4o": "gpt-4o",
    "deepseek_coder": "deepseek-coder",
    "deepseek_llm": "deepseek-llm",
    "deepseek_v3": "deepseek-v3",
}


@pytest.mark.parametrize(("kind", "pre"), NAMES.items())
def test_a_gguf_vocabulary_gives_the_tokens_of_the_tokenizer_that_it_was_made_from(kind, pre):
    tokenizer = tokenizer_from_gguf(gguf_settings(kind, pre))
    skipped = 1 if kind == "code_gen" else 0  # "olmo" composes characters, GPT-2's pipeline does not
    for text in PLAIN[: len(CODE)] + PLAIN[len(CODE) + skipped :]:
        assert tokenizer.encode(text).ids == opened(kind).encode(text).ids
    assert tokenizer.end_ids == {0} and tokenizer.boundaries is not None


def test_every_named_pre_tokenizer_can_be_cut():
    for name in PATTERNS:
        assert tokenizer_from_gguf(gguf_settings("gpt2", name)).boundaries.is_cut("x", "\n")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokenizer.ggml.pre": "qwen3"}, r"'qwen3', which is not known \(near: qwen2\)"),
        ({"tokenizer.ggml.model": "bert"}, "'bert'; gpt2 and llama are understood"),
        ({"tokenizer.ggml.tokens": None}, "tokens is missing"),
        ({"tokenizer.ggml.merges": "a b"}, "merges is no list"),
        ({"tokenizer.ggml.merges": ["a b", "zzz yyy"]}, "1 merges of pieces|2 merges of pieces"),
        ({"tokenizer.ggml.eos_token_id": 10**9}, "eos_token_id is 1000000000"),
        ({"tokenizer.ggml.token_type": [1]}, "1 types for"),
    ],
)
def test_a_malformed_gguf_tokenizer_is_explained(change, message):
    with pytest.raises(TokenizerError, match=message):
        tokenizer_from_gguf(gguf_settings("gpt2", "gpt-2") | change)


def test_sentencepiece_gives_the_same_tokens_as_the_merges_found_from_its_scores(tmp_path):
    sentencepiece = pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")
    (tmp_path / "code.txt").write_text("\n".join(CODE), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "code.txt"),
        model_prefix=str(tmp_path / "code"),
        vocab_size=1_200,
        model_type="bpe",
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        character_coverage=0.999,
        minloglevel=2,
    )
    model = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "code.model"))
    kinds = [(model.is_unknown, 2), (model.is_control, 3), (model.is_byte, 6), (lambda token: True, 1)]
    settings = {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": [model.id_to_piece(token) for token in range(model.vocab_size())],
        "tokenizer.ggml.scores": [model.get_score(token) for token in range(model.vocab_size())],
        "tokenizer.ggml.token_type": [
            next(kind for holds, kind in kinds if holds(token)) for token in range(model.vocab_size())
        ],
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }
    tokenizer = tokenizer_from_gguf(settings)
    assert tokenizer.opening_ids == (1,) and tokenizer.boundaries.is_cut("x", " ")
    draw = random.Random(3)
    for text in [*CODE, *SAMPLES, *("".join(draw.choices("abel_ (\n", k=60)) for _ in range(200))]:
        assert tokenizer.encode(tokenizer.lead(text) + text).ids == model.encode(text)


@pytest.mark.skipif(
    "GRAFT_TEST_SMOLLM2" not in os.environ, reason="GRAFT_TEST_SMOLLM2 names no SmolLM2 GGUF file"
)
def test_smollm2s_vocabulary_agrees_with_transformers():
    gguf = pytest.importorskip("gguf")
    transformers = pytest.importorskip("transformers")
    path = Path(os.environ["GRAFT_TEST_SMOLLM2"])
    fields = gguf.GGUFReader(path).fields.items()
    ours = tokenizer_from_gguf(
        {key: field.contents() for key, field in fields if key.startswith("tokenizer.")}
    )
    theirs = transformers.AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name).backend_tokenizer
    # transformers does not read the pre-tokenizer's name; that of SmolLM2 splits single digits first.
    from tokenizers import pre_tokenizers

    digits = pre_tokenizers.Digits(individual_digits=True)
    theirs.pre_tokenizer = pre_tokenizers.Sequence([digits, theirs.pre_tokenizer])
    for text in PLAIN:
        assert ours.encode(text).ids == theirs.encode(text, add_special_tokens=False).ids
        assert ours.decode(ours.encode(text).ids) == text


def test_without_its_library_a_tokenizer_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    with pytest.raises(TokenizerError, match=r"pip install 'graft-agent\[engine\]'"):
        PipelineTokenizer({"model": {"type": "BPE", "vocab": {}, "merges": []}})
