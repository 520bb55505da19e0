"""Run a list of tests to its end, going on after each one that brings its process down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from agent.harness.transcript import LOADING, Transcript
from agent.harness.types import RunReport, TestRun, Tier
from agent.harness.worker import Heard, TestLimits
from agent.types import Outcome, Verdict

MAX_RESTARTS = 25
HANGING_LIMIT_S, HANGING_CPU_S = 2.0, 0.4
"""A candidate may take this long on a test that hangs on the base, whose proper duration nobody knows."""
LEAST_CPU_S = 0.25
"""Processor time that any test may take on a candidate; most candidates that spin do so for ever."""
LEAST_LIMIT_S = 1.0
SLACK = 10.0
"""How many times a test's duration on the base a candidate may take."""
TRACE_SLOWDOWN = 5.0
"""How much slower a traced test may be."""
LEAST_LOADING_S = 5.0

RunJob = Callable[[Sequence[str], Heard], Transcript]
Progress = Callable[[str, int, int | None], None]


def limit_of(verdict: Verdict, slowdown: float = 1.0) -> float:
    """Seconds that a test may take, by what it did on the base."""
    if verdict.outcome is Outcome.TIMEOUT:
        return HANGING_LIMIT_S
    return slowdown * max(LEAST_LIMIT_S, SLACK * verdict.seconds)


def run_through(
    run_job: RunJob, tests: Sequence[str], stop_at_first: bool, over: Callable[[], bool], progress: Progress
) -> RunReport:
    """A verdict for each test (none given: for all that there are). `over` is asked before each restart."""
    wanted, left = list(tests), list(tests)
    reports: list[RunReport] = []
    done = 0

    def heard(transcript: Transcript) -> None:
        if transcript.verdicts:
            known = len(wanted) or len(transcript.collected)
            progress("running the tests", done + len(transcript.verdicts), known)

    for _ in range(MAX_RESTARTS):
        transcript = run_job(left, heard)
        done += len(transcript.verdicts)
        wanted = wanted or list(transcript.collected)
        reports.append(transcript.report(left, Tier.FRESH, stop_at_first))
        left = _not_reached(transcript, left or transcript.collected)
        failed = any(not verdict.outcome.ok for verdict in reports[-1].verdicts)
        if not left or (failed and stop_at_first) or over():
            break
    return _joined(reports, wanted, stop_at_first)


def _not_reached(transcript: Transcript, order: Sequence[str]) -> list[str]:
    """What a run that was brought down left over; nothing where that happened before the first test."""
    if transcript.finished or transcript.begun in ([], [LOADING]):
        return []
    begun, collected = set(transcript.begun), set(transcript.collected)
    return [test for test in order if test in collected and test not in begun]


def _joined(reports: Sequence[RunReport], order: Sequence[str], stop_at_first: bool) -> RunReport:
    """One report of several; of two verdicts on a test the later one counts."""
    runs: dict[str, TestRun] = {}
    import_lines: dict[str, frozenset[int]] = {}
    for report in reports:
        runs.update({run.verdict.test: run for run in report.runs})
        for path, lines in report.import_lines.items():
            import_lines[path] = import_lines.get(path, frozenset()) | lines
    in_order = [runs[test] for test in dict.fromkeys(order) if test in runs]
    failed = next((place for place, run in enumerate(in_order) if not run.verdict.outcome.ok), None)
    if stop_at_first and failed is not None:
        in_order = in_order[: failed + 1]
    return RunReport(
        runs=tuple(in_order),
        tier=Tier.FRESH,
        seconds=sum(report.seconds for report in reports),
        loading_s=max(report.loading_s for report in reports),
        import_lines=import_lines,
        problems=tuple(dict.fromkeys(problem for report in reports for problem in report.problems)),
        killed=reports[-1].killed,
        output=b"".join(report.output for report in reports),
    )


def command_report(command: str, transcript: Transcript) -> RunReport:
    """A user's own test command as one test: it passes if it exits with 0."""
    end = transcript.end
    assert end is not None
    outcome = Outcome.PASSED if end.ok else Outcome.FAILED
    if end.killed is not None:
        outcome = Outcome.TIMEOUT if end.killed == "time" else Outcome.CRASHED
    message = "" if end.ok else f"exit code {end.exit_code}\n{end.output.decode('utf-8', 'replace')[-2000:]}"
    verdict = Verdict(command, outcome, end.seconds, message=message)
    return RunReport((TestRun(verdict),), Tier.FRESH, end.seconds, killed=end.killed, output=end.output)


def strict(report: RunReport, base: Mapping[str, Verdict]) -> RunReport:
    """A candidate's report in which a test counts as failed if the candidate makes it be skipped."""

    def judged(run: TestRun) -> TestRun:
        known = base.get(run.verdict.test)
        was_skipped = known is not None and known.outcome is Outcome.SKIPPED
        if run.verdict.outcome is not Outcome.SKIPPED or was_skipped:
            return run
        words = f"it is skipped, though it ran on the base: {run.verdict.message}"
        return replace(run, verdict=replace(run.verdict, outcome=Outcome.FAILED, message=words))

    return replace(report, runs=tuple(map(judged, report.runs)))


def only_run(report: RunReport) -> RunReport:
    """Less the tests that were never reached."""
    return replace(
        report, runs=tuple(run for run in report.runs if run.verdict.outcome is not Outcome.MISSING)
    )


def limits_by(
    base: Mapping[str, Verdict],
    tests: Sequence[str],
    default_s: float,
    loading_s: float,
    traced: bool = False,
) -> TestLimits:
    """Limits by what each test took on the base; `default_s` where that is not known. No tests means all."""
    slowdown = TRACE_SLOWDOWN if traced else 1.0
    known = {test: limit_of(base[test], slowdown) for test in tests or base if test in base}
    return TestLimits(default_s=slowdown * default_s, loading_s=loading_s, tests=known)


def with_cpu_limits(limits: TestLimits, base: Mapping[str, Verdict], tests: Sequence[str]) -> TestLimits:
    """The same with processor time bounded, for the many candidates of a search."""
    known = (base[test] for test in tests if test in base)
    return replace(
        limits,
        cpu={
            verdict.test: HANGING_CPU_S
            if verdict.outcome is Outcome.TIMEOUT
            else max(LEAST_CPU_S, SLACK * verdict.seconds)
            for verdict in known
        },
    )


def loading_limit(seen_s: float) -> float:
    """Seconds that loading may take on a candidate, by what it took on the base."""
    return max(LEAST_LOADING_S, SLACK * seen_s)
