"""The graph in a SQLite file: the default store."""
