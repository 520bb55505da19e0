"""Java: packages, imports of classes and static members, nested and nameless classes, records, enums, annotations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from index.facts import CALL, ELEMENT
from index.languages.jvm import JVM_TYPES, JvmRules, package_namespace, split_import
from index.languages.spec import REST, Import, LanguageSpec, Step

QUERY = """
(package_declaration [(scoped_identifier) (identifier)] @package)
(import_declaration [(scoped_identifier) (identifier)] @module (asterisk)? @wildcard) @import

(class_declaration name: (identifier) @name) @definition.class
(record_declaration name: (identifier) @name) @definition.class
(enum_declaration name: (identifier) @name) @definition.class
(interface_declaration name: (identifier) @name) @definition.interface
(annotation_type_declaration name: (identifier) @name) @definition.interface
(object_creation_expression type: (_) @base (class_body)) @anonymous
(enum_declaration name: (identifier) @base body: (enum_body (enum_constant body: (class_body)) @anonymous))
(superclass (_) @inherits)
(super_interfaces (type_list (_) @inherits))
(extends_interfaces (type_list (_) @inherits))
(type_parameter (type_identifier) @name (type_bound . (_) @value)?) @parameter

(method_declaration (modifiers [(marker_annotation name: (identifier) @test) (annotation name: (identifier) @test)])
  type: (_) @returns name: (identifier) @name
  (#any-of? @test "Test" "ParameterizedTest" "RepeatedTest" "TestFactory" "TestTemplate" "Theory"
    "Property" "Benchmark")) @definition.method
(method_declaration (modifiers "static" @static) type: (_) @returns name: (identifier) @name) @definition.method
(method_declaration type: (_) @returns name: (identifier) @name) @definition.method
(annotation_type_element_declaration type: (_) @returns name: (identifier) @name) @definition.method
(constructor_declaration name: (identifier) @name) @definition.method
(compact_constructor_declaration name: (identifier) @name) @definition.method
(lambda_expression) @scope

(field_declaration (modifiers "static" "final") type: (_) @type
  declarator: (variable_declarator name: (identifier) @name value: (_)? @value) @definition.constant)
(field_declaration type: (_) @type
  declarator: (variable_declarator name: (identifier) @name value: (_)? @value) @definition.field)
(constant_declaration type: (_) @type
  declarator: (variable_declarator name: (identifier) @name value: (_)? @value) @definition.constant)
(enum_declaration name: (identifier) @type
  body: (enum_body (enum_constant name: (identifier) @name) @definition.constant))
(record_declaration parameters: (formal_parameters
  (formal_parameter type: (_) @type name: (identifier) @name) @definition.field))

(formal_parameter type: (_) @type name: (identifier) @name) @parameter
(spread_parameter (_) @type . (variable_declarator name: (identifier) @name)) @parameter
(catch_formal_parameter (catch_type . (_) @type) name: (identifier) @name) @parameter
(instanceof_expression right: (_) @type name: (identifier) @name) @parameter
(type_pattern (_) @type . (identifier) @name) @parameter
(record_pattern_component (_) @type . (identifier) @name) @parameter
(method_invocation object: (_) @value
  arguments: (argument_list . (lambda_expression parameters: (identifier) @name @element)))
(lambda_expression parameters: (identifier) @name @parameter)
(inferred_parameters (identifier) @name @parameter)
(enhanced_for_statement type: (type_identifier) @_var name: (identifier) @name value: (_) @value
  (#eq? @_var "var")) @element
(enhanced_for_statement type: (_) @type name: (identifier) @name) @element
(local_variable_declaration type: (_) @type
  declarator: (variable_declarator name: (identifier) @name value: (_)? @value) @variable)
(resource type: (_) @type name: (identifier) @name value: (_) @value) @variable
(return_statement (_) @value) @return

(labeled_statement . (identifier) @ignore)
(break_statement (identifier) @ignore)
(continue_statement (identifier) @ignore)
(element_value_pair key: (identifier) @ignore)
"""

BUILTINS = frozenset(
    """this super Object String Integer Long Short Byte Double Float Boolean Character Number Math StrictMath System
    Thread Runnable Comparable Iterable Class ClassLoader CharSequence StringBuilder StringBuffer Enum Record Void
    Exception RuntimeException Error Throwable IllegalArgumentException IllegalStateException NullPointerException
    IndexOutOfBoundsException ArrayIndexOutOfBoundsException ClassCastException NumberFormatException
    UnsupportedOperationException ArithmeticException CloneNotSupportedException InterruptedException
    ClassNotFoundException NoSuchFieldException NoSuchMethodException AssertionError StackOverflowError
    OutOfMemoryError NoClassDefFoundError LinkageError SecurityException StackTraceElement ThreadLocal Process
    ProcessBuilder Runtime AutoCloseable Cloneable Appendable Override Deprecated SuppressWarnings FunctionalInterface
    SafeVarargs Iterator var""".split()  # noqa: SIM905 - a list of words
)


def _read_import(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    node = captures["module"]
    dotted = "".join(text(node).split())
    if "wildcard" in captures:
        return [Import(0, dotted, "*", "", node)]
    package, name = split_import(dotted)
    return [Import(0, package, name, name.rpartition(".")[2], node)]


class JavaRules(JvmRules):
    overloads = True


SPECS = (
    LanguageSpec(
        "java",
        (".java",),
        rules=JavaRules(),
        query=QUERY,
        names=frozenset({"identifier", "type_identifier", "this", "super"}),
        steps={
            "method_invocation": Step("object", "name", CALL),
            "field_access": Step("object", "field"),
            "method_reference": Step("", REST),
            "object_creation_expression": Step("type", mark=CALL),
            "explicit_constructor_invocation": Step("constructor", mark=CALL),
            "array_access": Step("array", mark=ELEMENT),
            "scoped_identifier": Step("scope", "name"),
            "scoped_type_identifier": Step("", REST),
            "generic_type": Step(),
            "array_type": Step("element"),
            "parenthesized_expression": Step(),
        },
        choices=frozenset({"ternary_expression"}),
        casts={"cast_expression": "type"},
        literals=frozenset(
            {"string_literal", "character_literal", "decimal_integer_literal", "hex_integer_literal",
             "decimal_floating_point_literal", "true", "false", "null_literal"}
        ),
        comments=frozenset({"block_comment", "line_comment"}),
        outer=frozenset({"field_declaration", "constant_declaration"}),
        receiver="this",
        parent="super",
        builtins=BUILTINS,
        types=JVM_TYPES,
        test_files=r"(?:^|/)src/\w*[tT]est\w*/|(?:^|/)(?:Test[A-Z]\w*|\w+(?:Tests?|TestCase|IT))\.java$",
        test_stem=r"(.+?)(?:Tests?|TestCase|IT)|Test(.+)",
        namespace=package_namespace,
        read_import=_read_import,
    ),
)  # fmt: skip
