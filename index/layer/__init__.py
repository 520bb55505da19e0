"""Unsaved and uncommitted text over a stored graph."""
