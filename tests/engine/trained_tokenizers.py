"""Tokenizers of every kind, trained on Graft's own code, in the form in which checkpoints have them."""

import json
from functools import cache
from pathlib import Path

import pytest

tokenizers = pytest.importorskip("tokenizers", reason="the extra `engine` is not installed")

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers  # noqa: E402

from engine.text.tokenizer import PipelineTokenizer  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
CONTROLS = ["<|endoftext|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]
VOCABULARY = 2_000

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace("{1,3}", "")
GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK_CODER = [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", r"[一-龥ࠀ-一가-퟿]+", r"\p{N}"]
DEEPSEEK_LLM = [
    r"[\r\n]",
    r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-Ֆ]+",
    r"\s?[!-/:-~！-／：-～‘-‟　-。]+",
    r"\s+$",
    r"[一-龥ࠀ-一가-퟿]+",
    r"\p{N}",
]
DEEPSEEK_V3 = [
    r"\p{N}{1,3}",
    r"[一-龥぀-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+",
]

SAMPLES = (
    "naïve café\u0301 — «цена» 価格は１２３円です 🦀👩‍👩‍👧 e\u0301a\u0300 \u1112\u1161\u11ab 12345678 0x1F",
    "def f(a, b):\r\n\treturn a  +\tb\r\n\r\n\r\n    # it's   they'll\u00a0x\u3000y\x00z   \n",
    "<|endoftext|> is text, <s> and <|fim_prefix|> too\n",
)


@cache
def corpus():
    return [path.read_text(encoding="utf-8") for path in sorted((ROOT / "index").glob("*.py"))[:24]] + list(
        SAMPLES
    )


def byte_level(*before, normalizer=None, use_regex=False):
    tokenizer = Tokenizer(models.BPE())
    steps = [*before, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=CONTROLS, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(corpus(), trainer)
    return tokenizer


def split_by(*patterns):
    return [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]


def code_gen():
    """GPT-2's, with runs of spaces as added tokens."""
    tokenizer = byte_level(use_regex=True)
    tokenizer.add_tokens([" " * n for n in (2, 3, 4, 8)] + ["\t\t"])
    return tokenizer


def llama_spm():
    """SentencePiece's BPE as Llama has it: no pre-tokenizer, bytes for what is unknown."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    bytes_first = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=bytes_first, limit_alphabet=120)
    tokenizer.train_from_iterator(corpus(), trainer)
    spec = json.loads(tokenizer.to_str())
    spec["model"] |= {"byte_fallback": True, "fuse_unk": True, "unk_token": "<unk>"}
    spec["pre_tokenizer"] = None
    spec["added_tokens"] = spec["added_tokens"][:3]
    prepare = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    made = Tokenizer.from_str(json.dumps(spec))
    made.normalizer = normalizers.Sequence(prepare)
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return made


def gemma():
    """Llama's without a space in front, with runs of newlines as added tokens and a split that never happens."""
    tokenizer = Tokenizer.from_str(llama_spm().to_str())
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.add_tokens(["\n\n", "\n\n\n", "▁▁"])
    return tokenizer


def unigram(*, split=True):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=1_000, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>"
    )
    tokenizer.train_from_iterator(corpus()[:8], trainer)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=split)
    return tokenizer


KINDS = {
    "gpt2": lambda: byte_level(use_regex=True),
    "smollm": lambda: byte_level(pre_tokenizers.Digits(individual_digits=True), use_regex=True),
    "code_gen": code_gen,
    "llama3": lambda: byte_level(*split_by(LLAMA3)),
    "qwen2": lambda: byte_level(*split_by(QWEN2), normalizer=normalizers.NFC()),
    "gpt4o": lambda: byte_level(*split_by(GPT4O)),
    "deepseek_coder": lambda: byte_level(*split_by(*DEEPSEEK_CODER)),
    "deepseek_llm": lambda: byte_level(*split_by(*DEEPSEEK_LLM)),
    "deepseek_v3": lambda: byte_level(*split_by(*DEEPSEEK_V3)),
    "llama_spm": llama_spm,
    "gemma": gemma,
    "unigram": unigram,
}
WHOLE_TEXT = {"unigram_unsplit": lambda: unigram(split=False)}
"""Kinds of which nothing can be proved: exact by tokenising everything anew."""


@cache
def trained(kind):
    """The tokenizer as its library has it."""
    return (KINDS | WHOLE_TEXT)[kind]()


@cache
def opened(kind):
    """The tokenizer as Graft has it."""
    return PipelineTokenizer(json.loads(trained(kind).to_str()))
