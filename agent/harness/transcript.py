"""Read what a runner said of one job: verdicts, lines, problems. A verdict that did not arrive is a failure."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from agent.harness.types import CoveredLines, RunReport, TestRun, Tier
from agent.sandbox.types import JobEnd, Line
from agent.types import Frame, Outcome, Verdict

LOADING = ""
"""The runner's id for what happens before the first test."""
MAX_PROBLEM_CHARACTERS = 600
KILLED_WORDS = {
    "time": "it took longer than its limit",
    "memory": "it used more memory than the sandbox allows",
    "processes": "it started more processes than the sandbox allows",
    "disk": "it wrote more than the sandbox allows",
    "cancelled": "it was cancelled",
    "died": "it brought the sandbox down",
}


class Transcript:
    """Collects one job's channel lines, then turns them into a report."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.collected: list[str] = []
        self.verdicts: dict[str, Verdict] = {}
        self.lines: dict[str, dict[str, frozenset[int]]] = {}
        self.collect_errors: dict[str, Verdict] = {}
        self.recon: Mapping[str, Any] | None = None
        self.extra: list[Line] = []
        self.finished = False
        self.end: JobEnd | None = None
        self.loading_s = 0.0
        """Time to the first test, or to the end where there was none."""
        self._started_s = time.monotonic()

    def add(self, line: Line) -> None:
        """Take one line of the channel. What is malformed counts for nothing, as if it had not come."""
        with suppress(KeyError, TypeError, ValueError):
            self._add(line)

    def _add(self, line: Line) -> None:
        match line:
            case {"begin": str(test)}:
                self.begun.append(test)
                if len(self.begun) <= 2:
                    self.loading_s = time.monotonic() - self._started_s
            case {"test": str(test)}:
                self._add_verdict(_verdict(test, str(line["outcome"]), line))
            case {"lines": dict(by_test)}:
                for test, by_path in by_test.items():
                    self._add_lines(test, by_path)
            case {"collected": list(tests)}:
                self.collected = [str(test) for test in tests]
            case {"collect_error": dict(error)}:
                self.collect_errors[str(error["path"])] = _verdict(str(error["path"]), "error", error)
            case {"recon": dict(recon)}:
                self.recon = recon
            case {"finished": _}:
                self.finished = True
            case _:
                self.extra.append(line)

    def _add_verdict(self, verdict: Verdict) -> None:
        """Of two verdicts on one test the worse counts."""
        known = self.verdicts.get(verdict.test)
        if known is None or known.outcome.ok:
            self.verdicts[verdict.test] = verdict

    def _add_lines(self, test: str, by_path: Mapping[str, Sequence[int]]) -> None:
        known = self.lines.setdefault(test, {})
        for path, lines in by_path.items():
            if lines:
                known[path] = known.get(path, frozenset()) | frozenset(lines)

    def report(self, tests: Sequence[str], tier: Tier, stop_at_first: bool = False) -> RunReport:
        """A verdict for each test in the order given; without any given, for all that were collected."""
        assert self.end is not None
        runs: list[TestRun] = []
        for test in tests or self.collected:
            verdict = self.verdicts.get(test) or self._absent(test)
            runs.append(TestRun(verdict, self._lines_of(test, verdict)))
            if stop_at_first and not verdict.outcome.ok:
                break
        if runs and not self.finished and all(run.verdict.outcome.ok for run in runs):
            runs[-1] = TestRun(self._crashed(runs[-1].verdict.test), runs[-1].lines)
        return RunReport(
            runs=tuple(runs),
            tier=tier,
            seconds=self.end.seconds,
            loading_s=self.loading_s,
            import_lines=self.lines.get(LOADING, {}),
            problems=self.problems(),
            killed=self.end.killed,
            output=self.end.output,
        )

    def problems(self) -> tuple[str, ...]:
        """What could not be loaded, and how the job ended if not in order."""
        found = [
            f"{path or 'The test run'} could not be loaded: {error.error}: "
            f"{error.message[-MAX_PROBLEM_CHARACTERS:].strip()}"
            for path, error in self.collect_errors.items()
        ]
        if not self.finished and self.end is not None and self.end.killed != "cancelled":
            last = self.begun[-1] if self.begun else LOADING
            found.append(f"The run ended in {last or 'the loading of tests'}: {self._ending()}.")
        elif not self.collected and not self.collect_errors and self.end is not None and self.end.exit_code:
            words = self.end.output.decode("utf-8", "replace")[-MAX_PROBLEM_CHARACTERS:].strip()
            found.append(f"The test run ended with exit code {self.end.exit_code}: {words}")
        return tuple(found)

    def _lines_of(self, test: str, verdict: Verdict) -> CoveredLines:
        """A test that never began because its file could not be loaded ran what loading ran."""
        loading = verdict.outcome is Outcome.ERROR and test not in self.begun
        return self.lines.get(LOADING if loading else test, {})

    def _absent(self, test: str) -> Verdict:
        error = self._collect_error_of(test)
        if test in self.begun:
            return self._crashed(test)
        if error is not None:
            return Verdict(test, Outcome.ERROR, 0.0, error.error, error.message, error.frames)
        if not self.finished and set(self.begun) <= {LOADING}:
            return self._crashed(test)
        if test in self.collected:
            return Verdict(test, Outcome.MISSING, message="it was found but not run")
        return Verdict(test, Outcome.MISSING, message="no such test was found")

    def _collect_error_of(self, test: str) -> Verdict | None:
        """What kept a test from running: an error of its file, a folder above, the whole run, or of
        unittest's `setUpClass (tests.test_a.Case)` and `setUpModule (tests.test_a)`."""
        for path, error in self.collect_errors.items():
            fixture = path.partition(" (")[2].rstrip(")")
            above = [f"{path}::", f"{path}/", f"{path}.", *([f"{fixture}."] if fixture else [])]
            if path in ("", test) or test.startswith(tuple(above)):
                return error
        return None

    def _crashed(self, test: str) -> Verdict:
        assert self.end is not None
        outcome = Outcome.TIMEOUT if self.end.killed == "time" else Outcome.CRASHED
        return Verdict(test, outcome, self.end.seconds, message=self._ending())

    def _ending(self) -> str:
        assert self.end is not None
        if self.end.killed is not None:
            return KILLED_WORDS[self.end.killed]
        if self.end.signal is not None:
            return f"the process was ended by signal {self.end.signal}"
        return f"the process ended early with exit code {self.end.exit_code}"


def _verdict(test: str, outcome: str, line: Mapping[str, Any]) -> Verdict:
    return Verdict(
        test=test,
        outcome=Outcome(outcome),
        seconds=float(line.get("seconds", 0.0)),
        error=str(line.get("error", "")),
        message=str(line.get("message", "")),
        frames=tuple(
            Frame(str(path), int(number), str(name)) for path, number, name in line.get("frames", ())
        ),
    )
