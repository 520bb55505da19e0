"""The terminal: the `graft` command and, later, the full-screen app."""
