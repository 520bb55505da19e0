"""Prompts that ask a model for what stands at the cursor: each family's format, built from parts. Knows no model.

A prompt is a row of parts (control tokens, context, prefix, suffix, what was typed since), each already tokenised, so
that a session can change one part and keep the rest. Orders:

- `psm`: prefix, suffix, middle. Typing moves the suffix.
- `spm`: suffix, then prefix: what grows stands at the end, so that typing only appends.
- `append`: `psm` as it was when the cursor came here, then behind the middle's mark what was typed since: typing only
  appends, at the cost of starting inside a text that the model was not trained to start in.

A model without such tokens gets context and prefix as plain text, and its output is cut where it runs into the suffix
(engine.text.stops). Context goes to the front, in the order of paths, so that it stays where it is while the
document changes: as files of their own where the family has marks for files, else as text under a comment.

What does not fit the budget is left out so: chunks of context beyond a quarter of it, least important first; then the
suffix from its end, down to a quarter of what the document gets; then the prefix from its start, an eighth of that
room at a time, so that not every keystroke moves the cut. What stands around the cursor stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from engine.text.fim_formats import FimFormat, Order
from engine.text.tokenizer import Tokenizer
from engine.types import EngineError

Role = Literal["control", "context", "prefix", "suffix", "typed"]

CONTEXT_SHARE = SUFFIX_SHARE = 1 / 4
STEPS = 8
LEAST_DOCUMENT_TOKENS = 16
_SLASHES = re.compile(r"\.(c|cc|cpp|cs|dart|go|h|hpp|java|js|jsx|kt|php|rs|scala|scss|swift|ts|tsx|zig)")
_DASHES = re.compile(r"\.(hs|lua|sql)")


class PromptTooLong(EngineError):
    """Raised when not even what stands around the cursor fits."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of another file that helps."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """Some tokens of a prompt and what they are."""

    role: Role
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """The parts of a prompt, and how many tokens of the document were left out at its two ends."""

    parts: tuple[Part, ...]
    prefix_dropped: int = 0
    suffix_dropped: int = 0
    chunks_dropped: int = 0

    @property
    def tokens(self) -> list[int]:
        return [token for part in self.parts for token in part.tokens]


@dataclass(frozen=True, slots=True)
class Document:
    """The tokens around a cursor (engine.text.retokenise keeps them). `typed`: since the prefix was, for `append`."""

    prefix: Sequence[int]
    suffix: Sequence[int]
    typed: Sequence[int] = ()
    path: str = ""
    repository: str = ""


class PromptBuilder:
    """Builds prompts for one tokenizer; keeps the tokens of the last chunks. `fim` None: the model has none."""

    def __init__(self, tokenizer: Tokenizer, fim: FimFormat | None, order: Order = "psm") -> None:
        self.order: Order | None = None if fim is None else fim.nearest(order)
        self._tokenizer = tokenizer
        self._fim = fim
        self._chunks: dict[Chunk, tuple[int, ...]] = {}

    @property
    def end_ids(self) -> frozenset[int]:
        """Tokens that end a completion."""
        marks = self._fim.marks if self._fim else ()
        return self._tokenizer.end_ids | set(self._controls(*marks))

    def build(self, document: Document, context: Sequence[Chunk], budget_tokens: int) -> Prompt:
        """A prompt of at most so many tokens. `context`: most important first. Raises PromptTooLong."""
        in_files = bool(self._fim and self._fim.file_mark) and bool(context)
        opening, current = self._opening(document, in_files)
        fixed = len(opening) + len(current) + 3 + len(document.typed)
        room = budget_tokens - fixed
        if room < LEAST_DOCUMENT_TOKENS:
            raise PromptTooLong(
                f"A prompt of {budget_tokens} tokens has no room for the text at the cursor.\n"
                "Open the model with a longer context, or ask for fewer tokens."
            )
        behind = document.suffix if self._fim else ()
        context_room = max(room - len(document.prefix) - len(behind), int(room * CONTEXT_SHARE))
        kept = self._that_fit(context, context_room)
        self._chunks = {chunk: self._chunks[chunk] for chunk in context}
        chunks = [self.chunk_tokens(chunk) for chunk in sorted(kept, key=lambda chunk: chunk.path)]
        prefix, suffix = _around_cursor(document.prefix, behind, room - sum(map(len, chunks)))
        parts = self._arrange(
            Part("control", opening),
            [Part("context", tokens) for tokens in chunks],
            [Part("context", current)],
            Part("prefix", tuple(prefix)),
            Part("suffix", tuple(suffix)),
            Part("typed", tuple(document.typed)),
        )
        return Prompt(
            tuple(part for part in parts if part.tokens),
            len(document.prefix) - len(prefix),
            len(behind) - len(suffix),
            len(context) - len(kept),
        )

    def chunk_tokens(self, chunk: Chunk) -> tuple[int, ...]:
        """A chunk as it stands in a prompt."""
        found = self._chunks.get(chunk)
        if found is None:
            text = chunk.text if chunk.text.endswith("\n") else chunk.text + "\n"
            if self._fim and self._fim.file_mark:
                found = (*self._controls(self._fim.file_mark), *self._text(f"{chunk.path}\n{text}"))
            else:
                found = self._text(f"{comment(chunk.path)}\n{text}\n")
            self._chunks[chunk] = found
        return found

    def _opening(self, document: Document, in_files: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What stands before the context, and what stands between it and the document."""
        opening = self._tokenizer.opening_ids
        if not in_files or self._fim is None or self._fim.file_mark is None:
            return opening, ()
        if document.repository and self._fim.repository_mark:
            name = document.repository + self._fim.behind_repository
            opening = (*opening, *self._controls(self._fim.repository_mark), *self._text(name))
        path = self._text(f"{document.path}\n") if document.path else ()
        return opening, (*self._controls(self._fim.file_mark), *path)

    def _arrange(
        self, opening: Part, chunks: list[Part], current: list[Part], prefix: Part, suffix: Part, typed: Part
    ) -> Iterable[Part]:
        fim = self._fim
        if fim is None:
            return [opening, *chunks, *current, prefix, typed]
        begin, hole, middle = (
            Part("control", self._controls(mark)) for mark in (fim.prefix, fim.suffix, fim.middle)
        )
        in_front, inside = ([*chunks, *current], []) if fim.file_mark else ([], chunks)
        if fim.path_behind_prefix_mark and current[0].tokens:
            path = current[0].tokens
            in_front, inside = [*chunks, Part("context", path[:1])], [Part("context", path[1:])]
        if self.order == "spm":
            marks = [hole, suffix, begin] if fim.suffix_first else [begin, hole, suffix, middle]
            return [opening, *in_front, *marks, *inside, prefix, typed]
        if self.order == "append":
            return [opening, *in_front, begin, *inside, prefix, hole, suffix, middle, typed]
        return [opening, *in_front, begin, *inside, prefix, typed, hole, suffix, middle]

    def _that_fit(self, context: Sequence[Chunk], room: int) -> list[Chunk]:
        kept = []
        for chunk in context:
            length = len(self.chunk_tokens(chunk))
            if length <= room:
                kept.append(chunk)
                room -= length
        return kept

    def _text(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text).ids)

    def _controls(self, *marks: str | None) -> tuple[int, ...]:
        found = [self._tokenizer.control_id(mark) for mark in marks if mark]
        return tuple(token for token in found if token is not None)


def comment(text: str) -> str:
    """A line that says a path in the comment syntax that its ending suggests."""
    ending = PurePosixPath(text).suffix
    return f"{'//' if _SLASHES.fullmatch(ending) else '--' if _DASHES.fullmatch(ending) else '#'} {text}"


def _around_cursor(
    prefix: Sequence[int], suffix: Sequence[int], room: int
) -> tuple[Sequence[int], Sequence[int]]:
    """The end of the prefix and the start of the suffix that fit."""
    if len(prefix) + len(suffix) <= room:
        return prefix, suffix
    for_suffix = min(len(suffix), max(int(room * SUFFIX_SHARE), room - len(prefix)))
    over = len(prefix) - (room - for_suffix)
    if over > 0:
        step = max(1, room // STEPS)
        prefix = prefix[min(len(prefix), -(-over // step) * step) :]
    return prefix, suffix[:for_suffix]
