"""`graft index`: bring the repository graph up to date and say what that took."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.graph.opened import store_option

if TYPE_CHECKING:
    from index.types import UpdateReport
    from index.vectors import VectorReport

SKIPPED_SHOWN = 10


@click.command(
    name="index",
    short_help="Bring the repository graph up to date.",
    epilog="Exit: 0 done, 2 bad usage, 3 environment broken or internal error, 130 cancelled. "
    "Ctrl-C ends --watch with 0.",
)
@click.argument("repo", default=".", type=click.Path(path_type=Path))
@store_option
@click.option(
    "--watch",
    "watching",
    is_flag=True,
    help="Follow the tree's changes until Ctrl-C; vectors are made in between.",
)
@click.option(
    "--vectors/--no-vectors",
    default=None,
    help="Also make vectors of what definitions mean, for `graft locate`; or delete them. "
    "[default: keep up those that there are]",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object on stdout, and nothing else; with --watch one a line for each update.",
)
def command(repo: Path, store: str | None, watching: bool, vectors: bool | None, as_json: bool) -> int:
    """Parse what changed in REPO since the last time and store its graph.

    REPO is a folder [default: the current one]. The graph is kept in .graft/ unless index.store says
    otherwise. A neo4j: store, shared by many, gets the graph of the commit that is checked out; what is not
    committed is not sent, but kept in .graft/ by the commands that ask.
    """
    from agent.config import load_config
    from tui.arguments import repository

    root = repository(repo)
    url = load_config(repo, {"index.store": store}).index.store
    if watching:
        from tui.watching import follow

        follow(root, url, vectors=vectors, as_json=as_json)
        return 0
    report, embedded = _updated(root, url, vectors)
    if as_json:
        from tui.console import print_json

        print_json(to_json(report) | {"vectors": dataclasses.asdict(embedded) if embedded else None})
    else:
        _show(report)
        if embedded is not None:
            click.echo(
                f"vectors: {embedded.files} files, {embedded.embedded} texts embedded, {embedded.kept} as before"
            )
    return 0


def to_json(report: UpdateReport) -> dict[str, Any]:
    """A report as the documented object."""
    skipped = [{"path": path, "reason": reason} for path, reason in report.skipped]
    return {"schema": 1, **dataclasses.asdict(report), "skipped": skipped}


def _updated(root: Path, store: str, vectors: bool | None) -> tuple[UpdateReport, VectorReport | None]:
    from index.graph import index_tree, index_vectors
    from tui.progress import graph_progress, shown_progress
    from tui.stopping import stoppable

    with stoppable() as cancelled, shown_progress() as observe:
        report = index_tree(root, store, graph_progress(observe, "index"), cancelled)
        return report, index_vectors(root, store, vectors, graph_progress(observe, "vectors"), cancelled)


def _show(report: UpdateReport) -> None:
    click.echo(
        f"{report.files_seen} files: {report.files_parsed} parsed, {report.files_removed} removed, "
        f"{report.files_skipped} skipped; {report.symbols} symbols, {report.edges} edges; "
        f"{report.seconds:.2f} s"
    )
    for path, reason in report.skipped[:SKIPPED_SHOWN]:
        click.echo(f"  skipped {path}: {reason}")
    if len(report.skipped) > SKIPPED_SHOWN:
        click.echo(f"  and {len(report.skipped) - SKIPPED_SHOWN} more; --json lists them all")
