"""Swift: the names of a module are seen in all its files; types, extensions, protocols, properties, tests.

A module is a folder of `Sources` or `Tests`, else the whole tree. Overloads share one name. What `.name` without a
type, `$0` and result builders mean is not worked out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from index.facts import CALL
from index.infer import Inference
from index.languages.rules import NamespaceRules
from index.languages.spec import Import, LanguageSpec, Step, TypeNames
from index.world import Definer, Module, World

_TREE = "swift:"
"""The namespace of files that lie in no folder of a package's targets."""
_TARGET_FOLDERS = frozenset({"Sources", "Tests"})
_TYPE = "[(user_type) (optional_type) (array_type) (dictionary_type) (tuple_type) (existential_type) (opaque_type)]"
_NAME = "name: (pattern bound_identifier: (simple_identifier) @name)"

QUERY = f"""
(import_declaration (identifier) @module) @import
(import_declaration) @skip
(attribute) @skip
(value_argument_label (simple_identifier) @ignore)
(parameter external_name: (simple_identifier) @ignore)
(macro_invocation . (simple_identifier) @ignore)
(prefix_expression "." (simple_identifier) @ignore)
(switch_pattern (pattern . (simple_identifier) @ignore))
(directive (simple_identifier) @ignore)

(class_declaration "extension" name: (user_type . (type_identifier) @owner .)) @part
(class_declaration "extension" name: (user_type (type_identifier) . (type_arguments)) @owner) @part
(class_declaration "extension" name: (user_type (type_identifier) (type_identifier)) @owner) @part
(class_declaration name: (type_identifier) @name body: (_) @body) @definition.class
(protocol_declaration name: (type_identifier) @name body: (_) @body) @definition.interface
(typealias_declaration name: (type_identifier) @name) @definition.class
(typealias_declaration (user_type) @inherits)
(inheritance_specifier inherits_from: (user_type) @inherits)

(function_declaration (modifiers (attribute (user_type (type_identifier) @test)))
  name: (simple_identifier) @name (#eq? @test "Test")) @definition.function
(function_declaration (modifiers (property_modifier) @static) name: (simple_identifier) @name name: {_TYPE} @returns
  (#eq? @static "static")) @definition.function
(function_declaration (modifiers (property_modifier) @static) name: (simple_identifier) @name
  (#eq? @static "static")) @definition.function
(function_declaration name: (simple_identifier) @name name: {_TYPE} @returns) @definition.function
(function_declaration name: (simple_identifier) @name) @definition.function
(protocol_function_declaration name: (simple_identifier) @name name: {_TYPE} @returns) @definition.method
(protocol_function_declaration name: (simple_identifier) @name) @definition.method
(init_declaration name: "init" @name) @definition.method
(deinit_declaration "deinit" @name) @definition.method
(property_declaration {_NAME} (type_annotation (_) @returns)?
  computed_value: (_) @body) @definition.method @property
(protocol_property_declaration {_NAME} (type_annotation (_) @type)) @definition.field
(enum_entry name: (simple_identifier) @name . data_contents: (_) @maker) @definition.field
(enum_entry name: (simple_identifier) @name) @definition.field @made
(lambda_literal) @scope

(property_declaration {_NAME} . (type_annotation (_) @type)) @variable
(property_declaration {_NAME} value: (_)? @value) @variable
(parameter name: (simple_identifier) @name {_TYPE} @type) @parameter
(parameter name: (simple_identifier) @name) @parameter
(type_parameter . (type_identifier) @name name: (user_type) @value) @parameter
(type_parameter . (type_identifier) @name) @parameter
(call_expression
  (navigation_expression target: (_) @value)
  (call_suffix (lambda_literal type: (lambda_function_type
    (lambda_function_type_parameters . (lambda_parameter name: (simple_identifier) @name) .)) @element)))
(lambda_parameter name: (simple_identifier) @name (type_annotation (_) @type)?) @parameter
(for_statement item: (pattern bound_identifier: (simple_identifier) @name) collection: (_) @value) @element
(if_statement (value_binding_pattern) . (simple_identifier) @name . (_) @value) @variable
(guard_statement (value_binding_pattern) . (simple_identifier) @name . (_) @value) @variable
(while_statement (value_binding_pattern) . (simple_identifier) @name . (_) @value) @variable
(pattern (value_binding_pattern) bound_identifier: (simple_identifier) @name) @parameter
(catch_block error: (pattern bound_identifier: (simple_identifier) @name)) @parameter
(control_transfer_statement result: (_) @value) @return
"""

_BUILTINS = frozenset(
    """String Int Int8 Int16 Int32 Int64 UInt UInt8 UInt16 UInt32 UInt64 Double Float Bool Character Array Dictionary
    Set Optional Any AnyObject Void Never Error Result Range ClosedRange Substring print debugPrint fatalError
    precondition preconditionFailure assert assertionFailure min max abs zip stride type swap Hashable Equatable
    Comparable Codable Encodable Decodable Sendable Identifiable CaseIterable RawRepresentable CustomStringConvertible
    Sequence Collection IteratorProtocol Task Data Date URL UUID NSError NSObject DispatchQueue Foundation XCTestCase
    XCTAssert XCTAssertEqual XCTAssertNotEqual XCTAssertTrue XCTAssertFalse XCTAssertNil XCTAssertNotNil XCTFail
    XCTAssertThrowsError XCTAssertNoThrow XCTUnwrap _ $0 $1 $2 newValue oldValue error nil true false""".split()  # noqa: SIM905 - a list of words
)


class SwiftRules(NamespaceRules):
    family = "swift"
    constructors = ("init",)
    own_types = frozenset({"Self"})
    implicit_receiver = True
    calls_give_element = True
    element_methods = NamespaceRules.element_methods | {
        "removeFirst",
        "removeLast",
        "popLast",
        "randomElement",
    }
    container_methods = NamespaceRules.container_methods | {
        "reversed",
        "dropFirst",
        "dropLast",
        "prefix",
        "suffix",
        "lazy",
    }
    set_up_methods = ("setUp", "setUpWithError", "init")

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        namespace = f"{_TREE}{module.partition('.')[0]}"
        return Module(namespace, "") if world.providers(namespace, "") else None

    def visible(self, world: World, path: str) -> list[str]:
        return [*super().visible(world, path), _TREE]

    def extenders(self, infer: Inference, owner: Definer, member: str) -> list[str]:
        spaces = infer.memo.get(("spaces", owner.path))
        if not isinstance(spaces, tuple):
            around = (infer.world.namespace(owner.path), *self.visible(infer.world, infer.path))
            spaces = infer.memo["spaces", owner.path] = tuple(dict.fromkeys(around))
        name = f"{owner.qualified_name}.{member}"
        found = [path for space in spaces for path in infer.world.providers(space, name)]
        return [path for path in dict.fromkeys(found) if path != owner.path]


def _namespace(path: str, package: str) -> str:
    """A target's folder below `Sources` or `Tests`, else the tree."""
    folders = path.split("/")[:-1]
    for position, folder in enumerate(folders[:-1]):
        if folder in _TARGET_FOLDERS:
            return f"{_TREE}{folders[position + 1]}"
    return _TREE


def _read_import(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    """An import brings all names of a module, and the module's own."""
    node = captures["module"]
    module = text(node).partition(".")[0]
    return [Import(0, module, "*", "", node), Import(0, module, "", module, node)]


_TYPES = TypeNames()

SPECS = (
    LanguageSpec(
        "swift",
        (".swift",),
        rules=SwiftRules(),
        query=QUERY,
        names=frozenset({"simple_identifier", "type_identifier", "self_expression", "super_expression"}),
        steps={
            "navigation_expression": Step("target", "suffix"),
            "navigation_suffix": Step("suffix"),
            "call_expression": Step(mark=CALL),
            "constructor_expression": Step("constructed_type", mark=CALL),
            # the grammar puts a call after an operator around both: `a + b.c()`
            "additive_expression": Step("rhs"),
            "multiplicative_expression": Step("rhs"),
            "prefix_expression": Step("target"),
            "postfix_expression": Step("target"),
            "await_expression": Step("expr"),
            "try_expression": Step("expr"),
            "user_type": Step(),
            "optional_type": Step("wrapped"),
        },
        casts={"as_expression": ""},
        literals=frozenset(
            {"line_string_literal", "multi_line_string_literal", "integer_literal", "real_literal", "boolean_literal",
             "nil_literal"}
        ),
        comments=frozenset({"comment", "multiline_comment"}),
        receiver="self",
        parent="super",
        builtins=_BUILTINS,
        types=TypeNames(
            wrappers=_TYPES.wrappers | {"Published", "State", "Binding"},
            plain=frozenset({"Int", "String", "Bool", "Double", "Float", "Void", "Any", "AnyObject", "Never"}),
        ),
        test_files=r"Tests?\.swift$|(?:^|/)Tests/",
        test_stem=r"(.+?)(?:Tests?|Spec)",
        test_names=r"^test",
        namespace=_namespace,
        read_import=_read_import,
    ),
)  # fmt: skip
