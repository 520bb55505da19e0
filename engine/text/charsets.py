"""Sets of characters as regular expressions name them, with three answers. Knows no pattern and no text.

Graft's Unicode tables and the tokenizer's may be of different versions, so about a character that is not ASCII and
a property (`\\p{L}`) the answer is None: unknown. Whoever proves something with a set must hold for both answers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

Member = Callable[[str], bool | None]
"""Whether one character belongs; None where tables may disagree."""

_SURE_SPACES = frozenset(
    "\t\n\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
)
_UNSURE_SPACES = frozenset("\v\x1c\x1d\x1e\x1f\u0085\u180e\u200b\ufeff")


@dataclass(frozen=True, slots=True)
class CharSet:
    """What one place of a pattern can read. `folds`: upper and lower case are one."""

    members: tuple[Member, ...]
    negated: bool = False
    folds: bool = False

    def holds(self, char: str) -> bool | None:
        """Whether the set holds a character; None means that it may."""
        found: bool | None = False
        for each in {char, char.lower(), char.upper()} if self.folds else (char,):
            for member in self.members if len(each) == 1 else ():
                answer = member(each)
                if answer:
                    return not self.negated
                found = None if answer is None else found
        if self.folds and not char.isascii():
            return None  # folding beyond ASCII differs between engines
        return None if found is None else found != self.negated


def span(low: str, high: str) -> Member:
    """The characters from `low` to `high`."""
    return lambda char: low <= char <= high


def property_of(name: str) -> Member | None:
    """The members of a general category such as `L`, `Lu` or `N`; None for other properties."""
    if not _CATEGORIES.fullmatch(name):
        return None
    return lambda char: unicodedata.category(char).startswith(name) if char.isascii() else None


def is_space(char: str) -> bool | None:
    """Members of `\\s`."""
    return None if char in _UNSURE_SPACES else char in _SURE_SPACES


def is_word(char: str) -> bool | None:
    """Members of `\\w`."""
    return (char.isalnum() or char == "_") if char.isascii() else None


def is_digit(char: str) -> bool | None:
    """Members of `\\d`."""
    return char.isdigit() if char.isascii() else None


def outside(member: Member) -> Member:
    """The complement."""

    def answer(char: str) -> bool | None:
        inside = member(char)
        return None if inside is None else not inside

    return answer


_CATEGORIES = re.compile("C[cf]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?")
