"""A boat and the kinds of boat there are."""

from dataclasses import dataclass
from enum import Enum


class BoatClass(Enum):
    ROWING = "rowing boat"
    SAILING = "sailing boat"
    MOTOR = "motor boat"


@dataclass(frozen=True)
class Boat:
    name: str
    boat_class: BoatClass
    seats: int
