"""`graft graph edges`: every edge of the graph, one a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.graph.opened import graph_options, opened_graph

if TYPE_CHECKING:
    from index.listing import NamedEdge

EDGE_TYPES = (
    "HAS_FILE", "HAS_AST", "PARENT_OF", "HAS_TEXT", "NEXT_CHUNK", "IMPORTS", "CALLS", "REFERENCES", "INHERITS",
    "OVERRIDES", "INSTANTIATES", "TESTS", "DOCUMENTS", "CHANGED_WITH", "TOUCHED_BY",
)  # fmt: skip
"""The values of index.types.EdgeType, which help must not import."""


@click.command(
    name="edges",
    short_help="List the edges of the graph.",
    epilog="Exit: 0 edges found, 1 none, 2 bad usage, 3 environment broken or internal error, 130 cancelled.",
)
@click.argument("repo", default=".", type=click.Path(path_type=Path))
@click.option(
    "--type",
    "types",
    multiple=True,
    metavar="T",
    type=click.Choice(EDGE_TYPES, case_sensitive=False),
    help=f"Edges of this type only; may be repeated. One of {', '.join(EDGE_TYPES)}. [default: every type]",
)
@click.option("--all", "name_only", is_flag=True, help="List also those that rest on a name alone.")
@graph_options
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object a line on stdout, and nothing else."
)
def command(
    repo: Path, types: tuple[str, ...], name_only: bool, store: str | None, no_update: bool, as_json: bool
) -> int:
    """List the edges of REPO's graph [default: the current folder], by file and place.

    A node is path::qualified.name, or the path of a file or folder.
    """
    from index.listing import named_edges
    from index.types import EdgeType

    found = False
    with opened_graph(repo, store, update=not no_update) as graph:
        for edge in named_edges(graph.store, [EdgeType(name) for name in types], name_only=name_only):
            found = True
            click.echo(json.dumps(to_json(edge)) if as_json else as_line(edge))
    return 0 if found else 1


def to_json(edge: NamedEdge) -> dict[str, Any]:
    span = edge.span
    return {
        "source": edge.source,
        "target": edge.target,
        "type": edge.type.value,
        "resolution": edge.resolution.value,
        "confidence": edge.confidence,
        "span": None
        if span is None
        else {
            "path": span.path,
            "start_line": span.start_line,
            "start_column": span.start_column,
            "end_line": span.end_line,
            "end_column": span.end_column,
            "start_byte": span.start_byte,
            "end_byte": span.end_byte,
        },
    }


def as_line(edge: NamedEdge) -> str:
    sure = "" if edge.resolution == "exact" else f"  {edge.resolution.value} {edge.confidence:g}"
    place = "" if edge.span is None else f":{edge.span.start_line}:{edge.span.start_column}"
    return f"{edge.source}{place} {edge.type.value} {edge.target}{sure}"
