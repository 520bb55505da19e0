"""See the failure with our own eyes: run the given tests, or find the failing ones, on the tree as it is."""

from __future__ import annotations

import re

from agent.artefacts import save_failures
from agent.errors import UsageError
from agent.history import recent_changes
from agent.state import FINISHED, RepairState
from agent.suspicion import file_of_test, own_name
from agent.types import Outcome, Verdict
from agent.workbench import Workbench

MAX_TARGETS = 50
"""Failing tests that a patch must fix."""


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
        tests = _with_tests_in(unknown, tests, bench)
        bench.start_step("reproduce", f"running the {len(tests)} tests in what was named, line by line")
        seen = bench.testbed.reproduce(tests, cancelled=bench.cancelled)
        bench.check()
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
    failing = _wanted([verdict for verdict in found.verdicts if not verdict.outcome.ok], bench)
    if len(failing) > MAX_TARGETS:
        bench.note(f"Of {len(failing)} failing tests the first {MAX_TARGETS} are taken.")
    return tuple(verdict.test for verdict in failing[:MAX_TARGETS])


def _wanted(failing: list[Verdict], bench: Workbench) -> list[Verdict]:
    """The failing tests that the user most likely means, where some stand out from the others.

    A test that the issue names; else one in a file that was just written or just committed.
    """
    paths = [record.path for record in bench.graph.files() if bench.graph.is_test_file(record.path)]
    named = [each for each in failing if _is_named(each.test, bench.issue)]
    chosen = [("named in the issue", named)] + [
        (f"in files {words}", [each for each in failing if file_of_test(each.test, paths) in changed])
        for words, changed in recent_changes(bench.repo)
    ]
    for words, wanted in chosen:
        if 0 < len(wanted) < len(failing):
            rest = len(failing) - len(wanted)
            bench.note(f"Of {len(failing)} failing tests those {words} are to be repaired; {rest} are not.")
            return wanted
        if wanted:
            break
    return failing


def _is_named(test: str, text: str) -> bool:
    """Whether a text names a test by its id or by its function."""
    name = own_name(test).partition("[")[0]
    return test in text or re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _with_tests_in(unknown: list[str], tests: tuple[str, ...], bench: Workbench) -> tuple[str, ...]:
    """The tests given, and in the place of a file, folder, class or parametrised function those that it holds."""
    inside = bench.testbed.tests_in(unknown, cancelled=bench.cancelled)
    bench.check()
    if missing := [node for node in unknown if not inside[node]]:
        raise UsageError(
            f"No test {missing[0]!r} was found in {bench.repo}. Name it as pytest would print it."
        )
    return tuple(dict.fromkeys(each for test in tests for each in inside.get(test, (test,))))


def _not_there(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.MISSING
