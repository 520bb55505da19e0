"""Run a project's tests on candidate trees, fast and without one candidate poisoning the next."""
