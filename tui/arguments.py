"""What the commands' arguments mean: repositories, issue texts. Knows no command."""

from __future__ import annotations

import sys
from pathlib import Path

import click

MAX_ISSUE_BYTES = 1 << 20
PATH_SUFFIXES = frozenset({".md", ".txt", ".rst", ".log", ".json", ".html"})


def existing_folder(path: Path) -> Path:
    """The folder as an absolute path without links. Raises BadParameter."""
    try:
        folder = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise click.BadParameter(f"{path} does not exist. Name the repository's folder.") from None
    if not folder.is_dir():
        raise click.BadParameter(f"{path} is not a folder. Name the repository's folder.")
    return folder


def repository(path: Path) -> Path:
    """The root of the repository that `path` lies in, or else the folder itself. Raises BadParameter."""
    from agent.config import repository_root

    folder = existing_folder(path)
    return repository_root(folder) or folder


def issue_text(value: str) -> str:
    """The issue that `FILE`, `-` (standard input) or the text itself holds. Raises BadParameter.

    A name of an existing file is that file; what only looks like one (a single word with a `/` or a
    suffix such as `.md`) is a mistake, and anything else is the text.
    """
    if value == "-":
        return _decoded(sys.stdin.buffer.read(MAX_ISSUE_BYTES + 1), "standard input")
    path = Path(value)
    if _is_file(path):
        try:
            with path.open("rb") as stream:
                return _decoded(stream.read(MAX_ISSUE_BYTES + 1), value)
        except OSError as error:
            raise click.BadParameter(
                f"Cannot read {value} ({error.strerror}).", param_hint="--issue"
            ) from None
    if len(value.split()) == 1 and ("/" in value or path.suffix in PATH_SUFFIXES):
        raise click.BadParameter(
            f"There is no file {value}. Name a file, - for standard input, or give the text itself.",
            param_hint="--issue",
        )
    return _decoded(value.encode("utf-8", "replace"), "the text")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file() or path.is_fifo()
    except (OSError, ValueError):
        return False


def _decoded(data: bytes, source: str) -> str:
    if len(data) > MAX_ISSUE_BYTES:
        raise click.BadParameter(
            f"{source} is longer than 1 MiB. Give the part that matters.", param_hint="--issue"
        )
    text = data.decode("utf-8-sig", "replace").strip()
    if not text:
        raise click.BadParameter(f"{source} is empty. Give the issue's text.", param_hint="--issue")
    return text
