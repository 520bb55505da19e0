"""Become somebody else, by call and by program."""

import os
import shutil
import subprocess

from kit import SCRATCH, attempt, say

attempt("setuid 0", lambda: os.setuid(0) or "done")
attempt("setgid 0", lambda: os.setgid(0) or "done")
attempt("setgroups", lambda: os.setgroups([0]) or "done")


def give_away():
    os.chown("module.py", 0, 0)
    if os.stat("module.py").st_uid != 0:
        raise OSError("said to be done, and not done")


attempt("chown", lambda: give_away() or "done")
shutil.copy("/usr/bin/id", SCRATCH + "/id")
os.chmod(SCRATCH + "/id", 0o6755)
own = os.getuid()
for program in (
    [SCRATCH + "/id", "-u"],
    ["su", "-c", "id -u"],
    ["sudo", "-n", "id", "-u"],
    ["mount"],
    ["passwd", "-d", "root"],
):
    try:
        done = subprocess.run(program, capture_output=True, stdin=subprocess.DEVNULL, timeout=5)
    except OSError as error:
        say("  refused: %s" % error)
        continue
    if program[0] != "mount" and done.returncode == 0 and done.stdout.strip() not in (b"", str(own).encode()):
        say("ESCAPED %s: %r" % (program, done.stdout))
say("TRIED setuid")
