"""Lua: modules are what files return, most often a table with functions; tables at the top of a file are classes.

A name that no file binds is a global function where one file of the tree defines it. What metatables add is not
known, but for `__index` and classes made by `Base:extend()`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from index.facts import CALL, ELEMENT
from index.found import Found
from index.infer import Inference
from index.languages.rules import NamespaceRules
from index.languages.spec import Import, LanguageSpec, Step
from index.modules import folders_above
from index.world import Module, World

_WHOLE = "default"
"""The name under which a file offers what it returns."""
_ROOTS = ("", "lua", "src", "lib")

QUERY = """
(chunk (variable_declaration (assignment_statement
  (variable_list . name: (identifier) @name)
  (expression_list . value: (function_call
    name: (method_index_expression table: (identifier) @inherits method: (identifier) @_extend)))))
  (#any-of? @_extend "extend" "subclass"))
(chunk (variable_declaration (assignment_statement
  (variable_list . name: (identifier) @name)
  (expression_list . value: [(table_constructor)
    (function_call name: (method_index_expression method: (identifier) @_extend))
    (function_call name: (identifier) @_extend)])) @definition.class)
  (#any-of? @_extend "extend" "subclass" "setmetatable"))
(chunk (variable_declaration (assignment_statement
  (variable_list . name: (identifier) @name) (expression_list . value: (table_constructor))) @definition.class))
(chunk (assignment_statement
  (variable_list . name: (identifier) @name) (expression_list . value: (table_constructor))) @definition.class)
(chunk (_ (assignment_statement (expression_list (table_constructor
  (field name: (identifier) @_index value: (identifier) @inherits))))) (#eq? @_index "__index"))
(chunk (_ (assignment_statement (expression_list (function_call name: (identifier) @_set
  arguments: (arguments (_) . (table_constructor
    (field name: (identifier) @_index value: (identifier) @inherits)))))))
  (#eq? @_set "setmetatable") (#eq? @_index "__index"))
(chunk (_ (assignment_statement (expression_list (table_constructor
  (field name: (identifier) @name value: (function_definition) @inner) @definition.method)))))
(chunk (return_statement (expression_list (table_constructor
  (field name: (identifier) @name value: (function_definition) @inner) @definition.function))))

(function_declaration name: (identifier) @name) @definition.function
(function_declaration name: (dot_index_expression table: (identifier) @owner field: (identifier) @name))
  @definition.method
(function_declaration name: (method_index_expression table: (identifier) @owner method: (identifier) @name))
  @definition.method
(assignment_statement
  (variable_list . name: (dot_index_expression table: (identifier) @owner field: (identifier) @name))
  (expression_list . value: (function_definition) @inner)) @definition.method
(assignment_statement
  (variable_list . name: (identifier) @name)
  (expression_list . value: (function_definition) @inner)) @definition.function
(function_call name: (identifier) @_runner
  arguments: (arguments . (string) @name . (function_definition) @inner)
  (#any-of? @_runner "describe" "context" "it" "test" "insulate")) @definition.test
(function_definition) @scope

(parameters name: (identifier) @name) @parameter
(for_generic_clause (variable_list name: (identifier) @name @parameter))
(for_numeric_clause name: (identifier) @name) @parameter
(assignment_statement
  (variable_list . name: (dot_index_expression table: (identifier) @_self field: (identifier) @name))
  (expression_list . value: (_) @value) (#eq? @_self "self")) @field
(assignment_statement
  (variable_list . name: (identifier) @name @local) (expression_list . value: (function_call
    name: (identifier) @_set arguments: (arguments (_) . (identifier) @value)))
  (#eq? @_set "setmetatable")) @variable
(assignment_statement
  (variable_list . name: (identifier) @name @local) (expression_list . value: (_) @value)) @variable
(variable_list name: (identifier) @name @local @variable)
(variable_declaration (variable_list name: (identifier) @name @local @variable))
(return_statement (expression_list . (function_call name: (identifier) @_set
  arguments: (arguments (_) . (identifier) @value))) (#eq? @_set "setmetatable")) @return
(return_statement (expression_list . (function_call name: (identifier) @_set
  arguments: (arguments (_) . (table_constructor (field name: (identifier) @_index value: (identifier) @value)))))
  (#eq? @_set "setmetatable") (#eq? @_index "__index")) @return
(return_statement (expression_list . (_) @value)) @return
(chunk (return_statement (expression_list . [(identifier) (dot_index_expression)] @value) @default) @export)
(chunk (return_statement (expression_list (table_constructor
  (field name: (identifier) @alias value: [(identifier) (dot_index_expression)] @value) @export))))
(field name: (identifier) @ignore)
(function_declaration name: [(dot_index_expression) (method_index_expression)] @ignore)
(assignment_statement (variable_list . name: (dot_index_expression) @ignore)
  (expression_list . value: (function_definition)))

(assignment_statement
  (variable_list . name: (identifier) @bound)
  (expression_list . value: (function_call name: (identifier) @_require
    arguments: (arguments . (string content: (string_content) @module))))
  (#eq? @_require "require")) @import
(function_call name: (identifier) @_require arguments: (arguments . (string content: (string_content) @module))
  (#any-of? @_require "require" "dofile")) @import
"""


class LuaRules(NamespaceRules):
    set_up_methods = ("setup", "before_each", "setUp")

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        """A file by its dotted name from a folder above the one that requires it; without a name the file itself."""
        if not module:
            return Module(importer, importer) if level else None
        name = module.removesuffix(".lua").replace(".", "/").strip("/")
        for folder in folders_above(importer):
            for root in _ROOTS:
                for end in (".lua", "/init.lua"):
                    path = "/".join(part for part in (folder, root, name) if part) + end
                    if world.has_file(path):
                        return Module(path, path)
        return None

    def fall_through(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        if len(infer.world.providers(infer.world.namespace(path), name)) != 1:
            return None
        return super().fall_through(infer, path, name, depth)

    def module_member(self, infer: Inference, module: Module, name: str, depth: int) -> Found | None:
        """A file that returns no name of its own stands for its names."""
        return Found(module) if module.path and name == _WHOLE else None


def _read_import(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    node = captures["module"]
    if "bound" in captures:
        return [Import(0, text(node), _WHOLE, text(captures["bound"]), node)]
    return [Import(0, text(node), "", "", node)]


SPECS = (
    LanguageSpec(
        "lua",
        (".lua", ".rockspec"),
        rules=LuaRules(),
        query=QUERY,
        names=frozenset({"identifier"}),
        steps={
            "dot_index_expression": Step("table", "field"),
            "method_index_expression": Step("table", "method"),
            "bracket_index_expression": Step("table", mark=ELEMENT),
            "function_call": Step("name", mark=CALL),
            "parenthesized_expression": Step(),
        },
        choices=frozenset({"binary_expression"}),
        literals=frozenset({"string", "number", "nil", "true", "false", "table_constructor"}),
        outer=frozenset({"variable_declaration"}),
        receiver="self",
        builtins=frozenset(
            """_G _VERSION assert collectgarbage dofile error getmetatable ipairs load loadfile loadstring next pairs
            pcall print rawequal rawget rawlen rawset require select setfenv setmetatable tonumber tostring type
            unpack xpcall coroutine debug io math os package string table utf8 bit bit32 jit ngx self arg describe
            it before_each after_each setup teardown context insulate pending spy stub mock""".split()  # noqa: SIM905 - a list of words
        ),
        test_files=r"_(?:spec|test)\.lua$|(?:^|/)(?:spec|tests?)/",
        test_stem=r"(.+)_(?:spec|test)|test_(.+)",
        test_names=r"^test",
        namespace=lambda path, package: "lua",
        read_import=_read_import,
    ),
)
