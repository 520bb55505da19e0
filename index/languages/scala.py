"""Scala 2 and 3: packages and their objects, imports with selectors, companions, traits, case classes, extensions.

What a package object holds counts as the package's own. A class and its companion share their members; whoever
names the two means the class. Not worked out: which given or implicit value is meant, and what `_` stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from index.facts import CALL
from index.languages.java import BUILTINS as JAVA_BUILTINS
from index.languages.jvm import JVM_TYPES, JvmExtensionRules, package_namespace, split_import
from index.languages.spec import REST, Import, LanguageSpec, Step

_RENAMED = ("arrow_renamed_identifier", "as_renamed_identifier")

_TYPE = "[(type_identifier) (generic_type) (stable_type_identifier) (compound_type)]"

QUERY = f"""
(package_clause name: (package_identifier) @package)
(package_object name: (identifier) @package)
(import_declaration) @import @module
(export_declaration) @import @module

(class_definition name: (identifier) @name) @definition.class
(object_definition "object" @companion name: (identifier) @name) @definition.class
(enum_definition name: (identifier) @name) @definition.class
(full_enum_case name: (identifier) @name) @definition.class
(trait_definition name: (identifier) @name) @definition.interface
(type_definition name: (type_identifier) @name type: (_) @inherits) @definition.interface
(instance_expression (compound_type base: (_) @base) (template_body)) @anonymous
(instance_expression . [(type_identifier) (generic_type) (stable_type_identifier)] @base (template_body)) @anonymous
(given_definition return_type: (_) @base body: (with_template_body)) @anonymous
(class_definition extend: (extends_clause {_TYPE} @inherits))
(object_definition extend: (extends_clause {_TYPE} @inherits))
(trait_definition extend: (extends_clause {_TYPE} @inherits))
(enum_definition extend: (extends_clause {_TYPE} @inherits))
(full_enum_case extend: (extends_clause {_TYPE} @inherits))
(self_type (_) @inherits .)
(type_parameters name: (identifier) @name . bound: (upper_bound type: (_) @value)) @parameter
(class_definition (type_parameters name: (identifier) @name @parameter))
(trait_definition (type_parameters name: (identifier) @name @parameter))
(function_definition (type_parameters name: (identifier) @name @parameter))
(function_declaration (type_parameters name: (identifier) @name @parameter))

(function_definition (annotation name: (type_identifier) @test) name: (identifier) @name
  return_type: (_)? @returns (#any-of? @test "Test" "ParameterizedTest")) @definition.function
(extension_definition parameters: (parameters . (parameter name: (identifier) @receiver type: (_) @owner))
  (function_definition name: (identifier) @name return_type: (_)? @returns) @definition.function)
(class_definition (modifiers "implicit") class_parameters: (class_parameters . (class_parameter type: (_) @extends))
  body: (template_body (function_definition name: (identifier) @name
    return_type: (_)? @returns) @definition.function))
(function_definition "def" @property name: (identifier) @name !parameters return_type: (_)? @returns)
  @definition.function
(function_definition name: (identifier) @name return_type: (_)? @returns) @definition.function
(function_declaration "def" @property name: (identifier) @name !parameters return_type: (_) @returns)
  @definition.function
(function_declaration name: (identifier) @name return_type: (_)? @returns) @definition.function
(lambda_expression) @scope
(case_clause) @scope
(for_expression) @scope
(function_definition body: (block (_) @value .)) @return
(function_definition body: (indented_block (_) @value .)) @return
(function_definition body: (_) @value) @return
(return_expression (_) @value) @return

(call_expression function: (call_expression function: (identifier) @_runner arguments: (arguments . (string) @name))
  arguments: (block) @inner
  (#any-of? @_runner "test" "it" "describe" "feature" "scenario" "property")) @definition.test
(infix_expression
  left: (call_expression function: (identifier) @_runner arguments: (arguments . (string) @name))
  right: (block) @inner (#eq? @_runner "test")) @definition.test
(infix_expression left: [(string) (infix_expression)] @name operator: (identifier) @_verb right: (block) @inner
  (#any-of? @_verb "in" "should" "when" "must")) @definition.test

(class_parameter name: (identifier) @name type: (_) @type) @definition.field
(enum_definition name: (identifier) @type body: (enum_body (enum_case_definitions
  (simple_enum_case name: (identifier) @name) @definition.constant)))
(given_definition name: (identifier) @name return_type: (_) @type) @definition.constant
(val_definition pattern: (identifier) @name type: (_)? @type value: (_) @value) @variable
(var_definition pattern: (identifier) @name type: (_)? @type value: (_) @value) @variable
(val_declaration name: (identifier) @name type: (_) @type) @variable
(var_declaration name: (identifier) @name type: (_) @type) @variable
(tuple_pattern (identifier) @name @parameter)

(function_definition (parameters (parameter name: (identifier) @name type: (_) @type) @parameter))
(function_declaration (parameters (parameter name: (identifier) @name type: (_) @type) @parameter))
(call_expression function: (field_expression value: (_) @value)
  arguments: [(arguments . (lambda_expression parameters: (identifier) @name @element))
              (block . (lambda_expression parameters: (identifier) @name @element))])
(lambda_expression parameters: (identifier) @name @parameter)
(binding name: (identifier) @name type: (_)? @type) @parameter
(enumerator . (identifier) @name "<-" . (_) @value) @element
(enumerator . (identifier) @name "=" . (_) @value) @parameter
(typed_pattern pattern: (identifier) @name type: (_) @type) @parameter
(capture_pattern name: (identifier) @name pattern: (typed_pattern type: (_) @type)) @parameter
(capture_pattern name: (identifier) @name) @parameter
(case_class_pattern pattern: (identifier) @name @parameter (#match? @name "^[a-z_]"))
(case_clause pattern: (identifier) @name @parameter (#match? @name "^[a-z_]"))

(arguments (assignment_expression left: (identifier) @ignore))
(infix_expression operator: (identifier) @ignore)
(interpolated_string_expression interpolator: (identifier) @ignore)
"""

_BUILTINS = JAVA_BUILTINS | frozenset(
    """Any AnyRef AnyVal Nothing Null Unit Int Char Array List Seq Set Map Vector Option Some None Either Left Right
    Nil IndexedSeq Iterable Iterator LazyList Stream Range Tuple2 Tuple3 BigInt BigDecimal StringContext Predef
    PartialFunction Function1 Function2 Product Equals Ordering Numeric App println print printf assert assume require
    identity implicitly summon classOf locally intWrapper augmentString tailrec inline transparent opaque
    deprecated throws unchecked nowarn implicitNotFound specialized native transient volatile
    this super true false null Future Try Success Failure Await Duration""".split()  # noqa: SIM905 - a list of words
)


class ScalaRules(JvmExtensionRules):
    constructors = (*JvmExtensionRules.constructors, "apply")
    methods_apart = False
    calls_give_value = False
    call_method = "apply"
    absolute_first = sees_outwards = True


def _read_import(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    """Every import of a statement: `import a.b, c.{d, e => f, _}`."""
    found: list[Import] = []
    parts: list[Any] = []
    node = captures["module"]
    for position, child in enumerate(node.children):
        if child.type == ",":
            found += _plain(parts, text)
            parts = []
        elif node.field_name_for_child(position) == "path":
            parts += [child] if child.type != "." else []
        elif child.is_named:
            selectors = child.named_children if child.type == "namespace_selectors" else [child]
            for selector in selectors:
                found += _selected(".".join(map(text, parts)), selector, text)
            parts = []
    return found + _plain(parts, text)


def _plain(parts: list[Any], text: Callable[[Any], str]) -> list[Import]:
    if not parts:
        return []
    package, name = split_import(".".join(map(text, parts)))
    return [Import(0, package, name, name.rpartition(".")[2], parts[-1])]


def _selected(prefix: str, selector: Any, text: Callable[[Any], str]) -> list[Import]:
    """One of the names between braces, or the wildcard."""
    if selector.type == "namespace_wildcard":
        return [Import(0, prefix, "*", "", selector)]
    node = selector.child_by_field_name("name") if selector.type in _RENAMED else selector
    alias = selector.child_by_field_name("alias") if selector.type in _RENAMED else selector
    if node is None or alias is None:
        return []
    package, name = split_import(f"{prefix}.{text(node)}")
    return [Import(0, package, name, "" if alias.type == "wildcard" else text(alias), node)]


SPECS = (
    LanguageSpec(
        "scala",
        (".scala", ".sc", ".sbt"),
        rules=ScalaRules(),
        query=QUERY,
        names=frozenset({"identifier", "type_identifier"}),
        steps={
            "call_expression": Step("function", mark=CALL),
            "instance_expression": Step(mark=CALL),
            "field_expression": Step("value", "field"),
            "generic_function": Step("function"),
            "generic_type": Step("type"),
            "compound_type": Step("base"),
            "stable_identifier": Step("", REST),
            "stable_type_identifier": Step("", REST),
            "parenthesized_expression": Step(),
        },
        literals=frozenset(
            {"string", "interpolated_string_expression", "integer_literal", "floating_point_literal",
             "character_literal", "boolean_literal", "null_literal", "symbol_literal"}
        ),
        comments=frozenset({"comment", "block_comment"}),
        receiver="this",
        parent="super",
        builtins=_BUILTINS,
        types=JVM_TYPES,
        test_files=r"(?:^|/)(?:src/\w*[tT]est\w*|test)/|\w+(?:Tests?|TestCase|Suite|Spec|IT)\.scala$",
        test_stem=r"(.+?)(?:Tests?|TestCase|Suite|Spec|IT)|Test(.+)",
        namespace=package_namespace,
        packages_nest=True,
        read_import=_read_import,
    ),
)  # fmt: skip
