"""Run a script and note which functions and classes each call in a tree called. Started by call_trace.py.

Usage: call_trace_inside.py TREE OUTPUT SECONDS SCRIPT [ARGUMENTS]. Needs Python 3.12; imports nothing of Graft.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import Any

TOOL = 3
Seen = dict[tuple[CodeType, int], dict[int, Any]]
"""(code that called, offset) → what was called, by id."""


def called_thing(thing: Any) -> Any:
    """What a call runs, as a function or a class: bound methods and decorated functions are taken off."""
    thing = thing.__func__ if isinstance(thing, MethodType) else thing
    while isinstance(thing, FunctionType) and hasattr(thing, "__wrapped__"):
        thing = thing.__wrapped__
    return thing


def place_of(thing: Any) -> tuple[str, str, str]:
    """(file, qualified name, kind) of a function or class; an empty file where it has none."""
    if isinstance(thing, type):
        module = sys.modules.get(thing.__module__)
        name = thing.__qualname__.replace("<locals>.", "")
        return os.path.realpath(getattr(module, "__file__", None) or "/"), name, "class"
    if not isinstance(thing, FunctionType) or "<" in thing.__code__.co_name:
        return "", "", ""
    name = thing.__code__.co_qualname.replace("<locals>.", "")
    return thing.__code__.co_filename, name, "function"


def rows(seen: Seen, tree: str) -> Iterator[tuple[str, int, int, str, str, str]]:
    """(path, last line and column of the call, path, qualified name and kind of what was called)."""
    for (code, offset), things in list(seen.items()):
        _, line, _, column = list(code.co_positions())[offset // 2]
        for path, name, kind in map(place_of, list(things.values())):
            if path.startswith(tree) and line is not None and column is not None:
                yield os.path.relpath(code.co_filename, tree), line, column, path[len(tree) :], name, kind


def main() -> None:
    tree, output, seconds, script = os.path.realpath(sys.argv[1]) + "/", sys.argv[2], sys.argv[3], sys.argv[4]
    monitoring, seen = sys.monitoring, Seen()

    def on_call(code: CodeType, offset: int, thing: Any, first: Any) -> Any:
        if not code.co_filename.startswith(tree):
            return monitoring.DISABLE
        if isinstance(thing, FunctionType | MethodType | type):
            called = called_thing(thing)
            seen.setdefault((code, offset), {})[id(called)] = called
        return None

    def write() -> None:
        monitoring.set_events(TOOL, 0)
        Path(output).write_text(json.dumps(list(dict.fromkeys(rows(seen, tree)))))

    def stop() -> None:
        write()
        os._exit(124)

    monitoring.use_tool_id(TOOL, "graft-bench")
    monitoring.register_callback(TOOL, monitoring.events.CALL, on_call)
    monitoring.set_events(TOOL, monitoring.events.CALL)
    timer = threading.Timer(float(seconds), stop)
    timer.daemon = True
    timer.start()
    sys.argv[:] = sys.argv[4:]
    sys.path[0] = str(Path(script).resolve().parent)
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as leaving:
        print("exit", leaving.code)
    timer.cancel()
    write()


main()
