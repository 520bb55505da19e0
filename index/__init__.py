"""The repository as a graph: parse, store, keep exact under edits, and find the place an issue speaks of."""
