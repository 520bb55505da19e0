"""Amounts of money, in cents."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Money:
    cents: int

    def __add__(self, other):
        return Money(self.cents + other.cents)

    def __sub__(self, other):
        return Money(self.cents - other.cents)

    def times(self, factor):
        return Money(self.cents * factor)

    def percent(self, percent):
        """A share of the amount, half a cent rounded up."""
        return Money((self.cents * percent + 50) // 100)

    def __str__(self):
        return f"{self.cents // 100}.{self.cents % 100:02d}"
