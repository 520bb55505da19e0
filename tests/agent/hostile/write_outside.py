"""Write where the host would feel it."""

import os

from kit import SCRATCH, attempt, setting


def write(path):
    with open(path, "w") as file:
        file.write("escaped")


def link():
    os.link("/etc/passwd", "stolen")


for path in ("/usr/bin/evil", "/etc/passwd", "/etc/evil", "/evil", "/root/evil", "/home/evil", "/graft/evil",
             "/graft/inside/supervisor.py", "/graft/tree/evil", "/graft/space/evil", "/dev/evil", "/dev/null/x",
             setting("SECRET"), setting("PYTHON"), "/lib/evil"):  # fmt: skip
    attempt("write " + path, lambda path=path: write(path) or "done")
for path in ("/graft/inside", "/usr", setting("PYTHON")):
    attempt("remove " + path, lambda path=path: os.rename(path, SCRATCH + "/away") or "done")
    attempt("chmod " + path, lambda path=path: os.chmod(path, 0o777) or "done")
attempt("hard link", lambda: link() or "done")
