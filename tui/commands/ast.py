"""`graft ast`: ask the syntax trees of a repository. The one command so far, `query`, finds nodes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from index.ast.search import SyntaxHit
    from index.graph import WorkTreeGraph

EXIT_CANCELLED = 130
TEXT_SHOWN_CHARS = 100


@click.group(
    name="ast",
    short_help="Search the syntax trees of a repository.",
    epilog="Exit: 0 found, 1 nothing found, 2 bad pattern or usage, 3 environment broken or internal error, "
    "130 cancelled.",
)
def command() -> None:
    """Search the syntax trees of every file that a grammar reads."""


@command.command(
    name="query",
    short_help="Find the syntax nodes that match a pattern.",
    options_metavar="[OPTIONS]",
    epilog="Exit: 0 found, 1 nothing found, 2 bad pattern or usage, 3 environment broken or internal error, "
    "130 cancelled.",
)
@click.argument("words", nargs=-1, required=True, metavar="[REPO] PATTERN")
@click.option(
    "--language", metavar="L", help="Search files of this language only. [default: all that know the pattern]"
)
@click.option(
    "--text", "text", metavar="REGEX", help="Only nodes whose text this expression finds. [default: any]"
)
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N nodes. [default: no limit]"
)
@click.option(
    "--store", metavar="URL", help="Take files and symbol names from this store. [default: index.store]"
)
@click.option("--no-update", is_flag=True, help="Do not bring an existing index up to date first.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array on stdout, and nothing else.")
def query(
    words: tuple[str, ...],
    language: str | None,
    text: str | None,
    limit: int | None,
    store: str | None,
    no_update: bool,
    as_json: bool,
) -> int:
    """Print the syntax nodes of REPO that PATTERN captures, in order of path and place.

    REPO is a folder [default: the current one]. PATTERN is a tree-sitter query such as
    '(function_definition name: (identifier) @name)', or a node type such as function_definition.

    Files are read as they are now; no index is needed.
    """
    import re

    from index.ast.search import search_tree
    from index.errors import PatternError
    from index.grammars import UnknownLanguage
    from tui.arguments import repository
    from tui.progress import graph_progress, shown_progress
    from tui.stopping import stoppable

    folder, pattern = split_words(words)
    root = repository(folder)
    try:
        wanted = re.compile(text) if text is not None else None
    except re.error as error:
        raise click.BadParameter(
            f"{text!r} is no regular expression ({error}).", param_hint="--text"
        ) from None
    show = _print_json if as_json else _print_lines
    with stoppable() as cancelled, shown_progress() as observe:
        progress = graph_progress(observe, "search")
        with _index(root, store, no_update, graph_progress(observe, "index"), cancelled) as graph:
            try:
                hits = search_tree(
                    root,
                    pattern,
                    language=language,
                    text=wanted,
                    limit=limit,
                    graph=graph,
                    progress=progress,
                    cancelled=cancelled,
                )
            except (PatternError, UnknownLanguage) as error:
                raise click.UsageError(str(error)) from None
            found = show(hits)
        if cancelled():
            return EXIT_CANCELLED
    return 0 if found else 1


def split_words(words: tuple[str, ...]) -> tuple[Path, str]:
    """(repository, pattern) as the positionals mean them. Raises UsageError."""
    match words:
        case (pattern,):
            return Path(), pattern
        case (repo, pattern):
            return Path(repo), pattern
        case _:
            raise click.UsageError("Too many arguments. Put the pattern in quotes.")


@contextmanager
def _index(
    root: Path,
    store: str | None,
    no_update: bool,
    progress: Callable[[str, int, int], None],
    cancelled: Callable[[], bool],
) -> Iterator[WorkTreeGraph | None]:
    """The repository's graph where there is one already, up to date unless that is not wanted; else None."""
    from agent.config import load_config
    from index.graph import open_graph

    url = store or load_config(root).index.store
    scheme, _, rest = url.partition(":")
    if store is None and scheme == "sqlite" and not (root / rest.removeprefix("//")).exists():
        yield None
        return
    graph = open_graph(root, url)
    try:
        if not no_update:
            graph.update(progress, cancelled)
        yield graph
    finally:
        graph.close()


def to_json(hit: SyntaxHit) -> dict[str, Any]:
    """One node as the documented object; lines and columns are 1-based, `end_column` is behind the last character."""
    return {
        "path": hit.span.path,
        "language": hit.language,
        "start_line": hit.span.start_line,
        "start_column": hit.span.start_column,
        "end_line": hit.span.end_line,
        "end_column": hit.span.end_column,
        "capture": hit.capture,
        "text": hit.text,
        "symbol": hit.symbol,
    }


def _print_json(hits: Iterator[SyntaxHit]) -> int:
    """Print an array whose elements stand on lines of their own, each as soon as it is found."""
    count = 0
    for hit in hits:
        click.echo(("[\n" if not count else ",\n") + json.dumps(to_json(hit)), nl=False)
        count += 1
    click.echo("\n]" if count else "[]")
    return count


def _print_lines(hits: Iterator[SyntaxHit]) -> int:
    color = False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None
    count = 0
    for hit in hits:
        count += 1
        place = click.style(f"{hit.span.path}:{hit.span.start_line}:{hit.span.start_column}", fg="cyan")
        name = click.style(f"  in {hit.symbol}", dim=True) if hit.symbol else ""
        first, more, _ = hit.text.partition("\n")
        shown = first.rstrip()[:TEXT_SHOWN_CHARS]
        dots = "…" if more or len(shown) < len(first.rstrip()) else ""
        capture = click.style(f"@{hit.capture}", fg="green")
        click.echo(f"{place}  {capture}  {shown}{dots}{name}", color=color)
    if not count:
        click.echo("Nothing found.", color=color)
    return count
