"""Bash and its kin: functions, `source`, calls by the name of a command. Knows no commands of the system.

A command that no function of the file, of those it sources, or (once only) of the tree bears is another program, so
it is no unresolved reference. Variables set at the top of a file are constants.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from posixpath import normpath
from typing import Any

from index.facts import CALL
from index.found import Found
from index.infer import OUTSIDE, Inference
from index.languages.rules import NamespaceRules
from index.languages.spec import Import, LanguageSpec, Step
from index.modules import folders_above
from index.world import Module, World

_FOLDER = re.compile(r'^.*(?:\)|\}|\$\w+)"?/')
"""A folder that is worked out when the script runs: `$(dirname "$0")/`, `${HERE}/`, `$HERE/`."""

QUERY = """
(function_definition name: (word) @name) @definition.function
(declaration_command "local" (variable_assignment name: (variable_name) @name @local) @variable)
(declaration_command "local" (variable_name) @name @local @variable)
(variable_assignment name: (variable_name) @name) @variable
(for_statement variable: (variable_name) @name @local @variable)
(simple_expansion (variable_name) @ignore (#match? @ignore "^[0-9]"))
((command name: (command_name) @ignore) (#not-match? @ignore "^[A-Za-z_][A-Za-z0-9_:-]*$"))
((command name: (command_name) @ignore) (#eq? @ignore "source"))
(command name: (command_name (word) @_source) . argument: (_) @module
  (#any-of? @_source "source" ".")) @import
"""


class BashRules(NamespaceRules):
    names_call = True

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        """A file beside the script, or by its path from a folder above."""
        for folder in folders_above(importer):
            path = normpath(f"{folder}/{module}" if folder else module)
            if world.has_file(path):
                return Module(path, path)
        return None

    def fall_through(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        if len(infer.world.providers(infer.world.namespace(path), name)) != 1:
            return OUTSIDE
        return super().fall_through(infer, path, name, depth) or OUTSIDE


def _read_import(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    node = captures["module"]
    module = _FOLDER.sub("", text(node)).strip("\"'").removeprefix("./")
    return [Import(0, module, "*", "", node)] if module and "$" not in module else []


SPECS = (
    LanguageSpec(
        "bash",
        (".sh", ".bash", ".ksh", ".zsh"),
        file_names=(".bashrc", ".bash_profile", ".profile", ".zshrc"),
        rules=BashRules(),
        query=QUERY,
        names=frozenset({"command_name", "variable_name"}),
        steps={"command": Step("name", mark=CALL)},
        outer=frozenset({"declaration_command"}),
        test_files=r"(?:^|/)tests?/|(?:^|[_/-])test[^/]*\.(?:ba|z|k)?sh$",
        test_stem=r"(.+)[_-]test|test[_-](.+)",
        test_names=r"^test",
        namespace=lambda path, package: "bash",
        read_import=_read_import,
    ),
)
