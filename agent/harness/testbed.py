"""Run a repository's tests on its base tree and on candidate trees. Knows nothing of how candidates are made.

Every run happens in a sandbox, over a throw-away view of the user's tree as it is.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from agent.errors import SandboxDied
from agent.harness.behaviour import probe_job, probe_results, recorded_inputs
from agent.harness.framework import choose_framework, environment_for, unittest_start, uses_pytest
from agent.harness.interpreter import Interpreter, find_interpreter
from agent.harness.regression import Regressions, Run
from agent.harness.through import (
    Progress,
    command_report,
    limits_by,
    loading_limit,
    only_run,
    run_through,
    strict,
)
from agent.harness.transcript import Transcript
from agent.harness.types import (
    Discovery,
    Framework,
    RecordedInputs,
    Regression,
    Reproduction,
    RunReport,
    Tier,
)
from agent.harness.validation import Files, OnResult, Validator, Work
from agent.harness.worker import Heard, TestJob, TestLimits, Worker
from agent.sandbox.types import Limits, Sandbox, SandboxSpec
from agent.types import Failure, Outcome, Verdict

if TYPE_CHECKING:
    from agent.config import Config
    from agent.fix import FixOptions

MIB = 1 << 20
Item = TypeVar("Item")
POLL_S = 0.05
LOADING_LIMIT_S = 60.0
HANGING_AFTER_S = 10.0
HANGING_SHARE = 0.1
"""A test is taken to hang after this part of a run's budget."""
LEAST_HANGING_S = 3.0
LEAST_UNKNOWN_S = 1.5
"""What a test of unknown duration may take at least, after others have hung."""
MAX_TRACED_HANGING = 2
"""Tests that hang are traced to their limit; the lines of a few are enough."""
Cancelled = Callable[[], bool]
OnGuarded = Callable[[int, tuple[Verdict, ...]], None]


def never() -> bool:
    return False


def ignore_progress(text: str, done: int, total: int | None) -> None:
    """Take no notice."""


class Testbed:
    """Tests of one repository under one interpreter. Close it: it holds sandboxes.

    Calls come from one thread at a time; `cancelled` is asked from others, often.
    """

    __test__ = False

    def __init__(
        self,
        repo: Path,
        interpreter: Interpreter,
        sandbox: Sandbox,
        *,
        framework: Framework = "pytest",
        test_command: str | None = None,
        limits: Limits | None = None,
        seed: int = 0,
        workers: int = 1,
        environment: Mapping[str, str] | None = None,
        readable: tuple[Path, ...] = (),
        test_limit_s: float = 60.0,
        suite_limit_s: float = 600.0,
        hanging_after_s: float = HANGING_AFTER_S,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.repo = repo
        self.interpreter = interpreter
        self.framework = framework
        self.seed = seed
        self.test_limit_s = test_limit_s
        self.suite_limit_s = suite_limit_s
        self.hanging_after_s = min(hanging_after_s, test_limit_s)
        """A given test of unknown duration that runs longer is taken to hang."""
        self._command = test_command or ""
        self._sandbox = sandbox
        self._spec = SandboxSpec(
            repo=repo,
            python=interpreter.path,
            readable=(*interpreter.readable(repo), *readable),
            environment=environment_for(interpreter, seed, environment or {}),
            limits=limits or Limits(),
        )
        self._count = max(1, workers)
        self._note = note
        self._workers: list[Worker] = []
        self._opening = threading.Lock()
        self._closed = False
        self._base: dict[str, Verdict] = {}
        self._loading_s = 0.0
        self._validator: Validator | None = None
        self._regressions = Regressions(note)

    @property
    def interpreter_words(self) -> str:
        return self.interpreter.words

    @property
    def sandbox_name(self) -> str:
        return self._sandbox.name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """End all that runs here. May be called from any thread."""
        with self._opening:
            self._closed = True
            workers, self._workers = self._workers, []
        for worker in workers:
            worker.close()

    def companion(self) -> Testbed:
        """A second test bed like this one, with a sandbox of its own, for work in another thread."""
        other = Testbed(
            self.repo,
            self.interpreter,
            self._sandbox,
            framework=self.framework,
            test_command=self._command,
            seed=self.seed,
            test_limit_s=self.test_limit_s,
            suite_limit_s=self.suite_limit_s,
            hanging_after_s=self.hanging_after_s,
            note=self._note,
        )
        other._spec = self._spec
        other._base = dict(self._base)
        return other

    # The base tree

    def discover(self, cancelled: Cancelled = never, progress: Progress = ignore_progress) -> Discovery:
        """Run the whole suite on the base within `suite_limit_s`."""
        started = time.monotonic()
        limit_s = min(2 * self.hanging_after_s, self.test_limit_s)
        report = self._run_through([], {}, cancelled, progress, default_s=limit_s, whole_s=self.suite_limit_s)
        self._learn(report)
        late = any(run.verdict.outcome is Outcome.MISSING for run in report.runs)
        return Discovery(
            framework=self.framework,
            tests=tuple(run.verdict.test for run in report.runs),
            verdicts=only_run(report).verdicts,
            problems=report.problems,
            complete=not late and report.killed is None,
            seconds=time.monotonic() - started,
        )

    def reproduce(self, tests: Sequence[str], cancelled: Cancelled = never) -> Reproduction:
        """Run tests on the base a second time and traced: which fail for certain, which now and then."""
        unknown = [test for test in tests if test not in self._base]
        if unknown:
            self._learn(self._run_through(unknown, {}, cancelled, default_s=self.hanging_after_s))
        hanging = [test for test in tests if self._is_hanging(test)][MAX_TRACED_HANGING:]
        traced = self._run_through(
            [test for test in tests if test not in hanging], {"trace": True}, cancelled
        )
        failures, flaky = [], []
        for run in traced.runs:
            first = self._base.get(run.verdict.test, run.verdict)
            fails = (not first.outcome.ok, not run.verdict.outcome.ok)
            if all(fails):
                failures.append(Failure(first, run.lines))
            elif any(fails):
                flaky.append(run.verdict.test)
        failures += [Failure(self._base[test]) for test in hanging]
        return Reproduction(tuple(failures), tuple(flaky), traced.import_lines)

    def _is_hanging(self, test: str) -> bool:
        return test in self._base and self._base[test].outcome is Outcome.TIMEOUT

    def tests_in(self, nodes: Sequence[str], cancelled: Cancelled = never) -> dict[str, tuple[str, ...]]:
        """Ids of the tests that each file, folder, class or parametrised function holds; none for an unknown one."""
        report = self._run_through([], {"collect_only": True, "paths": list(nodes)}, cancelled)
        known = [run.verdict.test for run in report.runs]
        return {
            node: tuple(
                test for test in known if test.startswith(tuple(node.rstrip("/") + mark for mark in "/:[."))
            )
            for node in nodes
        }

    def spectrum(self, tests: Sequence[str] | None = None, cancelled: Cancelled = never) -> RunReport:
        """Trace these tests, or the whole suite, on the base: lines per test, for fault localisation."""
        report = self._run_through(tests or [], {"trace": True}, cancelled, whole_s=self.suite_limit_s)
        return only_run(report)

    # Candidate trees

    def run(
        self,
        files: Files | None,
        tests: Sequence[str],
        *,
        stop_at_first: bool = False,
        trace: bool = False,
        cancelled: Cancelled = never,
    ) -> RunReport:
        """Run tests on a candidate's tree (or the base) in a fresh process."""
        options = {"trace": trace, "stop": stop_at_first}
        return self._run_through(tests, options, cancelled, files=files or {})

    def validate_many(
        self, work: Sequence[Work], tests: Sequence[str], on_result: OnResult, stop: Cancelled = never
    ) -> None:
        """Try candidates on failing tests, each until its first failure, on all workers at once.

        `on_result(candidate, verdicts, killed)` is called for each that was tried, one call at a time, from
        other threads. Raises SandboxDied or SandboxUnavailable where no worker is left.
        """
        unknown = [test for test in tests if test not in self._base]
        if unknown and self.framework != "command":
            self._learn(self._run_through(unknown, {}, stop, default_s=self.hanging_after_s))
        if self._validator is None:
            self._validator = Validator(
                self._worker, self._count, self.framework, self._options(), self._is_base_file
            )
        with self._watching(stop):
            limits = replace(self._limits(tests), loading_s=loading_limit(self._loading_s))
            self._validator.validate(work, tests, self._base, limits, on_result, stop)
        for reason in self._validator.new_reasons():
            self._note(reason)

    def regressions(
        self, work: Sequence[tuple[Files, Sequence[str]]], on_result: OnGuarded, stop: Cancelled = never
    ) -> None:
        """Try trees on tests that pass on the base, each up to its first real regression, on all workers at once.

        `on_result(number, verdicts)` is called for each tree that was tried, one call at a time, from other
        threads; flaky tests are left out.
        """
        waiting = deque(enumerate(work))
        telling = threading.Lock()

        def serve(place: int) -> None:
            run, plain = self._warm_runner(place, stop), self._fresh_runner(place, stop)
            for number, (files, tests) in _drained(waiting, stop):
                verdicts = self._regressions.check(run, plain, files, tests, stop)
                if not stop():
                    with telling:
                        on_result(number, verdicts)

        self._on_all_workers(serve, len(work), stop)

    def is_regression(self, files: Files, test: str, before: Sequence[str] = ()) -> Regression:
        """Whether a test that failed on a tree is a regression; see `Regressions.judge`."""
        return self._regressions.judge(self._fresh_runner(0, never), files, test, before)

    def _fresh_runner(self, place: int, cancelled: Cancelled) -> Run:
        def run(files: Files, tests: Sequence[str], stop_at_first: bool) -> RunReport:
            options = {"stop": stop_at_first}
            return strict(self._run_through(tests, options, cancelled, files=files, place=place), self._base)

        return run

    def _warm_runner(self, place: int, cancelled: Cancelled) -> Run:
        """Runs tests in a fork where the validator has a process warm that is safe for the tree."""
        fresh = self._fresh_runner(place, cancelled)

        def run(files: Files, tests: Sequence[str], stop_at_first: bool) -> RunReport:
            if self._validator is None or self.framework != "pytest":
                return fresh(files, tests, stop_at_first)
            report = self._validator.run_forked(
                place, files, tests, self._limits(tests, self.hanging_after_s), stop_at_first
            )
            return fresh(files, tests, stop_at_first) if report is None else strict(report, self._base)

        return run

    def _on_all_workers(self, serve: Callable[[int], None], most: int, cancelled: Cancelled) -> None:
        """Call `serve(place)` for every worker in a thread of its own. Raises what one of them raised."""
        count = max(1, min(self._count, most))
        with self._watching(cancelled), ThreadPoolExecutor(count, "worker") as pool:
            list(pool.map(serve, range(count)))

    def confirm_cold(
        self, files: Files, tests: Sequence[str], cancelled: Cancelled = never
    ) -> tuple[Verdict, ...]:
        """Run tests on a candidate's tree by the plain test command; its exit code must agree."""
        if self.framework == "command":
            return self._run_through(tests, {}, cancelled, files=files).verdicts
        job = TestJob("cold", tests, self._limits(tests), files, self._options())
        with self._watching(cancelled):
            transcript = self._worker(0).run(job, Tier.COLD)
        verdicts = strict(transcript.report(tests, Tier.COLD), self._base).verdicts
        end = transcript.end
        if end is not None and not end.ok and all(verdict.outcome.ok for verdict in verdicts):
            words = f"every test passed, but the test command ended with exit code {end.exit_code}"
            return (*verdicts[:-1], replace(verdicts[-1], outcome=Outcome.CRASHED, message=words))
        return verdicts

    def record_calls(
        self,
        functions: Sequence[tuple[str, str]],
        tests: Sequence[str],
        files: Files | None = None,
        cancelled: Cancelled = never,
    ) -> RecordedInputs:
        """What tests pass to functions, given as (path, qualified name), on a candidate's tree or the base.

        Nothing for a test command.
        """
        if self.framework == "command" or not functions:
            return RecordedInputs()
        limits = self._limits(tests, self.hanging_after_s, traced=True)
        options = {**self._options(), "functions": [list(each) for each in functions]}
        job = TestJob("run", tests, limits, files or {}, options, ("probe.py", "record"))
        with self._watching(cancelled):
            return recorded_inputs(self._worker(0).run(job, Tier.FRESH))

    def probe(
        self,
        trees: Sequence[Files],
        inputs: RecordedInputs,
        *,
        seed: int = 0,
        cancelled: Cancelled = never,
        progress: Progress = ignore_progress,
    ) -> list[tuple[str, ...]]:
        """What the functions do on the inputs and on mutations of them, per tree: one text each, in a fixed order.

        `progress` may be called from other threads.
        """
        waiting = deque(enumerate(trees))
        found: dict[int, tuple[str, ...]] = {}

        def serve(place: int) -> None:
            for number, files in _drained(waiting, cancelled):
                transcript = self._worker(place).run(probe_job(files, inputs, seed), Tier.FRESH)
                found[number] = probe_results(transcript, inputs)
                progress("comparing behaviour", len(found), len(trees))

        self._on_all_workers(serve, len(trees), cancelled)
        return [found.get(number, ()) for number in range(len(trees))]

    # Running

    def _run_through(
        self,
        tests: Sequence[str],
        options: Mapping[str, Any],
        cancelled: Cancelled,
        progress: Progress = ignore_progress,
        *,
        files: Files | None = None,
        default_s: float | None = None,
        whole_s: float | None = None,
        place: int = 0,
    ) -> RunReport:
        """Run tests (none given: all) in fresh processes. `default_s` limits tests of unknown duration."""
        end_s = None if whole_s is None else time.monotonic() + whole_s
        unknown_s = default_s or self.test_limit_s
        hung = 0

        def run_job(left: Sequence[str], heard: Heard) -> Transcript:
            nonlocal hung
            # Where one test hangs, the next one likely does for the same reason.
            limit_s = max(min(unknown_s, LEAST_UNKNOWN_S), unknown_s / (1 + hung))
            limits = self._limits(left, limit_s, traced=bool(options.get("trace")))
            if end_s is not None:
                limits = replace(limits, whole_s=max(0.0, end_s - time.monotonic()))
            job = TestJob("run", left, limits, files or {}, {**self._options(), **options})
            transcript = self._worker(place).run(job, Tier.FRESH, heard)
            hung += transcript.end is not None and transcript.end.killed == "time"
            return transcript

        def over() -> bool:
            return cancelled() or (end_s is not None and time.monotonic() >= end_s)

        with self._watching(cancelled):
            if self.framework == "command":
                limit_s = self.suite_limit_s if whole_s is None else whole_s
                done = self._worker(place).run_command(self._command, files or {}, limit_s)
                return command_report(self._command, done)
            return run_through(run_job, tests, bool(options.get("stop")), over, progress)

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"seed": self.seed}
        if self.framework == "unittest":
            options["start"] = unittest_start(self.repo)
        return options

    def _limits(
        self, tests: Sequence[str], default_s: float | None = None, traced: bool = False
    ) -> TestLimits:
        return limits_by(self._base, tests, default_s or self.test_limit_s, LOADING_LIMIT_S, traced)

    def _is_base_file(self, path: str) -> bool:
        return (self.repo / path).is_file()

    def _learn(self, report: RunReport) -> None:
        self._base.update({run.verdict.test: run.verdict for run in report.runs})
        self._loading_s = max(self._loading_s, report.loading_s)

    def _worker(self, place: int) -> Worker:
        """The worker at a place, opened when first needed. Raises SandboxUnavailable, SandboxDied once closed."""
        with self._opening:
            if self._closed:
                raise SandboxDied("The test bed was closed. Open another one.")
            while len(self._workers) <= place:
                session = self._sandbox.open(self._spec)
                self._workers.append(Worker(session, self.interpreter, self.framework))
            return self._workers[place]

    @contextmanager
    def _watching(self, cancelled: Cancelled) -> Iterator[None]:
        """End the jobs in progress once `cancelled` turns true."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(POLL_S):
                if cancelled():
                    for worker in list(self._workers):
                        worker.cancel()

        watcher = threading.Thread(target=watch, name="cancel", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def _drained(waiting: deque[Item], stop: Cancelled) -> Iterator[Item]:
    """Take items until none is left or it is time to stop; several threads may do so at once."""
    while not stop():
        try:
            yield waiting.popleft()
        except IndexError:
            return


def open_testbed(
    options: FixOptions, config: Config, repo: Path, note: Callable[[str], None] = lambda text: None
) -> Testbed:
    """The test bed that options and settings ask for; flags win.

    Raises SandboxUnavailable, InterpreterBroken, or EnvironmentBroken where the test runner is missing.
    """
    from agent.sandbox.open import choose_sandbox

    settings, held = config.tests, config.sandbox
    budget_s = config.fix.budget_s if options.budget_s is None else options.budget_s
    command = options.test_command or settings.command
    needs_pytest = not command and settings.framework != "unittest" and uses_pytest(repo)
    interpreter = find_interpreter(repo, settings.python, named=options.python, needs_pytest=needs_pytest)
    return Testbed(
        repo,
        interpreter,
        choose_sandbox(held.backend),
        framework=choose_framework(repo, interpreter, settings.framework, command),
        test_command=command,
        limits=Limits(
            memory_bytes=held.memory_mb * MIB, processes=held.processes, disk_bytes=held.disk_mb * MIB
        ),
        seed=config.fix.seed if options.seed is None else options.seed,
        workers=config.fix.workers or len(os.sched_getaffinity(0)),
        environment=held.environment,
        readable=tuple(held.readable),
        test_limit_s=settings.test_limit_s,
        suite_limit_s=settings.suite_limit_s,
        hanging_after_s=max(LEAST_HANGING_S, HANGING_SHARE * budget_s),
        note=note,
    )
