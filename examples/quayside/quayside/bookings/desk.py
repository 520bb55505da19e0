"""The desk: takes bookings and cancels them."""

from datetime import timedelta
from itertools import count

from quayside.bookings.booking import Booking
from quayside.bookings.diary import Diary
from quayside.errors import BoatTaken, QuayClosed, TooLate

NOTICE = timedelta(minutes=15)


class Desk:
    """One harbour's desk. `clock` says what time it is."""

    def __init__(self, register, opening_hours, clock):
        self.register = register
        self.opening_hours = opening_hours
        self.diary = Diary()
        self._clock = clock
        self._numbers = count(1)

    def book(self, boat_name, span, customer, is_member=False):
        """Book a boat. Raises Refused, with the reason."""
        boat = self.register.find(boat_name)
        self._check_hours(span)
        self._check_notice(span)
        clashes = self.diary.clashes(boat, span)
        if clashes:
            raise BoatTaken(boat, clashes[0])
        booking = Booking(next(self._numbers), boat, span, customer, is_member)
        self.diary.enter(booking)
        return booking

    def cancel(self, booking):
        self.diary.strike(booking)

    def free_boats(self, span, people):
        """Boats that could be booked, the smallest first."""
        self._check_hours(span)
        return [boat for boat in self.register.with_room_for(people) if not self.diary.clashes(boat, span)]

    def _check_hours(self, span):
        if not self.opening_hours.covers(span):
            raise QuayClosed(f"the quay is not open {span} on {span.start:%A}")

    def _check_notice(self, span):
        if span.start - self._clock() < NOTICE:
            raise TooLate(f"the crew needs {NOTICE.seconds // 60} minutes before {span.start:%H:%M}")
