"""Take in the task: bring the index up to date and fix the identity of the tree that is repaired."""

from __future__ import annotations

from dataclasses import replace

from agent.artefacts import save_task
from agent.state import RepairState
from agent.workbench import Workbench


def intake(state: RepairState, bench: Workbench) -> RepairState:
    bench.start_step("intake", "reading the repository")
    bench.graph.update(bench.progress, bench.cancelled)
    bench.check()
    bench.task = replace(bench.task, tree=bench.tree)
    save_task(bench.folder, bench.task)
    if not (bench.repo / ".git").exists():
        bench.note("Not the top folder of a git repository: its history cannot help here.")
    return {
        "run": bench.folder.id,
        "tree": bench.tree,
        "round": 0,
        "plan": 0,
        "combine": False,
        "verdict": "",
    }
