"""JavaScript with JSX, and what TypeScript shares with it: ES modules, CommonJS, classes, common test runners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from index.facts import CALL, ELEMENT
from index.languages.imports import read_plain_import
from index.languages.node_modules import NodeRules
from index.languages.spec import Import, LanguageSpec, Step

SHARED = """
(function_declaration name: (identifier) @name) @definition.function
(generator_function_declaration name: (identifier) @name) @definition.function
(variable_declarator name: (identifier) @name
  value: [(arrow_function) (function_expression) (generator_function)] @inner) @definition.function
(assignment_expression
  left: (member_expression object: (identifier) @_exports property: (property_identifier) @name)
  right: [(arrow_function) (function_expression)] @inner
  (#eq? @_exports "exports")) @definition.function
(assignment_expression
  left: (member_expression
    object: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
    property: (property_identifier) @name)
  right: [(arrow_function) (function_expression)] @inner
  (#eq? @_module "module") (#eq? @_exports "exports")) @definition.function
(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: (object [
    (method_definition name: (property_identifier) @name) @definition.function
    (pair key: (property_identifier) @name
      value: [(arrow_function) (function_expression)] @inner) @definition.function])
  (#eq? @_module "module") (#eq? @_exports "exports"))
(class_body (method_definition "get" @property name: (_) @name) @definition.method)
(class_body (method_definition "static"? @static name: (_) @name) @definition.method)
(arrow_function) @scope
(function_expression) @scope
(method_definition) @scope
(arrow_function body: [(identifier) (member_expression) (call_expression) (new_expression)] @value) @return
(return_statement (_) @value) @return

(call_expression
  function: [(identifier) @_runner (member_expression object: (identifier) @_runner)
             (call_expression function: (member_expression object: (identifier) @_runner))]
  arguments: (arguments . [(string) (template_string)] @name . [(arrow_function) (function_expression)] @inner)
  (#match? @_runner "^(describe|context|suite|it|test|specify)$")) @definition.test

(arrow_function parameter: (identifier) @name) @parameter
(catch_clause parameter: (identifier) @name) @parameter
(variable_declarator name: (identifier) @name value: (_)? @value) @variable
(object_pattern (shorthand_property_identifier_pattern) @name) @parameter
(object_pattern (pair_pattern value: (identifier) @name)) @parameter
(object_pattern (object_assignment_pattern left: (shorthand_property_identifier_pattern) @name)) @parameter
(array_pattern (identifier) @name) @parameter
(rest_pattern (identifier) @name) @parameter
(for_in_statement left: (identifier) @name "of" right: (_) @value) @element
(for_in_statement left: (identifier) @name) @variable
(assignment_expression left: (member_expression object: (this) property: (property_identifier) @name)
  right: (_) @value) @field

(import_statement (import_clause (identifier) @default) source: (string) @module) @import
(import_statement (import_clause (namespace_import (identifier) @namespace)) source: (string) @module) @import
(import_statement (import_clause (named_imports
  (import_specifier name: (_) @name alias: (identifier)? @alias))) source: (string) @module) @import
(import_statement . source: (string) @module) @import
(export_statement (export_clause (export_specifier name: (_) @name alias: (_)? @alias))
  source: (string) @module) @import
(export_statement (namespace_export (_) @namespace) source: (string) @module) @import
(export_statement "*" @wildcard . "from" source: (string) @module) @import
(variable_declarator name: (identifier) @required
  value: (call_expression function: (identifier) @_require arguments: (arguments . (string) @module))
  (#eq? @_require "require")) @import
(variable_declarator name: (identifier) @required
  value: (await_expression (call_expression function: (import) arguments: (arguments . (string) @module)))) @import
(variable_declarator name: (object_pattern (shorthand_property_identifier_pattern) @name)
  value: (call_expression function: (identifier) @_require arguments: (arguments . (string) @module))
  (#eq? @_require "require")) @import
(variable_declarator
  name: (object_pattern (pair_pattern key: (property_identifier) @name value: (identifier) @alias))
  value: (call_expression function: (identifier) @_require arguments: (arguments . (string) @module))
  (#eq? @_require "require")) @import

(export_statement (export_clause (export_specifier name: (_) @name alias: (_) @alias)) !source) @export
(export_statement "default" @default value: (_) @value) @export
(export_statement "default" @default declaration: (_ name: (_) @name)) @export
(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports) @default
  right: (_) @value
  (#eq? @_module "module") (#eq? @_exports "exports")) @export
(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: (object (pair key: (property_identifier) @alias value: (_) @value))
  (#eq? @_module "module") (#eq? @_exports "exports")) @export
(assignment_expression
  left: (member_expression object: (identifier) @_exports property: (property_identifier) @alias)
  right: (_) @value
  (#eq? @_exports "exports")) @export
"""

JSX = """
(jsx_opening_element name: ((identifier) @ignore (#match? @ignore "^[a-z]")))
(jsx_closing_element name: (_) @ignore)
(jsx_self_closing_element name: ((identifier) @ignore (#match? @ignore "^[a-z]")))
"""

QUERY = (
    SHARED
    + JSX
    + """
(class_declaration name: (identifier) @name) @definition.class
(variable_declarator name: (identifier) @name value: (class) @inner) @definition.class
(class_heritage (_) @inherits)
(class_body (field_definition property: (_) @name
  value: [(arrow_function) (function_expression)] @inner) @definition.method)
(class_body (field_definition property: (_) @name value: (_)? @value) @definition.field)
(formal_parameters (identifier) @name) @parameter
(formal_parameters (assignment_pattern left: (identifier) @name right: (_) @value) @parameter)
"""
)

STEPS = {
    "member_expression": Step("object", "property"),
    "call_expression": Step("function", mark=CALL),
    "new_expression": Step("constructor", mark=CALL),
    "subscript_expression": Step("object", mark=ELEMENT),
    "parenthesized_expression": Step(),
    "await_expression": Step(),
}
NAMES = frozenset({"identifier", "this", "super", "shorthand_property_identifier"})
CHOICES = frozenset({"ternary_expression", "binary_expression"})
LITERALS = frozenset({"string", "template_string", "number", "regex", "true", "false", "null", "undefined"})
BUILTINS = frozenset(
    """this undefined null NaN Infinity globalThis window document console process module exports require global
    __dirname __filename Object Array String Number Boolean Symbol BigInt Function Promise Map Set WeakMap WeakSet
    WeakRef Proxy Reflect Date RegExp Error TypeError RangeError SyntaxError ReferenceError EvalError URIError
    AggregateError JSON Math Intl Atomics ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Int16Array
    Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array Uint8ClampedArray
    parseInt parseFloat isNaN isFinite encodeURIComponent decodeURIComponent encodeURI decodeURI setTimeout
    setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask structuredClone fetch URL
    URLSearchParams TextEncoder TextDecoder AbortController AbortSignal Buffer arguments navigator location alert
    describe context suite it test specify expect before after beforeEach afterEach beforeAll afterAll jest vi
    Partial Required Readonly Record Pick Omit Exclude Extract NonNullable Parameters ReturnType InstanceType Awaited
    ReadonlyArray ReadonlyMap ReadonlySet PromiseLike Iterable Iterator IterableIterator AsyncIterable
    HTMLElement Element Node Event JSX""".split()  # noqa: SIM905 - a list of words
)
TEST_FILES = r"(?:[.\-_](?:test|spec|e2e|cy)\.[cm]?[jt]sx?$)|(?:^|/)(?:__tests__|spec|e2e|cypress)/"
TEST_STEM = r"(.+)[.\-_](?:test|spec|e2e)"


def read_import(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    """`require` gives what `module.exports` holds, or the module with its exported names."""
    if "required" not in captures:
        return read_plain_import(captures, text, path)
    module = text(captures["module"]).strip("\"'`")
    level = 1 if module.startswith(".") else 0
    return [Import(level, module, NodeRules.WHOLE, text(captures["required"]), captures["module"])]


SPECS = (
    LanguageSpec(
        "javascript",
        (".js", ".jsx", ".mjs", ".cjs"),
        rules=NodeRules(),
        query=QUERY,
        names=NAMES,
        steps=STEPS,
        choices=CHOICES,
        literals=LITERALS,
        outer=frozenset(
            {"export_statement", "lexical_declaration", "variable_declaration", "expression_statement"}
        ),
        receiver="this",
        parent="super",
        builtins=BUILTINS,
        test_files=TEST_FILES,
        test_stem=TEST_STEM,
        read_import=read_import,
    ),
)
