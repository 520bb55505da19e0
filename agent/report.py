"""The report of a run, for a tired maintainer: what was wrong, where, what proves the patch, what else."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.artefacts import Decision
from agent.fix import FixResult
from agent.types import Candidate, Failure, SuspiciousFile

MAX_TESTS = 20
MAX_MESSAGE_LINES = 25


@dataclass(frozen=True)
class Evidence:
    """What the report may show beside the result."""

    failures: Sequence[Failure]
    suspects: Sequence[SuspiciousFile]
    decision: Decision | None
    candidates: Mapping[str, Candidate]
    """Candidates that the decision names, by id."""
    best_rejected: str
    """The patch that would have been chosen, had it been believed enough; else empty."""
    notes: Sequence[str]
    interpreter: str
    sandbox: str


def render(result: FixResult, evidence: Evidence) -> str:
    """Markdown."""
    sections = [
        f"# {_headline(result)}\n\n{result.message}\n",
        _wrong(evidence.failures),
        _where(result, evidence),
        _patch(result, evidence),
        _evidence(result, evidence),
        _alternatives(evidence),
        _notes(result, evidence),
    ]
    return "\n".join(section for section in sections if section)


def _headline(result: FixResult) -> str:
    return {
        "patched": "A patch was found",
        "abstained": "Patches pass, but none can be trusted",
        "none": "No patch was found",
        "no_failing_test": "No failing test",
        "error": "The run failed",
    }[result.status]


def _wrong(failures: Sequence[Failure]) -> str:
    if not failures:
        return ""
    parts = ["## What was wrong\n"]
    for failure in failures[:3]:
        verdict = failure.verdict
        message = "\n".join(verdict.message.splitlines()[:MAX_MESSAGE_LINES])
        parts.append(f"`{verdict.test}` {verdict.outcome.value}")
        parts.append(_fenced(message) if message else "")
    if len(failures) > 3:
        parts.append(f"and {len(failures) - 3} more tests.\n")
    return "\n".join(part for part in parts if part)


def _where(result: FixResult, evidence: Evidence) -> str:
    if not evidence.suspects:
        return ""
    patched = set(result.files)
    rows = ["## Where\n", "| file | suspicion | why |", "|---|---|---|"]
    shown = [file for place, file in enumerate(evidence.suspects) if place < 5 or file.path in patched]
    for file in shown:
        mark = " (patched)" if file.path in patched else ""
        rows.append(f"| `{file.path}`{mark} | {file.score:.2f} | {'; '.join(file.reasons)} |")
    return "\n".join(rows) + "\n"


def _patch(result: FixResult, evidence: Evidence) -> str:
    if evidence.best_rejected:
        return f"## The best of them\n\n{_fenced(evidence.best_rejected.rstrip(), 'diff')}"
    if result.patch is None:
        return ""
    command = f"git apply {shlex.quote(str(result.folder / 'patch.diff'))}"
    how = "It is applied." if result.applied else f"Apply it with `{command}`."
    return f"## The patch\n\n{_fenced(result.patch.rstrip(), 'diff')}\n{how}\n"


def _evidence(result: FixResult, evidence: Evidence) -> str:
    decision = evidence.decision
    if decision is None or not decision.rivals:
        return ""
    own = decision.rivals[0]
    rows = [
        "## Evidence\n",
        f"- Failing before, passing now: {_listed([each.verdict.test for each in evidence.failures])}",
        f"- Still passing: {len(decision.guards)} other tests",
        "- Confirmed by the plain test command in a fresh process.",
        f"- Candidates tried: {result.tried}; passing the failing tests: {result.plausible}",
    ]
    if decision.probes:
        rows.append(
            f"- On {decision.probes} further inputs the patch changes {own.changed} results; "
            f"patches found that behave like it: {own.patches}."
        )
    rows.append(f"- Confidence: {result.confidence:.2f}")
    return "\n".join(rows) + "\n"


def _alternatives(evidence: Evidence) -> str:
    decision = evidence.decision
    if decision is None or not (decision.rivals[1:] or decision.dropped):
        return ""
    rows = ["## Alternatives\n", "| change | why not |", "|---|---|"]
    rows += [
        f"| {_cell(evidence.candidates[patch].note)} | {_cell(reason)} |"
        for patch, reason in why_not(decision).items()
    ]
    return "\n".join(rows) + "\n"


def why_not(decision: Decision) -> dict[str, str]:
    """By patch that was not chosen: the reason in a few words."""
    reasons = {
        rival.patch: (
            f"behaves differently on {rival.differs} of {decision.probes} further inputs, believed {rival.share:.0%}"
            if decision.probes
            else f"could not be compared by behaviour, believed {rival.share:.0%}"
        )
        for rival in decision.rivals[1:]
    }
    return {**reasons, **decision.dropped}


def _notes(result: FixResult, evidence: Evidence) -> str:
    rows = ["## Run\n", f"- Run `{result.run}`, {result.seconds:.1f} s"]
    rows.append(f"- Tests ran under {evidence.interpreter} in the {evidence.sandbox} sandbox")
    rows += [f"- {note}" for note in dict.fromkeys(evidence.notes)]
    return "\n".join(rows) + "\n"


def _listed(tests: Sequence[str]) -> str:
    shown = ", ".join(f"`{test}`" for test in tests[:MAX_TESTS])
    return shown + (f" and {len(tests) - MAX_TESTS} more" if len(tests) > MAX_TESTS else "")


def _fenced(text: str, language: str = "") -> str:
    """A code block that the text cannot end: its fence is longer than any inside."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
