"""How many candidates a second each way of running tests tries, and how many saw another one's traces (0 allowed).

Run: python tests/bench/validation_rate.py [--seconds N] [--workers N] [--record]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

from results import record

from agent.harness.framework import choose_framework
from agent.harness.interpreter import ask
from agent.harness.testbed import Testbed
from agent.sandbox.open import choose_sandbox
from agent.types import Candidate, Verdict

BASE = "import state\ndef add(a, b):\n    return a - b\n"
GOOD = BASE.replace("a - b", "a + b")
BAD = BASE.replace("a - b", "a * b")
POISON = "import builtins, os\nstate.COUNT += 1\nbuiltins.sum = max\nos.environ['LEFT'] = '1'\n"
PROJECT = {
    "add.py": BASE,
    "state.py": "COUNT = 0\n",
    "test_add.py": (
        "import os, state\nfrom add import add\n"
        "def test_plain():\n"
        "    assert add(2, 3) == 5 and state.COUNT == 0 and sum([1, 1]) == 2 and 'LEFT' not in os.environ\n"
        "def test_fixture(tmp_path):\n    test_plain()\n"
    ),
}
PLAIN, FIXTURE = "test_add.py::test_plain", "test_add.py::test_fixture"
TREES = (("bad", BAD), ("bad", BASE.replace("a - b", "a / b")), ("poison", POISON + GOOD), ("good", GOOD))
"""One in four is right; the wrong ones and the poisonous one must fail, the right ones pass."""
HEAD = ("| way | candidates/s | tried | contaminated |", "|---|---|---|---|")


def work(count: int) -> Iterator[tuple[Candidate, dict[str, bytes | None]]]:
    for name, text in islice(cycle(TREES), count):
        padded = (text + f"# {name}\n").encode()
        yield Candidate((), "bench", "bench", name, 0.0), {"add.py": padded}


def only(name: str, count: int) -> list[tuple[Candidate, dict[str, bytes | None]]]:
    return [each for each in work(count * len(TREES)) if each[0].note == name][:count]


class Tally:
    """Counts candidates, and verdicts that are not what the candidate alone deserves."""

    def __init__(self) -> None:
        self.tried = 0
        self.wrong = 0

    def add(self, tried: Candidate, verdicts: tuple[Verdict, ...], killed: str | None) -> None:
        passed = killed is None and all(verdict.outcome.ok for verdict in verdicts)
        self.tried += 1
        self.wrong += passed != (tried.note == "good")


def measure(seconds: float, step: Callable[[Tally], None]) -> tuple[float, Tally]:
    """Repeat a step for about so long. Returns candidates a second and the tally."""
    tally = Tally()
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        step(tally)
    return tally.tried / (time.monotonic() - started), tally


def rows(bed: Testbed, seconds: float) -> Iterator[tuple[str, float, Tally]]:
    bed.reproduce([PLAIN, FIXTURE])
    failing = only("bad", 200)

    def batch(
        candidates: list[tuple[Candidate, dict[str, bytes | None]]], test: str
    ) -> Callable[[Tally], None]:
        bed.validate_many(candidates[:1], [test], lambda *result: None)
        return lambda tally: bed.validate_many(candidates, [test], tally.add)

    yield "direct, wrong candidates", *measure(seconds, batch(failing, PLAIN))
    yield "direct, one in four right (confirmed by pytest)", *measure(seconds, batch(list(work(100)), PLAIN))
    yield "pytest in a fork", *measure(seconds, batch(list(work(40)), FIXTURE))

    def fresh(tally: Tally) -> None:
        for tried, files in work(4):
            tally.add(tried, bed.run(files, [FIXTURE]).verdicts, None)

    def cold(tally: Tally) -> None:
        for tried, files in work(4):
            tally.add(tried, bed.confirm_cold(files, [FIXTURE]), None)

    yield "fresh process", *measure(seconds, fresh)
    yield "cold, the plain command", *measure(seconds, cold)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="per row [default: 5]")
    parser.add_argument("--workers", type=int, default=1, help="sandboxes [default: 1]")
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as folder:
        repo = Path(folder).resolve()
        for name, text in PROJECT.items():
            (repo / name).write_text(text)
        interpreter = ask(arguments.python, "for the benchmark")
        bed = Testbed(
            repo,
            interpreter,
            choose_sandbox("auto"),
            framework=choose_framework(repo, interpreter),
            workers=arguments.workers,
            environment={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            note=print,
        )
        with bed:
            print(f"{bed.interpreter_words}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
            lines = [f"{arguments.workers} worker(s), {bed.sandbox_name} sandbox.", "", *HEAD]
            for name, rate, tally in rows(bed, arguments.seconds):
                lines.append(f"| {name} | {rate:.1f} | {tally.tried} | {tally.wrong} |")
                print(lines[-1], flush=True)
    if arguments.record:
        record(f"Validation rate, {arguments.workers} worker(s)", "\n".join(lines))


if __name__ == "__main__":
    main()
