"""Find the place that a text speaks of, and draw maps of it."""
