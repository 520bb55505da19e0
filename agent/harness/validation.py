"""Try many candidates on a few failing tests, on all workers at once, each the fastest way that is safe for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from agent.errors import AgentError, SandboxDied
from agent.harness.through import command_report, strict, with_cpu_limits
from agent.harness.types import Framework, RunReport, Tier
from agent.harness.warmth import QUICK, Warmth, WarmUp
from agent.harness.worker import TestJob, TestLimits, Worker
from agent.sandbox.types import Killed
from agent.types import Candidate, Verdict

Files = Mapping[str, bytes | None]
Work = tuple[Candidate, Files]
"""A candidate and the content of the files that it changes; None deletes."""
OnResult = Callable[[Candidate, tuple[Verdict, ...], Killed | None], None]
TestFiles = Callable[[str], bool]


class Validator:
    """Keeps workers warm from one call to the next, as long as tests and files stay the same or fewer."""

    def __init__(
        self,
        worker_at: Callable[[int], Worker],
        count: int,
        framework: Framework,
        options: Mapping[str, Any],
        is_base_file: TestFiles,
    ) -> None:
        self._worker_at = worker_at
        self._count = count
        self._framework = framework
        self._options = options
        self._is_base_file = is_base_file
        self._tests: tuple[str, ...] = ()
        self._warmth = Warmth(frozenset())
        self._warm: dict[int, Warmth] = {}
        self._told: set[str] = set()

    def new_reasons(self) -> list[str]:
        """Why slower tiers are used, each said once."""
        fresh = [reason for reason in self._warmth.reasons if reason not in self._told]
        self._told.update(fresh)
        return fresh

    def validate(
        self,
        work: Sequence[Work],
        tests: Sequence[str],
        base: Mapping[str, Verdict],
        limits: TestLimits,
        on_result: OnResult,
        stop: Callable[[], bool],
    ) -> None:
        """Call `on_result` for each candidate that was tried. Raises what ended the last worker.

        While the first worker finds out what may be kept warm, the others use fresh processes.
        """
        warm_up = self._warm_up(work, tests, base, limits, stop)
        quick = with_cpu_limits(limits, base, tests)
        round_ = _Round(self, iter(work), tuple(tests), quick, on_result, stop, warm_up)
        count = min(self._count, len(work))
        threads = [
            threading.Thread(target=round_.serve, args=(place,), name=f"validate-{place}", daemon=True)
            for place in range(count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if round_.failures and len(round_.failures) == count:
            raise round_.failures[0]

    def _warm_up(
        self,
        work: Sequence[Work],
        tests: Sequence[str],
        base: Mapping[str, Verdict],
        limits: TestLimits,
        stop: Callable[[], bool],
    ) -> Callable[[], None] | None:
        """What works out a new warmth on the first worker, if these tests and files need one."""
        paths = {path for _, files in work for path in files if self._is_base_file(path)}
        known = bool(self._tests) and set(tests) <= set(self._tests)
        hopeless = not self._warmth.plans
        if (
            self._framework == "command"
            or not paths
            or (known and (hopeless or paths <= self._warmth.forbidden))
        ):
            return None
        forbidden = paths | self._warmth.forbidden
        self._tests, self._warmth = tuple(tests), Warmth(frozenset())

        def prepare() -> None:
            worker = self._worker_at(0)
            warmth = WarmUp(worker, self._framework, base, limits, self._options, stop).prepare(
                tests, forbidden
            )
            self._warm = {0: warmth}
            self._warmth = warmth

        return prepare

    def worker(self, place: int) -> Worker:
        """A worker with its warm processes started."""
        worker = self._worker_at(place)
        if self._warm.get(place) is not self._warmth:
            warmth = self._warmth
            for tier in (Tier.SCREENED, Tier.FORKED):
                worker.cool(tier)
                if tier in warmth.plans:
                    worker.warm(tier, warmth.plans[tier])
            self._warm[place] = warmth
        return worker

    def run_forked(
        self, place: int, files: Files, tests: Sequence[str], limits: TestLimits, stop_at_first: bool
    ) -> RunReport | None:
        """Run any tests in a fork of pytest, or None where no warm process is safe for these files."""
        if Tier.FORKED not in self._warmth.plans or not self._warmth.serves(files):
            return None
        try:
            worker = self.worker(place)
            options = {**self._options, **QUICK, "stop": stop_at_first}
            transcript = worker.run(TestJob("run", tests, limits, files, options), Tier.FORKED)
        except SandboxDied:
            return None
        if not transcript.finished:
            return None
        return transcript.report(tests, Tier.FORKED, stop_at_first)

    def try_candidate(
        self, worker: Worker, files: Files, tests: Sequence[str], limits: TestLimits
    ) -> RunReport:
        """The fastest tier that is safe. What a warm process cannot do, a fresh one does."""
        if self._framework == "command":
            return command_report(tests[0], worker.run_command(tests[0], files, limits.of_job(1)))
        if self._warmth.serves(files):
            try:
                report = self._try_warm(worker, files, tests, limits)
            except SandboxDied:
                report = None
            if report is not None and report.killed != "died":
                return report
        return self._try(worker, Tier.FRESH, files, tests, limits, {})

    def _try_warm(
        self, worker: Worker, files: Files, tests: Sequence[str], limits: TestLimits
    ) -> RunReport | None:
        screened = [test for test in self._warmth.screened_tests if test in tests]
        if screened and worker.is_warm(Tier.SCREENED):
            plans = [plan for plan in self._warmth.screening["plans"] if plan["id"] in screened]
            options = {**self._warmth.screening, "plans": plans}
            report = self._try(worker, Tier.SCREENED, files, screened, limits, options)
            if not report.ok:
                return report
        if not worker.is_warm(Tier.FORKED):
            return None
        return self._try(worker, Tier.FORKED, files, tests, limits, QUICK)

    def _try(
        self,
        worker: Worker,
        tier: Tier,
        files: Files,
        tests: Sequence[str],
        limits: TestLimits,
        options: Mapping[str, Any],
    ) -> RunReport:
        mode = "screen" if tier is Tier.SCREENED else "run"
        job = TestJob(mode, tests, limits, files, {**self._options, "stop": True, **options})
        return strict(worker.run(job, tier).report(tests, tier, stop_at_first=True), {})


class _Round:
    """One call of `validate`: workers draw from one list and report one at a time."""

    def __init__(
        self,
        validator: Validator,
        work: Iterator[Work],
        tests: tuple[str, ...],
        limits: TestLimits,
        on_result: OnResult,
        stop: Callable[[], bool],
        warm_up: Callable[[], None] | None,
    ) -> None:
        self._validator = validator
        self._warm_up = warm_up
        self._work = work
        self._tests = tests
        self._limits = limits
        self._on_result = on_result
        self._stop = stop
        self._lock = threading.Lock()
        self.failures: list[BaseException] = []

    def serve(self, place: int) -> None:
        try:
            if place == 0 and self._warm_up is not None:
                self._warm_up()
            while (drawn := self._draw()) is not None:
                candidate, files = drawn
                worker = self._validator.worker(place)
                report = self._validator.try_candidate(worker, files, self._tests, self._limits)
                if report.killed != "cancelled":
                    with self._lock:
                        self._on_result(candidate, report.verdicts, report.killed)
        except (AgentError, OSError) as error:
            self.failures.append(error)

    def _draw(self) -> Work | None:
        if self._stop():
            return None
        with self._lock:
            return next(self._work, None)
