"""See the failure with our own eyes: run the given tests, or find the failing ones, on the tree as it is."""

from __future__ import annotations

from agent.artefacts import save_failures
from agent.errors import UsageError
from agent.state import FINISHED, RepairState
from agent.types import Outcome, Verdict
from agent.workbench import Workbench

MAX_TARGETS = 50
"""Failing tests that a patch must fix; with more, the nearest to the issue are taken."""


def reproduce(state: RepairState, bench: Workbench) -> RepairState:
    tests = bench.task.tests
    if not tests:
        bench.start_step("reproduce", "running the tests to find the failing ones")
        tests = _failing_tests(bench)
        if not tests:
            return {"verdict": "no_failing_test", "found": bench.survey.known}
    bench.start_step("reproduce", f"running {len(tests)} failing tests, line by line")
    seen = bench.testbed.reproduce(tests, cancelled=bench.cancelled)
    bench.check()
    if unknown := [failure.verdict.test for failure in seen.failures if _not_there(failure.verdict)]:
        raise UsageError(
            f"No test {unknown[0]!r} was found in {bench.repo}. Name it as pytest would print it."
        )
    save_failures(bench.folder, seen)
    for test in seen.flaky:
        bench.note(f"{test} is flaky: it fails on some runs only. It is left out.")
    if not seen.failures:
        return {"verdict": "no_failing_test"}
    bench.survey.start()
    return {}


def reproduced(state: RepairState) -> str:
    return FINISHED if state["verdict"] else "plan"


def _failing_tests(bench: Workbench) -> tuple[str, ...]:
    found = bench.testbed.discover(cancelled=bench.cancelled, progress=bench.progress)
    bench.check()
    bench.survey.know(found)
    for problem in found.problems[:3]:
        bench.note(problem)
    failing = [verdict for verdict in found.verdicts if not verdict.outcome.ok]
    if len(failing) > MAX_TARGETS:
        bench.note(f"{len(failing)} tests fail; the {MAX_TARGETS} nearest to the issue are taken.")
    return tuple(verdict.test for verdict in _nearest_first(failing, bench)[:MAX_TARGETS])


def _nearest_first(failing: list[Verdict], bench: Workbench) -> list[Verdict]:
    """Tests that the issue names come first; only they count where there are any."""
    words = bench.issue
    named = [each for each in failing if each.test in words or each.test.split("::")[-1] in words]
    return named or failing


def _not_there(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.MISSING
