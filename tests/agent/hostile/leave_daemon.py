"""Leave a daemon behind: forked twice, its own session, all descriptors closed."""

import os
import time

from kit import SCRATCH, say

say("TRIED daemon")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 1024)
        while True:
            try:
                with open(SCRATCH + "/alive", "a") as file:
                    file.write("x")
            except OSError:
                pass
            time.sleep(0.001)
    os._exit(0)
time.sleep(0.05)
