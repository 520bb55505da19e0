"""Delete the whole repository, history included."""

import os
import shutil

from kit import say

say("TRIED delete")
for name in os.listdir("."):
    if os.path.isdir(name) and not os.path.islink(name):
        shutil.rmtree(name)
    else:
        os.unlink(name)
try:
    os.rmdir(os.getcwd())
except OSError as error:
    say("  refused: %s" % error)
say("left: %s" % os.listdir("."))
