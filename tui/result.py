"""The end of `graft fix` for a person: what was done, the diff, the evidence, the next command."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from tui.console import console

if TYPE_CHECKING:
    from rich.console import Console

    from agent.fix import FixResult

TESTS_SHOWN = 3


def show_result(result: FixResult) -> None:
    """Print the result on stdout."""
    target = console()
    target.print(result.message or result.status, style="bold green" if result.patch else "bold yellow")
    if result.patch:
        target.print()
        show_diff(target, result.patch)
        target.print()
    for label, text in evidence(result):
        target.print(f"{label:<12} {text}")
    target.print(f"{'Report':<12} {_nearby(result.report_path)}")
    target.print(f"{'Next':<12} {next_command(result)}")


def show_diff(target: Console, patch: str) -> None:
    """Print a unified diff, one style per kind of line."""
    from rich.text import Text

    for line in patch.splitlines():
        target.print(Text(line, style=_diff_style(line)))


def _diff_style(line: str) -> str:
    if line.startswith(("diff ", "index ", "--- ", "+++ ", "new file", "deleted file")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")


def evidence(result: FixResult) -> list[tuple[str, str]]:
    """What speaks for the result, as (label, text): tests, regressions, the search."""
    lines = []
    if result.fixed:
        more = len(result.fixed) - TESTS_SHOWN
        shown = ", ".join(result.fixed[:TESTS_SHOWN]) + (f" and {more} more" if more > 0 else "")
        lines.append(("Now passing", shown))
    if result.patch:
        broken = f"{len(result.regressed)} broken" if result.regressed else "none broken"
        lines.append(("Other tests", f"{result.passed} pass, {broken}"))
    confidence = f"confidence {result.confidence:.2f}; " if result.patch else ""
    lines.append(
        (
            "Search",
            f"{confidence}{result.tried} candidates tried, {result.plausible} passed, {result.seconds:.1f} s",
        )
    )
    return lines


def next_command(result: FixResult) -> str:
    """What to type next, given how the run ended."""
    patch = shlex.quote(str(_nearby(result.folder / "patch.diff")))
    match result.status:
        case "patched" if result.applied:
            return "git diff"
        case "patched":
            return f"git apply {patch}"
        case "no_failing_test":
            return "graft fix --test NODEID, with a test that fails because of the issue"
        case "abstained":
            best = shlex.quote(str(_nearby(result.folder / "best.diff")))
            return f"read the report; then, if you agree with its best patch: git apply {best}"
        case _:
            return "read the report; more time may help: graft fix --budget-s N"


def _nearby(path: Path) -> Path:
    """The path as it is shortest to type from here."""
    here = Path.cwd()
    return Path(os.path.relpath(path)) if path.is_relative_to(here) else path
