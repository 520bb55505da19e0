"""A stretch of time."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, order=True)
class TimeSpan:
    """From `start` up to, but not including, `end`."""

    start: datetime
    end: datetime

    def __post_init__(self):
        if self.end <= self.start:
            raise ValueError(f"a span must end after it starts, not {self}")

    def __str__(self):
        return f"from {self.start:%H:%M} to {self.end:%H:%M}"

    @property
    def length(self):
        return self.end - self.start

    def overlaps(self, other):
        """Whether some moment lies in both."""
        return self.start < other.end and other.start <= self.end

    def extended(self, minutes):
        """The same start, a later end."""
        return TimeSpan(self.start, self.end + timedelta(minutes=minutes))

    def common_part(self, other):
        """The span that lies in both, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return TimeSpan(start, end) if start < end else None
