"""Every candidate drawn and every verdict reached in a run, append-only, so that none is lost or repeated.

Verdicts are keyed (tree, patch, test): a run that was killed continues from what stands here.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agent.runs import RunFolder
from agent.types import Candidate, FileEdit, Frame, Outcome, Verdict

Stage = Literal["target", "regression", "cold", "rest"]
"""The failing tests in warm processes, the tests that might break, the plain test command, the rest of the suite."""

CANDIDATES = "candidates.jsonl"
VERDICTS = "verdicts.jsonl"


@dataclass(frozen=True, slots=True)
class Trial:
    """All verdicts of one candidate in one stage."""

    patch: str
    stage: Stage
    verdicts: tuple[Verdict, ...]
    ok: bool
    """Whether the stage was passed: every test it asked for is there and is fine."""
    killed: str | None = None


class Ledger:
    """Reads what stands in the run's folder once, then appends. One process at a time, any of its threads."""

    def __init__(self, folder: RunFolder, tree: str) -> None:
        self._folder = folder
        self._tree = tree
        self._writing = threading.Lock()
        self._candidates: dict[str, Candidate] = {}
        self._rounds: dict[str, int] = {}
        self._trials: dict[tuple[str, Stage], Trial] = {}
        for record in folder.lines(CANDIDATES):
            if record.get("tree") == tree:
                candidate = _candidate_from(record)
                self._candidates[candidate.id] = candidate
                self._rounds[candidate.id] = int(record["round"])
        for record in folder.lines(VERDICTS):
            if record.get("tree") == tree:
                trial = _trial_from(record)
                self._trials[trial.patch, trial.stage] = trial

    def add_candidates(self, candidates: Iterable[Candidate], round_number: int) -> None:
        """Record newly drawn candidates; those already known are passed over."""
        with self._writing:
            for candidate in candidates:
                if candidate.id not in self._candidates:
                    record = _candidate_record(candidate)
                    self._folder.append(CANDIDATES, {"tree": self._tree, "round": round_number, **record})
                    self._candidates[candidate.id] = candidate
                    self._rounds[candidate.id] = round_number

    def add_trial(self, trial: Trial) -> None:
        with self._writing:
            self._folder.append(VERDICTS, {"tree": self._tree, **_trial_record(trial)})
            self._trials[trial.patch, trial.stage] = trial

    def knows(self, patch: str) -> bool:
        return patch in self._candidates

    def candidate(self, patch: str) -> Candidate:
        return self._candidates[patch]

    def drawn(self, round_number: int | None = None) -> list[Candidate]:
        """Candidates of one round or of all, in the order they were drawn."""
        return [
            candidate
            for patch, candidate in self._candidates.items()
            if round_number is None or self._rounds[patch] == round_number
        ]

    def trial(self, patch: str, stage: Stage) -> Trial | None:
        return self._trials.get((patch, stage))

    def tried(self) -> int:
        """How many candidates have met the failing tests."""
        return sum(stage == "target" for _, stage in self._trials)

    def passed(self, stage: Stage) -> list[Candidate]:
        """Candidates that passed a stage, in the order in which they did."""
        return [
            self._candidates[patch]
            for (patch, of_stage), trial in self._trials.items()
            if of_stage == stage and trial.ok and patch in self._candidates
        ]


def _candidate_record(candidate: Candidate) -> dict[str, object]:
    return {
        "patch": candidate.id,
        "proposer": candidate.proposer,
        "operator": candidate.operator,
        "note": candidate.note,
        "cost": candidate.cost,
        "edits": [
            [edit.path, edit.start_byte, edit.end_byte, base64.b64encode(edit.replacement).decode()]
            for edit in candidate.edits
        ],
    }


def _candidate_from(record: Mapping[str, Any]) -> Candidate:
    edits = tuple(
        FileEdit(path, start, end, base64.b64decode(text)) for path, start, end, text in record["edits"]
    )
    return Candidate(edits, record["proposer"], record["operator"], record["note"], float(record["cost"]))


def _trial_record(trial: Trial) -> dict[str, object]:
    return {
        "patch": trial.patch,
        "stage": trial.stage,
        "ok": trial.ok,
        "killed": trial.killed,
        "verdicts": [verdict_record(verdict) for verdict in trial.verdicts],
    }


def _trial_from(record: Mapping[str, Any]) -> Trial:
    verdicts = tuple(verdict_from(verdict) for verdict in record["verdicts"])
    return Trial(record["patch"], record["stage"], verdicts, bool(record["ok"]), record["killed"])


def verdict_record(verdict: Verdict) -> dict[str, object]:
    """The verdict as JSON; `verdict_from` reads it back."""
    return {
        "test": verdict.test,
        "outcome": verdict.outcome.value,
        "seconds": round(verdict.seconds, 6),
        "error": verdict.error,
        "message": verdict.message,
        "frames": [[frame.path, frame.line, frame.function] for frame in verdict.frames],
    }


def verdict_from(record: Mapping[str, Any]) -> Verdict:
    return Verdict(
        test=record["test"],
        outcome=Outcome(record["outcome"]),
        seconds=float(record["seconds"]),
        error=record["error"],
        message=record["message"],
        frames=tuple(Frame(*frame) for frame in record["frames"]),
    )
