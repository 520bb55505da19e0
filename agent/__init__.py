"""From an issue and a failing test to a patch that was proven in a sandbox, or an honest none."""
