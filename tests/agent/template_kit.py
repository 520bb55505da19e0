"""Contexts for the template proposer, over real trees and their real graph."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from agent.propose.template import TemplateProposer
from agent.types import Candidate, Failure, Outcome, ProposalContext, SuspiciousFile, Verdict, apply_edits
from index.graph import open_graph


def context_of(
    root: Path,
    files: dict[str, bytes],
    suspects: dict[str, dict[int, float]],
    *,
    error: str = "AssertionError",
    message: str = "",
    issue: str = "",
    outcome: Outcome = Outcome.FAILED,
) -> ProposalContext:
    """Write `files` under `root`, index them, and suspect the given lines (all lines for an empty mapping)."""
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    graph = open_graph(root, f"sqlite:{root / 'graph.db'}")
    graph.update()
    ranked = []
    for path, lines in suspects.items():
        scores = lines or dict.fromkeys(range(1, files[path].count(b"\n") + 2), 0.5)
        ranked.append(SuspiciousFile(path, max(scores.values()), scores, ("ran in the failing test",)))
    verdict = Verdict("test_it.py::test_it", outcome, error=error, message=message)
    sources = {path: files[path] for path in suspects}
    return ProposalContext(graph, tuple(ranked), (Failure(verdict),), issue, sources)


def drawn(context: ProposalContext, most: int = 5_000) -> list[Candidate]:
    return list(islice(TemplateProposer().propose(context), most))


def results(context: ProposalContext, candidates: list[Candidate]) -> list[bytes]:
    """The text of the (one) edited file after each candidate."""
    return [apply_edits(context.sources[each.paths[0]], each.edits) for each in candidates]


def reaches(context: ProposalContext, text: bytes, most: int = 5_000) -> bool:
    """Whether one of the first candidates turns the edited file into `text`."""
    stream = islice(TemplateProposer().propose(context), most)
    return any(apply_edits(context.sources[each.paths[0]], each.edits) == text for each in stream)
