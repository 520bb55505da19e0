"""One hire."""

from dataclasses import dataclass

from quayside.fleet.boats import Boat
from quayside.hours.spans import TimeSpan


@dataclass(frozen=True)
class Booking:
    number: int
    boat: Boat
    span: TimeSpan
    customer: str
    is_member: bool = False
