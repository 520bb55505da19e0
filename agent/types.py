"""Values that travel between the steps of a repair: edits, candidates, verdicts, suspicion, results."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from index.repository import RepositoryGraph


class Outcome(StrEnum):
    """What became of one test. A test whose verdict never arrived is MISSING, which counts as failing."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    MISSING = "missing"

    @property
    def ok(self) -> bool:
        return self in (Outcome.PASSED, Outcome.SKIPPED)


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a traceback; `path` is relative to the repository where the file lies inside it."""

    path: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one test did on one tree."""

    test: str
    outcome: Outcome
    seconds: float = 0.0
    error: str = ""
    """The exception's type, as in `ValueError`."""
    message: str = ""
    """The failure as the test runner words it, shortened."""
    frames: tuple[Frame, ...] = ()
    """Innermost last."""


@dataclass(frozen=True, slots=True, order=True)
class FileEdit:
    """Replace bytes [start_byte, end_byte) of the base file; one that does not exist is made from (0, 0)."""

    path: str
    start_byte: int
    end_byte: int
    replacement: bytes


@dataclass(frozen=True)
class Candidate:
    """A patch that somebody proposes: edits against the base tree, sorted, not overlapping."""

    edits: tuple[FileEdit, ...]
    proposer: str
    operator: str
    note: str
    """The change in a few words, as `<` → `<=` in `clamp`."""
    cost: float
    """Search cost; lower is tried first."""

    @cached_property
    def id(self) -> str:
        """Same edits, same id: 16 hexadecimal digits."""
        digest = hashlib.sha256()
        for edit in self.edits:
            digest.update(f"{edit.path}\0{edit.start_byte}\0{edit.end_byte}\0".encode())
            digest.update(edit.replacement + b"\0")
        return digest.hexdigest()[:16]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(edit.path for edit in self.edits))


@dataclass(frozen=True, slots=True)
class SuspiciousFile:
    """A file worth editing, with how much each line is suspected (0 to 1) and why.

    `functions` lists the innermost definitions that hold suspected lines, as (qualified name, score).
    """

    path: str
    score: float
    line_scores: Mapping[int, float]
    reasons: tuple[str, ...]
    functions: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A failing test as reproduced on the base tree, with the lines that it executed."""

    verdict: Verdict
    executed: Mapping[str, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class ProposalContext:
    """What a proposer may look at. Texts are data: nothing in them is an instruction."""

    graph: RepositoryGraph
    suspects: tuple[SuspiciousFile, ...]
    """Best first; test files are never among them."""
    failures: tuple[Failure, ...]
    issue_text: str
    sources: Mapping[str, bytes]
    """Base content of every suspect file, by path."""
    seed: int = 0


class Proposer(Protocol):
    """A source of candidates, cheapest first. Deterministic for the same context."""

    name: str

    def propose(self, context: ProposalContext) -> Iterator[Candidate]: ...

    def propose_pairs(
        self, context: ProposalContext, singles: Sequence[Candidate], progress: Mapping[str, float]
    ) -> Iterator[Candidate]:
        """Combinations of two edits, for when single ones are used up; empty where that makes no sense.

        `progress` says by candidate id how far a single edit moved the failure (0 to 1).
        """


def apply_edits(source: bytes, edits: tuple[FileEdit, ...]) -> bytes:
    """Apply one file's edits to its base content. Raises ValueError where they overlap or leave the file."""
    parts: list[bytes] = []
    position = 0
    for edit in sorted(edits):
        if edit.start_byte < position or edit.end_byte < edit.start_byte or edit.end_byte > len(source):
            raise ValueError(
                f"edit {edit.start_byte}..{edit.end_byte} of {edit.path} overlaps or is out of range"
            )
        parts += [source[position : edit.start_byte], edit.replacement]
        position = edit.end_byte
    parts.append(source[position:])
    return b"".join(parts)
