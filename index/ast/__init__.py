"""Search and edit syntax trees, in every language."""
