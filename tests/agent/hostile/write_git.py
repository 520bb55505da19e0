"""Plant a hook and change the history."""

import os

from kit import say

say("TRIED git")
with open(".git/hooks/pre-commit", "w") as file:
    file.write("#!/bin/sh\ntouch /tmp/hooked\n")
os.chmod(".git/hooks/pre-commit", 0o755)
with open(".git/config", "a") as file:
    file.write("[core]\n\tfsmonitor = touch /tmp/hooked\n")
with open(".git/HEAD", "w") as file:
    file.write("ref: refs/heads/evil\n")
