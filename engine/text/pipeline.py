"""Read a tokenizer.json: what it does before a text, where its tokens can be cut. Knows no vocabulary file but this.

A tokenizer is turned into one that tokenises plain text and nothing else: texts of control tokens in a document are
ordinary text (a file that speaks of `<|endoftext|>` must not end the prompt), and the space that Llama's tokenizers
put in front of a prompt is put there by Graft, since the text behind a cursor has none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.text.boundaries import AddedTokens, Boundaries, Merging, Metaspace, Normalised, Stage
from engine.text.pattern import Pattern, PatternNotUnderstood
from engine.types import EngineError

Json = Mapping[str, Any]

GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""What the pre-tokenizer `ByteLevel` splits by, where it is told to split."""
SPACE_MARK = "\u2581"
_CONTROL = re.compile(r"\u2581?(<[^\s<>]+>|\[[^\s\[\]]+\])")


class TokenizerError(EngineError):
    """Raised when a tokenizer is missing, malformed or of a kind that is not understood."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A tokenizer for plain text.

    `leads`: whether a space goes before a text that opens a prompt: always, unless it begins with one, or never.
    `boundaries` is None where nothing can be said of cuts: then the whole text is tokenised anew after each edit.
    """

    source: str
    leads: str
    byte_level: bool
    controls: dict[str, int]
    plain_added: dict[str, int]
    boundaries: Boundaries | None


def read_pipeline(spec: Json) -> Pipeline:
    """Turn the content of a tokenizer.json into a tokenizer for plain text. Raises TokenizerError."""
    try:
        return _Reading(spec).pipeline()
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise TokenizerError(
            f"The tokenizer is malformed ({type(error).__name__} at {error}).\n"
            "Get the checkpoint's tokenizer.json again."
        ) from error


class _Reading:
    def __init__(self, spec: Json) -> None:
        self.spec = dict(spec)
        self.leads = "never"
        self.byte_level = False
        self.splits = False
        self.marks_spaces = False
        self.stages: list[Stage] = []
        self.unknown: str | None = None

    def pipeline(self) -> Pipeline:
        controls, plain = self.added_tokens()
        self.spec["normalizer"] = self.normalizer(self.spec.get("normalizer"))
        self.spec["pre_tokenizer"] = self.pre_tokenizer(self.spec.get("pre_tokenizer"))
        self.byte_level = self.byte_level or _names(self.spec.get("decoder")) >= {"ByteLevel"}
        if not self.splits:
            self.model_alone()
        # Their offsets are trimmed and their tokens added by what comes last: neither is wanted here.
        self.spec |= {"post_processor": None, "truncation": None, "padding": None}
        return Pipeline(
            json.dumps(self.spec),
            self.leads,
            self.byte_level,
            controls,
            plain,
            None if self.unknown else Boundaries(self.stages),
        )

    def added_tokens(self) -> tuple[dict[str, int], dict[str, int]]:
        """Take the control tokens out; what stays is ordinary text that is matched first."""
        added = self.spec.get("added_tokens") or []
        is_control = [token["special"] or _CONTROL.fullmatch(token["content"]) is not None for token in added]
        controls = {t["content"]: t["id"] for t, control in zip(added, is_control, strict=True) if control}
        kept = [token for token, control in zip(added, is_control, strict=True) if not control]
        if any(token["lstrip"] or token["rstrip"] or token["single_word"] for token in kept):
            self.unknown = "an added token that takes in what stands around it"
        self.spec["added_tokens"] = kept
        if kept:
            self.stages.append(AddedTokens([token["content"] for token in kept], SPACE_MARK))
        return controls, {token["content"]: token["id"] for token in kept}

    def normalizer(self, part: Json | None) -> Json | None:
        kept = []
        for step in _steps(part, "normalizers"):
            match step["type"]:
                case "Prepend":
                    self.leads = "always"
                    continue
                case "NFC" | "NFD" | "NFKC" | "NFKD" as form:
                    self.stages.append(Normalised(form))
                case "Replace" if step["pattern"] == {"String": " "} and step["content"] == SPACE_MARK:
                    self.marks_spaces = True
                case other:
                    self.unknown = f"the normaliser {other}"
            kept.append(step)
        return {"type": "Sequence", "normalizers": kept} if kept else None

    def pre_tokenizer(self, part: Json | None) -> Json | None:
        kept = []
        for step in _steps(part, "pretokenizers"):
            match step["type"]:
                case "ByteLevel":
                    self.byte_level = True
                    if step["add_prefix_space"]:
                        self.leads = "unless it has one"
                    step = {**step, "add_prefix_space": False}
                    if step.get("use_regex", True):
                        self.split_by(GPT2_PATTERN)
                case "Digits":
                    self.split_by(r"\p{N}" if step["individual_digits"] else r"\p{N}+")
                case "Split":
                    self.split(step)
                case "Metaspace":
                    step = self.metaspace(step)
                case other:
                    self.unknown = f"the pre-tokenizer {other}"
            kept.append(step)
        return {"type": "Sequence", "pretokenizers": kept} if kept else None

    def split(self, step: Json) -> None:
        literal = step["pattern"].get("String")
        if literal == " " and self.marks_spaces:
            return  # Gemma splits at spaces when none is left
        ways = (step["behavior"], step["invert"])
        if ways not in (("Isolated", False), ("Removed", True)):
            self.unknown = f"the split {ways}"
        self.split_by(step["pattern"]["Regex"] if literal is None else re.escape(literal))

    def split_by(self, pattern: str) -> None:
        self.splits = True
        try:
            self.stages.append(Pattern(pattern))
        except PatternNotUnderstood as reason:
            self.unknown = f"the pattern {reason}"

    def metaspace(self, step: Json) -> Json:
        if step["replacement"] != SPACE_MARK:
            self.unknown = "a mark for spaces of its own"
        scheme = step.get("prepend_scheme", "always" if step.get("add_prefix_space") else "never")
        if scheme != "never":
            self.leads = "unless it has one"
        if step.get("split", True):
            self.splits = True
            self.stages.append(Metaspace())
        kept = {key: value for key, value in step.items() if key != "add_prefix_space"}
        return {**kept, "prepend_scheme": "never"}

    def model_alone(self) -> None:
        """Nothing splits before the model: what it can join decides."""
        model = self.spec["model"]
        kind = model.get("type") or ("BPE" if "merges" in model else "")
        affixes = (
            model.get("continuing_subword_prefix") or model.get("end_of_word_suffix") or model.get("dropout")
        )
        if kind != "BPE" or self.byte_level or affixes:
            # A unigram model adds up scores from the start of the text, and rounding may decide between equals.
            self.unknown = f"the model {kind} without pre-tokenizer"
            return
        self.stages.append(Merging(list(model["vocab"]), SPACE_MARK))


def _steps(part: Json | None, inside: str) -> list[Json]:
    if part is None:
        return []
    if part["type"] == "Sequence":
        return [step for each in part[inside] for step in _steps(each, inside)]
    return [part]


def _names(part: Json | None) -> set[str]:
    if part is None:
        return set()
    return {part["type"]}.union(*(_names(each) for each in part.get("decoders", [])))
