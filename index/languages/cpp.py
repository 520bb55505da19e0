"""C++: what C has, with classes, methods outside them, namespaces, templates, `using`, and tests by macros.

Template parameters and arguments are seen through for the customary wrappers and containers only. Overloads are told
apart by the number of arguments; of those that take as many, the last definition counts.
"""

from __future__ import annotations

from index.facts import CALL
from index.languages.c import (
    BUILTINS,
    LITERALS,
    NAMED_FUNCTION,
    SHARED,
    STEPS,
    TEST_FILES,
    TEST_STEM,
    TYPES,
    C,
    prototypes,
    variables,
)
from index.languages.c_macros import masked
from index.languages.c_rules import SPACE, CppRules, read_include
from index.languages.spec import LanguageSpec, Step

_TESTS = "TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|FRIEND_TEST|BOOST_AUTO_TEST_CASE|BOOST_FIXTURE_TEST_CASE"
_ASSERTIONS = frozenset(
    f"{kind}_{what}"
    for kind in ("EXPECT", "ASSERT")
    for what in (
        "EQ",
        "NE",
        "LT",
        "LE",
        "GT",
        "GE",
        "TRUE",
        "FALSE",
        "STREQ",
        "STRNE",
        "THROW",
        "NO_THROW",
        "NEAR",
        "ANY_THROW",
        "DEATH",
        "THAT",
        "DOUBLE_EQ",
        "FLOAT_EQ",
    )
) | {
    "CHECK",
    "REQUIRE",
    "CHECK_FALSE",
    "REQUIRE_FALSE",
    "CHECK_THROWS",
    "REQUIRE_THROWS",
    "SECTION",
    "INFO",
    "FAIL",
}
_TYPE = "[(type_identifier) (qualified_identifier) (template_type)]"
_METHOD_NAME = "[(identifier) (field_identifier) (destructor_name) (operator_name)] @name"


def _returned(inner: str) -> str:
    """A function's declarator, bare or behind a pointer or reference."""
    return f"[{inner} (pointer_declarator declarator: {inner}) (reference_declarator {inner})]"


def _bound(name: str) -> str:
    return variables(name, f"(reference_declarator {name})")


_OUTSIDE = """(function_declarator declarator: (qualified_identifier
    scope: [(namespace_identifier) (template_type)] @owner name: {name}))"""
_OUTSIDE_TWICE = """(function_declarator declarator: (qualified_identifier scope: (_) @outer
    name: (qualified_identifier scope: [(namespace_identifier) (template_type)] @owner name: {name})))"""
_TYPE_ARGUMENT = """(template_function name: (identifier) @_made arguments: (template_argument_list . (_) @type)
    (#any-of? @_made "make_unique" "make_shared" "static_cast" "dynamic_cast" "reinterpret_cast" "const_cast"))"""
_MADE = f"(call_expression function: [{_TYPE_ARGUMENT} (qualified_identifier name: {_TYPE_ARGUMENT})])"

QUERY = f"""
(function_definition !type declarator: (function_declarator declarator: (identifier) @_macro parameters:
  (parameter_list . (parameter_declaration type: (_) @owner) . (parameter_declaration type: (_) @name)))
  (#any-of? @_macro "TEST_F" "TEST_P" "TYPED_TEST" "TYPED_TEST_P")) @definition.test
(function_definition !type declarator: (function_declarator declarator: (identifier) @_macro parameters:
  (parameter_list . (_) . (parameter_declaration type: (_) @name)))
  (#any-of? @_macro "TEST" "BOOST_FIXTURE_TEST_CASE")) @definition.test
(function_definition !type declarator: (function_declarator declarator: (identifier) @_macro parameters:
  (parameter_list . (parameter_declaration type: (_) @name) .))
  (#any-of? @_macro "BOOST_AUTO_TEST_CASE" "TEST_CASE")) @definition.test
((expression_statement (call_expression function: (identifier) @_macro
  arguments: (argument_list . (string_literal) @name))) . (compound_statement) @definition.test
  (#any-of? @_macro "TEST_CASE" "SCENARIO" "SUBCASE" "SECTION"))

(namespace_definition name: (_) @name body: (_) @body) @definition.module
(class_specifier name: (type_identifier) @name body: (_) @body) @definition.class
(class_specifier name: (template_type name: (type_identifier) @name) body: (_) @body) @definition.class
(struct_specifier name: (template_type name: (type_identifier) @name) body: (_) @body) @definition.class
(alias_declaration name: (type_identifier) @name) @definition.class
(alias_declaration type: (type_descriptor type: {_TYPE} @inherits))
(concept_definition name: (identifier) @name) @definition.class
(base_class_clause {_TYPE} @inherits)

(function_definition type: (_)? @returns
  declarator: {_returned(_OUTSIDE.format(name=_METHOD_NAME))}) @definition.method
(function_definition type: (_)? @returns
  declarator: {_returned(_OUTSIDE_TWICE.format(name=_METHOD_NAME))}) @definition.method
(field_declaration_list (function_definition type: (_)? @returns
  declarator: {_returned(f"(function_declarator declarator: {_METHOD_NAME})")}) @definition.method)
(field_declaration type: (_) @returns
  declarator: {_returned(f"(function_declarator declarator: {_METHOD_NAME})")}) @definition.method @role.declaration
(field_declaration_list (declaration
  declarator: (function_declarator declarator: {_METHOD_NAME})) @definition.method @role.declaration)
(field_declaration_list (template_declaration (declaration type: (_)? @returns declarator:
  {_returned(f"(function_declarator declarator: {_METHOD_NAME})")}) @definition.method @role.declaration))
(function_definition type: (_) @returns declarator:
  (reference_declarator {NAMED_FUNCTION})) @definition.function
(function_definition !type declarator: {NAMED_FUNCTION}
  (#not-match? @name "^({_TESTS}|TEST_CASE)$")) @definition.function
(function_definition type: (_) @returns
  declarator: {_returned("(function_declarator declarator: (operator_name) @name)")}) @definition.function
(template_declaration (declaration type: (_) @returns
  declarator: {_returned(NAMED_FUNCTION)}) @definition.function @role.declaration)

(declaration type: (placeholder_type_specifier)
  declarator: (init_declarator declarator: {_bound("(identifier) @name")} value: {_MADE})) @variable
(condition_clause value: (declaration type: (placeholder_type_specifier)
  declarator: {_bound("(identifier) @name")} value: {_MADE})) @variable
(declaration type: (placeholder_type_specifier)
  declarator: (init_declarator declarator: {_bound("(identifier) @name")} value: (_) @value)) @variable
(declaration type: {_TYPE} @type declarator: (init_declarator
  declarator: (reference_declarator (identifier) @name))) @variable
(compound_statement (declaration type: {_TYPE} @type declarator: {NAMED_FUNCTION}) @variable)
(declaration type: {_TYPE} @decorates
  declarator: (init_declarator declarator: (identifier) value: [(argument_list) (initializer_list)]))
(compound_statement (declaration type: {_TYPE} @decorates declarator: (identifier)))
(condition_clause value: (declaration type: {_TYPE} @type declarator: {_bound("(identifier) @name")})) @variable
(condition_clause value: (declaration type: (placeholder_type_specifier) declarator: {_bound("(identifier) @name")}
  value: (_) @value)) @variable
(field_declaration type: (_) @type declarator: (reference_declarator (field_identifier) @name)) @definition.field
(parameter_declaration type: (_) @type declarator: (reference_declarator (identifier) @name)) @parameter
(optional_parameter_declaration type: (_) @type declarator: {_bound("(identifier) @name")}) @parameter
(type_parameter_declaration (type_identifier) @ignore)
(function_definition !type declarator: (function_declarator declarator: (identifier) @ignore)
  (#match? @ignore "^({_TESTS}|TEST_CASE)$"))
(function_definition !type declarator: (function_declarator declarator: (identifier) @_macro parameters:
  (parameter_list . (parameter_declaration type: (_) @ignore) . (_))) (#any-of? @_macro "TEST" "TEST_P"))
(for_range_loop type: (placeholder_type_specifier)
  declarator: {_bound("(identifier) @name")} right: (_) @value) @element
(for_range_loop type: {_TYPE} @type declarator: {_bound("(identifier) @name")}) @element
(lambda_expression) @scope
(access_specifier) @ignore

(using_declaration "namespace" @wildcard (_) @module) @import @using
(using_declaration (qualified_identifier) @module) @import @using
(using_declaration) @skip
"""

CPP = LanguageSpec(
    "cpp",
    (".cpp", ".cc", ".cxx", ".c++", ".hpp", ".hh", ".hxx", ".h++", ".inl", ".ipp", ".tpp"),
    rules=CppRules(),
    query=QUERY + SHARED + prototypes(_returned(NAMED_FUNCTION)),
    names=frozenset({"identifier", "type_identifier", "namespace_identifier", "this"}),
    steps={
        **STEPS,
        "qualified_identifier": Step("scope", "name"),
        "template_function": Step("name"),
        "template_method": Step("name"),
        "template_type": Step("name"),
        "dependent_name": Step(),
        "new_expression": Step("type", mark=CALL),
        "compound_literal_expression": Step("type", mark=CALL),
    },
    casts={"cast_expression": "type"},
    literals=LITERALS | {"raw_string_literal"},
    outer=frozenset({"template_declaration", "type_definition"}),
    receiver="this",
    open_modules=True,
    builtins=BUILTINS | {"nullptr", "move", "forward", "make_unique", "make_shared"} | _ASSERTIONS,
    types=TYPES,
    test_files=TEST_FILES,
    test_stem=TEST_STEM,
    test_names=C.test_names,
    namespace=lambda path, package: SPACE,
    read_import=read_include,
    masked=masked,
)
SPECS = (CPP,)
