"""Say what went wrong: to a person on stderr, to a script as JSON, to the shell as an exit code.

Knows which errors are expected; anything else is a fault of ours, whose traceback goes to a file.
"""

from __future__ import annotations

import contextlib
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from agent.errors import AgentError
from engine.types import EngineError
from index.errors import GraphError, UpdateCancelled
from tui.console import print_json

EXIT_USAGE = 2
EXIT_BROKEN = 3
EXIT_CANCELLED = 130

EMPTY_REPLIES: Mapping[str, Mapping[str, object]] = {
    "fix": {
        "run": None,
        "patch": None,
        "files": [],
        "confidence": 0.0,
        "tests": {"fixed": [], "regressed": [], "passed": 0},
        "candidates": {"tried": 0, "plausible": 0},
        "seconds": 0.0,
        "alternatives": [],
    },
    "locate": {"files": [], "symbols": []},
}
"""What a script may read from a command's JSON although the command failed."""


def report_failure(error: BaseException, arguments: Sequence[str]) -> int:
    """Explain the error in the form that the arguments ask for; returns the exit code."""
    message, code = _explained(error)
    with contextlib.suppress(OSError):
        click.echo(message if code == EXIT_CANCELLED else f"Error: {message}", err=True)
    if "--json" in arguments:
        command = next((word for word in arguments if not word.startswith("-")), "")
        reply = {"schema": 1, "status": "error", **EMPTY_REPLIES.get(command, {})}
        with contextlib.suppress(OSError):
            print_json({**reply, "message": message, "exit_code": code})
    return code


def _explained(error: BaseException) -> tuple[str, int]:
    match error:
        case KeyboardInterrupt() | click.Abort():
            return "Cancelled.", EXIT_CANCELLED
        case UpdateCancelled():
            return str(error), EXIT_CANCELLED
        case click.UsageError():
            return _usage(error), EXIT_USAGE
        case click.ClickException():
            return error.format_message(), EXIT_USAGE
        case AgentError():
            return str(error), error.exit_code
        case EngineError() | GraphError():
            return str(error), EXIT_BROKEN
        case _:
            return _unexpected(error), EXIT_BROKEN


def _usage(error: click.UsageError) -> str:
    if error.ctx is None:
        return error.format_message()
    path = error.ctx.command_path
    return f"{error.format_message()}\n{error.ctx.get_usage()}\nSee `{path} --help`."


def _unexpected(error: BaseException) -> str:
    trace = "".join(traceback.format_exception(error))
    first_line = (str(error).strip() or "no message").splitlines()[0]
    head = f"{type(error).__name__}: {first_line}"
    kept = _keep(trace)
    if kept is None:
        return f"{head}\nThis is a fault in graft. Please report it with this traceback:\n{trace}"
    return f"{head}\nThis is a fault in graft. The traceback is in {kept}; please report it with that file."


def _keep(trace: str) -> Path | None:
    """Write the traceback to the user's state folder, or else where temporary files go."""
    import platformdirs

    name = f"crash-{datetime.now(UTC):%Y%m%d-%H%M%S}.txt"
    for folder in (platformdirs.user_state_path("graft", appauthor=False), Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            path.write_text(trace, encoding="utf-8", errors="backslashreplace")
            return path
    return None
