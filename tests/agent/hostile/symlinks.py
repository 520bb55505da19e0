"""Turn the tree's files and folders into links that lead out."""

import os
import shutil

from kit import say, setting

say("TRIED symlinks")
os.unlink("module.py")
os.symlink(setting("SECRET"), "module.py")
shutil.rmtree("package")
os.symlink("/", "package")
os.symlink(os.path.dirname(setting("SECRET")), "evil-link")
os.symlink("loop-b", "loop-a")
os.symlink("loop-a", "loop-b")
try:
    with open("module.py", "w") as file:
        file.write("escaped")
    say("ESCAPED wrote through a link")
except OSError as error:
    say("  refused: %s" % error)
