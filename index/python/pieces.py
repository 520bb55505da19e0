"""Keep what the functions of one open file came to, so that a keystroke walks only what it changed. Reads no syntax.

A function's share of its file's facts follows from its text, its class or module, the earlier definitions of the
same names, and what its class holds under the names that it assigns. Where all of these are as before, the share is
taken again, moved to its new place; else the function is walked.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from index.facts import Binding, ImportUse, Use
from index.types import Symbol, SymbolKind

if TYPE_CHECKING:
    from index.python.scopes import OpenScope  # which needs the languages, whose specs tell of pieces


class Place(NamedTuple):
    """Where a function begins: in the text, and in the lists that its file fills."""

    byte: int
    row: int
    outer: int
    """The scope around it."""
    scopes: int
    symbols: int


class Piece(NamedTuple):
    """What one function added to its file."""

    place: Place
    symbols: Sequence[Symbol]
    scopes: Sequence[OpenScope]
    uses: Sequence[Use]
    imports: Sequence[ImportUse]
    bound: Sequence[tuple[str, Binding]]
    """What it bound in the scope around it."""
    held: dict[str, tuple[Binding, ...]]
    """What that scope held under these names before."""
    ordinals: dict[tuple[SymbolKind, str], tuple[int, int]]
    """How many definitions of a kind and name were there before, and after."""


class Pieces:
    """The functions of a file as it was last read, by what they depend on."""

    def __init__(self) -> None:
        self._settings: Hashable = None
        self._before: dict[Hashable, Piece] = {}
        self._now: dict[Hashable, Piece] = {}

    def begin(self, settings: Hashable) -> None:
        """Begin to read the file anew. What was kept under other settings of the whole file is of no use."""
        self._before = self._now if settings == self._settings else {}
        self._settings, self._now = settings, {}

    def get(self, key: Hashable) -> Piece | None:
        return self._before.get(key)

    def put(self, key: Hashable, piece: Piece) -> None:
        self._now[key] = piece
