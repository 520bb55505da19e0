from datetime import date, datetime

import pytest

from quayside.bookings.desk import Desk
from quayside.fleet.boats import Boat, BoatClass
from quayside.fleet.register import Register
from quayside.hours.opening import OpeningHours


@pytest.fixture
def heron():
    return Boat("Heron", BoatClass.ROWING, 4)


@pytest.fixture
def kestrel():
    return Boat("Kestrel", BoatClass.MOTOR, 6)


@pytest.fixture
def desk(heron, kestrel):
    """A desk on a Tuesday, at seven in the morning."""
    hours = OpeningHours(holidays=frozenset({date(2024, 5, 1)}))
    return Desk(Register([heron, kestrel]), hours, lambda: datetime(2024, 6, 4, 7, 0))
