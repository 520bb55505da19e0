"""Take in the task: bring the index up to date, fix the tree's identity, write down what was asked."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.artefacts import Task, save_task
from agent.state import RepairState
from agent.workbench import Workbench


def intake(state: RepairState, bench: Workbench) -> RepairState:
    bench.start_step("intake", "reading the repository")
    bench.graph.update(bench.progress, bench.cancelled)
    bench.check()
    options = bench.options
    task = Task(
        started=datetime.now(UTC).isoformat(),
        repo=str(bench.repo),
        issue=options.issue,
        tests=options.tests,
        test_command=options.test_command,
        python=None if options.python is None else str(options.python),
        seed=bench.seed,
        tree=bench.tree,
    )
    save_task(bench.folder, task)
    if not (bench.repo / ".git").exists():
        bench.note("Not the top folder of a git repository: its history cannot help here.")
    return {"run": bench.folder.id, "tree": task.tree, "round": 0, "plan": 0, "combine": False, "verdict": ""}
