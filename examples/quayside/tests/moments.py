"""Short ways to write moments of the Tuesday on which the tests take place."""

from datetime import datetime

from quayside.hours.spans import TimeSpan


def at(text):
    hour, minute = text.split(":")
    return datetime(2024, 6, 4, int(hour), int(minute))


def span(start, end):
    return TimeSpan(at(start), at(end))
