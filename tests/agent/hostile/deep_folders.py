"""Dig thousands of folders deep, in the tree and in /tmp, and lock the way."""

import os

from kit import SCRATCH, say, setting

say("TRIED deep folders")
for start in (".", SCRATCH):
    os.chdir(start)
    for _ in range(int(setting("DEPTH"))):
        os.mkdir("d" * 60)
        os.chdir("d" * 60)
    os.chmod(".", 0)
