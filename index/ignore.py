"""Decide which paths `.gitignore` and `.graftignore` exclude, nested files included. Lists no folder itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

IGNORE_FILES = (".gitignore", ".graftignore")
_MAX_IGNORE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules that hold in one folder: its own before those of the folders above it."""

    layers: tuple[tuple[str, GitIgnoreSpec], ...] = ()
    """(prefix of the folder that the rules stand in, rules), nearest folder first."""

    def enter(self, folder: Path, prefix: str, names: Iterable[str]) -> IgnoreRules:
        """The rules inside `folder`, whose entries are `names` and whose POSIX prefix is `prefix` ("" or "a/b/")."""
        present = set(names)
        files = [folder / name for name in IGNORE_FILES if name in present]
        if not prefix:
            files.insert(0, folder / ".git" / "info" / "exclude")
        lines = [line for file in files for line in _lines(file)]
        return IgnoreRules(((prefix, _spec(lines)), *self.layers)) if lines else self

    def excludes(self, path: str) -> bool:
        """Whether a path (a folder's ends in `/`) is excluded. The nearest and last rule that matches decides."""
        for prefix, spec in self.layers:
            include = spec.check_file(path[len(prefix) :]).include
            if include is not None:
                return include
        return False


def _lines(file: Path) -> list[str]:
    try:
        with file.open("rb") as stream:
            text = stream.read(_MAX_IGNORE_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _spec(lines: list[str]) -> GitIgnoreSpec:
    """Compile rules, dropping single lines that are no valid pattern, as git does."""
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        valid = []
        for line in lines:
            try:
                GitIgnoreSpec.from_lines([line])
            except ValueError:
                continue
            valid.append(line)
        return GitIgnoreSpec.from_lines(valid)
