"""Where words go: results to stdout, progress to stderr, colour only where it is wanted. Knows no command."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from rich.console import Console


def print_json(value: dict[str, Any] | list[dict[str, Any]]) -> None:
    """Print one JSON document, in ASCII, whatever the terminal's encoding."""
    click.echo(json.dumps(value, indent=2))


def size_text(size_bytes: int) -> str:
    """A size in kB, or in MB from one on."""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"


def console(stream: Literal["stdout", "stderr"] = "stdout") -> Console:
    """A console that never wraps, guesses no markup, and has no colour where NO_COLOR is set."""
    from rich.console import Console

    return Console(
        file=getattr(sys, stream),
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        soft_wrap=True,
        markup=False,
        highlight=False,
        emoji=False,
    )


def is_lively(target: Console) -> bool:
    """Whether moving progress makes sense: a person watches a real terminal."""
    return target.is_terminal and not target.is_dumb_terminal and not os.environ.get("CI")
