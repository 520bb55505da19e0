"""A stretch of time."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, order=True)
class TimeSpan:
    """From `start` up to, but not including, `end`."""

    start: datetime
    end: datetime

    @property
    def length(self):
        return self.end - self.start

    def overlaps(self, other):
        """Whether some moment lies in both."""
        return not (self.end <= other.start or other.end <= self.start)

    def extended(self, minutes):
        """The same start, a later end."""
        return TimeSpan(self.start, self.end + timedelta(minutes=minutes))
