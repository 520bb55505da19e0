"""One sandbox and its warm processes: run a test job on a tree, hear it out. Knows no policy about verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.harness.interpreter import Interpreter
from agent.harness.transcript import LOADING, Transcript
from agent.harness.types import Framework, Tier
from agent.harness.warm import WarmPlan
from agent.sandbox.types import Job, Line, SandboxSession

ZYGOTE_LIMIT_S = 60.0
START = (
    "import sys, types; sys.path[:1] = []; name = 'graft_runner'; "
    "module = sys.modules[name] = types.ModuleType(name); module.__file__ = sys.argv[1]; "
    "exec(compile(open(sys.argv[1], 'rb').read(), sys.argv[1], 'exec'), module.__dict__); "
    "module.main(sys.argv[2])"
)
"""Runs a program of ours by its path, with nothing of its folder or the tree on `sys.path`."""


Heard = Callable[[Transcript], None]
"""Called after each line of a job's channel."""


@dataclass(frozen=True, slots=True)
class TestLimits:
    """Seconds that tests may take. `tests` by id; `default_s` for others; `loading_s` before the first one.

    `cpu` by id, in processor time: what spins is ended sooner than what waits on a busy machine.
    """

    __test__ = False

    default_s: float
    loading_s: float
    tests: Mapping[str, float] = field(default_factory=dict)
    whole_s: float | None = None
    cpu: Mapping[str, float] = field(default_factory=dict)

    def of_job(self, count: int) -> float:
        """The limit of a job that runs `count` tests."""
        each_s = sum(self.tests.values()) + self.default_s * max(0, count - len(self.tests))
        longest_s = self.loading_s + max(each_s, self.default_s)
        return longest_s if self.whole_s is None else min(longest_s, self.whole_s)


@dataclass(frozen=True, slots=True)
class TestJob:
    """What to run. `options` go to the runner as they are."""

    __test__ = False

    mode: str
    tests: Sequence[str]
    limits: TestLimits
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    program: tuple[str, str] = ("runner.py", "job")
    """What a fresh process runs, and in which of its modes."""


class Worker:
    """Runs one job at a time; each of its warm processes has a name and a plan."""

    def __init__(self, session: SandboxSession, interpreter: Interpreter, framework: Framework) -> None:
        self._session = session
        self._interpreter = interpreter
        self._framework = framework
        self._zygotes: set[Tier] = set()

    def argv(self, program: str, mode: str) -> list[str]:
        return [str(self._interpreter.path), "-B", "-c", START, f"{self._session.tools}/{program}", mode]

    def warm(self, tier: Tier, plan: WarmPlan) -> Mapping[str, Any]:
        """Start the warm process of a tier anew. Raises SandboxDied where it does not start."""
        self.cool(tier)
        argv = self.argv("runner.py", "zygote")
        ready = self._session.start_zygote(tier.value, argv, plan.payload(), ZYGOTE_LIMIT_S)
        self._zygotes.add(tier)
        return ready

    def cool(self, tier: Tier) -> None:
        if tier in self._zygotes:
            self._zygotes.discard(tier)
            self._session.stop_zygote(tier.value)

    def is_warm(self, tier: Tier) -> bool:
        return tier in self._zygotes

    def run(self, job: TestJob, tier: Tier, heard: Heard | None = None) -> Transcript:
        """Run a job to its end. Raises SandboxDied where its warm process cannot be had again."""
        payload = {
            "mode": job.mode,
            "framework": self._framework,
            "tests": list(job.tests),
            "changed": list(job.files),
            **job.options,
        }
        warm = tier in (Tier.SCREENED, Tier.FORKED)
        return self.run_program(
            Job(
                argv=() if warm else self.argv(*job.program),
                zygote=tier.value if warm else None,
                payload=payload,
                files=job.files,
                limit_s=job.limits.of_job(len(job.tests)),
                test_limits_s={
                    "*": job.limits.default_s,
                    LOADING: job.limits.loading_s,
                    **job.limits.tests,
                },
                test_cpu_s=job.limits.cpu,
            ),
            heard,
        )

    def run_program(self, job: Job, heard: Heard | None = None) -> Transcript:
        transcript = Transcript()

        def on_line(line: Line) -> None:
            transcript.add(line)
            if heard is not None:
                heard(transcript)

        transcript.end = self._session.run(job, on_line)
        return transcript

    def run_command(self, command: str, files: Mapping[str, bytes | None], limit_s: float) -> Transcript:
        """Run a shell command of the user's on a tree; its exit code is the only verdict."""
        return self.run_program(Job(argv=("/bin/sh", "-c", command), files=files, limit_s=limit_s))

    def cancel(self) -> None:
        self._session.cancel()

    def close(self) -> None:
        self._session.close()


def zygote_refusal(ready: Mapping[str, Any]) -> tuple[str, str]:
    """(module at fault, reason) where a warm process must not be used; empty strings where it may."""
    culprit = str(ready.get("culprit", ""))
    if culprit:
        return culprit, f"{culprit} cannot be loaded before the fork"
    if int(ready.get("threads", 1)) > 1:
        return "", "loading the project's dependencies starts threads, which do not survive a fork"
    return "", ""
