"""Small projects and test beds for the harness's tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.harness.framework import choose_framework
from agent.harness.interpreter import ask
from agent.harness.testbed import Testbed
from agent.sandbox.open import choose_sandbox
from agent.types import Candidate, Outcome, Verdict

LEAN = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""The developer's plugins are of no use here and take seconds to load."""


def write_project(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """A folder with these files, its path without links."""
    root = root.resolve()
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


@contextmanager
def open_bed(repo: Path, **settings: Any) -> Iterator[Testbed]:
    """A test bed with the interpreter that runs these tests, in the sandbox that works here."""
    interpreter = ask(Path(settings.pop("python", sys.executable)), "for this test")
    settings.setdefault("environment", LEAN)
    framework = settings.pop("framework", None)
    framework = framework or choose_framework(repo, interpreter, "auto", settings.get("test_command"))
    sandbox = choose_sandbox(settings.pop("backend", "auto"))
    with Testbed(repo, interpreter, sandbox, framework=framework, **settings) as bed:
        yield bed


def outcomes(verdicts: tuple[Verdict, ...]) -> dict[str, Outcome]:
    return {verdict.test: verdict.outcome for verdict in verdicts}


def candidate(name: str) -> Candidate:
    """A candidate that is known by its note only."""
    return Candidate((), "test", "test", name, 0.0)


def validate(
    bed: Testbed, trees: Mapping[str, Mapping[str, str | None]], tests: list[str]
) -> dict[str, bool]:
    """Try trees by name; whether each passed."""
    passed: dict[str, bool] = {}
    work = [
        (candidate(name), {path: None if text is None else text.encode() for path, text in files.items()})
        for name, files in trees.items()
    ]

    def on_result(tried: Candidate, verdicts: tuple[Verdict, ...], killed: str | None) -> None:
        passed[tried.note] = (
            killed is None and len(verdicts) == len(tests) and all(v.outcome.ok for v in verdicts)
        )

    bed.validate_many(work, tests, on_result)
    return passed
