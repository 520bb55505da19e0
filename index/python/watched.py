"""Note what one function of a file adds to its scopes and symbols, and add it again at another place.

Knows no syntax nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.facts import Binding, ImportUse, Use
from index.python.pieces import Piece, Place
from index.python.scopes import FileScopes
from index.types import Span, Symbol, SymbolKind

_NONE = -1


class WatchedScopes(FileScopes):
    """Scopes that tell what one function after another adds to them."""

    def __init__(self, repository: str, path: str) -> None:
        super().__init__(repository, path)
        self.watched = _NONE
        """The scope around the function that is being read."""
        self._bound: list[tuple[str, Binding]] = []
        self._held: dict[str, tuple[Binding, ...]] = {}
        self._before: tuple[object, int] = None, 0

    def held(self, scope: int, name: str) -> list[Binding]:
        found = super().held(scope, name)
        if scope == self.watched:
            self._held.setdefault(name, tuple(found))
        return found

    def bind(self, scope: int, name: str, binding: Binding) -> None:
        if scope == self.watched:
            self._held.setdefault(name, tuple(super().held(scope, name)))
            self._bound.append((name, binding))
        super().bind(scope, name, binding)

    def place(self, byte: int, row: int, scope: int) -> Place:
        return Place(byte, row, scope, len(self.scopes), len(self.symbols))

    def watch(self, scope: int) -> None:
        self.watched, self._bound, self._held = scope, [], {}
        self._before = self.exported, len(self.stars)

    def watched_piece(self, place: Place, uses: Sequence[Use], imports: Sequence[ImportUse]) -> Piece | None:
        """What was added since `watch`; None where it depends on more, or changed more, than a piece tells."""
        self.watched = _NONE
        symbols, scopes = self.symbols[place.symbols :], self.scopes[place.scopes :]
        mine = {place.outer, *range(place.scopes, len(self.scopes))}
        if (
            any(scope.outer or scope.parent not in mine for scope in scopes)
            or not mine.issuperset(use.scope for use in uses)
            or not mine.issuperset(each.scope for each in imports)
            or self._before != (self.exported, len(self.stars))
        ):
            return None
        ordinals: dict[tuple[SymbolKind, str], tuple[int, int]] = {}
        for symbol in symbols:
            key = symbol.kind, symbol.qualified_name
            ordinals[key] = ordinals.get(key, (symbol.ordinal,))[0], symbol.ordinal + 1
        return Piece(place, symbols, scopes, uses, imports, self._bound, self._held, ordinals)

    def again(self, piece: Piece, place: Place) -> Piece | None:
        """Add a piece at another place. Returns it as it is there; None if it would not be the same."""
        names = self.scopes[place.outer].names
        if any(tuple(names.get(name, ())) != held for name, held in piece.held.items()):
            return None
        if any(self._ordinals.get(key, 0) != first for key, (first, _) in piece.ordinals.items()):
            return None
        if piece.place != place:
            piece = _moved(piece, place, self.scopes[place.outer].symbol)
        self._ordinals.update((key, following) for key, (_, following) in piece.ordinals.items())
        self.symbols += piece.symbols
        self.scopes += piece.scopes
        for name, binding in piece.bound:
            self.bind(place.outer, name, binding)
        return piece


def _moved(piece: Piece, place: Place, outer_symbol: int) -> Piece:
    """A piece at another place of its file."""
    old = piece.place
    bytes_, lines = place.byte - old.byte, place.row - old.row
    scopes, symbols = place.scopes - old.scopes, place.symbols - old.symbols

    def scope(number: int) -> int:
        return number + scopes if number >= old.scopes else place.outer

    opened = piece.scopes
    if scopes or symbols or place.outer != old.outer:
        opened = [
            replace(
                each,
                symbol=each.symbol + symbols if each.symbol >= old.symbols else outer_symbol,
                parent=scope(each.parent),
            )
            for each in opened
        ]
    return piece._replace(
        place=place,
        symbols=[_moved_symbol(symbol, bytes_, lines) for symbol in piece.symbols],
        scopes=opened,
        uses=[
            Use(
                scope(use.scope),
                use.role,
                use.chain,
                _moved_positions(use.positions, bytes_, lines),
                use.arguments,
            )
            for use in piece.uses
        ],
        imports=[
            each._replace(scope=scope(each.scope), span=_moved_span(each.span, bytes_, lines))
            for each in piece.imports
        ],
    )


def _moved_symbol(symbol: Symbol, bytes_: int, lines: int) -> Symbol:
    span = symbol.span
    moved = Span(
        span.path,
        span.start_byte + bytes_,
        span.end_byte + bytes_,
        span.start_line + lines,
        span.start_column,
        span.end_line + lines,
        span.end_column,
    )
    return replace(symbol, span=moved)


def _moved_positions(positions: tuple[int, ...], bytes_: int, lines: int) -> tuple[int, ...]:
    if len(positions) == 3:
        byte, line, column = positions
        return byte + bytes_, line + lines, column
    found = list(positions)
    for index in range(0, len(found), 3):
        found[index] += bytes_
        found[index + 1] += lines
    return tuple(found)


def _moved_span(
    span: tuple[int, int, int, int, int, int], bytes_: int, lines: int
) -> tuple[int, int, int, int, int, int]:
    start, end, first, first_column, last, last_column = span
    return start + bytes_, end + bytes_, first + lines, first_column, last + lines, last_column
