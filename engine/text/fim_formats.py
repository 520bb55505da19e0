"""The fill-in-the-middle formats of model families, as data. Knows no tokenizer and builds no prompt of tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Order = Literal["psm", "spm", "append"]


@dataclass(frozen=True, slots=True)
class FimFormat:
    """The tokens of one family.

    `names`: what the names of its checkpoints contain. `suffix_first`: `[SUFFIX]`S`[PREFIX]`P is the only order.
    `path_behind_prefix_mark`: the document's path stands inside the prefix. `ends`: further tokens that end a text.
    """

    family: str
    names: tuple[str, ...]
    prefix: str
    suffix: str
    middle: str | None
    file_mark: str | None = None
    repository_mark: str | None = None
    behind_repository: str = ""
    path_behind_prefix_mark: bool = False
    suffix_first: bool = False
    ends: tuple[str, ...] = ()

    @property
    def marks(self) -> tuple[str, ...]:
        """Every control token of the format: none of them belongs into a completion."""
        found = (self.prefix, self.suffix, self.middle, self.file_mark, self.repository_mark, *self.ends)
        return tuple(mark for mark in found if mark)

    def nearest(self, order: Order) -> Order:
        """This order if the family has it, else the one that it has."""
        return "spm" if self.suffix_first else order

    def text(self, prefix: str, suffix: str) -> str:
        """The prompt as text, for servers that read control tokens in texts."""
        if self.suffix_first:
            return f"{self.suffix}{suffix}{self.prefix}{prefix}"
        if self.family == "codellama":
            return f"<PRE> {prefix} <SUF>{suffix} <MID>"
        return f"{self.prefix}{prefix}{self.suffix}{suffix}{self.middle}"


_BAR, _GAP = "\uff5c", "\u2581"


def _deepseek(name: str) -> str:
    return f"<{_BAR}{name.replace(' ', _GAP)}{_BAR}>"


FORMATS: tuple[FimFormat, ...] = (
    FimFormat(
        "deepseek",
        ("deepseek",),
        *(_deepseek("fim begin"), _deepseek("fim hole"), _deepseek("fim end")),
        ends=(_deepseek("end of sentence"), "<|EOT|>"),
    ),
    FimFormat(
        "qwen",
        ("qwen",),
        *("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
        file_mark="<|file_sep|>",
        repository_mark="<|repo_name|>",
        behind_repository="\n",
        ends=("<|endoftext|>", "<|fim_pad|>", "<|im_end|>"),
    ),
    FimFormat(
        "codegemma",
        ("codegemma",),
        *("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
        file_mark="<|file_separator|>",
        ends=("<eos>",),
    ),
    FimFormat(
        "starcoder2",
        ("starcoder",),
        *("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
        file_mark="<file_sep>",
        repository_mark="<repo_name>",
        path_behind_prefix_mark=True,
        ends=("<|endoftext|>", "<fim_pad>"),
    ),
    FimFormat(
        "starcoder", (), "<fim_prefix>", "<fim_suffix>", "<fim_middle>", ends=("<|endoftext|>", "<fim_pad>")
    ),
    FimFormat(
        "granite",
        (),
        *("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
        ends=("<|endoftext|>", "<|end_of_text|>", "<|fim_pad|>"),
    ),
    FimFormat(
        "santacoder",
        ("santacoder",),
        *("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
        ends=("<|endoftext|>", "<fim-pad>"),
    ),
    FimFormat("codestral", ("codestral",), "[PREFIX]", "[SUFFIX]", None, suffix_first=True, ends=("</s>",)),
    FimFormat(
        "codellama",
        ("codellama",),
        f"{_GAP}<PRE>",
        f"{_GAP}<SUF>",
        f"{_GAP}<MID>",
        ends=(f"{_GAP}<EOT>", "</s>"),
    ),
)


def format_of_tokens(control_id: Callable[[str], int | None]) -> FimFormat | None:
    """The format whose tokens a tokenizer has (give its `control_id`); None if it has none."""
    for each in FORMATS:
        needed = (each.prefix, each.suffix, each.middle, each.file_mark)
        if all(control_id(mark) is not None for mark in needed if mark):
            return each
    return None


def format_of_name(model: str) -> FimFormat | None:
    """The format that a model's name suggests, as `Qwen/Qwen2.5-Coder-7B` does; None if it suggests none."""
    name = model.rpartition("/")[2].lower().replace("-", "").replace("_", "")
    return next((each for each in FORMATS if any(part in name for part in each.names)), None)
