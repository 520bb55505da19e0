"""Run programs that nobody vouches for: no network, no secrets, no trace left behind."""
