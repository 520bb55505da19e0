"""`graft graph html`: the graph as one page that needs nothing else, not even a network."""

from __future__ import annotations

import base64
import hashlib
import html
import os
import tempfile
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import click

from tui.graph.opened import graph_options, opened_graph

SCRIPTS = ("page_data.js", "page_canvas.js", "page_panel.js")


@click.command(
    name="html",
    short_help="Write the graph as one self-contained web page.",
    epilog="Exit: 0 done, 1 no such symbol, 2 bad usage, 3 environment broken or internal error, 130 cancelled.",
)
@click.argument("words", nargs=-1, metavar="[REPO] [SYMBOL]")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="graph.html",
    metavar="FILE",
    help="Write here. [default: graph.html]",
)
@graph_options
def command(words: tuple[str, ...], output: Path, store: str | None, no_update: bool) -> int:
    """Write the graph of REPO [default: the current folder] as a page to search and walk through.

    It opens at SYMBOL. A single argument is the REPO if there is such a folder, else the SYMBOL.
    """
    from tui.console import size_text
    from tui.graph.picture import packed
    from tui.graph.target import targets_of
    from tui.progress import graph_progress, shown_progress
    from tui.stopping import stoppable

    folder, text = _arguments(words)
    with opened_graph(folder, store, update=not no_update) as graph:
        targets = targets_of(graph, text) if text else []
        if text and not targets:
            return 1
        focus = targets[0].symbol.uid if targets else None
        with stoppable() as cancelled, shown_progress() as observe:
            data = packed(graph.store, graph.root.name, focus, graph_progress(observe, "html"), cancelled)
        symbols = graph.store.counts().symbols
        _write(output, page(graph.root.name, data))
    click.echo(f"{output}: {symbols} symbols, {size_text(output.stat().st_size)}. Open it in a browser.")
    return 0


def _arguments(words: tuple[str, ...]) -> tuple[Path, str]:
    match words:
        case ():
            return Path(), ""
        case (one,):
            return (Path(one), "") if Path(one).is_dir() else (Path(), one)
        case (repo, symbol):
            return Path(repo), symbol
    raise click.UsageError("Too many arguments. Give REPO, if not the current folder, and SYMBOL.")


def page(title: str, data: str) -> str:
    """The page. Names reach it only inside `data`, which is base64, and there only as text."""
    folder = files("tui.graph") / "page"
    script = "\n".join((folder / name).read_text(encoding="utf-8") for name in SCRIPTS)
    style = (folder / "page.css").read_text(encoding="utf-8")
    policy = f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'"
    return _filled(
        (folder / "page.html").read_text(encoding="utf-8"),
        (
            ("{policy}", policy),
            ("{title}", html.escape(title)),
            ("{style}", style),
            ("{data}", data),
            ("{script}", script),
        ),
    )


def _filled(template: str, parts: Iterable[tuple[str, str]]) -> str:
    """The template with its places filled in order, so that what is filled in is not looked through."""
    done = ""
    for place, text in parts:
        before, _, template = template.partition(place)
        done += before + text
    return done + template


def _hash(text: str) -> str:
    """What a content security policy calls a script or style by, so that no other one runs."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _write(target: Path, text: str) -> None:
    """Replace the file whole or not at all. Raises UsageError."""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as stream:
                stream.write(text)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(target)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise click.UsageError(
            f"Cannot write {target} ({error.strerror}). Name another file with -o."
        ) from None
