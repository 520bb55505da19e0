"""Close every descriptor, then go on."""

import os
import time

from kit import say

say("TRIED close all")
os.closerange(0, 65536)
time.sleep(0.05)
os._exit(0)
