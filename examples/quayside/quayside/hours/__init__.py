"""Stretches of time, and when the quay is open."""
