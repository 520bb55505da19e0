"""Read an import whose captures say everything. Finds no files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from index.languages.spec import Import


def read_plain_import(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    """An import whose captures say everything. `@module` names the module, with quotes or without; beside it:

    `@name`, perhaps with `@alias`, is one imported name; `@default` binds the module's default, `@namespace` the
    module itself, `@wildcard` all its names. A module that begins with a dot must lie in the repository.
    """
    module_node = captures["module"]
    module = text(module_node).strip("\"'`<>")
    level = 1 if module.startswith(".") else 0
    if "wildcard" in captures:
        return [Import(level, module, "*", "", module_node)]
    if "default" in captures:
        return [Import(level, module, "default", text(captures["default"]), captures["default"])]
    if "namespace" in captures:
        return [Import(level, module, "", text(captures["namespace"]), module_node)]
    name = captures.get("name")
    if name is None:
        return [Import(level, module, "", "", module_node)]
    bound = captures.get("alias") or name
    return [Import(level, module, text(name), text(bound), name)]
