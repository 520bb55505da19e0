"""How long a sandbox takes to start over a plain process, and what a warm job costs.

Run: python tests/bench/sandbox_start.py [PYTHON]
Processor time is told beside wall time, because a busy machine only stretches the latter.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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


def bench(sandbox: Sandbox, repo: Path) -> None:
    python = Path(sys.argv[1] if len(sys.argv) > 1 else sys.executable)
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
        print(f"{sandbox.name:12} {name:20} {wall_ms:8.1f} ms   processor {processor_ms:6.1f} ms")
    session = sandbox.open(spec)
    session.start_zygote("small", [str(python), str(ZYGOTE)], {}, limit_s=30)
    job = Job(zygote="small", payload={"program": "-", "code": "pass"}, files={"module.py": b"VALUE = 2\n"})
    started_s = time.perf_counter()
    for _ in range(JOBS):
        assert session.run(job).ok
    wall_ms = 1000 * (time.perf_counter() - started_s) / JOBS
    print(f"{sandbox.name:12} {'warm job':20} {wall_ms:8.2f} ms   {1000 / wall_ms:6.0f} a second")
    session.close()


def main() -> None:
    from agent.sandbox.bubblewrap import Bubblewrap
    from agent.sandbox.landlock import Landlock

    print("\n".join(f"{name}: {reason or 'works here'}" for name, reason in describe()))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "module.py").write_text("VALUE = 1\n")
        for sandbox in (Bubblewrap(), Landlock()):
            try:
                bench(sandbox, Path(folder))
            except SandboxUnavailable as error:
                print(f"{sandbox.name}: {error}")


if __name__ == "__main__":
    main()
