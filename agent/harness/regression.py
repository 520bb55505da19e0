"""Tell regressions from flaky tests: fails 3 of 3 on the candidate and passes 3 of 3 on the base, in one order.

Knows nothing of how tests are run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from agent.harness.types import Regression, RunReport
from agent.types import Verdict

REPEATS = 3
"""Runs of a test on candidate and base before it counts as a regression."""

Files = Mapping[str, bytes | None]
Run = Callable[[Files, Sequence[str], bool], RunReport]
"""Run tests in that order on a tree; the flag asks to stop at the first failure."""


class Regressions:
    """What is known of the base is kept from one candidate to the next. Several threads may ask at once."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._steady: dict[tuple[str, ...], bool] = {}
        """Whether the last of these tests passes every time on the base."""

    def check(
        self, run: Run, plain: Run, files: Files, tests: Sequence[str], cancelled: Callable[[], bool]
    ) -> tuple[Verdict, ...]:
        """Verdicts of tests that pass on the base, up to the first real regression. Flaky ones are left out.

        `run` may use warm processes; a failure must show in a fresh one, by `plain`, too.
        """
        verdicts: list[Verdict] = []
        left = list(tests)
        while left and not cancelled():
            report = run(files, left, True)
            if cancelled():
                break
            verdicts += [each.verdict for each in report.runs if each.verdict.outcome.ok]
            failed = next((each.verdict for each in report.runs if not each.verdict.outcome.ok), None)
            if failed is None:
                break
            place = left.index(failed.test)
            before = tuple(left[:place])
            if self.judge(run, files, failed.test, before) is Regression.REAL and not (
                _last_passes(plain, files, (failed.test,))
                and _last_passes(plain, files, (*before, failed.test))
            ):
                return (*verdicts, failed)
            self._note(f"{failed.test} is flaky: it does not speak against a patch.")
            left = left[place + 1 :]
        return tuple(verdicts)

    def judge(self, run: Run, files: Files, test: str, before: Sequence[str] = ()) -> Regression:
        """Whether a test that failed is a regression.

        Both trees run it alone; where it then does not fail, both run it after `before`, in that order.
        """
        first = self._compare(run, files, (test,))
        if first is Regression.REAL or not before:
            return first
        return self._compare(run, files, (*before, test))

    def _compare(self, run: Run, files: Files, tests: tuple[str, ...]) -> Regression:
        for count in range(REPEATS):
            if _last_passes(run, files, tests):
                return Regression.FLAKY if count else Regression.NONE
        if tests not in self._steady:
            self._steady[tests] = all(_last_passes(run, {}, tests) for _ in range(REPEATS))
        return Regression.REAL if self._steady[tests] else Regression.FLAKY


def _last_passes(run: Run, files: Files, tests: Sequence[str]) -> bool:
    return run(files, tests, False).runs[-1].verdict.outcome.ok
