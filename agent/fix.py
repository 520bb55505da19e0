"""`graft fix` as a function: one failing test and an issue text in, a proven patch or an honest none out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agent.artefacts import Task, load_task, save_task
from agent.errors import AgentError, Cancelled, EnvironmentBroken, UsageError
from agent.events import Observer, RunFinished, RunStarted
from agent.runs import RunFolder
from engine.types import EngineError
from index.errors import GraphError, UpdateCancelled

if TYPE_CHECKING:
    from agent.config import Config

Status = Literal["patched", "abstained", "none", "no_failing_test", "error"]
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class FixOptions:
    """What the caller asks for. `None` leaves a value to the configuration."""

    repo: Path
    issue: str = ""
    tests: tuple[str, ...] = ()
    test_command: str | None = None
    budget_s: float | None = None
    seed: int | None = None
    apply: bool = False
    resume: str | None = None
    python: Path | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another patch that passed the failing tests, and why it was not chosen."""

    patch: str
    why_not: str


@dataclass(frozen=True, slots=True)
class FixResult:
    """What `result.json` holds (schema 1)."""

    status: Status
    run: str
    folder: Path
    patch: str | None = None
    files: tuple[str, ...] = ()
    confidence: float = 0.0
    fixed: tuple[str, ...] = ()
    regressed: tuple[str, ...] = ()
    passed: int = 0
    tried: int = 0
    plausible: int = 0
    seconds: float = 0.0
    alternatives: tuple[Alternative, ...] = ()
    message: str = ""
    """One sentence for people: what was done, or why nothing was."""
    applied: bool = field(default=False, compare=False)

    @property
    def exit_code(self) -> int:
        """0 patch, 1 none passed, abstained or no failing test, 3 error."""
        return {"patched": 0, "error": 3}.get(self.status, 1)

    @property
    def report_path(self) -> Path:
        return self.folder / "report.md"

    def to_json(self) -> dict[str, object]:
        return {
            "schema": SCHEMA,
            "status": self.status,
            "run": self.run,
            "patch": self.patch,
            "files": list(self.files),
            "confidence": round(self.confidence, 3),
            "tests": {"fixed": list(self.fixed), "regressed": list(self.regressed), "passed": self.passed},
            "candidates": {"tried": self.tried, "plausible": self.plausible},
            "seconds": round(self.seconds, 3),
            "alternatives": [{"patch": each.patch, "why_not": each.why_not} for each in self.alternatives],
            "message": self.message,
            "applied": self.applied,
        }


def fix(
    options: FixOptions,
    config: Config,
    observe: Observer = lambda event: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> FixResult:
    """Run the whole loop and leave its record in `.graft/runs/<id>/`.

    Raises Cancelled when `cancelled` turned true (the run can be resumed), UsageError and other
    AgentErrors where it cannot go on; `result.json` then says so.
    """
    started = time.monotonic()
    repo = checked_repository(options.repo)
    if options.resume is None:
        folder = RunFolder.create(repo)
        save_task(folder, _task(repo, options, config))
    else:
        folder = RunFolder.open(repo, options.resume)
        folder.lock()
    options = _as_recorded(options, load_task(folder))
    try:
        observe(RunStarted(folder.id, folder.path))
        with _one_error_tree(folder):
            result = _run(options, config, folder, observe, cancelled, started)
        observe(RunFinished(result))
        return result
    except Cancelled:
        raise
    except AgentError as error:
        failed = FixResult("error", folder.id, folder.path, message=str(error))
        with contextlib.suppress(AgentError):  # the error itself may be that nothing can be written
            folder.write_json("result.json", failed.to_json())
        raise
    finally:
        folder.unlock()


def _run(
    options: FixOptions,
    config: Config,
    folder: RunFolder,
    observe: Observer,
    cancelled: Callable[[], bool],
    started: float,
) -> FixResult:
    from agent.graph import run_loop
    from agent.workbench import Workbench

    with Workbench(options, config, folder, observe, cancelled, started) as bench:
        return run_loop(bench, resume=options.resume is not None)


@contextlib.contextmanager
def _one_error_tree(folder: RunFolder) -> Iterator[None]:
    """Errors of the graph and of models as errors of the run."""
    try:
        yield
    except UpdateCancelled as stop:
        raise Cancelled(f"Stopped. Continue with `graft fix --resume {folder.id}`.") from stop
    except (GraphError, EngineError) as error:
        raise EnvironmentBroken(str(error)) from error


def _task(repo: Path, options: FixOptions, config: Config) -> Task:
    return Task(
        started=datetime.now(UTC).isoformat(),
        repo=str(repo),
        issue=options.issue,
        tests=options.tests,
        test_command=config.tests.command if options.test_command is None else options.test_command,
        python=None if options.python is None else str(options.python),
        seed=config.fix.seed if options.seed is None else options.seed,
        tree="",
    )


def _as_recorded(options: FixOptions, task: Task) -> FixOptions:
    """A resumed run does what it was first asked to; only budget and `--apply` are the caller's."""
    return replace(
        options,
        issue=task.issue,
        tests=task.tests,
        test_command=task.test_command,
        seed=task.seed,
        python=Path(task.python) if task.python else None,
    )


def checked_repository(path: Path) -> Path:
    """The repository's root as an absolute path. Raises UsageError where it is no folder."""
    try:
        repo = path.resolve(strict=True)
    except OSError as error:
        raise UsageError(f"{path} does not exist. Name the repository's folder.") from error
    if not repo.is_dir():
        raise UsageError(f"{path} is not a folder. Name the repository's folder.")
    return repo


def result_from_json(record: Mapping[str, object], folder: Path) -> FixResult:
    """Read a `result.json` back. Raises KeyError or TypeError where it is not one."""
    tests = record["tests"]
    candidates = record["candidates"]
    alternatives = record["alternatives"]
    if not (isinstance(tests, dict) and isinstance(candidates, dict) and isinstance(alternatives, list)):
        raise TypeError("not a result of schema 1")
    return FixResult(
        status=record["status"],  # type: ignore[arg-type]  # written by to_json
        run=str(record["run"]),
        folder=folder,
        patch=None if record["patch"] is None else str(record["patch"]),
        files=tuple(record["files"]),  # type: ignore[arg-type]
        confidence=float(record["confidence"]),  # type: ignore[arg-type]
        fixed=tuple(tests["fixed"]),
        regressed=tuple(tests["regressed"]),
        passed=int(tests["passed"]),
        tried=int(candidates["tried"]),
        plausible=int(candidates["plausible"]),
        seconds=float(record["seconds"]),  # type: ignore[arg-type]
        alternatives=tuple(Alternative(each["patch"], each["why_not"]) for each in alternatives),
        message=str(record.get("message", "")),
        applied=bool(record.get("applied", False)),
    )
