"""The languages that the graph understands, one file each: see README.md, "Add a language"."""
