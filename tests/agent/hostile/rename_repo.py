"""Move the repository away, and its folders into each other."""

import os

from kit import SCRATCH, say

say("TRIED rename")
here = os.getcwd()
for target in (here + "-moved", SCRATCH + "/moved"):
    try:
        os.rename(here, target)
    except OSError as error:
        say("  refused: %s" % error)
for source, target in (
    (os.path.dirname(here), SCRATCH + "/moved-parent"),
    ("package", "package2"),
    ("module.py", "package.py"),
    (".git", "tig"),
):
    try:
        os.rename(source, target)
    except OSError as error:
        say("  refused: %s" % error)
