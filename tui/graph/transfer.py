"""`graft graph export` and `graft graph import`: a whole graph as one stream of JSON lines."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TextIO

import click

from tui.graph.opened import graph_options, opened_graph, repository_and_rest, store_option

EPILOG = "Exit: 0 done, 2 bad usage, 3 environment broken or internal error, 130 cancelled."


@click.command(name="export", short_help="Write the graph as JSON lines.", epilog=EPILOG)
@click.argument("repo", default=".", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write here. [default: standard output]",
)
@graph_options
def export_command(repo: Path, output: Path | None, store: str | None, no_update: bool) -> int:
    """Write the graph of REPO [default: the current folder] in a form that any store can import.

    The same tree gives the same bytes, on any machine. A file is replaced whole or not at all.
    """
    from index.portable import export_file, export_lines
    from tui.console import size_text
    from tui.progress import graph_progress, shown_progress
    from tui.stopping import stoppable

    with (
        opened_graph(repo, store, update=not no_update) as graph,
        stoppable() as cancelled,
        shown_progress() as observe,
    ):
        progress = graph_progress(observe, "export")
        if output is not None:
            export_file(graph.store, output, progress, cancelled)
        else:
            sys.stdout.writelines(export_lines(graph.store, progress, cancelled))
    if output is not None:
        click.echo(f"Exported to {output} ({size_text(output.stat().st_size)}).", err=True)
    return 0


@click.command(name="import", short_help="Take in a graph that was exported.", epilog=EPILOG)
@click.argument("words", nargs=-1, metavar="[REPO] FILE|-")
@store_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, and nothing else.")
def import_command(words: tuple[str, ...], store: str | None, as_json: bool) -> int:
    """Replace the graph of REPO [default: the current folder] by an exported one, all or nothing.

    `graft index` then brings it up to REPO's tree: it reads every file once, and parses only what differs.
    """
    from agent.config import load_config
    from index.graph import open_graph
    from index.portable_import import import_lines
    from tui.arguments import repository
    from tui.console import print_json
    from tui.progress import graph_progress, shown_progress
    from tui.stopping import stoppable

    folder, name = repository_and_rest(words, "FILE")
    root = repository(folder)
    with _lines(name) as lines:
        graph = open_graph(root, load_config(folder, {"index.store": store}).index.store)
        try:
            with stoppable() as cancelled, shown_progress() as observe:
                import_lines(graph.store, lines, graph_progress(observe, "import"), cancelled)
            counts = graph.store.counts()
        finally:
            graph.close()
    if as_json:
        print_json({"schema": 1, "files": counts.files, "symbols": counts.symbols, "edges": counts.edges})
    else:
        click.echo(f"Imported {counts.files} files, {counts.symbols} symbols, {counts.edges} edges.")
    return 0


def _lines(name: str) -> TextIO | nullcontext[TextIO]:
    """The lines of the file, or of standard input for `-`. Raises BadParameter."""
    if name == "-":
        return nullcontext(sys.stdin)
    try:
        return Path(name).open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise click.BadParameter(
            f"Cannot read {name} ({error.strerror}). Name a file made by `graft graph export`."
        ) from None
