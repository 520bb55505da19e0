"""Repair a repository from a program of your own: `python fix_issue_headless.py REPO ISSUE.md [NODEID…]`.

The same loop as `graft fix`, with the events in your hands.
"""

from __future__ import annotations

import sys
from pathlib import Path

from agent.config import load_config
from agent.errors import AgentError
from agent.events import Event, Note, StepStarted
from agent.fix import FixOptions, fix


def tell(event: Event) -> None:
    match event:
        case StepStarted(step=step, text=text):
            print(f"{step}: {text}", file=sys.stderr)
        case Note(text=text):
            print(f"note: {text}", file=sys.stderr)


def main(repo: str, issue: str, *tests: str) -> int:
    options = FixOptions(
        repo=Path(repo), issue=Path(issue).read_text(encoding="utf-8"), tests=tests, budget_s=120.0
    )
    try:
        result = fix(options, load_config(options.repo), observe=tell)
    except AgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(result.patch or result.message)
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
