"""Dig five thousand folders deep, in the tree and in /tmp, and lock the way."""

import os

from kit import say

say("TRIED deep folders")
for start in (".", "/tmp"):
    os.chdir(start)
    for _ in range(5000):
        os.mkdir("d" * 60)
        os.chdir("d" * 60)
    os.chmod(".", 0)
