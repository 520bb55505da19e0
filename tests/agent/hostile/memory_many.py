"""Take memory in many processes, each of them modest."""

import os
import time

from kit import say

say("TRIED memory of many")
for _ in range(40):
    if os.fork() == 0:
        kept = bytearray(os.urandom(1 << 20)) * 40
        time.sleep(60)
time.sleep(60)
