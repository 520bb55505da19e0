"""How long a sandbox takes to start over a plain process, and what a warm job costs.

Run: python tests/bench/sandbox_start.py [--python PATH] [--record]
Processor time is told beside wall time, because a busy machine only stretches the latter.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from results import record

from agent.errors import SandboxUnavailable
from agent.sandbox.open import describe
from agent.sandbox.types import Job, Sandbox, SandboxSpec

ROUNDS, JOBS = 20, 300
ZYGOTE = Path(__file__).parents[1] / "agent" / "hostile" / "zygote.py"


def measure(action: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Median wall time and mean processor time of what `action` starts and waits for, in milliseconds."""
    walls = []
    before = _children_s()
    for _ in range(rounds):
        started_s = time.perf_counter()
        action()
        walls.append(time.perf_counter() - started_s)
    return 1000 * statistics.median(walls), 1000 * (_children_s() - before) / rounds


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def bench(sandbox: Sandbox, repo: Path, python: Path) -> Iterator[str]:
    """One row of the table after the other."""
    spec = SandboxSpec(repo, python, readable=(ZYGOTE,), environment={"PATH": "/usr/bin:/bin"})
    argv = [str(python), "-I", "-S", "-B", "-c", "pass"]

    def plain() -> None:
        subprocess.run(argv, check=True)

    def start() -> None:
        sandbox.open(spec).close()

    def start_and_run() -> None:
        session = sandbox.open(spec)
        session.run(Job(argv=argv))
        session.close()

    for name, action in (
        ("plain process", plain),
        ("start and end", start),
        ("with one process", start_and_run),
    ):
        wall_ms, processor_ms = measure(action)
        yield f"| {sandbox.name} | {name} | {wall_ms:.1f} | {processor_ms:.1f} |"
    session = sandbox.open(spec)
    session.start_zygote("small", [str(python), str(ZYGOTE)], {}, limit_s=30)
    job = Job(zygote="small", payload={"program": "-", "code": "pass"}, files={"module.py": b"VALUE = 2\n"})
    started_s = time.perf_counter()
    for _ in range(JOBS):
        assert session.run(job).ok
    wall_ms = 1000 * (time.perf_counter() - started_s) / JOBS
    session.close()
    yield f"| {sandbox.name} | warm job | {wall_ms:.2f} | |"


def main() -> None:
    from agent.sandbox.bubblewrap import Bubblewrap
    from agent.sandbox.landlock import Landlock

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    arguments = parser.parse_args()
    print("\n".join(f"{name}: {reason or 'works here'}" for name, reason in describe()))
    lines = ["| sandbox | what | wall ms | processor ms |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "module.py").write_text("VALUE = 1\n")
        for sandbox in (Bubblewrap(), Landlock()):
            try:
                for line in bench(sandbox, Path(folder), arguments.python):
                    lines.append(line)
                    print(line, flush=True)
            except SandboxUnavailable as error:
                print(f"{sandbox.name}: {error}")
    if arguments.record:
        record("Sandbox start", "\n".join(lines))


if __name__ == "__main__":
    main()
