"""The subcommands of `graft graph`, one module each, and what they share."""
