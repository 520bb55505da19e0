"""How soon `graft fix` tries its first candidates on a 200-file repository whose suite takes less than a second.

    python tests/bench/first_candidate.py [--rounds N] [--python PATH] [--record]

The command is started as a user would, in a repository that Graft has not seen and in one that it has indexed.
The clock runs from the start of the process to the first verdict on a candidate. Exit: 0 ran to the end.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from repository import commit_all
from results import record

MODULES, TESTS = 160, 40
GRAFT = Path(sys.executable).with_name("graft")
LIMIT_S = 120
FAILING = "tests/test_unit7.py::test_total"


def write_project(root: Path) -> None:
    """Modules in packages of ten that use their neighbours, a test file for every fourth, one wrong operator."""
    for number in range(MODULES):
        package = root / f"shop/part{number // 10}"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
        (package / f"unit{number}.py").write_text(module(number), encoding="utf-8")
    (root / "shop/__init__.py").touch()
    (root / "tests").mkdir()
    for number in range(TESTS):
        name = f"shop.part{number // 10}.unit{number}"
        text = f"from {name} import Unit{number}, price, total\n\n\n"
        text += "def test_total():\n    assert total([1, 2, 3]) == 6 * price(1)\n\n\n"
        text += f"def test_unit():\n    assert Unit{number}(3).cost() == 3 * price(1)\n\n\n"
        text += "def test_nothing():\n    assert total([]) == 0\n"
        (root / f"tests/test_unit{number}.py").write_text(text, encoding="utf-8")
    commit_all(root)


def module(number: int) -> str:
    neighbour = number - 1 if number % 10 else None
    head = f'"""Prices of part {number}."""\n\n'
    if neighbour is not None:
        head += f"from shop.part{number // 10}.unit{neighbour} import price as neighbour_price\n\n\n"
        price = "def price(count):\n    return count * (neighbour_price(1) + 1)\n\n\n"
    else:
        price = "def price(count):\n    return count * 2\n\n\n"
    wrong = "-" if number == 7 else "+"
    total = "def total(counts):\n    result = 0\n    for each in counts:\n"
    total += f"        result = result {wrong} price(each)\n    return result\n\n\n"
    unit = f"class Unit{number}:\n    def __init__(self, count):\n        self.count = count\n\n"
    return head + price + total + unit + "    def cost(self):\n        return price(self.count)\n"


def first_verdict_s(repo: Path, options: Sequence[str]) -> float:
    """Seconds from the start of `graft fix` to its first verdict; the run is ended then."""
    started = time.monotonic()
    process = subprocess.Popen(
        [GRAFT, "fix", repo, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while time.monotonic() - started < LIMIT_S:
            if any(path.stat().st_size for path in repo.glob(".graft/runs/*/verdicts.jsonl")):
                return time.monotonic() - started
            if process.poll() is not None:
                raise SystemExit(f"graft fix ended with {process.returncode} before it tried a candidate")
            time.sleep(0.01)
        raise SystemExit(f"graft fix tried no candidate within {LIMIT_S} s")
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="runs the tests")
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as folder:
        repo = Path(folder).resolve()
        write_project(repo)
        python = ["--python", str(arguments.python)]
        lines = ["| start | median s | slowest s |", "|---|---|---|"]
        for name, indexed, options in (
            ("failing test given, never indexed", False, ["--test", FAILING]),
            ("failing test given, indexed before", True, ["--test", FAILING]),
            ("failing test to be found, indexed before", True, []),
        ):
            times = []
            for _ in range(arguments.rounds):
                shutil.rmtree(repo / ".graft" / "runs" if indexed else repo / ".graft", ignore_errors=True)
                times.append(first_verdict_s(repo, [*python, *options]))
            lines.append(f"| {name} | {statistics.median(times):.2f} | {max(times):.2f} |")
            print("\n".join(lines[-1:]), flush=True)
    print("\n".join(lines))
    if arguments.record:
        record("Start to first candidate", "\n".join(lines))


if __name__ == "__main__":
    main()
