"""Learn from the round: how far each candidate moved the failure, and whether a better plan is to be had."""

from __future__ import annotations

from agent.artefacts import load_failures
from agent.ledger import Trial
from agent.state import RepairState
from agent.types import Verdict
from agent.workbench import Workbench

FIXED_ONE = 1.0
OTHER_ERROR = 0.5
LATER_IN_TEST = 0.6


def refine(state: RepairState, bench: Workbench) -> RepairState:
    bench.start_step("refine", "learning from the failures")
    return {}


def refined(state: RepairState, bench: Workbench) -> str:
    """A first plan knew the failing tests only; plan again once when the suite has been traced."""
    return "plan" if state["plan"] == 1 and bench.survey.spectrum().tests else "propose"


def progress_of(bench: Workbench) -> dict[str, float]:
    """By candidate: 0 where the failure stayed as it was, 1 where one of several tests was fixed."""
    base = {failure.verdict.test: failure.verdict for failure in load_failures(bench.folder)}
    moved: dict[str, float] = {}
    for candidate in bench.ledger.drawn():
        trial = bench.ledger.trial(candidate.id, "target")
        if trial is not None and not trial.ok and (score := _progress(trial, base)) > 0:
            moved[candidate.id] = score
    return moved


def _progress(trial: Trial, base: dict[str, Verdict]) -> float:
    return max((_moved(verdict, base.get(verdict.test)) for verdict in trial.verdicts), default=0.0)


def _moved(now: Verdict, before: Verdict | None) -> float:
    if before is None:
        return 0.0
    if now.outcome.ok:
        return FIXED_ONE
    own_file = before.frames[0].path if before.frames else ""
    lines_now = [frame.line for frame in now.frames if frame.path == own_file]
    lines_before = [frame.line for frame in before.frames if frame.path == own_file]
    if lines_now and lines_before and lines_now[0] > lines_before[0]:
        return LATER_IN_TEST
    if now.outcome == before.outcome and (now.error, now.message) != (before.error, before.message):
        return OTHER_ERROR
    return 0.0
