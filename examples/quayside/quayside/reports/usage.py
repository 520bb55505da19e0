"""How much of a day the boats were out."""

from datetime import timedelta

from quayside.hours.spans import TimeSpan


def hours_out(diary, boat, window):
    """Hours of the window in which the boat was on the water."""
    parts = (booking.span.common_part(window) for booking in diary.of(boat))
    return sum((part.length for part in parts if part), timedelta()) / timedelta(hours=1)


def busiest_hour(diary, boats, day_start, hours):
    """The start of the hour with the most boats out, the earliest of equals."""
    starts = [day_start + timedelta(hours=number) for number in range(hours)]
    return max(starts, key=lambda start: _boats_out(diary, boats, start))


def _boats_out(diary, boats, start):
    hour = TimeSpan(start, start + timedelta(hours=1))
    return sum(any(booking.span.common_part(hour) for booking in diary.of(boat)) for boat in boats)
