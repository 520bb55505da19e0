"""The loop as a LangGraph: intake, locate, reproduce, plan, (propose, validate, judge, refine)*, select, report.

The picture of the loop is the code below. A checkpoint is written after every step, so that a run that was
killed goes on with the step it was in; what a step had finished stands in the run's ledger.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Hashable
from contextlib import closing
from functools import partial
from typing import Any

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langsmith import tracing_context

from agent.errors import RunFolderError
from agent.fix import FixResult, result_from_json
from agent.nodes.intake import intake
from agent.nodes.judge import judge, judged
from agent.nodes.locate import locate
from agent.nodes.plan import plan, planned
from agent.nodes.propose import fan_out, propose
from agent.nodes.refine import refine, refined
from agent.nodes.report import report
from agent.nodes.reproduce import reproduce, reproduced
from agent.nodes.select import select
from agent.nodes.validate import validate
from agent.runs import prepare_state_folder
from agent.state import FINISHED, RepairState
from agent.workbench import Workbench

_LOCK_PATIENCE_S = 30.0
MAX_STEPS = 100_000
"""LangGraph's own bound; the budget in seconds ends a run long before."""


def build(bench: Workbench) -> StateGraph[RepairState]:
    """The loop over one workbench, not yet compiled."""
    steps: dict[str, Callable[..., RepairState]] = {
        "intake": intake,
        "locate": locate,
        "reproduce": reproduce,
        "plan": plan,
        "propose": propose,
        "validate": validate,
        "judge": judge,
        "refine": refine,
        "select": select,
        "report": report,
    }
    graph = StateGraph(RepairState)
    for name, step in steps.items():
        graph.add_node(name, partial(step, bench=bench))
    again: dict[Hashable, str] = {"propose": "fan_out", "plan": "plan"}
    graph.add_node("fan_out", lambda state: {})
    graph.add_edge(START, "intake")
    graph.add_edge("intake", "locate")
    graph.add_edge("locate", "reproduce")
    graph.add_conditional_edges("reproduce", reproduced, {"plan": "plan", FINISHED: "report"})
    graph.add_conditional_edges("plan", planned, {"propose": "fan_out", FINISHED: "report"})
    graph.add_conditional_edges("fan_out", partial(fan_out, bench=bench), ["propose"])
    graph.add_edge("propose", "validate")
    graph.add_edge("validate", "judge")
    graph.add_conditional_edges("judge", judged, {"refine": "refine", "select": "select"})
    graph.add_conditional_edges("refine", partial(refined, bench=bench), again)
    graph.add_edge("select", "report")
    graph.add_edge("report", END)
    return graph


def run_loop(bench: Workbench, *, resume: bool) -> FixResult:
    """Run the loop to its end. With `resume` from the last checkpoint; else from the start.

    Raises Cancelled, and AgentErrors of the steps.
    """
    if resume and bench.folder.has("result.json"):
        known = result_from_json(bench.folder.read_json("result.json"), bench.folder.path)
        if known.status != "error":
            return known
    database = prepare_state_folder(bench.repo) / "checkpoints.db"
    with closing(_connect(database)) as connection:
        saver = SqliteSaver(connection)
        loop = build(bench).compile(checkpointer=saver)
        thread: Any = {"configurable": {"thread_id": bench.folder.id}, "recursion_limit": MAX_STEPS}
        if resume and loop.get_state(thread).values:
            bench.continue_on_same_tree()
            start: RepairState | None = None
        else:
            start = {"verdict": ""}
        # Whatever the environment says, nothing of a run is sent to a tracing server.
        with tracing_context(enabled=False):
            loop.invoke(start, thread, durability="sync")
        saver.delete_thread(bench.folder.id)
    return result_from_json(bench.folder.read_json("result.json"), bench.folder.path)


def _connect(path: os.PathLike[str]) -> sqlite3.Connection:
    patient_until_s = time.monotonic() + _LOCK_PATIENCE_S
    try:
        connection = sqlite3.connect(path, check_same_thread=False, timeout=_LOCK_PATIENCE_S)
        # Where two runs make the file at the same time, SQLite refuses one of them at once, whatever the timeout.
        while not _uses_wal(connection, patient_until_s):
            time.sleep(0.02)
    except sqlite3.Error as error:
        raise RunFolderError(
            f"Cannot open {path} ({error}). Move it away; only unfinished runs are lost with it."
        ) from error
    return connection


def _uses_wal(connection: sqlite3.Connection, patient_until_s: float) -> bool:
    """Turn on the write-ahead log; False where another process is at it. Raises sqlite3.Error past the time."""
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > patient_until_s:
            raise
        return False
    return True
