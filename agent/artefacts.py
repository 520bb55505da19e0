"""What steps leave for later steps in the run's folder, and how it is read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from agent.harness.types import CoveredLines, Reproduction
from agent.ledger import verdict_from, verdict_record
from agent.runs import RunFolder
from agent.types import Candidate, Failure, SuspiciousFile
from index.repository import RepositoryGraph
from index.types import FileHit, LocateResult, SymbolHit

RUN = "run.json"
LOCATED = "located.json"
FAILURES = "failures.json"
PLAN = "plan.json"
DECISION = "decision.json"
BEHAVIOURS = "behaviours.json"


@dataclass(frozen=True, slots=True)
class Task:
    """What the run was asked to do, and on which tree."""

    started: str
    repo: str
    issue: str
    tests: tuple[str, ...]
    test_command: str | None
    python: str | None
    seed: int
    tree: str


@dataclass(frozen=True, slots=True)
class Rival:
    """One group of patches that behave alike: its cheapest patch and how it fared against the chosen one."""

    patch: str
    patches: int
    share: float
    changed: int
    """Probe inputs on which it differs from the base."""
    differs: int
    """Probe inputs on which it differs from the chosen patch."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the selection found. `rivals[0]` is the chosen patch's own group."""

    chosen: str | None
    confidence: float
    probes: int
    rivals: tuple[Rival, ...] = ()
    guards: tuple[str, ...] = ()
    """Tests besides the failing ones that the chosen patch was run on, all passed."""
    dropped: Mapping[str, str] = field(default_factory=dict)
    """Patches that passed the failing tests and were given up, with the reason."""


def save_task(folder: RunFolder, task: Task) -> None:
    folder.write_json(RUN, {"schema": 1, **asdict(task)})


def load_task(folder: RunFolder) -> Task:
    record = folder.read_json(RUN)
    del record["schema"]
    return Task(**{**record, "tests": tuple(record["tests"])})


def save_located(folder: RunFolder, located: LocateResult) -> None:
    folder.write_json(
        LOCATED,
        {
            "files": [[hit.path, hit.score, list(hit.reasons)] for hit in located.files],
            "symbols": [[hit.symbol.uid, hit.score, list(hit.reasons)] for hit in located.symbols],
        },
    )


def load_located(folder: RunFolder, graph: RepositoryGraph) -> LocateResult:
    record = folder.read_json(LOCATED)
    found = [(graph.symbol(uid), score, reasons) for uid, score, reasons in record["symbols"]]
    return LocateResult(
        files=tuple(FileHit(path, score, tuple(reasons)) for path, score, reasons in record["files"]),
        symbols=tuple(
            SymbolHit(symbol, score, tuple(reasons)) for symbol, score, reasons in found if symbol is not None
        ),
    )


def save_failures(folder: RunFolder, seen: Reproduction) -> None:
    folder.write_json(
        FAILURES,
        {
            "failures": [
                {"verdict": verdict_record(failure.verdict), "executed": _lines_record(failure.executed)}
                for failure in seen.failures
            ],
            "flaky": sorted(seen.flaky),
            "import_lines": _lines_record(seen.import_lines),
        },
    )


def load_failures(folder: RunFolder) -> tuple[Failure, ...]:
    return tuple(
        Failure(verdict_from(record["verdict"]), _lines_from(record["executed"]))
        for record in folder.read_json(FAILURES)["failures"]
    )


def load_import_lines(folder: RunFolder) -> CoveredLines:
    return _lines_from(folder.read_json(FAILURES)["import_lines"])


def _lines_record(covered: CoveredLines) -> dict[str, list[int]]:
    return {path: sorted(lines) for path, lines in covered.items()}


def _lines_from(record: Mapping[str, list[int]]) -> CoveredLines:
    return {path: frozenset(lines) for path, lines in record.items()}


def target_tests(folder: RunFolder) -> tuple[str, ...]:
    """The tests that a patch has to make pass."""
    return tuple(failure.verdict.test for failure in load_failures(folder))


def save_plan(folder: RunFolder, suspects: Iterable[SuspiciousFile], version: int) -> None:
    folder.write_json(
        PLAN,
        {
            "version": version,
            "files": [
                {
                    "path": file.path,
                    "score": round(file.score, 4),
                    "reasons": list(file.reasons),
                    "functions": [[name, round(score, 4)] for name, score in file.functions],
                    "lines": {str(line): round(score, 4) for line, score in sorted(file.line_scores.items())},
                }
                for file in suspects
            ],
        },
    )


def load_plan(folder: RunFolder) -> tuple[SuspiciousFile, ...]:
    return tuple(_suspect(record) for record in folder.read_json(PLAN)["files"])


def _suspect(record: Mapping[str, Any]) -> SuspiciousFile:
    return SuspiciousFile(
        path=record["path"],
        score=record["score"],
        line_scores={int(line): score for line, score in record["lines"].items()},
        reasons=tuple(record["reasons"]),
        functions=tuple((name, score) for name, score in record["functions"]),
    )


def save_behaviours(
    folder: RunFolder,
    base: Sequence[str],
    candidates: Sequence[Candidate],
    behaviours: Sequence[Sequence[str]],
) -> None:
    """What base and finalists gave on the probe inputs, for whoever wants to see why a patch was chosen."""
    patches = {each.id: list(behaviour) for each, behaviour in zip(candidates, behaviours, strict=True)}
    folder.write_json(BEHAVIOURS, {"base": list(base), "patches": patches})


def save_decision(folder: RunFolder, decision: Decision) -> None:
    folder.write_json(DECISION, asdict(decision))


def load_decision(folder: RunFolder) -> Decision:
    record = folder.read_json(DECISION)
    return Decision(
        chosen=record["chosen"],
        confidence=record["confidence"],
        probes=record["probes"],
        rivals=tuple(Rival(**rival) for rival in record["rivals"]),
        guards=tuple(record["guards"]),
        dropped=record["dropped"],
    )
