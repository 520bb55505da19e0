"""Leave bytecode behind that fits the module's name."""

import importlib.util
import os
import py_compile

from kit import SCRATCH, say

say("TRIED stale bytecode")
with open(SCRATCH + "/evil.py", "w") as file:
    file.write("VALUE = 'evil'\n")
for mode in py_compile.PycInvalidationMode:
    target = importlib.util.cache_from_source(os.path.abspath("module.py"))
    py_compile.compile(SCRATCH + "/evil.py", cfile=target, invalidation_mode=mode)
for place in ("sitecustomize.py", "usercustomize.py", "json.py", "conftest.py"):
    with open(place, "w") as file:
        file.write("raise SystemExit('evil')\n")
