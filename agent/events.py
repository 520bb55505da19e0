"""What a run tells whoever watches it: the terminal, a log, a recorder. Knows nothing of screens."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.fix import FixResult


@dataclass(frozen=True, slots=True)
class RunStarted:
    run: str
    folder: Path


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step of the loop began; `text` says in a few words what it is about to do."""

    step: str
    text: str


@dataclass(frozen=True, slots=True)
class StepProgress:
    """Sent at least once a second while a step works; `total` is None where nobody knows it."""

    step: str
    text: str
    done: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the user should know, as a flaky test or a missing optional part."""

    text: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    result: FixResult


Event = RunStarted | StepStarted | StepProgress | Note | RunFinished
Observer = Callable[[Event], None]


def to_record(event: Event) -> dict[str, object]:
    """The event as a line of `trajectory.jsonl`."""
    if isinstance(event, RunFinished):
        return {"event": "RunFinished", "status": event.result.status}
    fields = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in dataclasses.asdict(event).items()
    }
    return {"event": type(event).__name__, **fields}
