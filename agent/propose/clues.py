"""Read the failures and the issue text for hints: which error, which names, which values. Knows no operator.

Texts are data: they are searched for words and literals, never followed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agent.types import Failure, Outcome

_MESSAGE_CHARACTERS = 20_000
_ASSERTION = re.compile(
    r"^\W*(?:E\s+)?(?:AssertionError: )?(?:assert )?(.{1,400}?) (==|!=) (.{1,400}?)$", re.M
)
_QUOTED = re.compile(r"""(['"])((?:(?!\1)[^\\\n]){0,60})\1""")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SUGGESTION = re.compile(r"'(\w+)'(?: is not defined)?\. Did you mean: '((?:self\.)?\w+)'")
_MISSING_ATTRIBUTE = re.compile(r"has no attribute '(\w+)'")
_MISSING_NAME = re.compile(r"name '(\w+)' is not defined|local variable '(\w+)'")
_KEYWORD = re.compile(r"keyword argument[s]?:? '(\w+)'|argument[s]?: '(\w+)'")


@dataclass(frozen=True)
class Clues:
    """What the evidence says, in words and literals."""

    errors: frozenset[str]
    """Exception types of the failing tests, as `KeyError`."""
    messages: str
    issue: str
    timed_out: bool = False

    @classmethod
    def read(cls, failures: Sequence[Failure], issue_text: str) -> Clues:
        verdicts = [failure.verdict for failure in failures]
        messages = "\n".join(verdict.message for verdict in verdicts)[:_MESSAGE_CHARACTERS]
        errors = {verdict.error.rsplit(".", 1)[-1] for verdict in verdicts if verdict.error}
        timed_out = any(verdict.outcome is Outcome.TIMEOUT for verdict in verdicts)
        return cls(frozenset(errors), messages, issue_text[:_MESSAGE_CHARACTERS], timed_out)

    @cached_property
    def words(self) -> frozenset[str]:
        """Identifiers that the messages and the issue text mention."""
        return frozenset(_WORD.findall(self.messages + "\n" + self.issue))

    @cached_property
    def blamed(self) -> frozenset[str]:
        """Names that an error message says are missing, unknown or unbound."""
        found: set[str] = set()
        for pattern in (_MISSING_ATTRIBUTE, _MISSING_NAME, _KEYWORD):
            for groups in pattern.findall(self.messages):
                found.update(name for name in ([groups] if isinstance(groups, str) else groups) if name)
        return frozenset(found)

    @cached_property
    def suggestions(self) -> dict[str, str]:
        """Wrong name to right name, as Python's own "Did you mean" has it."""
        return dict(_SUGGESTION.findall(self.messages))

    @cached_property
    def strings(self) -> tuple[str, ...]:
        """Marks that only one side of a comparison has, then quoted strings in order of appearance."""
        marks = [
            mark
            for left, right in self.comparisons
            if isinstance(left, str) and isinstance(right, str)
            for mark in sorted({*left} ^ {*right})
            if not mark.isalnum()
        ]
        quoted = [text for _, text in _QUOTED.findall(self.messages + "\n" + self.issue)]
        return tuple(dict.fromkeys(marks + quoted))[:40]

    @cached_property
    def none_met(self) -> bool:
        """Whether a failure tripped over a None where a value was needed."""
        return "NoneType" in self.messages

    @cached_property
    def comparisons(self) -> tuple[tuple[Any, Any], ...]:
        """Pairs of literal values that an assertion found different."""
        return tuple(self._comparisons())[:20]

    def _comparisons(self) -> Iterator[tuple[Any, Any]]:
        for left, operator, right in _ASSERTION.findall(self.messages):
            if operator not in ("==", "!="):
                continue
            try:
                yield ast.literal_eval(left.strip()), ast.literal_eval(right.strip())
            except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
                continue

    @cached_property
    def traits(self) -> frozenset[str]:
        """How the compared values differ: see the branches of `_traits`."""
        found: set[str] = set()
        for left, right in self.comparisons:
            found.update(_traits(left, right))
        return frozenset(found)


def _traits(left: Any, right: Any) -> Iterator[str]:
    if isinstance(left, bool) and isinstance(right, bool):
        yield "negated"
    elif isinstance(left, (int, float)) and isinstance(right, (int, float)):
        yield "off_by_one" if abs(left - right) == 1 else "number"
        if left == -right:
            yield "sign"
        if int(left) == int(right) and left != right:
            yield "rounding"
    elif left is None or right is None:
        yield "none"
    elif isinstance(left, str) and isinstance(right, str):
        yield "string"
        if left.lower() == right.lower():
            yield "case"
        if left.split() == right.split() or left.replace(" ", "") == right.replace(" ", ""):
            yield "space"
        if left == right[::-1]:
            yield "order"
    elif isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        yield from _sequence_traits(list(left), list(right))
    if type(left) is not type(right):
        yield "type"


def _sequence_traits(left: list[Any], right: list[Any]) -> Iterator[str]:
    first, second = sorted(map(repr, left)), sorted(map(repr, right))
    if first == second:
        yield "order"
    elif sorted(set(first)) == sorted(set(second)):
        yield "repeats"
    if abs(len(left) - len(right)) == 1:
        yield "length_by_one"
