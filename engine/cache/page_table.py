"""Which slots of a pool hold which tokens of a document, while the document is edited. Knows no tensors.

A page is 64 slots of the pool; its tokens follow each other in the document. The first was rotated at `origin`, the
next at `origin + 1`, and so on for ever; where the page stands now is what the pages before it say. The difference
is the page's shift, so an edit need not touch the pages behind it: it splits one page at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

PAGE = 64  # papers: 64 slots keep one batched product as fast as a contiguous one, and a split cheap


@dataclass(slots=True)
class Page:
    """`count` tokens in the slots from `begin` on of the pool's page `number`, the first rotated at `origin`.

    Slots from `end` on are not the page's to fill.
    """

    number: int
    origin: int
    count: int
    begin: int = 0
    end: int = PAGE

    @property
    def slot(self) -> int:
        """The pool's slot of the first token."""
        return self.number * PAGE + self.begin

    @property
    def room(self) -> int:
        return self.end - self.begin - self.count


@dataclass(frozen=True, slots=True)
class Move:
    """Copy `count` slots of the pool."""

    source: int
    target: int
    count: int


class PageTable:
    """The pages of one document, in its order. Pages that an edit empties are used again."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.pool = 0  # pages that the pool must have
        self.branched = False
        self._free: list[int] = []
        self._floor = 0
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def reset(self, length: int) -> None:
        """As many full pages as hold so many tokens, none shifted."""
        starts = range(0, length, PAGE)
        self.pages = [Page(n, start, min(PAGE, length - start), 0, PAGE) for n, start in enumerate(starts)]
        self.pool, self._free, self._length = len(self.pages), [], length

    def insert(self, place: int, count: int) -> list[Move]:
        """Make room for tokens in front of token `place`; first in the page that ends there."""
        index, offset = self._locate(place)
        moves = [self._split(index, offset)] if offset else []
        index += bool(offset)
        left = count
        if index and left:
            taken = min(left, self.pages[index - 1].room)
            self.pages[index - 1].count += taken
            left -= taken
        while left:
            taken = min(left, PAGE)
            self.pages.insert(index, Page(self._take(), place + count - left, taken))
            index += 1
            left -= taken
        self._length += count
        return moves + self._merge(index)

    def remove(self, place: int, count: int) -> list[Move]:
        """Take tokens out, from token `place` on."""
        moves: list[Move] = []
        index, offset = self._locate(place)
        self._length -= count
        if offset:
            page = self.pages[index]
            if offset + count < page.count:
                moves.append(self._split(index, offset + count))
            count -= min(count, page.count - offset)
            page.count = offset
            index += 1
        while count:
            page = self.pages[index]
            taken = min(count, page.count)
            page.begin, page.origin, page.count = page.begin + taken, page.origin + taken, page.count - taken
            count -= taken
            if not page.count:
                self._free.append(self.pages.pop(index).number)
        return moves + self._merge(index)

    def runs(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """Where the tokens `start` to `stop` lie: (first slot, position it was or is to be rotated at, count)."""
        position = 0
        for page in self.pages:
            first, last = max(start - position, 0), min(stop - position, page.count)
            if first < last:
                yield page.slot + first, page.origin + first, last - first
            position += page.count

    @contextmanager
    def branch(self, length: int) -> Iterator[None]:
        """Within, the document ends behind `length` tokens, and only what is added there may change."""
        before = (self.pages, list(self._free), self.pool, self._length, self._floor, self.branched)
        index, offset = self._locate(length)
        kept = [replace(page) for page in self.pages[: index + bool(offset)]]
        if offset:
            kept[-1].count, kept[-1].end = offset, kept[-1].begin + offset
        self.pages, self._length, self._floor, self.branched = kept, length, length, True
        try:
            yield
        finally:
            self.pages, self._free, pool, self._length, self._floor, self.branched = before
            self._free += range(pool, self.pool)

    def check(self, start: int, removed: int) -> None:
        """Raise ValueError when an edit reaches outside of the tokens that may change."""
        if not self._floor <= start <= start + removed <= self._length:
            raise ValueError(
                f"An edit of tokens {start} to {start + removed} lies outside of {self._floor} to {self._length}."
            )

    def _locate(self, place: int) -> tuple[int, int]:
        """The page of a token and the token's number in it. Behind the last: (number of pages, 0)."""
        for index, page in enumerate(self.pages):
            if place < page.count:
                return index, place
            place -= page.count
        return len(self.pages), 0

    def _split(self, index: int, offset: int) -> Move:
        """Carry a page's tokens from `offset` on into a page of their own behind it."""
        page = self.pages[index]
        tail = Page(self._take(), page.origin + offset, page.count - offset)
        self.pages.insert(index + 1, tail)
        page.count = offset
        return Move(page.slot + offset, tail.slot, tail.count)

    def _merge(self, index: int) -> list[Move]:
        """Put a page's tokens behind those of the page before it, where both have the same shift."""
        if not 0 < index < len(self.pages):
            return []
        left, right = self.pages[index - 1 : index + 1]
        if left.origin + left.count != right.origin or left.room < right.count:
            return []
        move = Move(right.slot, left.slot + left.count, right.count)
        left.count += right.count
        self._free.append(self.pages.pop(index).number)
        return [move]

    def _take(self) -> int:
        if self._free:
            return self._free.pop()
        self.pool += 1
        return self.pool - 1
