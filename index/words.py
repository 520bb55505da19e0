"""Cut names and prose into search terms. Knows nothing of languages or of ranking."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

WORD = re.compile(r"[^\W\d]\w*")
_WORD_OR_LINE_END = re.compile(r"[^\W\d]\w*|\n")
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\dA-Za-z_]+")
_MAX_TERM_CHARS = 60
_MAX_COUNT = 8
"""A term counts at most this often in one document: BM25 is near its ceiling there, and the index stays small."""


@lru_cache(maxsize=65_536)
def split_identifier(name: str) -> tuple[str, ...]:
    """The lower-case words of a name: `parseISO_date2` → `parse iso date 2`."""
    return tuple(piece.lower() for piece in _PIECE.findall(name))


@lru_cache(maxsize=65_536)
def terms_of_identifier(name: str) -> tuple[str, ...]:
    """A name's words and, where it has several, the whole name, all in lower case."""
    pieces = tuple(piece for piece in split_identifier(name) if len(piece) > 1)
    whole = name.strip("_").lower()
    if len(whole) < 2 or pieces == (whole,):
        return pieces
    return (*pieces, whole)


def terms(text: str) -> list[str]:
    """Every search term of a text, in order, with repetitions."""
    found: list[str] = []
    for word in WORD.findall(text):
        if len(word) <= _MAX_TERM_CHARS:
            found.extend(terms_of_identifier(word))
    return found


def terms_by_line(text: str) -> tuple[list[str], list[int]]:
    """The search terms of a text, and where those of each line begin among them; lines end at `\\n`."""
    found: list[str] = []
    starts = [0]
    for word in _WORD_OR_LINE_END.findall(text):
        if word == "\n":
            starts.append(len(found))
        elif len(word) <= _MAX_TERM_CHARS:
            found += terms_of_identifier(word)
    return found, starts


def bag(found: Sequence[str]) -> str:
    """Terms as one text for a full-text index, in alphabetical order, each repeated as often as it counts."""
    different = set(found)
    if len(different) == len(found):
        return " ".join(sorted(different))
    counted = Counter(found)
    return " ".join(
        [
            term if (count := counted[term]) == 1 else f"{term} " * (min(count, _MAX_COUNT) - 1) + term
            for term in sorted(different)
        ]
    )
