"""What the loop's state holds between steps: identifiers and counters only.

Everything larger lives in the run's folder (artefacts, candidates, verdicts), where the steps find it again.
"""

from __future__ import annotations

import operator
from typing import Annotated, TypedDict

FINISHED = "finished"


class RepairState(TypedDict, total=False):
    """`verdict` is empty until a step has decided how the run ends (a status of result.json)."""

    run: str
    tree: str
    round: int
    """Counts proposal rounds from 1."""
    combine: bool
    """Whether proposers should now combine two edits."""
    plan: int
    """Version of the plan artefact; it grows when the suite's spectrum has arrived."""
    exhausted: Annotated[list[str], operator.add]
    """Proposers that have nothing more, as `template` or `template+` for combinations."""
    verdict: str
    chosen: str
    """Id of the chosen candidate."""
    found: int
    """Tests that were found where none was given."""


class DrawOrder(TypedDict):
    """What one proposer gets in one round."""

    proposer: str
    round: int
    combine: bool
    plan: int


def stream_name(proposer: str, combine: bool) -> str:
    return f"{proposer}+" if combine else proposer
