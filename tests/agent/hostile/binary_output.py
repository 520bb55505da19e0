"""Print bytes that are no text, and escape codes."""

import os

os.write(1, b"TRIED binary\n")
os.write(1, bytes(range(256)) * 8)
os.write(2, b"\xff\xfe\x00\x1b[2J\x1b]0;evil\x07\n")
