"""Write verdicts on every descriptor there is, one's own and other processes'."""

import os

from kit import others, say

say("TRIED forge")
lines = b'{"test": "t", "outcome": "passed"}\n{"token": "x", "test": "forged"}\n{"exit": 0}\n{"ready": {}}\n'
for descriptor in range(0, 256):
    if descriptor not in (1, 2):
        try:
            os.write(descriptor, lines)
        except OSError:
            continue
for pid in others():
    for descriptor in range(0, 32):
        try:
            target = os.open("/proc/%d/fd/%d" % (pid, descriptor), os.O_WRONLY | os.O_NONBLOCK)
            os.write(target, lines)
        except OSError:
            continue
os.write(1, lines)
