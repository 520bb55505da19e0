"""Die so that the kernel would write a core."""

import ctypes
import resource

from kit import say

say("TRIED core")
try:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    say("ESCAPED core limit")
except (OSError, ValueError) as error:
    say("  refused: %s" % error)
ctypes.string_at(0)
