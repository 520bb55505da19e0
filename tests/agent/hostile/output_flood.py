"""Print a gigabyte."""

import os

os.write(1, b"TRIED flood\n")
chunk = b"y" * (1 << 20)
for _ in range(1024):
    os.write(1, chunk)
os.write(1, b"\nflood ended\n")
