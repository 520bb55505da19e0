"""Keep the tokens of a text while it is edited, and say of each edit which tokens changed. Knows no caches.

The law: after any edits the tokens equal those of tokenising the text afresh. After an edit, the text is tokenised
again only from the last cut before it to the first cut behind it (engine.text.boundaries), both among characters
that the edit did not touch: what lies outside is, by what a cut is, tokenised as before. Where there is no cut, or
the tokenizer has no boundaries that Graft can prove, it goes on to the start and to the end.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TypeVar

from engine.text.tokenizer import Tokenizer

_Sequence = TypeVar("_Sequence", str, list[int])


@dataclass(frozen=True, slots=True)
class Splice:
    """Tokens `start` to `start + removed` became `inserted`; `encoded` tokens were worked out anew to know it."""

    start: int
    removed: int
    inserted: tuple[int, ...]
    encoded: int = 0

    def apply(self, tokens: list[int]) -> None:
        """Bring a list of the old tokens up to the new ones."""
        tokens[self.start : self.start + self.removed] = self.inserted


class TokenisedText:
    """A text with its tokens. `opens`: whether it opens a prompt, so that some tokenizers put a space before it."""

    def __init__(self, tokenizer: Tokenizer, text: str = "", *, opens: bool = True) -> None:
        self._tokenizer = tokenizer
        self._opens = opens
        self._lead = tokenizer.lead(text) if opens else ""
        self._led = self._lead + text
        encoding = tokenizer.encode(self._led)
        self.tokens: list[int] = encoding.ids
        self._starts = encoding.starts

    @property
    def text(self) -> str:
        return self._led[len(self._lead) :]

    def __len__(self) -> int:
        return len(self._led) - len(self._lead)

    def starts(self) -> list[int]:
        """The code point of the text at which each token begins."""
        lead = len(self._lead)
        return [max(0, start - lead) for start in self._starts] if lead else list(self._starts)

    def tokens_before(self, place: int) -> int:
        """How many tokens begin before this code point of the text."""
        return bisect_left(self._starts, place + len(self._lead) if place else 0)

    def edit(self, start: int, end: int, text: str) -> Splice:
        """Replace the code points `start` to `end`. Raises ValueError when they are not in the text."""
        if not 0 <= start <= end <= len(self):
            raise ValueError(
                f"An edit of {start} to {end} lies outside of a text of {len(self)} code points."
            )
        if start == end and not text:
            return Splice(self.tokens_before(start), 0, ())
        old, old_lead = self._led, self._lead
        edited = old[len(old_lead) : len(old_lead) + start] + text + old[len(old_lead) + end :]
        self._lead = self._tokenizer.lead(edited) if self._opens else ""
        self._led = self._lead + edited
        first = start + len(old_lead) if self._lead == old_lead else 0
        return self._replace(old, first, len(old) - (end + len(old_lead)))

    def sync(self, text: str) -> Splice:
        """Make this the text, by one edit of what lies between its first and its last difference."""
        old = self.text
        start = common(old, text)
        behind = common(old[start:][::-1], text[start:][::-1])
        return self.edit(start, len(old) - behind, text[start : len(text) - behind])

    def _replace(self, old: str, before: int, behind: int) -> Splice:
        """Bring tokens up to `_led`, which differs from `old` only behind `before` and before the last `behind`."""
        new = self._led
        left, right = self._last_cut(old, new, before), self._first_cut(old, new, behind)
        first = bisect_left(self._starts, left)
        last = bisect_left(self._starts, len(old) - right) if right else len(self._starts)
        encoding = self._tokenizer.encode(new[left : len(new) - right])
        removed, inserted = self.tokens[first:last], encoding.ids
        moved = len(new) - len(old)
        self.tokens[first:last] = inserted
        behind_starts = self._starts[last:]
        self._starts[first:] = [left + start for start in encoding.starts]
        self._starts += [start + moved for start in behind_starts] if moved else behind_starts
        same = common(removed, inserted)
        removed, rest = removed[same:], inserted[same:]
        tail = common(removed[::-1], rest[::-1])
        return Splice(
            first + same, len(removed) - tail, tuple(rest[: len(rest) - tail]), encoded=len(inserted)
        )

    def _last_cut(self, old: str, new: str, before: int) -> int:
        boundaries = self._tokenizer.boundaries
        if boundaries is None:
            return 0
        for place in range(before, 0, -1):
            # At the edit itself the character behind differs; at the end of a text every token ends.
            if all(
                place == len(text) or boundaries.is_cut(text[place - 1], text[place]) for text in (old, new)
            ):
                return place
        return 0

    def _first_cut(self, old: str, new: str, behind: int) -> int:
        """How many code points lie behind the first cut."""
        boundaries = self._tokenizer.boundaries
        if boundaries is None:
            return 0
        for rest in range(behind, 0, -1):
            if all(
                rest == len(text) or boundaries.is_cut(text[-rest - 1], text[-rest]) for text in (old, new)
            ):
                return rest
        return 0


class SplitText:
    """A document cut at the cursor into two texts that are tokenised apart, as infilling prompts have them."""

    def __init__(self, tokenizer: Tokenizer, text: str, cursor: int) -> None:
        self.prefix = TokenisedText(tokenizer, text[:cursor])
        self.suffix = TokenisedText(tokenizer, text[cursor:], opens=False)

    @property
    def text(self) -> str:
        return self.prefix.text + self.suffix.text

    @property
    def cursor(self) -> int:
        return len(self.prefix)

    def edit(self, start: int, end: int, text: str) -> tuple[Splice, Splice]:
        """Replace code points; the cursor stays before the same character, or behind what replaces it."""
        cursor = self.cursor
        if not 0 <= start <= end <= cursor + len(self.suffix):
            raise ValueError(f"An edit of {start} to {end} lies outside of the document.")
        if start > cursor:
            return self.prefix.edit(cursor, cursor, ""), self.suffix.edit(start - cursor, end - cursor, text)
        in_prefix = self.prefix.edit(start, min(end, cursor), text)
        return in_prefix, self.suffix.edit(0, max(0, end - cursor), "")

    def move(self, cursor: int) -> tuple[Splice, Splice]:
        """Move the cursor. What lies between goes from one text to the other."""
        old = self.cursor
        if not 0 <= cursor <= old + len(self.suffix):
            raise ValueError(f"A cursor at {cursor} lies outside of the document.")
        if cursor >= old:
            passed = self.suffix.text[: cursor - old]
            return self.prefix.edit(old, old, passed), self.suffix.edit(0, len(passed), "")
        passed = self.prefix.text[cursor:]
        return self.prefix.edit(cursor, old, ""), self.suffix.edit(0, 0, passed)

    def sync(self, text: str, cursor: int) -> tuple[Splice, Splice]:
        """Make this the document and the cursor."""
        return self.prefix.sync(text[:cursor]), self.suffix.sync(text[cursor:])


def common(left: _Sequence, right: _Sequence) -> int:
    """How long a beginning two sequences share, by halving: comparing slices runs in C."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
