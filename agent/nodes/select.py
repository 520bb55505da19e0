"""Choose among the patches that passed everything: by behaviour, confirmed cold, or not at all."""

from __future__ import annotations

from collections import defaultdict

from agent.artefacts import Decision, Rival, save_behaviours, save_decision, target_tests
from agent.behaviour import observe_behaviours
from agent.diff import changed_files
from agent.ledger import Trial
from agent.select import Choice, Finalist, choose, evidence_factor, normal_form
from agent.state import RepairState
from agent.types import Candidate, Outcome, Verdict
from agent.workbench import Workbench

MAX_FINALISTS = 24
"""Cheapest first; further ones would be compared for nothing."""
BLIND_FACTOR = 0.5
"""Belief in a patch that met no test but the failing ones, although there may be others."""
REST_BATCH = 100
"""Tests that one process runs at a time: a budget that runs out loses no more."""
COMMAND_TESTS = 2
"""What a test command of the user's counts for, which stands for a suite whose tests are not told apart."""


def select(state: RepairState, bench: Workbench) -> RepairState:
    dropped = _regressed(bench)
    groups = _distinct(bench, bench.ledger.passed("regression"))
    bench.start_step("select", f"comparing {len(groups)} different patches that pass")
    targets = target_tests(bench.folder)
    while groups:
        candidates = [group[0] for group in groups][:MAX_FINALISTS]
        choice, probes, inputs = _compare(bench, candidates)
        best = choice.best.candidate
        guards = bench.survey.guards(best)
        reason = _confirm(bench, best, (*targets, *guards)) or _breaks_rest(bench, best, (*targets, *guards))
        if reason is None:
            guards += _passed_rest(bench, best)
            tests = len(targets) - 1 + len(guards) + (COMMAND_TESTS if bench.task.test_command else 0)
            confidence = choice.confidence * evidence_factor(inputs, tests)
            if bench.survey.is_blind:
                confidence *= BLIND_FACTOR
                bench.note(
                    "The suite did not end within the budget, and no test near the patch could be run: "
                    "what it may break is not known."
                )
            decision = Decision(best.id, confidence, probes, _rivals(choice, groups), guards, dropped)
            save_decision(bench.folder, decision)
            sure = confidence >= bench.config.fix.min_confidence
            return {"chosen": best.id, "verdict": "patched" if sure else "abstained"}
        dropped[best.id] = reason
        groups = [group for group in groups if group[0].id != best.id]
    save_decision(bench.folder, Decision(None, 0.0, 0, dropped=dropped))
    return {"verdict": "none"}


def _regressed(bench: Workbench) -> dict[str, str]:
    """Why patches that passed the failing tests are out already."""
    reasons = {}
    for candidate in bench.ledger.passed("target"):
        trial = bench.ledger.trial(candidate.id, "regression")
        if trial is None:
            reasons[candidate.id] = "not checked against the other tests: the budget was used up"
        elif not trial.ok:
            reasons[candidate.id] = _broken_words(trial)
    return reasons


def _broken_words(trial: Trial) -> str:
    broken = [verdict.test for verdict in trial.verdicts if not verdict.outcome.ok]
    return f"breaks {', '.join(broken[:3])}" + (" and more" if broken[3:] else "")


def _distinct(bench: Workbench, passing: list[Candidate]) -> list[list[Candidate]]:
    """Group patches whose result is the same but for layout, the cheapest of each first."""
    groups: dict[tuple[tuple[str, str], ...], list[Candidate]] = defaultdict(list)
    for candidate in sorted(passing, key=lambda each: (each.cost, each.id)):
        files = changed_files(candidate, bench.sources_of(candidate))
        groups[tuple((path, normal_form(text)) for path, text in sorted(files.items()))].append(candidate)
    return sorted(groups.values(), key=lambda group: (group[0].cost, group[0].id))


def _compare(bench: Workbench, candidates: list[Candidate]) -> tuple[Choice, int, int]:
    """The choice, how many probe inputs it rests on, and how many of them the tests themselves used."""
    observed = observe_behaviours(bench, candidates)
    save_behaviours(bench.folder, observed.base, candidates, observed.behaviours)
    finalists = [
        Finalist(candidate, behaviour)
        for candidate, behaviour in zip(candidates, observed.behaviours, strict=True)
    ]
    return choose(finalists, observed.base), len(observed.base), observed.recorded


def _rivals(choice: Choice, groups: list[list[Candidate]]) -> tuple[Rival, ...]:
    copies = {group[0].id: len(group) for group in groups}
    return tuple(
        Rival(
            patch=cluster.members[0].candidate.id,
            patches=sum(copies[member.candidate.id] for member in cluster.members),
            share=cluster.share,
            changed=cluster.changed,
            differs=cluster.differs_on,
        )
        for cluster in choice.clusters
    )


def _breaks_rest(bench: Workbench, candidate: Candidate, met: tuple[str, ...]) -> str | None:
    """Run the rest of the suite on the patched tree while time is left; what it breaks, or None."""
    trial = bench.ledger.trial(candidate.id, "rest")
    if trial is None:
        trial = _meet_rest(bench, candidate, met)
        bench.ledger.add_trial(trial)
    return None if trial.ok else _broken_words(trial)


def _meet_rest(bench: Workbench, candidate: Candidate, met: tuple[str, ...]) -> Trial:
    others = bench.survey.others(candidate, met)
    batches = [others[start : start + REST_BATCH] for start in range(0, len(others), REST_BATCH)]
    files = changed_files(candidate, bench.sources_of(candidate))
    verdicts: list[Verdict] = []

    def on_result(number: int, found: tuple[Verdict, ...]) -> None:
        verdicts.extend(found)
        bench.progress("running the rest of the suite", len(verdicts), len(others))

    def stop() -> bool:
        broken = any(not verdict.outcome.ok for verdict in verdicts)
        return bench.cancelled() or broken or bench.left_s() <= 0

    bench.testbed.regressions([(files, batch) for batch in batches], on_result, stop)
    bench.check()
    ok = all(verdict.outcome.ok for verdict in verdicts)
    if ok and len(verdicts) < len(others) and bench.left_s() <= 0:
        missed = len(others) - len(verdicts)
        bench.note(f"{missed} tests that do not run the changed code were not run: the budget was used up.")
    return Trial(candidate.id, "rest", tuple(verdicts), ok)


def _passed_rest(bench: Workbench, candidate: Candidate) -> tuple[str, ...]:
    trial = bench.ledger.trial(candidate.id, "rest")
    return tuple(verdict.test for verdict in trial.verdicts) if trial else ()


def _confirm(bench: Workbench, candidate: Candidate, tests: tuple[str, ...]) -> str | None:
    """Run the plain test command on the patched tree; why the patch is out, or None."""
    bench.check()
    known = bench.ledger.trial(candidate.id, "cold")
    if known is None:
        files = changed_files(candidate, bench.sources_of(candidate))
        verdicts = bench.testbed.confirm_cold(files, tests, cancelled=bench.cancelled)
        if any(verdict.outcome is Outcome.TIMEOUT for verdict in verdicts):  # the machine may have been busy
            verdicts = bench.testbed.confirm_cold(files, tests, cancelled=bench.cancelled)
        bench.check()
        known = Trial(candidate.id, "cold", verdicts, all(verdict.outcome.ok for verdict in verdicts))
        bench.ledger.add_trial(known)
    if known.ok:
        return None
    failing = [verdict.test for verdict in known.verdicts if not verdict.outcome.ok]
    return f"passes in warm processes but not with the plain test command ({', '.join(failing[:3])})"
