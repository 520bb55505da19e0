"""Kotlin: packages, top-level functions, properties, objects, companions, extensions, lambdas with `it`.

Members of companions count as members of their class. Which object a lambda with a receiver gets is not worked out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from index.facts import CALL, ELEMENT
from index.languages.java import BUILTINS as JAVA_BUILTINS
from index.languages.jvm import JVM_TYPES, JvmExtensionRules, package_namespace, split_import
from index.languages.spec import REST, Import, LanguageSpec, Step

_TYPE = "[(user_type) (nullable_type)]"

QUERY = f"""
(package_header (qualified_identifier) @package)
(import (qualified_identifier) @module "*"? @wildcard (identifier)? @alias) @import

(class_declaration "interface" name: (identifier) @name) @definition.interface
(class_declaration name: (identifier) @name) @definition.class
(object_declaration name: (identifier) @name) @definition.class
(type_alias type: (identifier) @name (_) @inherits) @definition.interface
(object_literal) @anonymous
(class_declaration name: (identifier) @base (enum_class_body (enum_entry (class_body)) @anonymous))
(class_declaration (delegation_specifiers (delegation_specifier (constructor_invocation . (user_type) @inherits))))
(object_declaration (delegation_specifiers (delegation_specifier (constructor_invocation . (user_type) @inherits))))
(object_literal (delegation_specifiers (delegation_specifier (constructor_invocation . (user_type) @inherits))))
(class_declaration (delegation_specifiers (delegation_specifier (constructor_invocation) @ignore)))
(object_declaration (delegation_specifiers (delegation_specifier (constructor_invocation) @ignore)))
(delegation_specifier (user_type) @inherits)
(delegation_specifier (explicit_delegation . (user_type) @inherits))
(type_parameter (identifier) @name (user_type)? @value) @parameter

(function_declaration (modifiers (annotation (user_type (identifier) @test))) name: (identifier) @name
  (#any-of? @test "Test" "ParameterizedTest" "RepeatedTest" "TestFactory" "Theory")) @definition.function
(function_declaration {_TYPE} @owner . "." name: (identifier) @name
  (function_value_parameters) . {_TYPE}? @returns) @definition.function
(function_declaration name: (identifier) @name (function_value_parameters) . {_TYPE}? @returns) @definition.function
(secondary_constructor "constructor" @name) @definition.method
(property_declaration {_TYPE} @owner . "." (variable_declaration . (identifier) @name {_TYPE}? @returns)
  (getter) @property) @definition.function
(lambda_literal) @scope
(anonymous_function) @scope
(getter) @scope
(setter) @scope
(function_body "=" (_) @value) @return
(return_expression (_) @value) @return

(class_parameter ["val" "var"] (identifier) @name . (_) @type) @definition.field
(class_parameter (identifier) @name . (_) @type) @parameter
(class_declaration name: (identifier) @type
  (enum_class_body (enum_entry . (identifier) @name) @definition.constant))
(property_declaration (variable_declaration . (identifier) @name {_TYPE} @type)) @variable
(property_declaration (variable_declaration . (identifier) @name) "=" . (_) @value) @variable
(property_declaration (variable_declaration . (identifier) @name)
  (getter (function_body "=" (_) @value))) @variable
(property_declaration (variable_declaration . (identifier) @name)
  (property_delegate (call_expression (identifier) @_lazy (annotated_lambda (lambda_literal (_) @value .))))
  (#eq? @_lazy "lazy")) @variable
(property_declaration (variable_declaration . (identifier) @name)) @variable
(multi_variable_declaration (variable_declaration . (identifier) @name {_TYPE}? @type) @parameter)

(parameter (identifier) @name . (_) @type) @parameter
(setter (identifier) @name) @parameter
(catch_block (identifier) @name . (_) @type) @parameter
(lambda_parameters (variable_declaration . (identifier) @name {_TYPE} @type) @parameter)
(call_expression (navigation_expression . (_) @value (identifier) @_scoping .)
  (annotated_lambda (lambda_literal (lambda_parameters . (variable_declaration . (identifier) @name) @parameter)))
  (#any-of? @_scoping "let" "also" "takeIf" "takeUnless" "use"))
(call_expression (navigation_expression . (_) @value (identifier) @_scoping .)
  (annotated_lambda (lambda_literal (lambda_parameters . (variable_declaration . (identifier) @name) @element .)))
  (#not-match? @_scoping "^(let|also|takeIf|takeUnless|use)$"))
(lambda_parameters (variable_declaration . (identifier) @name) @parameter)
(call_expression (navigation_expression . (_) @value (identifier) @_scoping .)
  (annotated_lambda (lambda_literal) @parameter)
  (#any-of? @_scoping "let" "also" "takeIf" "takeUnless" "use"))
(call_expression (navigation_expression . (_) @value (identifier) @_scoping .)
  (annotated_lambda (lambda_literal) @element) (#not-match? @_scoping "^(let|also|takeIf|takeUnless|use)$"))
(for_statement (variable_declaration . (identifier) @name {_TYPE} @type)) @element
(for_statement (variable_declaration . (identifier) @name) "in" . (_) @value) @element

(value_argument . (identifier) @ignore . "=")
(label) @ignore
"""

_BUILTINS = JAVA_BUILTINS | frozenset(
    """Any Unit Nothing Int Char Array List MutableList Map MutableMap Set MutableSet Collection MutableCollection
    Sequence Pair Triple Result Lazy Regex Comparator IntArray LongArray ByteArray ShortArray CharArray FloatArray
    DoubleArray BooleanArray UInt ULong UByte UShort IntRange LongRange CharRange Annotation Function listOf
    mutableListOf arrayListOf setOf mutableSetOf hashSetOf linkedSetOf mapOf mutableMapOf hashMapOf linkedMapOf
    emptyList emptyMap emptySet emptyArray arrayOf arrayOfNulls intArrayOf byteArrayOf longArrayOf charArrayOf
    booleanArrayOf doubleArrayOf floatArrayOf sequenceOf sequence buildList buildMap buildSet buildString
    println print readLine require requireNotNull check checkNotNull error TODO run with apply let also lazy lazyOf
    repeat to takeIf takeUnless synchronized runCatching maxOf minOf compareBy compareValues generateSequence
    listOfNotNull and or xor shl shr ushr until downTo step it
    field null true false Throws JvmStatic JvmField JvmName JvmOverloads JvmSuppressWarnings Suppress
    PublishedApi OptIn RequiresOptIn Volatile Synchronized Transient ReplaceWith DeprecationLevel
    this super""".split()  # noqa: SIM905 - a list of words
)


def _read_import(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    node = captures["module"]
    dotted = "".join(text(node).split()).replace("`", "")
    if "wildcard" in captures:
        return [Import(0, dotted, "*", "", node)]
    package, name = split_import(dotted)
    bound = text(captures["alias"]) if "alias" in captures else name.rpartition(".")[2]
    return [Import(0, package, name, bound, node)]


SPECS = (
    LanguageSpec(
        "kotlin",
        (".kt", ".kts"),
        rules=JvmExtensionRules(),
        query=QUERY,
        names=frozenset({"identifier", "this_expression", "super_expression"}),
        steps={
            "call_expression": Step(mark=CALL),
            "constructor_invocation": Step(mark=CALL),
            "navigation_expression": Step("", REST),
            "callable_reference": Step("", REST),
            "index_expression": Step(mark=ELEMENT),
            "unary_expression": Step("argument"),
            "user_type": Step("", REST),
            "nullable_type": Step(),
            "parenthesized_expression": Step(),
        },
        choices=frozenset({"binary_expression"}),
        casts={"as_expression": "right"},
        bodies=frozenset({"class_body", "enum_class_body", "function_body"}),
        literals=frozenset(
            {
                "string_literal",
                "multiline_string_literal",
                "number_literal",
                "character_literal",
                "float_literal",
            }
        ),
        comments=frozenset({"block_comment", "line_comment"}),
        receiver="this",
        implicit_parameter="it",
        parent="super",
        builtins=_BUILTINS,
        types=JVM_TYPES,
        test_files=r"(?:^|/)src/\w*[tT]est\w*/|(?:^|/)(?:Test[A-Z]\w*|\w+(?:Tests?|TestCase|Spec|IT))\.kts?$",
        test_stem=r"(.+?)(?:Tests?|TestCase|Spec|IT)|Test(.+)",
        namespace=package_namespace,
        read_import=_read_import,
    ),
)
