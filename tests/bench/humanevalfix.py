"""Repair the 164 small buggy programs of HumanEvalFix (Python) through `graft fix`'s own function.

    python tests/bench/humanevalfix.py --data DIR [--limit-s 30] [--oracle full|docstring]
                                       [--split even|odd|all] [--tasks 0,2,…] [--out FILE] [--record]

`DIR` holds `humanevalfix-python.jsonl.gz` (bigcode-project/octopack). Each task becomes a git repository with one
module and one pytest file: the task's full tests, or with `--oracle docstring` only the examples of its docstring.
Operators were tuned on even task numbers; odd ones were looked at as totals only. Nothing of a task runs outside the
sandbox. `correct` means that the accepted patch passes the full tests. Exit: 0 ran to the end, 2 bad usage.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from repository import commit_all
from results import record

from agent.config import load_config
from agent.fix import FixOptions, fix
from agent.harness.interpreter import Interpreter, ask
from agent.harness.testbed import Testbed
from agent.sandbox.open import choose_sandbox

DATA = "humanevalfix-python.jsonl.gz"
MODULE, VISIBLE, HIDDEN = "solution.py", "test_solution.py", "test_hidden.py"
HIDDEN_LIMIT_S = 30.0
ORACLES = {"full": "the full tests", "docstring": "the docstring's examples only"}


@dataclass(frozen=True, slots=True)
class Task:
    number: int
    name: str
    bug_type: str
    program: str
    visible: str
    hidden: str


@dataclass(frozen=True, slots=True)
class Attempt:
    task: int
    name: str
    bug_type: str
    status: str
    tried: int
    plausible: int
    correct: bool
    """The accepted patch passes the full tests."""
    confidence: float
    seconds: float
    patch: str

    @property
    def accepted(self) -> bool:
        return self.status == "patched"


def load_tasks(data: Path, oracle: str) -> list[Task]:
    """All tasks, by number. Raises OSError where the file is not there."""
    with gzip.open(data / DATA, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [_task(row, oracle) for row in rows]


def _task(row: dict[str, Any], oracle: str) -> Task:
    full = _test_file(row["test"], row["entry_point"])
    return Task(
        number=int(row["task_id"].rpartition("/")[2]),
        name=row["entry_point"],
        bug_type=row["bug_type"],
        program=row["prompt"] + row["buggy_solution"],
        visible=full if oracle == "full" else _test_file(row["example_test"], row["entry_point"]),
        hidden=full,
    )


def _test_file(body: str, entry_point: str) -> str:
    """The dataset's `check` function as a pytest file. Five docstrings have no example; their test is empty."""
    kept = [line for line in body.splitlines() if not line.startswith("check(")]
    text = "\n".join(kept).strip("\n")
    call = f"check({entry_point})" if "def check(" in text else "pass"
    return f"from solution import *\n\n\n{text}\n\n\ndef test_{entry_point}():\n    {call}\n"


def attempt(task: Task, limit_s: float, interpreter: Interpreter) -> Attempt:
    """Repair one task in a repository of its own."""
    with tempfile.TemporaryDirectory(prefix=f"humanevalfix-{task.number}-") as place:
        repo = Path(place).resolve()
        (repo / MODULE).write_text(task.program, encoding="utf-8")
        (repo / VISIBLE).write_text(task.visible, encoding="utf-8")
        commit_all(repo)
        options = FixOptions(repo=repo, budget_s=limit_s, apply=True, python=interpreter.path)
        result = fix(options, load_config(repo))
        patched = result.status == "patched"
        return Attempt(
            task=task.number,
            name=task.name,
            bug_type=task.bug_type,
            status=result.status,
            tried=result.tried,
            plausible=result.plausible,
            correct=patched and _passes_hidden(repo, task, interpreter),
            confidence=round(result.confidence, 3),
            seconds=round(result.seconds, 1),
            patch=result.patch or "",
        )


def _passes_hidden(repo: Path, task: Task, interpreter: Interpreter) -> bool:
    """Whether the program as it is now passes the full tests, in a sandbox."""
    test = f"{HIDDEN}::test_{task.name}"
    with Testbed(repo, interpreter, choose_sandbox("auto"), test_limit_s=HIDDEN_LIMIT_S) as bed:
        verdicts = bed.confirm_cold({HIDDEN: task.hidden.encode()}, [test])
    return bool(verdicts) and all(verdict.outcome.ok for verdict in verdicts)


def table(attempts: Sequence[Attempt]) -> str:
    """One row per bug type, then the even, the odd and all task numbers."""
    kinds = sorted({each.bug_type for each in attempts})
    rows = [(kind, [each for each in attempts if each.bug_type == kind]) for kind in kinds]
    rows += [("even", [each for each in attempts if each.task % 2 == 0])]
    rows += [("odd", [each for each in attempts if each.task % 2])]
    rows += [("all", list(attempts))]
    head = "| tasks | n | plausible | median tried | accepted | correct | precision | no failing test |"
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *(_row(*row) for row in rows if row[1])])


def _row(name: str, attempts: Sequence[Attempt]) -> str:
    plausible = [each for each in attempts if each.plausible]
    accepted = sum(each.accepted for each in attempts)
    correct = sum(each.correct for each in attempts)
    untested = sum(each.status == "no_failing_test" for each in attempts)
    median = statistics.median(each.tried for each in plausible) if plausible else 0
    precision = f"{correct / accepted:.0%}" if accepted else "–"
    cells = (name, len(attempts), len(plausible), f"{median:g}", accepted, correct, precision, untested)
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def choose(tasks: Iterable[Task], split: str, wanted: str) -> list[Task]:
    numbers = {int(number) for number in wanted.split(",") if number}
    parity = {"even": (0,), "odd": (1,), "all": (0, 1)}[split]
    return [each for each in tasks if (each.number in numbers if numbers else each.number % 2 in parity)]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit-s", type=float, default=30.0, help="per task [default: 30]")
    parser.add_argument("--oracle", choices=("full", "docstring"), default="full")
    parser.add_argument("--split", choices=("even", "odd", "all"), default="all")
    parser.add_argument("--tasks", default="", help="task numbers, comma-separated [default: the split]")
    parser.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="runs the tests; needs pytest"
    )
    parser.add_argument("--out", type=Path, help="write all attempts as JSON")
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    arguments = parser.parse_args()
    try:
        tasks = choose(load_tasks(arguments.data, arguments.oracle), arguments.split, arguments.tasks)
    except OSError as error:
        parser.error(f"cannot read {arguments.data / DATA} ({error.strerror}); give the folder that holds it")
    interpreter = ask(arguments.python, "given to the benchmark")
    attempts: list[Attempt] = []
    for task in tasks:
        attempts.append(attempt(task, arguments.limit_s, interpreter))
        last = attempts[-1]
        verdict = "correct" if last.correct else ""
        words = f"{last.task:4} {last.name:30} {last.status:16} tried {last.tried:5} {last.seconds:5.1f} s {verdict}"
        print(words if last.task % 2 == 0 else f"{last.task:4}", flush=True)
    seconds = statistics.median(each.seconds for each in attempts)
    about = f"Oracle: {ORACLES[arguments.oracle]}; at most {arguments.limit_s:g} s a task, median {seconds:.1f} s."
    text = f"{about}\n\n{table(attempts)}"
    print(f"\n{text}")
    if arguments.record:
        record(f"HumanEvalFix (Python), {arguments.oracle} oracle", text)
    if arguments.out:
        arguments.out.write_text(json.dumps([asdict(each) for each in attempts], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
