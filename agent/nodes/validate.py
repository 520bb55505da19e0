"""Run the round's candidates: on the failing tests first, then those that pass on what they might break."""

from __future__ import annotations

import time

from agent.artefacts import target_tests
from agent.diff import changed_files
from agent.ledger import Trial
from agent.nodes.judge import ENOUGH_PLAUSIBLE
from agent.state import RepairState
from agent.types import Candidate, Verdict
from agent.workbench import Workbench


def validate(state: RepairState, bench: Workbench) -> RepairState:
    drawn = bench.ledger.drawn(state["round"] + 1)
    todo = [each for each in sorted(drawn, key=_cost) if bench.ledger.trial(each.id, "target") is None]
    bench.start_step(
        "validate", f"running {len(todo)} candidates in the {bench.testbed.sandbox_name} sandbox"
    )
    _targets(bench, todo)
    bench.check()
    _regressions(bench)
    bench.check()
    return {}


def _targets(bench: Workbench, todo: list[Candidate]) -> None:
    """The failing tests, first failure ends a candidate; stops early once enough have passed."""
    started = time.monotonic()
    targets = target_tests(bench.folder)
    passing = len(bench.ledger.passed("target"))
    done = 0

    def on_result(candidate: Candidate, verdicts: tuple[Verdict, ...], killed: str | None) -> None:
        nonlocal done, passing
        passed = {verdict.test for verdict in verdicts if verdict.outcome.ok}
        ok = killed is None and passed.issuperset(targets)
        bench.ledger.add_trial(Trial(candidate.id, "target", verdicts, ok, killed))
        done += 1
        passing += ok
        bench.progress(f"{passing} passing" if passing else "candidates", done, len(todo))

    def stop() -> bool:
        return bench.cancelled() or bench.search_left_s() <= 0 or passing >= 2 * ENOUGH_PLAUSIBLE

    bench.testbed.validate_many(
        [(candidate, changed_files(candidate, bench.sources_of(candidate))) for candidate in todo],
        targets,
        on_result,
        stop,
    )
    bench.pace.record(done, time.monotonic() - started)


def _regressions(bench: Workbench) -> None:
    """What passed the failing tests meets the tests that run the changed code, cheapest first."""
    waiting = [
        candidate
        for candidate in sorted(bench.ledger.passed("target"), key=_cost)
        if bench.ledger.trial(candidate.id, "regression") is None
    ]
    if not waiting:
        return
    work = []
    for candidate in waiting:
        files = changed_files(candidate, bench.sources_of(candidate))
        work.append((files, bench.survey.guards(candidate)))
    bench.check()
    passing = len(bench.ledger.passed("regression"))
    done = 0

    def on_result(number: int, verdicts: tuple[Verdict, ...]) -> None:
        nonlocal done, passing
        ok = all(verdict.outcome.ok for verdict in verdicts)
        bench.ledger.add_trial(Trial(waiting[number].id, "regression", verdicts, ok))
        done += 1
        passing += ok
        if ok:
            bench.pace.passed()
        bench.progress("checking what else could break", done, len(waiting))

    def stop() -> bool:
        late = done > 0 and bench.search_left_s() <= 0
        return bench.cancelled() or late or passing >= ENOUGH_PLAUSIBLE

    bench.progress("checking what else could break", 0, len(waiting))
    bench.testbed.regressions(work, on_result, stop)


def _cost(candidate: Candidate) -> tuple[float, str]:
    return candidate.cost, candidate.id
