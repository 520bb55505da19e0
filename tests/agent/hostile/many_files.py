"""Make a hundred thousand files."""

import os

from kit import say

say("TRIED many files")
os.mkdir("many")
made = 0
try:
    for made in range(100_000):
        os.close(os.open("many/%d" % made, os.O_CREAT | os.O_WRONLY))
except OSError as error:
    say("refused after %d: %s" % (made, error))
