"""The boats."""
