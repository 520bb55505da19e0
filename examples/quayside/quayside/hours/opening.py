"""When boats may leave and return."""

from dataclasses import dataclass, field
from datetime import time

WEEKDAY_HOURS = (time(8), time(19))
WEEKEND_HOURS = (time(7), time(20))
SATURDAY = 5


@dataclass(frozen=True)
class OpeningHours:
    """Opening hours by weekday, and the days on which the quay stays closed."""

    holidays: frozenset = field(default_factory=frozenset)

    def on(self, day):
        """(opens, closes) on that day, or None."""
        if day in self.holidays:
            return None
        return WEEKEND_HOURS if day.weekday() >= SATURDAY else WEEKDAY_HOURS

    def covers(self, span):
        """Whether a boat can leave at the start and be back at the end, on one day."""
        hours = self.on(span.start.date())
        if hours is None or span.start.date() != span.end.date():
            return False
        opens, closes = hours
        return opens <= span.start.time() and span.end.time() <= closes
