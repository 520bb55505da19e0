"""Boat hire at a small harbour: a fleet, a booking desk, bills."""
