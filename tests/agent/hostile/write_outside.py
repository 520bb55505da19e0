"""Write where the host would feel it."""

import os

from kit import SCRATCH, attempt, setting


def write(path):
    with open(path, "w") as file:
        file.write("escaped")


def change_mode(path):
    os.chmod(path, 0o701)
    if os.stat(path).st_mode & 0o777 != 0o701:
        raise OSError("said to be done, and not done")


def link():
    os.link("/etc/passwd", "stolen")


for path in ("/usr/bin/evil", "/etc/passwd", "/etc/evil", "/evil", "/root/evil", "/home/evil", "/graft/evil",
             "/graft/inside/supervisor.py", "/graft/tree/evil", "/graft/space/evil", "/dev/evil", "/dev/null/x",
             setting("SECRET"), setting("PYTHON"), "/lib/evil"):  # fmt: skip
    attempt("write " + path, lambda path=path: write(path) or "done")
for path in ("/graft/inside", "/usr", setting("PYTHON"), setting("SECRET")):
    attempt("remove " + path, lambda path=path: os.rename(path, SCRATCH + "/away") or "done")
    attempt("chmod " + path, lambda path=path: change_mode(path) or "done")
attempt("hard link", lambda: link() or "done")
