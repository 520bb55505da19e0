"""Typed reading of a checkpoint's settings, with errors that name file, key and next step. Knows no family."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from engine.types import CheckpointError

MOST = 2**24  # no width, count or length of a model comes near: beyond it lies a damaged file
MOST_LAYERS = MOST_EXPERTS = MOST_HEADS = 2**12
MOST_WIDTH = 2**18


class Settings:
    """Keys and values of one file. Several names may be given for a key; the first that is set counts."""

    def __init__(self, path: Path, values: Mapping[str, object], prefix: str = "") -> None:
        self.path, self._values, self._prefix = path, values, prefix

    def has(self, *names: str) -> bool:
        return self._find(names) is not None

    def integer(self, *names: str, default: int | None = None, most: int = MOST) -> int:
        """A whole number from 0 to `most`. Raises CheckpointError, also where it is neither set nor defaulted."""
        value = self._required(names, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise self.wrong(names[0], value, f"a whole number from 0 to {most}")
        return value

    def size(self, *names: str, default: int | None = None, most: int = MOST) -> int:
        """A whole number from 1 to `most`."""
        value = self.integer(*names, default=default, most=most)
        if value == 0:
            raise self.wrong(names[0], value, f"a whole number from 1 to {most}")
        return value

    def number(self, *names: str, default: float | None = None) -> float:
        value = self._required(names, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.wrong(names[0], value, "a number")
        return float(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._required((name,), default)
        if not isinstance(value, bool):
            raise self.wrong(name, value, "true or false")
        return value

    def word(self, *names: str, default: str | None = None) -> str:
        value = self._required(names, default)
        if not isinstance(value, str):
            raise self.wrong(names[0], value, "a word")
        return value

    def sequence(self, name: str) -> list[object] | None:
        value = self._find((name,))
        if value is not None and not isinstance(value, list):
            raise self.wrong(name, value, "a list")
        return value

    def section(self, name: str) -> Settings | None:
        value = self._find((name,))
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.wrong(name, value, "a table of settings")
        return Settings(self.path, value, f"{self._prefix}{name}.")

    def wrong(self, name: str, value: object, wanted: str) -> CheckpointError:
        return CheckpointError(
            f"{self.path}: {self._prefix}{name} is {value!r} (wanted: {wanted}).\n"
            "Correct it, or download the checkpoint anew."
        )

    def _find(self, names: tuple[str, ...]) -> object | None:
        found = (self._values.get(name) for name in names)
        return next((value for value in found if value is not None), None)

    def _required(self, names: tuple[str, ...], default: object) -> object:
        value = self._find(names)
        if value is None:
            value = default
        if value is None:
            raise CheckpointError(
                f"{self.path}: the setting {self._prefix}{names[0]} is missing.\n"
                "Is the checkpoint whole? Download it anew."
            )
        return value
