"""Make devices, and things that look like an overlay's marks."""

import os
import stat

from kit import SCRATCH, attempt, say

attempt("block device", lambda: os.mknod("disk", stat.S_IFBLK | 0o666, os.makedev(254, 0)) or "done")
attempt("memory device", lambda: os.mknod(SCRATCH + "/mem", stat.S_IFCHR | 0o666, os.makedev(1, 1)) or "done")
try:
    os.mknod("module-gone.py", stat.S_IFCHR, 0)
except OSError as error:
    say("  refused: %s" % error)
os.mkfifo("pipe")
