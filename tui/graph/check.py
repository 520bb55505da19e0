"""`graft graph check`: whether the graph holds together."""

from __future__ import annotations

from pathlib import Path

import click

from tui.graph.opened import graph_options, opened_graph

FAULTS_SHOWN = 50


@click.command(
    name="check",
    short_help="Verify that the graph holds together.",
    epilog="Exit: 0 all is well, 1 something is wrong, 2 bad usage, 3 environment broken or internal error, "
    "130 cancelled.",
)
@click.argument("repo", default=".", type=click.Path(path_type=Path))
@click.option("--rebuild", is_flag=True, help="Build the graph anew beside it, and compare.")
@graph_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, and nothing else.")
def command(repo: Path, rebuild: bool, store: str | None, no_update: bool, as_json: bool) -> int:
    """Verify the graph of REPO [default: the current folder], and print what is wrong.

    Every edge's ends exist, every span lies in its file and holds its name, uids are unique, no row is left over.
    """
    from index.check import check_graph, compare_with_rebuild
    from tui.console import print_json
    from tui.progress import graph_progress, shown_progress
    from tui.stopping import stoppable

    with opened_graph(repo, store, update=not no_update) as graph:
        with stoppable() as cancelled, shown_progress() as observe:
            progress = graph_progress(observe, "check")
            faults = list(check_graph(graph.store, graph.root, progress, cancelled))
            if rebuild:
                faults += compare_with_rebuild(graph.store, graph.root, progress, cancelled)
        files = graph.store.counts().files
    if as_json:
        print_json({"schema": 1, "files": files, "faults": faults})
    else:
        for fault in faults[:FAULTS_SHOWN]:
            click.echo(fault)
        more = f"; {len(faults) - FAULTS_SHOWN} more in --json" if len(faults) > FAULTS_SHOWN else ""
        click.echo(f"{files} files checked: {len(faults) or 'no'} fault{'s' * (len(faults) != 1)}{more}.")
    return 1 if faults else 0
