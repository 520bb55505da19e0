"""Prepare warm processes for a set of tests and of files that may change, and prove them on the base tree.

A tier is used only if the base's verdicts come out of it as they came out of a fresh process.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.errors import SandboxDied
from agent.harness.types import Framework, Tier
from agent.harness.warm import Recon, WarmPlan, plan_warm, recon_from, same_verdicts, without
from agent.harness.worker import TestJob, TestLimits, Worker, zygote_refusal
from agent.types import Outcome, Verdict

MAX_CULPRITS = 8
"""Modules to give up before a warm process is given up."""
QUICK = {"quick": True}


@dataclass(frozen=True)
class Warmth:
    """Which tiers may be used for which files, and why others may not."""

    forbidden: frozenset[str]
    """Files that candidates may change: those asked for, and those that are not loaded because of them."""
    plans: Mapping[Tier, WarmPlan] = field(default_factory=dict)
    screening: Mapping[str, Any] = field(default_factory=dict)
    """Options of a screening job, less its tests."""
    screened_tests: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why faster tiers are not used, for people."""

    def serves(self, files: Mapping[str, bytes | None]) -> bool:
        return bool(self.plans) and self.forbidden.issuperset(files) and None not in files.values()


class WarmUp:
    """Works out one Warmth on one worker. `base` holds the tests' verdicts on the base."""

    def __init__(
        self,
        worker: Worker,
        framework: Framework,
        base: Mapping[str, Verdict],
        limits: TestLimits,
        options: Mapping[str, Any],
        cancelled: Callable[[], bool],
    ) -> None:
        self._worker = worker
        self._framework = framework
        self._base = base
        self._limits = limits
        self._options = options
        self._cancelled = cancelled
        self._reasons: list[str] = []

    def prepare(self, tests: Sequence[str], changed_paths: Collection[str]) -> Warmth:
        forbidden = frozenset(changed_paths)
        hostile = (Outcome.TIMEOUT, Outcome.CRASHED)
        run = all(self._base[test].outcome not in hostile for test in tests)
        recon = self._recon(TestJob("run", tests, self._limits, options={"collect_only": not run}))
        if recon is None:
            return Warmth(forbidden, reasons=tuple(self._reasons))
        plans: dict[Tier, WarmPlan] = {}
        if self._warm(Tier.FORKED, recon, forbidden, tests, plans) and not self._proven(
            Tier.FORKED, tests, {}
        ):
            self._give_up(Tier.FORKED, plans)
        screening, screened = self._screening(recon, forbidden, tests, run, plans)
        if plans:
            forbidden = frozenset.intersection(*(frozenset(plan.forbidden) for plan in plans.values()))
        return Warmth(forbidden, plans, screening, screened, tuple(self._reasons))

    def _recon(self, job: TestJob) -> Recon | None:
        options = {**self._options, **job.options, "recon": True}
        transcript = self._worker.run(TestJob(job.mode, job.tests, job.limits, options=options), Tier.FRESH)
        if transcript.recon is None:
            self._reasons.append("The imports of the tests could not be recorded.")
            return None
        return recon_from(transcript.recon)

    def _screening(
        self,
        recon: Recon,
        forbidden: frozenset[str],
        tests: Sequence[str],
        run: bool,
        plans: dict[Tier, WarmPlan],
    ) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """The screening tier: its own, smaller reconnaissance, then a proof test by test."""
        by_id = {str(plan["id"]): plan for plan in recon.plans}
        plain = [test for test in tests if test in by_id]
        if not plain:
            if self._framework == "pytest":
                self._reasons.append(recon.obstacle or "The failing tests use fixtures or marks.")
            return {}, ()
        screening = {"path": list(recon.path), "conftests": list(recon.conftests)}
        options = {**screening, "plans": [by_id[test] for test in plain]}
        small = self._recon(
            TestJob("screen", plain, self._limits, options={**options, "collect_only": not run})
        )
        if small is None or not self._warm(Tier.SCREENED, small, forbidden, plain, plans):
            return {}, ()
        proven = self._proven(Tier.SCREENED, plain, options)
        if not proven:
            self._give_up(Tier.SCREENED, plans)
            return {}, ()
        return {**screening, "plans": [by_id[test] for test in proven]}, tuple(proven)

    def _warm(
        self,
        tier: Tier,
        recon: Recon,
        forbidden: frozenset[str],
        tests: Sequence[str],
        plans: dict[Tier, WarmPlan],
    ) -> bool:
        plan = plan_warm(recon, forbidden, test_files(recon, tests))
        if tier is Tier.FORKED and self._framework == "pytest":
            start = {**self._options, **QUICK, "mode": "run", "tests": list(tests), "stop": True}
            plan = replace(plan, start=start)
        for _ in range(MAX_CULPRITS):
            if self._cancelled():
                return False
            try:
                culprit, reason = zygote_refusal(self._worker.warm(tier, plan))
            except SandboxDied as error:
                culprit, reason = "", str(error)
            if not reason:
                plans[tier] = plan
                return True
            self._worker.cool(tier)
            if not culprit:
                break
            plan = without(plan, recon, culprit)
        self._reasons.append(f"No warm process ({tier}): {reason}.")
        return False

    def _proven(self, tier: Tier, tests: Sequence[str], options: Mapping[str, Any]) -> list[str]:
        """Tests whose verdict on the base is the same here; for the framework's own fork, all or none."""
        mode = "screen" if tier is Tier.SCREENED else "run"
        job = TestJob(mode, tests, self._limits, options={**self._options, **QUICK, **options})
        try:
            report = self._worker.run(job, tier).report(tests, tier)
        except SandboxDied as error:
            self._reasons.append(f"The warm process ({tier}) did not survive the base tree: {error}")
            return []
        same = same_verdicts(report.verdicts, [self._base[test] for test in tests])
        if tier is Tier.SCREENED:
            return same
        if len(same) < len(tests):
            odd = next(test for test in tests if test not in same)
            self._reasons.append(f"{odd} behaves differently in a warm process; fresh ones are used.")
            return []
        return same

    def _give_up(self, tier: Tier, plans: dict[Tier, WarmPlan]) -> None:
        self._worker.cool(tier)
        plans.pop(tier, None)


def test_files(recon: Recon, tests: Sequence[str]) -> frozenset[str]:
    """The files that hold these tests, by pytest's ids or by unittest's dotted names."""
    files = {test.partition("::")[0] for test in tests if "::" in test}
    dotted = [test for test in tests if "::" not in test]
    files.update(path for name, path in recon.modules if any(test.startswith(f"{name}.") for test in dotted))
    return frozenset(files)
