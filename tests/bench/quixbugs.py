"""Run the installed `graft fix` on the 40 one-line bugs of QuixBugs, programs that nobody here wrote or tuned on.

    python tests/bench/quixbugs.py --checkout DIR [--budget-s 60] [--programs gcd,sieve]
                                   [--python PATH] [--out FILE] [--record]

`DIR` is a checkout of jkoppel/QuixBugs. Each program becomes a small repository with its own test file and
data. The fault counts as found if a patch is given; its whole test file passes then. The patches are kept in the
output, to be read beside the published fixes. Exit: 0 ran to the end, 2 bad usage.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from repository import commit_all
from results import machine, record


@dataclass(frozen=True, slots=True)
class Attempt:
    program: str
    status: str
    tried: int
    seconds: float
    confidence: float
    patch: str


def materialise(checkout: Path, program: str, folder: Path) -> Path:
    """The program, its tests and their data as a git repository. Returns the test file."""
    test = folder / f"python_testcases/test_{program}.py"
    wanted = [
        "conftest.py",
        f"python_programs/{program}.py",
        "python_programs/node.py",
        f"python_testcases/test_{program}.py",
        "python_testcases/load_testdata.py",
        "python_testcases/node.py",
        f"json_testcases/{program}.json",
    ]
    for path in wanted:
        source = checkout / path
        if source.exists():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(source.read_bytes())
    commit_all(folder)
    return test


def attempt(checkout: Path, program: str, budget_s: float, python: Path) -> Attempt:
    with tempfile.TemporaryDirectory(prefix=f"quixbugs-{program}-") as place:
        test = materialise(checkout, program, Path(place))
        command = [
            str(Path(sys.executable).with_name("graft")),
            *("fix", place, "--json", "--python", str(python)),
            *("--test", test.relative_to(place).as_posix(), "--budget-s", str(budget_s)),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=budget_s + 240)
    try:
        result = json.loads(done.stdout)
    except ValueError:
        return Attempt(program, f"broken: {done.stderr[-300:]}", 0, 0.0, 0.0, "")
    alternatives = [each["patch"] for each in result.get("alternatives", [])]
    patch = result.get("patch") or next(iter(alternatives), "")
    return Attempt(
        program=program,
        status=result["status"],
        tried=result.get("candidates", {}).get("tried", 0),
        seconds=result.get("seconds", 0.0),
        confidence=result.get("confidence", 0.0),
        patch=patch,
    )


def table(attempts: list[Attempt]) -> str:
    """One row a program; the changed lines of the patch as they are in the diff."""
    lines = ["| program | status | tried | s | confidence | change |", "|---|---|---|---|---|---|"]
    for each in attempts:
        changed = [line for line in each.patch.splitlines() if re.match(r"[-+](?![-+]{2} )", line)]
        words = " ".join(f"`{line[0]} {line[1:].strip()}`" for line in changed).replace("|", "\\|")
        counts = f"{each.tried} | {each.seconds:.1f} | {each.confidence:.2f}"
        lines.append(f"| {each.program} | {each.status} | {counts} | {words} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkout", type=Path, required=True)
    parser.add_argument("--budget-s", type=float, default=60.0)
    parser.add_argument("--programs", default="")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="runs the tests")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    options = parser.parse_args()
    found = sorted(path.stem[5:] for path in (options.checkout / "python_testcases").glob("test_*.py"))
    programs = options.programs.split(",") if options.programs else found
    attempts = []
    for program in programs:
        result = attempt(options.checkout, program, options.budget_s, options.python)
        attempts.append(result)
        print(f"{program:32} {result.status:12} {result.tried:6} tried {result.seconds:7.1f} s", flush=True)
    patched = [each for each in attempts if each.status == "patched"]
    tried = statistics.median(each.tried for each in patched) if patched else 0
    seconds = statistics.median(each.seconds for each in patched) if patched else 0
    closing = (
        f"{len(patched)} of {len(attempts)} programs patched within {options.budget_s:g} s each; "
        f"median of these: {tried:g} candidates tried, {seconds:.1f} s."
    )
    print(f"\n{closing}")
    if options.record:
        record("QuixBugs", f"{closing}\n\n{table(attempts)}")
    if options.out:
        data = {"machine": machine(), "budget_s": options.budget_s}
        data["attempts"] = [asdict(each) for each in attempts]
        options.out.write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
