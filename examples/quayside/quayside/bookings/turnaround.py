"""What the crew does between two hires, and how long that takes."""

from quayside.fleet.boats import BoatClass

TURNAROUND_MINUTES = {
    BoatClass.ROWING: 30,
    BoatClass.SAILING: 45,
    BoatClass.MOTOR: 60,
}


def turnaround_minutes(boat):
    """Minutes until the boat can leave again."""
    return TURNAROUND_MINUTES[boat.boat_class]


def with_turnaround(span, boat):
    """The time that a hire keeps the boat busy, the crew's work included."""
    return span.extended(turnaround_minutes(boat))
