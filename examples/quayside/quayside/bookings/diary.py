"""The bookings of every boat."""

from bisect import insort
from collections import defaultdict

from quayside.bookings.turnaround import with_turnaround


class Diary:
    """Bookings by boat, in the order of their start."""

    def __init__(self):
        self._bookings = defaultdict(list)

    def enter(self, booking):
        insort(self._bookings[booking.boat.name], (booking.span, booking.number, booking))

    def strike(self, booking):
        self._bookings[booking.boat.name].remove((booking.span, booking.number, booking))

    def of(self, boat):
        return [booking for _, _, booking in self._bookings[boat.name]]

    def on(self, day):
        """Every booking that starts on that day, the earliest first."""
        everything = (entry for entries in self._bookings.values() for entry in entries)
        found = [entry for entry in everything if entry[0].start.date() == day]
        return [booking for _, _, booking in sorted(found, key=lambda entry: entry[:2])]

    def clashes(self, boat, span):
        """Bookings that leave the boat no time for this span."""
        busy = with_turnaround(span, boat)
        return [
            booking for booking in self.of(boat) if with_turnaround(booking.span, boat).overlaps(busy)
        ]
