"""Set the machine's clock, to what it is already."""

import struct
import time

from kit import attempt, call

now = struct.pack("qq", int(time.time()), 0)
attempt("clock_settime", lambda: call("clock_settime", 0, now))
attempt("settimeofday", lambda: call("settimeofday", now, None))
