"""Ask the graph which places the issue's words speak of."""

from __future__ import annotations

from agent.artefacts import save_located
from agent.state import RepairState
from agent.workbench import Workbench
from index.types import LocateResult

TOP = 20


def locate(state: RepairState, bench: Workbench) -> RepairState:
    bench.start_step("locate", "finding the places that the issue speaks of")
    found = bench.graph.locate(bench.issue, top=TOP) if bench.issue.strip() else LocateResult((), ())
    save_located(bench.folder, found)
    return {}
