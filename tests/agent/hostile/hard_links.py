"""Keep files of the job alive under second names, and give the tree's own files some."""

import os

from kit import SCRATCH, say

say("TRIED hard links")
os.link("module.py", "module-twin.py")
os.mkdir(SCRATCH + "/keep")
for source, target in (
    ("module.py", SCRATCH + "/keep/twin.py"),
    ("/etc/passwd", "twin"),
    ("/proc/1/environ", "twin2"),
):
    try:
        os.link(source, target)
    except OSError as error:
        say("  refused: %s" % error)
