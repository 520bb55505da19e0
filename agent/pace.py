"""How fast validation goes, so that a round of candidates lasts a few seconds whatever the tests cost."""

from __future__ import annotations

import time

FIRST_BATCH = 48
MAX_BATCH = 2000
ROUND_S = 4.0
"""How long a round should last: long enough to keep the workers busy, short enough to learn between."""


class Pace:
    def __init__(self) -> None:
        self._tried = 0
        self._seconds = 0.0
        self._first_passing: float | None = None

    def record(self, tried: int, seconds: float) -> None:
        self._tried += tried
        self._seconds += seconds

    def batch_size(self) -> int:
        if not self._tried or not self._seconds:
            return FIRST_BATCH
        rate = self._tried / self._seconds
        return max(8, min(MAX_BATCH, int(rate * ROUND_S)))

    def passed(self) -> None:
        """A candidate passed everything."""
        if self._first_passing is None:
            self._first_passing = time.monotonic()

    def since_first_passing_s(self) -> float:
        return 0.0 if self._first_passing is None else time.monotonic() - self._first_passing
