"""`graft graph`: ask the repository graph, check it, move it, see it. Finds the subcommand; knows no more of it."""

from __future__ import annotations

from importlib import import_module

import click

QUESTIONS = ("definition", "references", "callers", "callees", "tests")
_COMMANDS = {
    "edges": ("tui.graph.edges", "command"),
    "show": ("tui.graph.show", "command"),
    "html": ("tui.graph.html", "command"),
    "stats": ("tui.graph.stats", "command"),
    "check": ("tui.graph.check", "command"),
    "export": ("tui.graph.transfer", "export_command"),
    "import": ("tui.graph.transfer", "import_command"),
}


class _Subcommands(click.Group):
    """Imports a subcommand's module only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*QUESTIONS, *_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in QUESTIONS:
            from tui.graph.ask import question

            return question(cmd_name)
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.command(
    cls=_Subcommands,
    name="graph",
    short_help="Ask the repository graph, check it, move it, see it.",
    epilog="Exit: 0 answers found or done, 1 none or something wrong, 2 bad usage, 3 environment broken or "
    "internal error, 130 cancelled.",
)
def command() -> None:
    """Ask the repository graph, check it, move it, see it.

    The graph is brought up to date first; --no-update leaves it as it is.
    """
