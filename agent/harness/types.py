"""Values that the test bed gives: what ran, what it did, which lines it touched. Knows no sandbox mechanism."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from agent.sandbox.types import Killed
from agent.types import Failure, Verdict

Framework = Literal["pytest", "unittest", "command"]
CoveredLines = Mapping[str, frozenset[int]]
"""Line numbers by repository path."""


class Tier(StrEnum):
    """How a tree's tests were run, the fastest first."""

    SCREENED = "screened"
    """Called directly in a fork of a warm process; only failures are final."""
    FORKED = "forked"
    """The test framework in a fork of a warm process."""
    FRESH = "fresh"
    """The test framework in a process of its own."""
    COLD = "cold"
    """The plain test command."""


@dataclass(frozen=True, slots=True)
class TestRun:
    """One test's verdict and, if traced, the lines that it ran itself, imports left out."""

    __test__ = False

    verdict: Verdict
    lines: CoveredLines = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunReport:
    """Tests on one tree, in the order asked for. With `stop_at_first`, tests after a failure are left out."""

    runs: tuple[TestRun, ...]
    tier: Tier
    seconds: float = 0.0
    loading_s: float = 0.0
    """Of these, before the first test."""
    import_lines: CoveredLines = field(default_factory=dict)
    """Lines that ran outside tests: module level, class bodies, collection."""
    problems: tuple[str, ...] = ()
    """What could not be loaded, in words for people."""
    killed: Killed | None = None
    output: bytes = b""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(run.verdict for run in self.runs)

    @property
    def ok(self) -> bool:
        return self.killed is None and all(run.verdict.outcome.ok for run in self.runs)


@dataclass(frozen=True, slots=True)
class Discovery:
    """The whole suite on the base. `complete` is false where time ran out or the user stopped."""

    framework: Framework
    tests: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    problems: tuple[str, ...]
    complete: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Failing tests on the base: those that failed twice, and those that failed once only."""

    failures: tuple[Failure, ...]
    flaky: tuple[str, ...]
    import_lines: CoveredLines = field(default_factory=dict)


class Regression(StrEnum):
    """What a test says of a candidate, compared with the base in the same order and hash seed."""

    NONE = "none"
    """It passes on the candidate."""
    REAL = "real"
    """It fails 3 of 3 times on the candidate and passes 3 of 3 times on the base."""
    FLAKY = "flaky"
    """Neither: it cannot speak against the candidate."""


@dataclass(frozen=True, slots=True)
class RecordedInputs:
    """Calls that tests made of some functions. The calls themselves are opaque outside the harness."""

    calls: tuple[Mapping[str, str], ...] = ()
    path: tuple[str, ...] = ()
    """`sys.path` under which they were made."""

    @property
    def recorded(self) -> int:
        """Distinct inputs."""
        return len(self.calls)
