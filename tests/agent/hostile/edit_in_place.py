"""Change files so that size and times stay the same."""

import os

from kit import say

say("TRIED quiet edits")
for path in ("module.py", "package/__init__.py", "package/data.txt"):
    status = os.stat(path)
    with open(path, "r+b") as file:
        content = file.read()
        file.seek(0)
        file.write(content[::-1])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
os.setxattr("module.py", "user.evil", b"1")
