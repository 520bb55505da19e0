"""Replace a folder by one of the same name, so that an overlay hides what was in it."""

import os
import shutil

from kit import say

say("TRIED opaque folder")
shutil.rmtree("package")
os.mkdir("package")
shutil.rmtree("package")
os.mkdir("package")
