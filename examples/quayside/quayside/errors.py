"""What the desk refuses, and why."""


class Refused(Exception):
    """A request that the desk turns down."""


class UnknownBoat(Refused):
    """There is no boat of that name."""


class QuayClosed(Refused):
    """The hire would leave or return while the quay is closed."""


class TooLate(Refused):
    """The hire would start sooner than the crew can get the boat ready."""


class BoatTaken(Refused):
    """Somebody else has the boat."""

    def __init__(self, boat, booking):
        super().__init__(f"{boat.name} is taken {booking.span}")
        self.boat = boat
        self.booking = booking
