"""Rank suspicious files and lines from what is known so far; again when the suite's spectrum has arrived."""

from __future__ import annotations

from agent.artefacts import load_failures, load_import_lines, load_located, save_plan
from agent.state import FINISHED, RepairState
from agent.suspicion import rank
from agent.workbench import Workbench

UNTRACED_TOP = 20
"""Files to take from the failure's words where no test could be traced."""


def plan(state: RepairState, bench: Workbench) -> RepairState:
    spectrum = bench.survey.spectrum()
    seen = f"{spectrum.tests} passing tests compared" if spectrum.tests else "from the failing tests alone"
    bench.start_step("plan", f"ranking suspicious lines, {seen}")
    failures = load_failures(bench.folder)
    located = load_located(bench.folder, bench.graph)
    if not any(failure.executed for failure in failures):
        messages = (failure.verdict.message for failure in failures)
        located = bench.graph.locate("\n".join((bench.issue, *messages)), top=UNTRACED_TOP)
    suspects = rank(
        bench.graph,
        failures,
        located,
        spectrum,
        load_import_lines(bench.folder),
        bench.is_editable,
    )
    version = state.get("plan", 0) + 1
    save_plan(bench.folder, suspects, version)
    if not suspects:
        bench.note("The failing tests ran no file of the repository that may be edited.")
        return {"plan": version, "verdict": "none"}
    return {"plan": version, "verdict": state.get("verdict", "") or "", "round": state["round"]}


def planned(state: RepairState) -> str:
    """Where to go after planning."""
    return FINISHED if state["verdict"] else "propose"
