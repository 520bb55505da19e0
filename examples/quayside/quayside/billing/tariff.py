"""Prices by kind of boat."""

from datetime import timedelta

from quayside.billing.money import Money
from quayside.fleet.boats import BoatClass

HALF_HOUR = timedelta(minutes=30)
CENTS_PER_HALF_HOUR = {
    BoatClass.ROWING: 600,
    BoatClass.SAILING: 1400,
    BoatClass.MOTOR: 1900,
}
HALF_HOURS_PER_DAY = 12


def started_half_hours(span):
    """Every half hour that was begun counts."""
    return -(-span.length // HALF_HOUR)


def price(boat, span):
    """The price before discounts; a day costs no more than six hours."""
    half_hours = min(started_half_hours(span), HALF_HOURS_PER_DAY)
    return Money(CENTS_PER_HALF_HOUR[boat.boat_class]).times(half_hours)
