"""Go: a folder is a package whose files share their names; imports go by the module path of go.mod.

Embedded types count as bases. Which types satisfy an interface is not worked out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from posixpath import dirname
from typing import Any

from index.facts import CALL, ELEMENT
from index.languages.rules import NamespaceRules
from index.languages.spec import Import, LanguageSpec, Step
from index.world import Module, World

_MODULES = "go.mod"
"""The namespace in which go.mod files offer their module paths."""
_VERSION = re.compile(r"^v\d+$|\.v\d+$")
_TEST_PACKAGE = "_test"

QUERY = """
(package_clause (package_identifier) @package)

(function_declaration name: (identifier) @name result: (_)? @returns) @definition.function
(method_declaration
  receiver: (parameter_list (parameter_declaration name: (identifier)? @receiver type: (_) @owner))
  name: (field_identifier) @name result: (_)? @returns) @definition.method
(func_literal) @scope

(type_spec name: (type_identifier) @name type: (struct_type (field_declaration_list) @body)) @definition.class
(type_spec name: (type_identifier) @name type: (interface_type) @body) @definition.interface
(type_spec name: (type_identifier) @name) @definition.class
(type_alias name: (type_identifier) @name type: (_) @inherits) @definition.class
(method_elem name: (field_identifier) @name result: (_)? @returns) @definition.method
(field_declaration name: (field_identifier) @name type: (_) @type) @definition.field
(field_declaration !name type: (_) @inherits)
(type_elem . (type_identifier) @inherits .)
(type_elem . (qualified_type) @inherits .)

(parameter_declaration name: (identifier) @name type: (_) @type) @parameter
(variadic_parameter_declaration name: (identifier) @name type: (_) @type) @parameter
(const_spec name: (identifier) @name type: (_)? @type value: (expression_list . (_) @value)?) @variable
(var_spec name: (identifier) @name type: (_)? @type value: (expression_list . (_) @value)?) @variable
(short_var_declaration left: (expression_list . (identifier) @name)
  right: (expression_list . (_) @value)) @variable
(short_var_declaration left: (expression_list (_) . (identifier) @name)
  right: (expression_list (_) . (_) @value)) @variable
(short_var_declaration left: (expression_list (identifier) @name)) @variable
(range_clause left: (expression_list (_) . (identifier) @name) right: (_) @value) @element
(range_clause left: (expression_list . (identifier) @name)) @parameter
(type_switch_statement alias: (expression_list (identifier) @name)) @variable
(return_statement (expression_list . (_) @value)) @return

(import_spec name: (package_identifier)? @alias path: (_) @module) @import
(import_spec name: (dot) @wildcard path: (_) @module) @import
(import_spec name: (blank_identifier) @ignore)
(keyed_element key: (literal_element (identifier) @ignore))
(label_name) @ignore
"""

_BUILTINS = frozenset(
    """append cap clear close complex copy delete imag len make new panic print println real recover true false nil
    iota bool byte rune string error int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 uintptr float32
    float64 complex64 complex128 any comparable _""".split()  # noqa: SIM905 - a list of words
)


class GoRules(NamespaceRules):
    family = "go"

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        """The package that an import path names, by the go.mod whose module path it begins with."""
        prefix = module
        while prefix:
            for declared in world.providers(_MODULES, prefix):
                folder = "/".join(part for part in (dirname(declared), module[len(prefix) + 1 :]) if part)
                namespace = f"go:{folder}"
                if world.providers(namespace, ""):
                    return Module(namespace, "")
            prefix = prefix.rpartition("/")[0]
        return None

    def is_inside(self, world: World, importer: str, module: str) -> bool:
        parts = module.split("/")
        return any(world.providers(_MODULES, "/".join(parts[:end])) for end in range(len(parts), 0, -1))


def _namespace(path: str, package: str) -> str:
    """A folder; tests in a package of their own beside it stand apart."""
    apart = "#test" if package.endswith(_TEST_PACKAGE) and path.endswith("_test.go") else ""
    return f"go:{dirname(path)}{apart}"


def _read_import(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    """An import binds the last part of its path, less a version, unless it says a name."""
    node = captures["module"]
    module = text(node).strip('"`')
    if "wildcard" in captures:
        return [Import(0, module, "*", "", node)]
    if "alias" in captures:
        return [Import(0, module, "", text(captures["alias"]), node)]
    parts = module.split("/")
    if len(parts) > 1 and _VERSION.match(parts[-1]):
        parts.pop()
    last = _VERSION.sub("", parts[-1])
    names = dict.fromkeys((last, last.removeprefix("go-"), last.removesuffix("-go"), last.rpartition("-")[2]))
    return [Import(0, module, "", name, node) for name in names if name.isidentifier()][:1] or [
        Import(0, module, "", "", node)
    ]


SPECS = (
    LanguageSpec(
        "go",
        (".go",),
        rules=GoRules(),
        query=QUERY,
        names=frozenset({"identifier", "type_identifier", "package_identifier"}),
        steps={
            "selector_expression": Step("operand", "field"),
            "qualified_type": Step("package", "name"),
            "call_expression": Step("function", mark=CALL),
            "composite_literal": Step("type", mark=CALL),
            "index_expression": Step("operand", mark=ELEMENT),
            "slice_expression": Step("operand"),
            "parenthesized_expression": Step(),
            "unary_expression": Step("operand"),
            "generic_type": Step("type"),
            "pointer_type": Step(),
        },
        casts={
            "type_assertion_expression": "type",
            "type_conversion_expression": "type",
            "composite_literal": "type",
        },
        literals=frozenset(
            {"interpreted_string_literal", "raw_string_literal", "int_literal", "float_literal"}
        ),
        outer=frozenset({"type_declaration", "const_declaration", "var_declaration", "var_spec_list"}),
        builtins=_BUILTINS,
        test_files=r"_test\.go$",
        test_stem=r"(.+)_test",
        test_names=r"^(?:Test|Benchmark|Example|Fuzz)(?:[^a-z]|$)",
        namespace=_namespace,
        read_import=_read_import,
    ),
)
