"""Rules that say where a completion ends. Each knows one reason; engine.text.stops asks them all.

Every rule reads the text one character at a time. It says where the text is to be cut, and how much of the text is
*sure*: what it will never cut off, so that it can be shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

SUFFIX_CHARS = 400
OVERLAP_LETTERS = 8
"""So many characters beside white space must agree with the suffix before a text is cut: `)` alone is chance."""
REPEATED_LINES, REPEATED_BLOCK_LINES = 3, 4
REPEATED_PIECES, REPEATED_CHARS, LONGEST_PIECE_CHARS = 6, 120, 32
_OPENERS = {")": "(", "]": "[", "}": "{"}


class StopRule:
    """One rule. `name` says why a text ended. `sure`: how many characters it will never cut off."""

    name = "rule"

    def __init__(self) -> None:
        self.sure = 0

    def push(self, char: str, text: str) -> int | None:
        """Read the next character, with which `text` ends. Returns how many characters stay, if it ends here."""
        raise NotImplementedError

    def at_end(self, text: str) -> int:
        """How many characters stay of a text that ended by itself."""
        return len(text)


class _Matcher:
    """How much of a pattern's beginning a growing text ends with (Knuth, Morris and Pratt)."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._falls = [0]
        self.matched = 0
        for char in pattern[1:]:
            self._falls.append(self._next(self._falls[-1], char))

    def push(self, char: str) -> int:
        if self.matched == len(self._pattern):
            self.matched = self._falls[-1] if self._pattern else 0
        self.matched = self._next(self.matched, char)
        return self.matched

    def _next(self, matched: int, char: str) -> int:
        while matched and self._pattern[matched] != char:
            matched = self._falls[matched - 1]
        return matched + 1 if self._pattern[matched : matched + 1] == char else 0


class StopStrings(StopRule):
    """Cuts before the first of some strings."""

    name = "stop string"

    def __init__(self, strings: Sequence[str]) -> None:
        super().__init__()
        self._matchers = [(len(string), _Matcher(string)) for string in strings if string]

    def push(self, char: str, text: str) -> int | None:
        found = [length for length, matcher in self._matchers if matcher.push(char) == length]
        self.sure = len(text) - max((matcher.matched for _, matcher in self._matchers), default=0)
        return len(text) - max(found) if found else None


class SuffixOverlap(StopRule):
    """Cuts where the text begins to repeat the suffix, once enough of it agrees.

    `expected`: how many characters of the suffix the model was told to write itself (engine.text.healing). At the end
    of a text an overlap is cut off if it holds these, or all of a suffix that is no mere sign, or if it closes
    brackets that the text did not open.
    """

    name = "suffix"

    def __init__(self, suffix: str, expected: int = 0) -> None:
        super().__init__()
        self._suffix = suffix[:SUFFIX_CHARS]
        self._expected = expected
        self._matcher = _Matcher(self._suffix)
        self._enough = _length_with(self._suffix, OVERLAP_LETTERS)
        if expected:  # and then the rest of that line
            end = self._suffix.find("\n", expected)
            self._enough = max(expected, min(self._enough, len(self._suffix) if end < 0 else end + 1))

    def push(self, char: str, text: str) -> int | None:
        matched = self._matcher.push(char) if self._suffix else 0
        self.sure = len(text) - matched
        return self.sure if matched >= self._enough else None

    def at_end(self, text: str) -> int:
        matched = self._matcher.matched
        overlap = text[len(text) - matched :] if matched else ""
        if not overlap.strip():
            return len(text)
        is_all = (
            self._suffix.strip() == overlap.strip() and _length_with(overlap, OVERLAP_LETTERS // 2) <= matched
        )
        closes = all(char in _OPENERS or char.isspace() or char in ",;:" for char in overlap)
        if 0 < self._expected <= matched or is_all or (closes and _unopened(text)):
            return len(text) - matched
        return len(text)


class Dedent(StopRule):
    """Cuts before the first line that is indented less than the line in which the completion began.

    `column`: the width of that line's indentation, or of what stands before the cursor if that is white space alone.
    Tabs count as one. Text inside of strings of several lines is not told apart.
    """

    name = "dedent"

    def __init__(self, column: int) -> None:
        super().__init__()
        self._column = column
        self._line_start: int | None = None  # of the line that is still all white space
        self._end_of_text = 0

    def push(self, char: str, text: str) -> int | None:
        if char in "\r\n":
            if self._line_start is None:
                self._end_of_text = len(text) - 1
            self._line_start = len(text)
        elif self._line_start is None:
            self.sure = len(text)
        elif not char.isspace():
            if len(text) - 1 - self._line_start < self._column:
                return self._end_of_text
            self._line_start = None
            self.sure = len(text)
        return None


class NodeEnd(StopRule):
    """Asks at each line's end how many characters belong to the node; the callback says None while it is open.

    What belonged at one line's end belongs at the next.
    """

    name = "node end"

    def __init__(self, end_of: Callable[[str], int | None]) -> None:
        super().__init__()
        self._end_of = end_of

    def push(self, char: str, text: str) -> int | None:
        if char != "\n":
            return None
        stays = self._end_of(text)
        if stays is not None:
            return min(len(text), max(stays, self.sure))
        self.sure = len(text)
        return None


class Repetition(StopRule):
    """Cuts behind the first copy of up to four lines that come three times; ends a line of too many equal pieces.

    Blank lines are passed over. What may become a second copy is not sure.
    """

    name = "repetition"

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._ends: list[int] = []
        self._repeated = [0] * (REPEATED_BLOCK_LINES + 1)
        """For each size of a block: how many of the last lines are each the same as the one so many lines before."""
        self._start = 0

    def push(self, char: str, text: str) -> int | None:
        line = text[self._start :]
        if char != "\n":
            self.sure = max(self.sure, min([len(text), *self._could_be_cut_to(line)]))
            return len(text) if _repeats(line) else None
        self._start = len(text)
        if line.strip():
            return self._line(line.rstrip())
        return None

    def _line(self, line: str) -> int | None:
        for size in range(1, min(REPEATED_BLOCK_LINES, len(self._lines)) + 1):
            self._repeated[size] = self._repeated[size] + 1 if self._lines[-size] == line else 0
        self._lines.append(line)
        self._ends.append(self._start)
        for size, repeated in enumerate(self._repeated):
            if repeated >= size * (REPEATED_LINES - 1) > 0:
                return self._ends[-1 - repeated]
        return None

    def _could_be_cut_to(self, line: str) -> list[int]:
        """The ends of first copies of which `line` may go on with a second."""
        return [
            self._ends[-1 - self._repeated[size]]
            for size in range(1, min(REPEATED_BLOCK_LINES, len(self._lines)) + 1)
            if self._lines[-size].startswith(line.rstrip()) or not line.strip()
        ]


def _repeats(line: str) -> bool:
    """Whether a long line ends in many copies of a short piece."""
    for size in range(1, LONGEST_PIECE_CHARS + 1 if len(line) >= REPEATED_CHARS else 0):
        count = max(REPEATED_PIECES, -(-REPEATED_CHARS // size))
        if line.endswith(line[-size:] * count):
            return True
    return False


def _length_with(text: str, letters: int) -> int:
    """How many characters of a text hold so many that are not white space; more than it has, if it holds fewer."""
    for length, char in enumerate(text, 1):
        letters -= not char.isspace()
        if letters <= 0:
            return length
    return len(text) + 1


def _unopened(text: str) -> bool:
    """Whether a text closes a bracket that it did not open. Strings and comments are not told apart."""
    opened = []
    for char in text:
        if char in "([{":
            opened.append(char)
        elif char in _OPENERS and (not opened or opened.pop() != _OPENERS[char]):
            return True
    return False
