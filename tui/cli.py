"""The one command, `graft`: finds the subcommand, and turns every ending into words and an exit code.

Knows no subcommand by more than its name. Imports of anything heavy stay inside functions, so that
`graft --help` answers at once.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType

import click

COMMANDS = ("fix", "locate", "index", "graph", "ast", "doctor", "runs", "config")
EXIT_BROKEN_PIPE = 141
"""What a shell reports for a program whose reader went away (128 + SIGPIPE)."""


class _CommandsByName(click.Group):
    """Imports `tui.commands.NAME` only when NAME is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"tui.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"graft {version('graft-agent')}")
        ctx.exit()


@click.command(
    cls=_CommandsByName,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit: 0 done, 1 nothing found, 2 bad usage, 3 environment broken or internal error, "
    "130 cancelled.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and exit.",
)
def graft() -> None:
    """Turn a failing test and an issue text into a patch that was proven in a sandbox.

    \b
    Start with:  graft fix --issue ISSUE.md     in a repository with a failing test
                 graft doctor                   to see what this machine has
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code. Only a second Ctrl-C ends the process otherwise."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = _run(given)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _silence_output()
        return EXIT_BROKEN_PIPE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # the last place that can explain it
        from tui.failure import report_failure

        code = report_failure(error, given)
    try:
        sys.stdout.flush()
    except OSError:
        _silence_output()
    return code


def _run(arguments: list[str]) -> int:
    """Parse and run; click's own `main` would end the process on a broken pipe."""
    if "_GRAFT_COMPLETE" in os.environ:
        graft.main(args=arguments, prog_name="graft")
    try:
        with graft.make_context("graft", arguments) as context:
            code = graft.invoke(context)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    return code if isinstance(code, int) else 0


def _open_closed_streams() -> None:
    """Give each standard stream that the caller closed the null device, lest a file of ours takes its place."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, number)
            if null != number:
                os.close(null)
            setattr(sys, name, os.fdopen(number, mode))


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _silence_output() -> None:
    """Nobody can read our output: say no more, not even when Python flushes at the end."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
