"""Places in a text where its tokens can be cut apart, whatever stands farther off. Knows no vocabulary.

A tokenizer works in stages: a normaliser, pre-tokenizers, a model. A *cut* between two characters is a place where
the tokens of the whole text are the tokens of the left part followed by those of the right part. It is one when
the stages are blind across it up to one that ends a piece there. For the kinds of pre-tokenizers:

- A regular expression (GPT-2, Llama 3, Qwen, DeepSeek, StarCoder, …) is blind where none of its paths reads the two
  characters one after the other (engine.text.pattern proves it). So a run of white space, whose split depends on
  its end, a word, or a run of digits cut into groups of three from the left is never cut inside.
- Metaspace with splitting ends a piece before every space.
- A model without pre-tokenizer (SentencePiece's BPE) merges through the text; it is blind across two characters that
  no piece of the vocabulary has side by side, since then no merge can join them.
- Unicode normalisation is blind before ASCII, which composes with nothing in front of it.

Only cuts before an ASCII character are used.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Protocol


class Stage(Protocol):
    """One stage of a tokenizer, asked about two neighbouring characters."""

    def separates(self, before: str, after: str) -> bool:
        """Whether the stage treats both sides alike when the text is cut between the two."""
        ...

    def covers(self, before: str, after: str) -> bool:
        """Whether, then, the stage itself ends a piece between the two."""
        ...


class Boundaries:
    """Finds cuts. Answers are kept by pair of characters."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._stages = tuple(stages)
        self._answers: dict[str, bool] = {}

    def is_cut(self, before: str, after: str) -> bool:
        """Whether tokens can be cut apart between these two neighbouring characters."""
        pair = before + after
        answer = self._answers.get(pair)
        if answer is None:
            answer = self._answers[pair] = after.isascii() and self._ask(before, after)
        return answer

    def _ask(self, before: str, after: str) -> bool:
        for stage in self._stages:
            if not stage.separates(before, after):
                return False
            if stage.covers(before, after):
                return True  # later stages see two pieces
        return False

    def last_cut(self, text: str, least: int = 0) -> int:
        """The last cut of a text that stays one whatever is written behind; `least` if there is none."""
        for place in range(len(text) - 1, least, -1):
            if self.is_cut(text[place - 1], text[place]):
                return place
        return least

    def first_cut(self, text: str) -> int:
        """The first cut of a text that stays one whatever is written in front; its length if there is none."""
        for place in range(1, len(text)):
            if self.is_cut(text[place - 1], text[place]):
                return place
        return len(text)


class Metaspace:
    """Ends a piece before every space (U+2581 stands for it)."""

    def separates(self, before: str, after: str) -> bool:
        return True

    def covers(self, before: str, after: str) -> bool:
        return after == " "


class Merging:
    """A model that joins what it finds side by side in its vocabulary, through the whole text."""

    def __init__(self, pieces: Sequence[str], space: str) -> None:
        self._space = space
        self._joined = {piece[i : i + 2] for piece in pieces for i in range(len(piece) - 1)}
        self._known = {piece for piece in pieces if len(piece) == 1}

    def separates(self, before: str, after: str) -> bool:
        return (before + after).replace(" ", self._space) not in self._joined

    def covers(self, before: str, after: str) -> bool:
        return after.replace(" ", self._space) in self._known  # unknown neighbours may become one token


class AddedTokens:
    """Texts that are taken out before anything else, as CodeGen's runs of spaces are.

    They are found in the text as it is or as it is normalised, where a space may be marked: the mark counts as one.
    """

    def __init__(self, texts: Sequence[str], space: str) -> None:
        self._space = space
        self._joined = {text[i : i + 2].replace(space, " ") for text in texts for i in range(len(text) - 1)}

    def separates(self, before: str, after: str) -> bool:
        return (before + after).replace(self._space, " ") not in self._joined

    def covers(self, before: str, after: str) -> bool:
        return False


class Normalised:
    """Unicode normalisation. Behind a character that it may change or join, nothing is said."""

    def __init__(self, form: str) -> None:
        self._form = form

    def separates(self, before: str, after: str) -> bool:
        if before.isascii():
            return after.isascii()
        return (
            after.isascii()
            and unicodedata.category(before) in ("Lu", "Ll", "Lo")
            and unicodedata.normalize(self._form, before) == before  # type: ignore[arg-type]
            and not any(low <= before <= high for low, high in _JAMO)
        )

    def covers(self, before: str, after: str) -> bool:
        return False


_JAMO = (("\u1100", "\u11ff"), ("\ua960", "\ua97f"), ("\ud7b0", "\ud7ff"))
"""Korean letters that compose into syllables."""
