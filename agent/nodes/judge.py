"""Decide whether to go on: enough evidence, no time left, nothing left to try, or another round."""

from __future__ import annotations

from agent.state import RepairState, stream_name
from agent.types import Candidate
from agent.workbench import Workbench

ENOUGH_PLAUSIBLE = 24
"""Patches that pass everything after which further ones would not change the choice."""
COST_MARGIN = 2.5
"""How much dearer than the cheapest passing patch a rival may be and still be worth looking for."""
RIVALS_SHARE = 0.3
"""Share of the budget to spend on rivals once a patch passes everything, at most RIVALS_S."""
RIVALS_S = 10.0


def judge(state: RepairState, bench: Workbench) -> RepairState:
    bench.start_step("judge", "weighing what came back")
    this_round = state["round"] + 1
    passing = bench.ledger.passed("regression")
    if passing and _rivals_done(bench, passing, this_round):
        return {"round": this_round, "verdict": "select"}
    if bench.search_left_s() <= 0:
        bench.note(f"The budget of {bench.budget_s:g} s for the search is used up.")
        return {"round": this_round, "verdict": "select"}
    spent = set(state.get("exhausted", []))
    if all(stream_name(name, state["combine"]) in spent for name in bench.proposers):
        if state["combine"] or passing:
            return {"round": this_round, "verdict": "select"}
        return {"round": this_round, "combine": True}
    return {"round": this_round}


def judged(state: RepairState) -> str:
    return "select" if state["verdict"] else "refine"


def _rivals_done(bench: Workbench, passing: list[Candidate], this_round: int) -> bool:
    if len(passing) >= ENOUGH_PLAUSIBLE:
        return True
    cheapest = min(candidate.cost for candidate in passing)
    frontier = max((candidate.cost for candidate in bench.ledger.drawn(this_round)), default=cheapest)
    if frontier > cheapest + COST_MARGIN:
        return True
    return bench.pace.since_first_passing_s() > min(RIVALS_S, RIVALS_SHARE * bench.budget_s)
