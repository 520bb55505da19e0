"""`graft config`: every setting with its value here and where that came from, or the reference page."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    name="config",
    short_help="Show the settings and where they come from.",
    epilog="Exit: 0 done, 2 a setting is wrong or unreadable, 3 internal error.",
)
@click.argument("repo", default=".", type=click.Path(path_type=Path))
@click.option("--reference", is_flag=True, help="Print the page that documents every setting, in Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, and nothing else.")
def command(repo: Path, reference: bool, as_json: bool) -> int:
    """Print every setting as it is for REPO [default: the current folder]."""
    from agent.config import effective_settings
    from tui.arguments import existing_folder
    from tui.console import print_json
    from tui.reference import plain_value, reference_page, toml_value

    if reference:
        click.echo(reference_page(), nl=False)
        return 0
    settings = effective_settings(existing_folder(repo))
    if as_json:
        values = {each.key: {"value": plain_value(each.value), "origin": each.origin} for each in settings}
        print_json({"schema": 1, "settings": values})
        return 0
    width = max(len(each.key) for each in settings)
    for each in settings:
        click.echo(f"{each.key:<{width}} = {toml_value(each.value):<24}  {each.origin}")
    return 0
