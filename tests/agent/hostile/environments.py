"""Look for the host's environment in every process."""

import os

from kit import others, say, setting

say("TRIED environments")
for pid in ["self", *others()]:
    try:
        with open("/proc/%s/environ" % pid, "rb") as file:
            content = file.read()
    except OSError as error:
        say("  refused: %s" % error)
        continue
    if b"GRAFT_TEST_CANARY" in content or (pid != "self" and content):
        say("ESCAPED environment of %s: %r" % (pid, content[:200]))
for key, value in os.environ.items():
    if "CANARY" in key + value and not key.startswith("HOSTILE_"):
        say("ESCAPED environment variable %s" % key)
assert setting("REPO")
