"""`graft doctor`: print what is here, what is missing, and how to get it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

MARKS = {"ok": "✓", "off": "-", "warning": "!", "missing": "✗"}
STYLES = {"ok": "green", "off": "dim", "warning": "yellow", "missing": "bold red"}


@click.command(
    name="doctor",
    short_help="Check every part, and say how to get what is missing.",
    epilog="Exit: 0 ready, 2 bad usage, 3 something is missing.",
)
@click.argument("repo", default=".", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, and nothing else.")
def command(repo: Path, as_json: bool) -> int:
    """Look at everything that a run in REPO [default: the current folder] needs."""
    from tui.arguments import existing_folder
    from tui.console import console, print_json
    from tui.doctor import examine

    folder = existing_folder(repo)
    if as_json:
        checks = list(examine(folder))
        ready = all(check.status != "missing" for check in checks)
        print_json({"schema": 1, "ready": ready, "checks": [dataclasses.asdict(check) for check in checks]})
        return 0 if ready else 3
    target = console()
    ready = True
    for check in examine(folder):
        ready = ready and check.status != "missing"
        found = " ".join(filter(None, [check.version, check.detail]))
        target.print(f"{MARKS[check.status]} {check.name:<28} {found}", style=STYLES[check.status])
        if check.remedy:
            target.print(f"  {'':<28} {check.remedy}")
    target.print("Ready." if ready else "Not ready: see the lines marked ✗.")
    return 0 if ready else 3
