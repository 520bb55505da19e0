"""Python: definitions, scopes, bindings and types."""
