"""Heal the seams of a prompt at the cursor: end it at a token boundary, and make the model spell what was taken off.

Tokens reach across a cursor: a prompt cut behind an indentation or inside a word ends in a token that the model never
saw there (of 256 Python lines SmolLM2-135M gets none exactly from such prompts, and one in ten from healed ones). So
the prompt goes back to the last cut before the cursor (engine.text.boundaries): the tokens up to there are those of
the finished text, whatever is written. The text taken off is *forced*: the first tokens must spell it, and the one
that ends it may reach beyond it.

Where the cursor stands inside a word or among spaces, the suffix's tokens up to its first cut are as unnatural. They
are left out of the prompt; the model is expected to write their text at its end, where it is cut off again
(engine.text.stops).

Knows no models: says which tokens may come next, not how likely they are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.text.retokenise import TokenisedText
from engine.text.tokenizer import Tokenizer

MAX_FORCED_CHARS = 64
"""Longer texts without a cut (data, other scripts) are healed by their last token only."""
_FIRST_BYTE_PAST = b"\xff" * 8


@dataclass(frozen=True, slots=True)
class HealedPrefix:
    """Give the model the first `tokens` tokens of the prefix and force `forced`, the text that the others spell."""

    tokens: int
    forced: bytes


@dataclass(frozen=True, slots=True)
class HealedSuffix:
    """Leave out the first `tokens` tokens of the suffix, whose text `expected` the output is to end with."""

    tokens: int
    expected: str


class Vocabulary:
    """A tokenizer's tokens ordered by their bytes. Built once per tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        spelled = sorted((tokenizer.token_bytes(token), token) for token in range(tokenizer.size))
        self._bytes = [text for text, _ in spelled]
        self._ids = [token for _, token in spelled]
        self.longest_bytes = max(map(len, self._bytes), default=0)

    def starting_with(self, text: bytes) -> Sequence[int]:
        """Tokens whose bytes begin with this text, which is not empty."""
        low = bisect_left(self._bytes, text)
        return self._ids[low : bisect_left(self._bytes, text + _FIRST_BYTE_PAST, low)]

    def spelling(self, text: bytes) -> Sequence[int]:
        """Tokens whose bytes are exactly this text, which is not empty."""
        low = high = bisect_left(self._bytes, text)
        while high < len(self._bytes) and self._bytes[high] == text:
            high += 1
        return self._ids[low:high]


class Spelling:
    """Which tokens may come next while a text is spelled. Holds nothing of what was generated: ask with it."""

    def __init__(self, vocabulary: Vocabulary, forced: bytes) -> None:
        self._vocabulary = vocabulary
        self.forced = forced
        self._spellable = [False] * len(forced)  # from each byte on
        for done in range(len(forced) - 1, -1, -1):
            self._spellable[done] = bool(vocabulary.starting_with(forced[done:]) or any(self._shorter(done)))

    @property
    def possible(self) -> bool:
        """Whether the vocabulary can spell the text at all."""
        return not self.forced or self._spellable[0]

    def allowed(self, generated: bytes) -> Sequence[int] | None:
        """The tokens that may follow what was generated, given its bytes; None: any token may.

        Empty where what was generated already differs from the forced text.
        """
        done = len(generated)
        if done >= len(self.forced):
            return None if generated.startswith(self.forced) else ()
        if not self.forced.startswith(generated):
            return ()
        found = [token for tokens in self._shorter(done) for token in tokens]
        return [*found, *self._vocabulary.starting_with(self.forced[done:])]

    def _shorter(self, done: int) -> Iterator[Sequence[int]]:
        """Tokens that spell a part of what is left, and leave what can be spelled."""
        most = min(len(self.forced) - done - 1, self._vocabulary.longest_bytes)
        for end in range(done + 1, done + most + 1):
            if self._spellable[end]:
                yield self._vocabulary.spelling(self.forced[done:end])


def heal_prefix(tokenizer: Tokenizer, vocabulary: Vocabulary, prefix: TokenisedText) -> HealedPrefix:
    """Where the prompt ends, and what the output is to begin with. Without need, all tokens and nothing."""
    text = prefix.text
    start = _back_up(tokenizer, prefix)
    tokens = prefix.tokens_before(start) if start else 0
    spelled = [tokenizer.token_bytes(token) for token in prefix.tokens[tokens:]]
    forced = b"".join(spelled)
    if not text or not all(spelled) or not Spelling(vocabulary, forced).possible:
        return HealedPrefix(len(prefix.tokens), b"")
    return HealedPrefix(tokens, forced)


def _back_up(tokenizer: Tokenizer, prefix: TokenisedText) -> int:
    text = prefix.text
    if tokenizer.boundaries is not None:
        least = max(0, len(text) - MAX_FORCED_CHARS)
        cut = tokenizer.boundaries.last_cut(text, least)
        if cut > least or not least:
            return cut
    starts = prefix.starts()
    return starts[-1] if starts else 0


def heal_suffix(tokenizer: Tokenizer, suffix: TokenisedText, before: str) -> HealedSuffix:
    """What the suffix leaves out. `before`: the character in front of the cursor, if any."""
    text = suffix.text
    boundaries = tokenizer.boundaries
    if boundaries is None or not text or not before or not _is_inside(before[-1], text[0]):
        return HealedSuffix(0, "")
    cut = boundaries.first_cut(text[: MAX_FORCED_CHARS + 1])
    if cut > MAX_FORCED_CHARS or cut == len(text):
        return HealedSuffix(0, "")
    return HealedSuffix(suffix.tokens_before(cut), text[:cut])


def _is_inside(before: str, after: str) -> bool:
    """Whether a cursor between two characters stands inside a word or among spaces."""
    if before in " \t":
        return after in " \t"
    return all(char.isalnum() or char == "_" for char in (before, after))
