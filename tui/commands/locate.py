"""`graft locate`: bring the graph up to date, ask it where a text points, print the places and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.graph.opened import graph_options, opened_graph

if TYPE_CHECKING:
    from index.types import LocateResult


@click.command(
    name="locate",
    short_help="Find the files and symbols that a text speaks of.",
    options_metavar="[--issue FILE] [OPTIONS]",
    epilog="Exit: 0 places found, 1 none, 2 bad usage, 3 environment broken or internal error, "
    "130 cancelled.",
)
@click.argument("words", nargs=-1, metavar="[REPO] [TEXT]")
@click.option("--issue", metavar="FILE|-|TEXT", help="Take the text from here, instead of TEXT.")
@click.option(
    "--top", type=click.IntRange(min=1), default=10, metavar="N", help="Places to print. [default: 10]"
)
@graph_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, and nothing else.")
def command(
    words: tuple[str, ...], issue: str | None, top: int, store: str | None, no_update: bool, as_json: bool
) -> int:
    """Rank the files and symbols of REPO that TEXT speaks of, and say why.

    REPO is a folder [default: the current one]; a single argument is the TEXT, unless --issue is given.
    """
    from tui.arguments import issue_text
    from tui.console import print_json

    folder, text = split_words(words, issue)
    text = issue_text(issue) if issue is not None else text
    with opened_graph(folder, store, update=not no_update) as graph:
        result = graph.locate(text, top=top)
    if as_json:
        print_json(to_json(result))
    else:
        _show(result)
    return 0 if result.files or result.symbols else 1


def split_words(words: tuple[str, ...], issue: str | None) -> tuple[Path, str]:
    """(repository, text) as the positionals mean them. Raises UsageError."""
    match words, issue:
        case (), str():
            return Path(), ""
        case (repo,), str():
            return Path(repo), ""
        case (text,), None if text.strip():
            return Path(), text
        case (repo, text), None if text.strip():
            return Path(repo), text
        case (_, _), str():
            raise click.UsageError("TEXT and --issue were both given. Give one of them.")
        case _, None if len(words) <= 2:
            raise click.UsageError("There is no text to locate. Give TEXT or --issue FILE.")
        case _:
            raise click.UsageError("Too many arguments. Put the text in quotes.")


def to_json(result: LocateResult) -> dict[str, Any]:
    """The places as the documented object; lines are 1-based, `end_line` inclusive."""
    return {
        "files": [
            {"path": hit.path, "score": round(hit.score, 4), "reasons": list(hit.reasons)}
            for hit in result.files
        ],
        "symbols": [
            {
                "path": hit.symbol.path,
                "qualified_name": hit.symbol.qualified_name,
                "kind": hit.symbol.kind.value,
                "start_line": hit.symbol.span.start_line,
                "end_line": hit.symbol.span.end_line,
                "score": round(hit.score, 4),
                "reasons": list(hit.reasons),
            }
            for hit in result.symbols
        ],
    }


def _show(result: LocateResult) -> None:
    if not result.files and not result.symbols:
        click.echo("Nothing found. Name a file, a function or an error message of the repository.")
        return
    click.echo("Files")
    for file in result.files:
        click.echo(f"  {file.score:6.3f}  {file.path}")
        _show_reasons(file.reasons)
    click.echo("Symbols")
    for hit in result.symbols:
        symbol = hit.symbol
        place = f"{symbol.path}:{symbol.span.start_line}-{symbol.span.end_line}"
        click.echo(f"  {hit.score:6.3f}  {symbol.qualified_name} ({symbol.kind.value}, {place})")
        _show_reasons(hit.reasons)


def _show_reasons(reasons: tuple[str, ...]) -> None:
    if reasons:
        click.echo(f"          {'; '.join(reasons)}")
