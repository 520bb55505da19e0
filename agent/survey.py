"""The whole suite on the base tree, traced in the background while the first candidates run.

It answers two questions: which lines do passing tests run (for the plan), and which tests could a patch break.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from agent.artefacts import target_tests
from agent.errors import AgentError
from agent.harness.types import CoveredLines
from agent.suspicion import Spectrum, file_of_test
from agent.types import Candidate, Outcome

if TYPE_CHECKING:
    from agent.harness.testbed import Testbed
    from agent.harness.types import Discovery
    from agent.workbench import Workbench

MAX_NEAR_FILES = 8
"""Test files that are run where the suite as a whole takes too long."""
MAX_GUARDS = 400
"""Tests that a patch is checked against; those that run most of the changed lines come first."""


class Survey:
    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._outcomes: dict[str, Outcome] = {}
        self._lines: dict[str, CoveredLines] = {}
        self._thread: threading.Thread | None = None
        self._finished = threading.Event()
        self._closing = False
        self._testbed: Testbed | None = None

    def know(self, found: Discovery) -> None:
        """Take over what a run of the suite has shown already."""
        self._outcomes.update({verdict.test: verdict.outcome for verdict in found.verdicts})

    @property
    def known(self) -> int:
        """Tests whose outcome is known."""
        return len(self._outcomes)

    @property
    def is_blind(self) -> bool:
        """Whether no other test's outcome is known, since tracing the suite takes longer than the search may."""
        return not (self._finished.is_set() or self._outcomes or self._bench.task.test_command)

    def start(self) -> None:
        """Begin tracing in the background; a second call does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._trace, name="survey", daemon=True)
            self._thread.start()

    def _trace(self) -> None:
        try:
            passing = [test for test, outcome in self._outcomes.items() if outcome is Outcome.PASSED]
            if self._outcomes and not passing:
                return
            self._testbed = self._bench.testbed.companion()
            report = self._testbed.spectrum(passing or None, cancelled=self._stopped)
            for run in report.runs:
                self._outcomes[run.verdict.test] = run.verdict.outcome
                if run.verdict.outcome is Outcome.PASSED:
                    self._lines[run.verdict.test] = run.lines
        except AgentError as error:
            self._bench.note(f"The suite could not be traced: {error}")
        finally:
            self._finished.set()

    def _stopped(self) -> bool:
        return self._closing or self._bench.cancelled()

    def spectrum(self) -> Spectrum:
        """Lines of passing tests; empty while tracing still goes on."""
        if not self._finished.is_set():
            return Spectrum()
        return Spectrum.of(self._lines.values())

    def guards(self, candidate: Candidate) -> tuple[str, ...]:
        """Tests that pass on the base and could notice this patch, the nearest first.

        Waits for the tracing to end, as long as the search may take. Without a trace: tests that reach the
        changed files by the graph.
        """
        self.start()
        while not self._finished.wait(0.1) and self._bench.search_left_s() > 0:
            self._bench.check()
        changed = self._bench.affected_lines(candidate)
        targets = set(target_tests(self._bench.folder))
        if self._lines:
            shared = {test: _shared(lines, changed) for test, lines in self._lines.items()}
            touching = [test for test, count in shared.items() if count and test not in targets]
            return tuple(sorted(touching, key=lambda test: (-shared[test], test))[:MAX_GUARDS])
        near = set(self._bench.graph.tests_for(candidate.paths))
        passing = [test for test, outcome in self._outcomes.items() if outcome is Outcome.PASSED]
        nearby = [test for test in passing if file_of_test(test, near) in near and test not in targets]
        return tuple(nearby[:MAX_GUARDS])

    def others(self, candidate: Candidate, met: Collection[str]) -> tuple[str, ...]:
        """Tests that pass on the base and are not among `met`, those near the patch by the graph first.

        No trace ties them to the change. But a result that an earlier test had cached, or code that ran when the
        modules were loaded, leaves no line in the trace of the test that depends on it.
        """
        near = self._bench.graph.tests_for(candidate.paths)
        if self.is_blind:
            self._run_on_base(near[:MAX_NEAR_FILES])
        passing = [test for test, outcome in self._outcomes.items() if outcome is Outcome.PASSED]
        left = [test for test in passing if test not in set(met)]
        places = {path: place for place, path in enumerate(near)}
        return tuple(sorted(left, key=lambda test: places.get(file_of_test(test, near), len(near))))

    def _run_on_base(self, files: Sequence[str]) -> None:
        """Learn the outcomes of the tests in these files, where those of the whole suite cannot be had."""

        def stop() -> bool:
            return self._bench.cancelled() or self._bench.left_s() <= 0

        inside = self._bench.testbed.tests_in(files, cancelled=stop) if files else {}
        tests = [test for found in inside.values() for test in found]
        if tests and not stop():
            report = self._bench.testbed.run(None, tests, cancelled=stop)
            self._outcomes.update({run.verdict.test: run.verdict.outcome for run in report.runs})

    def close(self) -> None:
        self._closing = True
        if self._testbed is not None:
            self._testbed.close()
        if self._thread is not None:
            self._thread.join(timeout=10)


def _shared(lines: CoveredLines, changed: Mapping[str, frozenset[int]]) -> int:
    return sum(len(lines.get(path, frozenset()) & of_path) for path, of_path in changed.items())
