"""Take ever more memory, in pieces that no single limit stops at once."""

import mmap

from kit import say

say("TRIED memory")
kept = []
while True:
    try:
        piece = mmap.mmap(-1, 16 << 20)
    except OSError:
        break
    for offset in range(0, 16 << 20, 4096):
        piece[offset] = 1
    kept.append(piece)
say("stopped by the kernel at %d MiB" % (16 * len(kept)))
raise SystemExit(3)
