"""Write what the run found: patch, result, report; apply the patch if that was asked for."""

from __future__ import annotations

from dataclasses import replace

from agent.artefacts import DECISION, FAILURES, PLAN, Decision, load_decision, load_failures, load_plan
from agent.diff import apply_to_tree, changed_files, prefix_in_work_tree, unified_diff
from agent.fix import Alternative, FixResult, Status
from agent.report import Evidence, render, why_not
from agent.state import RepairState
from agent.types import Candidate
from agent.workbench import Workbench

RESULT = "result.json"
PATCH = "patch.diff"
BEST = "best.diff"
"""The patch that was not believed enough, where the run abstained."""
REPORT = "report.md"
MAX_ALTERNATIVES = 10


def report(state: RepairState, bench: Workbench) -> RepairState:
    bench.start_step("report", "writing the report")
    folder = bench.folder
    decision = load_decision(folder) if folder.has(DECISION) else None
    named = _named_candidates(bench, decision)
    diffs = {patch: _diff(bench, candidate) for patch, candidate in named.items()}
    result = _result(state, bench, decision, diffs)
    if result.patch is not None:
        folder.write(PATCH, result.patch)
        if bench.options.apply:
            chosen = named[state["chosen"]]
            before = bench.sources_of(chosen)
            apply_to_tree(bench.repo, before, changed_files(chosen, before))
            result = replace(result, applied=True)
    rejected = diffs[decision.chosen] if decision and decision.chosen and result.patch is None else ""
    if rejected:
        folder.write(BEST, rejected)
    evidence = Evidence(
        failures=load_failures(folder) if folder.has(FAILURES) else (),
        suspects=load_plan(folder) if folder.has(PLAN) else (),
        decision=decision,
        candidates=named,
        best_rejected=rejected,
        notes=bench.notes(),
        interpreter=bench.testbed.interpreter_words,
        sandbox=bench.testbed.sandbox_name,
    )
    folder.write(REPORT, render(result, evidence))
    folder.write_json(RESULT, result.to_json())
    return {}


def _named_candidates(bench: Workbench, decision: Decision | None) -> dict[str, Candidate]:
    if decision is None:
        return {}
    rivals = [rival.patch for rival in decision.rivals]
    return {patch: bench.ledger.candidate(patch) for patch in (*rivals, *decision.dropped)}


def _diff(bench: Workbench, candidate: Candidate) -> str:
    before = bench.sources_of(candidate)
    after = changed_files(candidate, before)
    patch = unified_diff(before, after, bench.modes_of(candidate), prefix_in_work_tree(bench.repo))
    return patch.decode("utf-8", "surrogateescape")


def _result(
    state: RepairState, bench: Workbench, decision: Decision | None, diffs: dict[str, str]
) -> FixResult:
    status: Status = state["verdict"]  # type: ignore[assignment]  # steps set nothing else
    chosen = state.get("chosen", "") if status == "patched" else ""
    reasons = why_not(decision) if decision else {}
    if status == "abstained" and decision and decision.chosen:
        reasons = {decision.chosen: f"best of them, but believed only {decision.confidence:.0%}", **reasons}
    failing = load_failures(bench.folder) if bench.folder.has(FAILURES) else ()
    targets = tuple(failure.verdict.test for failure in failing)
    guards = len(decision.guards) if decision else 0
    return FixResult(
        status=status,
        run=bench.folder.id,
        folder=bench.folder.path,
        patch=diffs[chosen] if chosen else None,
        files=bench.ledger.candidate(chosen).paths if chosen else (),
        confidence=decision.confidence if decision else 0.0,
        fixed=targets if chosen else (),
        passed=len(targets) + guards if chosen else 0,
        tried=bench.ledger.tried(),
        plausible=len(bench.ledger.passed("target")),
        seconds=bench.seconds,
        alternatives=tuple(
            Alternative(diffs[patch], reason) for patch, reason in list(reasons.items())[:MAX_ALTERNATIVES]
        ),
        message=_message(status, bench, decision, state.get("found")),
    )


def _message(status: Status, bench: Workbench, decision: Decision | None, found: int | None) -> str:
    minimum = bench.config.fix.min_confidence
    plausible = len(bench.ledger.passed("target"))
    match status:
        case "patched" if decision and decision.chosen:
            return f"Changed {bench.ledger.candidate(decision.chosen).note}."
        case "abstained" if decision and len(decision.rivals) > 1:
            return (
                f"{len(decision.rivals)} patches that behave differently elsewhere make the failing tests pass; "
                f"the best is believed {decision.confidence:.0%}, below the {minimum:.0%} asked for. "
                "A further test that tells them apart would decide."
            )
        case "abstained" if decision:
            return (
                "A patch makes the failing tests pass, but too little else speaks for it: it is believed "
                f"{decision.confidence:.0%}, below the {minimum:.0%} asked for. A further test would decide."
            )
        case "no_failing_test" if found == 0:
            return "No tests were found. Name one with --test, or say how to run them with --test-command."
        case "no_failing_test":
            given = bench.task.tests
            return f"{', '.join(given)} passes already." if given else "Every test passes already."
        case _ if plausible:
            return f"Patches that make the failing tests pass: {plausible}. Each breaks something else."
        case _:
            return f"None of {bench.ledger.tried()} candidates makes the failing tests pass."
