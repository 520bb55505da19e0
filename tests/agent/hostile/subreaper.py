"""Collect orphans, stop them, and clone siblings of oneself."""

import os
import signal
import time

from kit import CALLS, LIBC, call, say

CLONE_PARENT = 0x8000
say("TRIED subreaper")
LIBC.prctl(36, 1, 0, 0, 0)
for _ in range(5):
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(60)
if CALLS and call("clone", CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0) == 0:
    while True:
        time.sleep(1)
