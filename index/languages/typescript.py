"""TypeScript and TSX: what JavaScript has, with types, interfaces, enumerations and namespaces."""

from __future__ import annotations

from index.languages.javascript import (
    BUILTINS,
    CHOICES,
    JSX,
    LITERALS,
    NAMES,
    SHARED,
    STEPS,
    TEST_FILES,
    TEST_STEM,
    read_import,
)
from index.languages.node_modules import NodeRules
from index.languages.spec import LanguageSpec, Step

QUERY = (
    """
(function_declaration name: (identifier) @name return_type: (_)? @returns) @definition.function
(function_signature name: (identifier) @name return_type: (_)? @returns) @definition.function
(variable_declarator name: (identifier) @name
  value: (arrow_function return_type: (_)? @returns) @inner) @definition.function
(class_body (method_definition "get" @property name: (_) @name return_type: (_)? @returns) @definition.method)
(class_body (method_definition "static"? @static name: (_) @name return_type: (_)? @returns) @definition.method)
(class_body (abstract_method_signature name: (_) @name return_type: (_)? @returns) @definition.method)
(class_body (method_signature name: (_) @name return_type: (_)? @returns) @definition.method)
(interface_body (method_signature name: (_) @name return_type: (_)? @returns) @definition.method)
(object_type (method_signature name: (_) @name return_type: (_)? @returns) @definition.method)
(variable_declarator name: (identifier) @name type: (_) @type) @variable
"""
    + SHARED
    + """
(class_declaration name: (type_identifier) @name) @definition.class
(abstract_class_declaration name: (type_identifier) @name) @definition.class
(variable_declarator name: (identifier) @name value: (class) @inner) @definition.class
(interface_declaration name: (type_identifier) @name) @definition.interface
(type_alias_declaration name: (type_identifier) @name value: (object_type) @body) @definition.interface
(type_alias_declaration name: (type_identifier) @name value: (_) @body) @definition.interface
(enum_declaration name: (identifier) @name) @definition.class
(internal_module name: [(identifier) (string)] @name) @definition.module
(module name: (identifier) @name) @definition.module
(extends_clause value: (_) @inherits)
(implements_clause (_) @inherits)
(extends_type_clause type: (_) @inherits)
(class_body (public_field_definition name: (_) @name
  value: [(arrow_function) (function_expression)] @inner) @definition.method)
(class_body (public_field_definition name: (_) @name type: (_)? @type value: (_)? @value) @definition.field)
(interface_body (property_signature name: (_) @name type: (_)? @type) @definition.field)
(type_alias_declaration (object_type (property_signature name: (_) @name type: (_)? @type) @definition.field))
(enum_body name: (_) @name @definition.field)
(enum_assignment name: (_) @name) @definition.field

(required_parameter pattern: (identifier) @name type: (_)? @type value: (_)? @value) @parameter
(optional_parameter pattern: (identifier) @name type: (_)? @type) @parameter
(required_parameter (accessibility_modifier) pattern: (identifier) @name type: (_)? @type) @field
(type_parameter name: (type_identifier) @name) @parameter
(import_statement (import_require_clause (identifier) @required source: (string) @module)) @import
(decorator (identifier) @decorates)
"""
)


def _typescript(name: str, suffixes: tuple[str, ...]) -> LanguageSpec:
    return LanguageSpec(
        name,
        suffixes,
        rules=NodeRules(),
        query=QUERY + JSX if name == "tsx" else QUERY,
        names=NAMES | {"type_identifier"},
        steps={
            **STEPS,
            "nested_type_identifier": Step("module", "name"),
            "nested_identifier": Step("object", "property"),
            "generic_type": Step("name"),
            "non_null_expression": Step(),
            "instantiation_expression": Step(),
        },
        choices=CHOICES,
        casts={"as_expression": "", "satisfies_expression": ""},
        literals=LITERALS,
        outer=frozenset(
            {"export_statement", "lexical_declaration", "variable_declaration", "ambient_declaration",
             "expression_statement"}
        ),
        receiver="this",
        parent="super",
        builtins=BUILTINS,
        test_files=TEST_FILES,
        test_stem=TEST_STEM,
        read_import=read_import,
    )  # fmt: skip


SPECS = (_typescript("typescript", (".ts", ".mts", ".cts")), _typescript("tsx", (".tsx",)))
