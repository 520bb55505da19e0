"""Which neighbouring characters a regular expression can read in one match. Knows no tokenizer and no text.

A pre-tokenizer scans a text with a pattern from left to right. Cut the text between two characters `a` and `b`: if
no path through the pattern, not even one that fails in the end, reads `a` and then `b`, then the scan of the whole
text is the scan of the left part followed by the scan of the right part, because the engine never looks across.
What else could look across is an assertion: `(?!\\S)` is true before white space as it is at the end of a text, so it
is harmless there; any other assertion forbids the cuts behind what it may follow. Look-behind is not understood.

The pattern is read into places (one per set of characters) and, for each, the places that may follow (Glushkov's
construction), with counts like `{1,3}` widened to `+`: the answer errs only towards "can be read".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.text.charsets import CharSet, Member, is_digit, is_space, is_word, outside, property_of, span

_NOT_BEFORE_WORD = r"(?!\S)"
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_CLASSES: dict[str, Member] = {"s": is_space, "w": is_word, "d": is_digit}


class PatternNotUnderstood(ValueError):
    """Raised when a pattern holds something of which nothing can be proved."""


@dataclass(slots=True)
class _Part:
    """A piece of the pattern: the places it may begin and end with; `single`: those that may be all of it."""

    nullable: bool
    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()
    single: frozenset[int] = frozenset()
    asserts: str = ""
    can_be_skipped: bool = True
    """If nullable: whether it is, where a match needs it to be."""


@dataclass(slots=True)
class Pattern:
    """A parsed pattern. Raises PatternNotUnderstood when it is made."""

    source: str
    _sets: list[CharSet] = field(default_factory=list)
    _follow: list[set[int]] = field(default_factory=list)
    _asserted: list[set[str]] = field(default_factory=list)
    _single: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        self._single = _Reader(self.source, self._sets, self._follow, self._asserted).read().single

    def separates(self, before: str, after: str) -> bool:
        """Whether no scan looks across a place between these two characters."""
        space_follows = is_space(after) is True
        for place, charset in enumerate(self._sets):
            if charset.holds(before) is False:
                continue
            if any(what != _NOT_BEFORE_WORD or not space_follows for what in self._asserted[place]):
                return False
            if any(self._sets[following].holds(after) is not False for following in self._follow[place]):
                return False
        return True

    def covers(self, before: str, after: str) -> bool:
        """Whether one of two characters that are separated is always inside a match, so that a piece ends between."""
        return any(
            self._sets[place].holds(char) is True for place in self._single for char in (before, after)
        )


class _Reader:
    """Reads the subset of the syntax that pre-tokenizers use."""

    def __init__(
        self, source: str, sets: list[CharSet], follow: list[set[int]], asserted: list[set[str]]
    ) -> None:
        self.source, self.at, self.folds = source, 0, False
        self.sets, self.follow, self.asserted = sets, follow, asserted

    def read(self) -> _Part:
        part = self.alternatives()
        if self.at < len(self.source):
            raise self.wrong("an unopened group is closed")
        if part.nullable:
            raise self.wrong("it matches nothing at all")
        return part

    def wrong(self, why: str) -> PatternNotUnderstood:
        return PatternNotUnderstood(f"{self.source!r} at {self.at}: {why}")

    def peek(self, text: str) -> bool:
        return self.source.startswith(text, self.at)

    def take(self, text: str) -> bool:
        if not self.peek(text):
            return False
        self.at += len(text)
        return True

    def char(self) -> str:
        if self.at >= len(self.source):
            raise self.wrong("ends too early")
        self.at += 1
        return self.source[self.at - 1]

    def alternatives(self) -> _Part:
        parts = [self.sequence()]
        while self.take("|"):
            parts.append(self.sequence())
        return _Part(
            any(part.nullable for part in parts),
            frozenset().union(*(part.first for part in parts)),
            frozenset().union(*(part.last for part in parts)),
            frozenset().union(*(part.single for part in parts)),
        )

    def sequence(self) -> _Part:
        whole, asserted, skips = _Part(True), False, True
        while self.at < len(self.source) and not self.peek("|") and not self.peek(")"):
            part = self.repeated(self.item())
            if part.asserts:
                if whole.nullable:
                    raise self.wrong("an assertion may stand first")
                for place in whole.last:
                    self.asserted[place].add(part.asserts)
                asserted = True
                continue
            for place in whole.last:
                self.follow[place] |= part.first
            single = (part.single if whole.nullable else frozenset()) | (
                whole.single if part.nullable else frozenset()
            )
            skips = skips and (not part.nullable or part.can_be_skipped)
            whole = _Part(
                whole.nullable and part.nullable,
                whole.first | part.first if whole.nullable else whole.first,
                part.last | whole.last if part.nullable else part.last,
                single,
            )
        if asserted or not skips:
            whole.single = frozenset()
        return whole

    def repeated(self, part: _Part) -> _Part:
        if self.at >= len(self.source) or self.source[self.at] not in "?*+{":
            return part
        if part.asserts:
            raise self.wrong("an assertion is repeated")
        sign, least = self.char(), 1
        if sign == "{":
            counts, closed, _ = self.source[self.at :].partition("}")
            if not closed or not counts.replace(",", "").isdecimal():
                raise self.wrong("a count is not understood")
            self.at += len(counts) + 1
            least = int(counts.partition(",")[0] or 0)
        elif sign in "?*":
            least = 0
        if sign != "?":
            for place in part.last:
                self.follow[place] |= part.first
        greedy = not self.take("+")  # what a possessive count has read, it does not give back
        if self.peek("?") and greedy:
            self.char()
        if self.at < len(self.source) and self.source[self.at] in "?*+{":
            raise self.wrong("a count is counted")
        return _Part(
            part.nullable or least == 0,
            part.first,
            part.last,
            part.single if least < 2 else frozenset(),
            can_be_skipped=greedy,
        )

    def item(self) -> _Part:
        if self.peek("("):
            return self.group()
        if self.take("$"):
            return _Part(True, asserts="$")
        if self.take("["):
            return self.place(self.charset())
        char = self.char()
        if char in "^)":
            raise self.wrong(f"{char} is not understood")
        if char == ".":
            return self.place(CharSet((span("\n", "\n"),), negated=True))
        return self.place(CharSet((self.escape() if char == "\\" else span(char, char),), folds=self.folds))

    def place(self, charset: CharSet) -> _Part:
        self.sets.append(charset)
        self.follow.append(set())
        self.asserted.append(set())
        only = frozenset([len(self.sets) - 1])
        return _Part(False, only, only, only)

    def group(self) -> _Part:
        if self.take(_NOT_BEFORE_WORD):
            return _Part(True, asserts=_NOT_BEFORE_WORD)
        outer = self.folds
        for opening in ("(?:", "(?i:", "(?=", "(?!", "("):
            if self.take(opening):
                break
        if self.peek("?"):
            raise self.wrong("this kind of group is not understood")
        self.folds = self.folds or opening == "(?i:"
        inside = self.alternatives()
        self.folds = outer
        if not self.take(")"):
            raise self.wrong("a group is not closed")
        return _Part(True, asserts=opening) if opening in ("(?=", "(?!") else inside

    def charset(self) -> CharSet:
        negated, members = self.take("^"), list[Member]()
        while not self.take("]"):
            if self.peek("[") or self.peek("&&"):
                raise self.wrong("a set within a set is not understood")
            low = self.char()
            if low == "\\":
                low = self.source[self.at : self.at + 1]
                if low.isalnum() and low not in _ESCAPED:
                    members.append(self.escape())
                    continue
                self.char()
                low = _ESCAPED.get(low, low)
            high = low
            if self.peek("-") and not self.peek("-]"):
                self.char()
                high = self.char()
                if high == "\\":
                    escaped = self.char()
                    if escaped.isalnum() and escaped not in _ESCAPED:
                        raise self.wrong("a range ends in a class")
                    high = _ESCAPED.get(escaped, escaped)
            members.append(span(low, high))
        return CharSet(tuple(members), negated, self.folds)

    def escape(self) -> Member:
        name = self.char()
        if name in ("p", "P"):
            if not self.take("{"):
                raise self.wrong("a property has no braces")
            inside, _, _ = self.source[self.at :].partition("}")
            self.at += len(inside) + 1
            member = property_of(inside.removeprefix("^"))
            if member is None:
                raise self.wrong(f"the property {inside} is not understood")
            return outside(member) if (name == "P") != inside.startswith("^") else member
        if name.lower() in _CLASSES:
            member = _CLASSES[name.lower()]
            return outside(member) if name.isupper() else member
        if name in _ESCAPED:
            return span(_ESCAPED[name], _ESCAPED[name])
        if name.isalnum():
            raise self.wrong(f"\\{name} is not understood")
        return span(name, name)
