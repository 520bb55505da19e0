"""Cut text into the word pieces of an uncased BERT vocabulary (Schuster and Nakajima 2012). Knows no model."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

_MAX_WORD_CHARS = 100
_UNKNOWN, _START, _END = "[UNK]", "[CLS]", "[SEP]"


class WordPieces:
    """One vocabulary: a piece a line, continuations begin with `##`."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._ids = {piece: number for number, piece in enumerate(vocabulary)}
        self._start, self._end = self._ids[_START], self._ids[_END]
        self._pieces = lru_cache(maxsize=65_536)(self._cut)

    @classmethod
    def read(cls, path: Path) -> WordPieces:
        return cls(path.read_text(encoding="utf-8").split("\n"))

    def encode(self, text: str, max_pieces: int) -> list[int]:
        """Ids of a text between its start and end marks, at most `max_pieces` in all."""
        ids = [self._start]
        for word in words(text):
            ids += self._pieces(word)
            if len(ids) >= max_pieces:
                break
        return [*ids[: max_pieces - 1], self._end]

    def _cut(self, word: str) -> tuple[int, ...]:
        """The longest pieces from left to right; a word that has none as a whole is unknown."""
        unknown = (self._ids[_UNKNOWN],)
        if len(word) > _MAX_WORD_CHARS:
            return unknown
        found: list[int] = []
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                number = self._ids.get(prefix + word[start:end])
                if number is not None:
                    found.append(number)
                    start = end
                    break
            else:
                return unknown
        return tuple(found)


def words(text: str) -> list[str]:
    """Lower-case words without accents; each punctuation mark and each Chinese character is a word of its own."""
    plain: list[str] = []
    for char in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(char)
        if category == "Mn" or char == "\ufffd":
            continue
        if char.isspace():
            plain.append(" ")
        elif category.startswith("C"):
            continue
        elif _stands_alone(char, category):
            plain.append(f" {char} ")
        else:
            plain.append(char)
    return "".join(plain).split()


def _stands_alone(char: str, category: str) -> bool:
    code = ord(char)
    ascii_mark = code < 128 and not char.isalnum()
    ideograph = 0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0xF900 <= code <= 0xFAFF
    return ascii_mark or category.startswith("P") or ideograph
