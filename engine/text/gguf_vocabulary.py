"""Make a tokenizer from the settings of a GGUF file. Reads no files; knows the format's names for tokenizers.

GGUF stores a vocabulary and the *name* of its pre-tokenizer. Two models of tokenizers are served: `gpt2` (byte-level
BPE with merges) and `llama` (SentencePiece's BPE, whose merges are found from the scores of the pieces). What comes
out is the content of a tokenizer.json, so that everything else is one piece of code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from engine.text.pipeline import GPT2_PATTERN, SPACE_MARK, TokenizerError
from engine.text.tokenizer import PipelineTokenizer

Settings = Mapping[str, object]
_Type = TypeVar("_Type")

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
"""Types of tokens, as the format numbers them."""

_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_CL100K = (
    _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN2 = _CL100K.replace("{1,3}", "")
_BEGINS = r"[^\r\n\p{L}\p{N}]?"
_CAPITALS, _SMALL = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_O200K = (
    f"{_BEGINS}{_CAPITALS}*{_SMALL}+{_CONTRACTIONS}?|{_BEGINS}{_CAPITALS}+{_SMALL}*{_CONTRACTIONS}?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_ASIAN = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
_DEEPSEEK_CODER = (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", _ASIAN, r"\p{N}")
_DEEPSEEK_LLM = (
    r"[\r\n]",
    r"\s?[\p{Lu}\p{Ll}\p{Lt}]+",
    "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
    r"\s+$",
    _ASIAN,
    r"\p{N}",
)
_DEEPSEEK_V3 = (
    r"\p{N}{1,3}",
    "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
    r"[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
)
_SINGLE_DIGITS = (r"\p{N}", GPT2_PATTERN)

PATTERNS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("gpt-2", "gpt2", "mpt", "olmo", "jais", "phi-2"), (GPT2_PATTERN,)),
    **dict.fromkeys(("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone"), _SINGLE_DIGITS),
    **dict.fromkeys(("llama-bpe", "llama3", "llama-v3", "falcon3", "dbrx", "smaug-bpe"), (_CL100K,)),
    **dict.fromkeys(("qwen2", "deepseek-r1-qwen", "stablelm2"), (_QWEN2,)),
    "gpt-4o": (_O200K,),
    "deepseek-coder": _DEEPSEEK_CODER,
    "deepseek-llm": _DEEPSEEK_LLM,
    "deepseek-v3": _DEEPSEEK_V3,
}
"""The expressions behind the format's names (`tokenizer.ggml.pre`), applied one after the other."""
_COMPOSED = {"qwen2", "deepseek-r1-qwen", "olmo"}
"""Their checkpoints normalise text to NFC, which the format does not say."""
_WHOLE_PIECES = {"llama-bpe", "llama3", "llama-v3", "falcon3"}
"""Take a piece that the vocabulary has as it is; and open every prompt with the token for its beginning."""


def tokenizer_from_gguf(settings: Settings) -> PipelineTokenizer:
    """Make the tokenizer that a GGUF file's settings describe. Raises TokenizerError."""
    model = _setting(settings, "model", str)
    tokens = _setting(settings, "tokens", list)
    types = _setting(settings, "token_type", list, [NORMAL] * len(tokens))
    if len(types) != len(tokens):
        raise _malformed(f"{len(types)} types for {len(tokens)} tokens")
    match model:
        case "gpt2":
            name = _setting(settings, "pre", str)
            spec, opens = _byte_level(settings, tokens, name), name in _WHOLE_PIECES
        case "llama":
            spec, opens = _sentencepiece(settings, tokens, types), True
        case _:
            raise TokenizerError(
                f"The GGUF file has a tokenizer of the model {model!r}; gpt2 and llama are understood.\n"
                "Use a checkpoint with a tokenizer.json beside its weights."
            )
    spec["added_tokens"] = [
        _added(token, text, special=types[token] == CONTROL)
        for token, text in enumerate(tokens)
        if types[token] in (CONTROL, USER_DEFINED)
    ]
    begin = _token(settings, tokens, "bos_token_id")
    opening = [begin] if begin and _setting(settings, "add_bos_token", bool, opens) else []
    ends = [_token(settings, tokens, f"{name}_token_id") for name in ("eos", "eot", "eom")]
    return PipelineTokenizer(spec, opening=opening, ends=[end for end in ends if end])


def _byte_level(settings: Settings, tokens: Sequence[str], name: str) -> dict[str, Any]:
    if name not in PATTERNS:
        near = "".join(f" (near: {other})" for other in get_close_matches(name, PATTERNS, 1))
        raise TokenizerError(
            f"The GGUF file names the pre-tokenizer {name!r}, which is not known{near}.\n"
            "Use a checkpoint with a tokenizer.json beside its weights, or a newer conversion."
        )
    merges = [merge.split(" ") for merge in _setting(settings, "merges", list)]
    vocabulary = {text: token for token, text in enumerate(tokens)}
    known = [merge for merge in merges if len(merge) == 2 and {*merge, "".join(merge)} <= vocabulary.keys()]
    if len(known) != len(merges):
        raise _malformed(f"{len(merges) - len(known)} merges of pieces that are no tokens")
    splits = [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
        for pattern in PATTERNS[name]
    ]
    letters = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    return {
        "version": "1.0",
        "normalizer": {"type": "NFC"} if name in _COMPOSED else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [*splits, letters]},
        "decoder": letters,
        "model": {
            **{
                "type": "BPE",
                "vocab": vocabulary,
                "merges": known,
                "byte_fallback": False,
                "fuse_unk": False,
            },
            "ignore_merges": name in _WHOLE_PIECES,
        },
    }


def _sentencepiece(settings: Settings, tokens: Sequence[str], types: Sequence[int]) -> dict[str, Any]:
    scores = _setting(settings, "scores", list)
    if len(scores) != len(tokens):
        raise _malformed(f"{len(scores)} scores for {len(tokens)} tokens")
    space = {"type": "Replace", "pattern": {"String": " "}, "content": SPACE_MARK}
    prepend = {"type": "Prepend", "prepend": SPACE_MARK}
    leads = _setting(settings, "add_space_prefix", bool, True)
    return {
        "version": "1.0",
        "normalizer": {"type": "Sequence", "normalizers": [prepend, space] if leads else [space]},
        "pre_tokenizer": None,
        "decoder": None,
        "model": {
            "type": "BPE",
            "vocab": {text: token for token, text in enumerate(tokens)},
            "merges": _merges(tokens, types, scores),
            "unk_token": _token(settings, tokens, "unknown_token_id"),
            "byte_fallback": BYTE in types,
            "fuse_unk": True,
        },
    }


def _merges(tokens: Sequence[str], types: Sequence[int], scores: Sequence[float]) -> list[tuple[str, str]]:
    """Every way to make a piece of two, best pieces first: SentencePiece joins the neighbours that score best."""
    pieces = {
        text: token for token, text in enumerate(tokens) if types[token] in (NORMAL, USER_DEFINED, UNUSED)
    }
    found = []
    for text, token in pieces.items():
        halves = [(text[:at], text[at:]) for at in range(1, len(text))]
        ways = [(pieces[left], pieces[right]) for left, right in halves if left in pieces and right in pieces]
        found += [(-scores[token], token, way) for way in sorted(ways)]
    return [(tokens[left], tokens[right]) for _, _, (left, right) in sorted(found)]


def _added(token: int, text: str, *, special: bool) -> dict[str, Any]:
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": token, "content": text, "special": special, **plain}


def _token(settings: Settings, tokens: Sequence[str], name: str) -> str | None:
    token = _setting(settings, name, int, -1)
    if token >= len(tokens):
        raise _malformed(f"{name} is {token} of {len(tokens)} tokens")
    return tokens[token] if token >= 0 else None


def _setting(settings: Settings, name: str, kind: type[_Type], default: _Type | None = None) -> _Type:
    found = settings.get(f"tokenizer.ggml.{name}", default)
    if found is None:
        raise _malformed(f"tokenizer.ggml.{name} is missing")
    if not isinstance(found, kind):
        raise _malformed(f"tokenizer.ggml.{name} is no {kind.__name__}")
    return found


def _malformed(why: str) -> TokenizerError:
    return TokenizerError(f"The GGUF file's tokenizer is malformed ({why}).\nGet the file again.")
