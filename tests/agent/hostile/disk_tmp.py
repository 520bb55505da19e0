"""Fill /tmp."""

from kit import SCRATCH, say

say("TRIED fill /tmp")
written = 0
try:
    for number in range(1000):
        with open(SCRATCH + "/fill%d" % number, "wb") as file:
            for _ in range(64):
                written += file.write(b"x" * (1 << 20))
except OSError as error:
    say("refused after %d MiB: %s" % (written >> 20, error))
if written > 1 << 30:
    say("ESCAPED the disk limit")
