"""`graft graph stats`: how much of what is in the graph."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.graph.opened import graph_options, opened_graph

if TYPE_CHECKING:
    from index.graph import WorkTreeGraph


@click.command(
    name="stats",
    short_help="Count what is in the graph.",
    epilog="Exit: 0 done, 2 bad usage, 3 environment broken or internal error, 130 cancelled.",
)
@click.argument("repo", default=".", type=click.Path(path_type=Path))
@graph_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, and nothing else.")
def command(repo: Path, store: str | None, no_update: bool, as_json: bool) -> int:
    """Count files, symbols and edges of REPO's graph [default: the current folder]."""
    from tui.console import print_json

    with opened_graph(repo, store, update=not no_update) as graph:
        counted = to_json(graph)
    if as_json:
        print_json(counted)
    else:
        _show(counted)
    return 0


def to_json(graph: WorkTreeGraph) -> dict[str, Any]:
    tally, records, indexed_at_ns = graph.store.tally(), graph.files(), graph.store.indexed_at()
    by_type: dict[str, dict[str, int]] = {}
    for (type_, resolution), number in sorted(tally.edges.items()):
        by_type.setdefault(type_.value, {})[resolution.value] = number
    return {
        "schema": 1,
        "root": str(graph.root),
        "store": graph.store.location,
        "store_bytes": tally.store_bytes,
        "source_bytes": sum(r.size_bytes for r in records if r.language and r.skipped is None),
        "updated": datetime.fromtimestamp(indexed_at_ns / 1e9).astimezone().isoformat(timespec="seconds")
        if indexed_at_ns
        else None,
        "files": {
            "total": len(records),
            "by_language": {language or "none": n for language, n in _largest_first(tally.languages)},
            "skipped": dict(_largest_first(tally.skipped)),
            "with_errors": sum(record.has_errors for record in records),
        },
        "symbols": {kind.value: n for kind, n in _largest_first(tally.kinds)},
        "edges": by_type,
        "unresolved": {type_.value: n for type_, n in sorted(tally.references.items())},
        "chunks": tally.chunks,
    }


def _largest_first(counts: Any) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _show(counted: dict[str, Any]) -> None:
    from tui.console import size_text

    files = counted["files"]
    click.echo(f"{counted['root']}, updated {counted['updated'] or 'never'}")
    click.echo(
        f"Store      {counted['store']}, {size_text(counted['store_bytes'])} "
        f"for {size_text(counted['source_bytes'])} of source"
    )
    click.echo(
        f"Files      {files['total']}: {_list(files['by_language'])}; {files['with_errors']} with errors"
    )
    click.echo(f"Skipped    {_list(files['skipped'])}")
    click.echo(f"Symbols    {sum(counted['symbols'].values())}: {_list(counted['symbols'])}")
    click.echo(f"Edges      {sum(sum(each.values()) for each in counted['edges'].values())}")
    for type_, by_resolution in counted["edges"].items():
        click.echo(f"  {type_:<13} {sum(by_resolution.values()):>8}  {_list(by_resolution)}")
    click.echo(f"Unresolved {sum(counted['unresolved'].values())}: {_list(counted['unresolved'])}")
    click.echo(f"Chunks     {counted['chunks']}")


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "none"
