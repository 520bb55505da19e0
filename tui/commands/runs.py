"""`graft runs`: list, show and clean the records that `graft fix` leaves in `.graft/runs/`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from agent.runs import RunSummary

repo_option = click.option(
    "--repo",
    default=".",
    type=click.Path(path_type=Path),
    metavar="REPO",
    help="[default: the current folder]",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout, and nothing else."
)


@click.group(
    name="runs",
    short_help="List, show and clean earlier runs.",
    epilog="Exit: 0 done, 2 bad usage, 3 environment broken or internal error.",
)
def command() -> None:
    """List, show and clean the records of `graft fix`."""


@command.command(name="list", short_help="Every run, newest first.")
@repo_option
@json_option
def list_command(repo: Path, as_json: bool) -> int:
    """Print every run of the repository, newest first."""
    from agent.runs import list_runs
    from tui.arguments import repository
    from tui.console import print_json

    runs = list_runs(repository(repo))
    if as_json:
        print_json({"schema": 1, "runs": [_to_json(run) for run in runs]})
        return 0
    if not runs:
        click.echo("No runs yet. Start one with `graft fix`.")
    for run in runs:
        seconds = "" if run.seconds is None else f"{run.seconds:.1f} s"
        click.echo(f"{run.id}  {run.status:<15} {seconds:>9}  {' '.join(run.tests)}".rstrip())
    return 0


@command.command(name="show", short_help="One run: its result and its report.")
@click.argument("run_id", metavar="RUN")
@repo_option
@json_option
def show_command(run_id: str, repo: Path, as_json: bool) -> int:
    """Print the report of RUN; with --json, its result.json."""
    from agent.runs import RunFolder, read_run
    from tui.arguments import repository
    from tui.console import print_json

    root = repository(repo)
    run = read_run(root, run_id)
    folder = RunFolder.open(root, run_id)
    if as_json:
        result = folder.read_json("result.json") if folder.has("result.json") else None
        print_json({"schema": 1, **_to_json(run), "result": result})
    elif folder.has("report.md"):
        click.echo((folder.path / "report.md").read_text(encoding="utf-8", errors="replace"), nl=False)
    else:
        click.echo(f"{run.id}: {run.status}, started {run.started:%Y-%m-%d %H:%M:%S}. No report yet.")
        if run.status == "interrupted":
            click.echo(f"Continue it with `graft fix --resume {run.id}`.")
    return 0


@command.command(name="clean", short_help="Delete old runs.")
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    default=30.0,
    metavar="DAYS",
    help="Keep what is younger, in days; 0 deletes all that have ended. [default: 30]",
)
@repo_option
@json_option
def clean_command(older_than: float, repo: Path, as_json: bool) -> int:
    """Delete runs that ended or were interrupted; a run in progress always stays."""
    from agent.runs import clean_runs
    from tui.arguments import repository
    from tui.console import print_json

    removed = clean_runs(repository(repo), older_than)
    if as_json:
        print_json({"schema": 1, "removed": removed})
    else:
        click.echo(f"{len(removed)} deleted.")
    return 0


def _to_json(run: RunSummary) -> dict[str, Any]:
    return {
        "run": run.id,
        "started": run.started.isoformat(),
        "status": run.status,
        "seconds": run.seconds,
        "tests": list(run.tests),
        "folder": str(run.folder),
    }
