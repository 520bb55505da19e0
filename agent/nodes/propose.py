"""Draw the next candidates, each proposer on its own, and write them down before anything is run."""

from __future__ import annotations

from langgraph.types import Send

from agent.artefacts import load_failures, load_plan
from agent.state import DrawOrder, RepairState, stream_name
from agent.types import Candidate, ProposalContext
from agent.workbench import Workbench
from engine.types import EngineError


def fan_out(state: RepairState, bench: Workbench) -> list[Send]:
    """One branch per proposer that still has something to say."""
    spent = set(state.get("exhausted", []))
    return [
        Send(
            "propose",
            DrawOrder(proposer=name, round=state["round"] + 1, combine=state["combine"], plan=state["plan"]),
        )
        for name in bench.proposers
        if stream_name(name, state["combine"]) not in spent
    ]


def propose(order: DrawOrder, bench: Workbench) -> RepairState:
    bench.start_step("propose", f"drawing candidates ({stream_name(order['proposer'], order['combine'])})")
    wanted = bench.pace.batch_size()
    drawn: list[Candidate] = []
    try:
        for candidate in bench.draw(order, wanted, lambda: proposal_context(bench)):
            drawn.append(candidate)
            bench.check()
    except EngineError as error:
        bench.note(f"The {order['proposer']} proposer is left out from here on: {error}")
    bench.ledger.add_candidates(drawn, order["round"])
    if len(drawn) < wanted:
        return {"exhausted": [stream_name(order["proposer"], order["combine"])]}
    return {}


def proposal_context(bench: Workbench) -> ProposalContext:
    suspects = load_plan(bench.folder)
    return ProposalContext(
        graph=bench.graph,
        suspects=suspects,
        failures=load_failures(bench.folder),
        issue_text=bench.issue,
        sources={file.path: bench.source(file.path) for file in suspects},
        seed=bench.seed,
    )
