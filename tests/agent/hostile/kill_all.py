"""Kill everybody, the first process before all."""

import os
import signal

from kit import others, say

say("TRIED kill all")
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGSEGV):
    for target in (1, *others()):
        try:
            os.kill(target, number)
        except OSError as error:
            say("  refused: %s" % error)
try:
    os.kill(-1, signal.SIGKILL)
except OSError as error:
    say("  refused: %s" % error)
