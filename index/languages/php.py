"""PHP: namespaces and `use`, traits as bases, constructors with promoted properties, types as they are written.

Names are compared as they are written, though PHP ignores the case of classes and functions.
"""

from __future__ import annotations

from collections.abc import Callable
from posixpath import dirname, normpath
from typing import Any

from index.facts import CALL, ELEMENT
from index.found import Found
from index.infer import OUTSIDE, Inference
from index.languages.doc_types import php_doc_types
from index.languages.rules import NamespaceRules
from index.languages.spec import LAST_LEAF, REST, Import, LanguageSpec, Step, TypeNames
from index.world import Module, World

_SPACE = "php:"
"""Before the name of a namespace; alone, the global one."""
COMPOSER = "composer.json"
"""The namespace in which composer.json files offer their prefixes."""

QUERY = r"""
(namespace_definition name: (namespace_name) @package)
(namespace_name (name) @ignore)
(qualified_name (name) @ignore)
(namespace_use_declaration
  (namespace_use_clause . [(qualified_name) (name)] @module alias: (name)? @alias) @import)
(namespace_use_declaration (namespace_name) @prefix body: (namespace_use_group
  (namespace_use_clause . [(qualified_name) (name)] @module alias: (name)? @alias) @import))
(require_expression [(string (string_content) @module @relative)
  (binary_expression right: (string (string_content) @module @relative))]) @import
(require_once_expression [(string (string_content) @module @relative)
  (binary_expression right: (string (string_content) @module @relative))]) @import
(include_expression [(string (string_content) @module @relative)
  (binary_expression right: (string (string_content) @module @relative))]) @import
(include_once_expression [(string (string_content) @module @relative)
  (binary_expression right: (string (string_content) @module @relative))]) @import

(class_declaration name: (name) @name) @definition.class
(interface_declaration name: (name) @name) @definition.interface
(trait_declaration name: (name) @name) @definition.class
(enum_declaration name: (name) @name) @definition.class
(anonymous_class (base_clause . (_) @base)?) @anonymous
(class_declaration (base_clause (_) @inherits))
(class_declaration (class_interface_clause (_) @inherits))
(interface_declaration (base_clause (_) @inherits))
(enum_declaration (class_interface_clause (_) @inherits))
(declaration_list (use_declaration [(name) (qualified_name)] @inherits))
(enum_declaration_list (use_declaration [(name) (qualified_name)] @inherits))
(use_as_clause (name) @ignore)
(use_instead_of_clause (name) @ignore)

(function_definition name: (name) @name return_type: (_)? @returns) @definition.function
(method_declaration
  attributes: (attribute_list (attribute_group (attribute (name) @test)))
  name: (name) @name (#eq? @test "Test")) @definition.method
(method_declaration (static_modifier)? @static name: (name) @name return_type: (_)? @returns) @definition.method
(function_call_expression function: (name) @_runner
  arguments: (arguments . (argument (_) @name) . (argument [(anonymous_function) (arrow_function)] @inner))
  (#any-of? @_runner "test" "it" "describe")) @definition.test
(anonymous_function) @scope
(arrow_function) @scope
(return_statement (_) @value) @return

(property_declaration type: (_)? @type
  (property_element name: (variable_name (name) @name) default_value: (_)? @value) @definition.field)
(property_promotion_parameter type: (_)? @type name: (variable_name (name) @name)) @field
(property_promotion_parameter type: (_)? @type name: (variable_name) @name) @parameter
(const_element . (name) @name . (_)? @value) @definition.constant
(enum_case name: (name) @name) @definition.constant
(function_call_expression function: (name) @_define
  arguments: (arguments . (argument (string (string_content) @name)))
  (#eq? @_define "define")) @definition.constant

(simple_parameter type: (_)? @type name: (variable_name) @name) @parameter
(variadic_parameter type: (_)? @type name: (variable_name) @name) @parameter
(catch_clause type: (type_list . (_) @type) name: (variable_name) @name) @parameter
(assignment_expression left: (variable_name) @name @local right: (_) @value) @variable
(static_variable_declaration name: (variable_name) @name value: (_)? @value) @parameter
(list_literal (variable_name) @name @parameter)
(foreach_statement . (_) @value . (variable_name) @name) @element
(foreach_statement . (_) @value . (pair (_) . (variable_name) @name)) @element
(foreach_statement . (_) . (pair . (variable_name) @name @parameter))
(assignment_expression
  left: (member_access_expression object: (variable_name) @_this name: (name) @name) right: (_) @value
  (#eq? @_this "$this")) @field
(argument name: (name) @ignore)
(variable_name (name) @ignore)
(property_element name: (variable_name) @ignore)
(scoped_property_access_expression name: (variable_name) @ignore)
"""

_BUILTINS = frozenset(
    """$this parent __DIR__ __FILE__ __LINE__ __CLASS__ __FUNCTION__ __METHOD__ __NAMESPACE__ PHP_EOL
    PHP_VERSION PHP_OS PHP_INT_MAX DIRECTORY_SEPARATOR E_ALL NULL TRUE FALSE isset empty unset exit die define
    defined compact extract array count strlen substr strpos str_replace sprintf printf implode explode trim
    is_array is_string is_int is_null is_callable is_object in_array array_map array_merge array_filter array_keys
    array_values array_key_exists json_encode json_decode file_get_contents file_put_contents preg_match
    preg_replace class_exists function_exists method_exists call_user_func call_user_func_array func_get_args
    get_class spl_object_hash var_dump iterator_to_array usort ksort array_shift array_pop array_push strtolower
    strtoupper ucfirst dirname basename file_exists is_file is_dir""".split()  # noqa: SIM905 - a list of words
)
_PLAIN_TYPES = frozenset(
    """callable mixed void never null bool boolean int integer float double string object resource
    false true class-string non-empty-array non-empty-string scalar numeric""".split()  # noqa: SIM905 - a list of words
)


class PhpRules(NamespaceRules):
    constructors = ("__construct",)
    own_types = frozenset({"self", "static"})
    methods_apart = True

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        """A namespace that some file declares, or a file by its path from the one that includes it."""
        if level:
            for base in (dirname(importer), ""):
                path = normpath("/".join(part for part in (base, module.lstrip("/")) if part))
                if world.has_file(path):
                    return Module(path, path)
            return None
        space = _SPACE + module.strip("\\")
        return Module(space, "") if world.providers(space, "") else None

    def is_inside(self, world: World, importer: str, module: str) -> bool:
        """Whether composer.json says that this namespace lies in the tree."""
        parts = [part for part in module.split("\\") if part]
        return any(world.providers(COMPOSER, "\\".join(parts[:end])) for end in range(len(parts), 0, -1))

    def fall_through(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        """A name of the file's namespace or of the global one; one with a path goes by it."""
        if name.startswith("$"):
            return OUTSIDE
        own = infer.world.namespace(path)
        first, separator, rest = name.partition("\\")
        if separator:
            space, _, last = rest.rpartition("\\")
            base = _SPACE if not first else self._named_space(infer, path, first, own)
            found = self.in_namespace(infer, _joined(base, space), last, depth)
            return found or (OUTSIDE if not first and not space else None)
        found = self.in_namespace(infer, own, name, depth, but=path)
        return found if found or own == _SPACE else self.in_namespace(infer, _SPACE, name, depth)

    def _named_space(self, infer: Inference, path: str, first: str, own: str) -> str:
        """The namespace that the first part of a name stands for: an imported one, or one below the file's."""
        bound = infer.module_name(path, first)
        entity = bound.entity if bound else None
        return entity.location if isinstance(entity, Module) else _joined(own, first)

    def module_member(self, infer: Inference, module: Module, name: str, depth: int) -> Found | None:
        found = super().module_member(infer, module, name, depth)
        inner = _joined(module.location, name)
        if found is None and not module.path and infer.world.providers(inner, ""):
            return Found(Module(inner, ""))
        return found


def _joined(space: str, inner: str) -> str:
    return f"{space}\\{inner}" if inner and space != _SPACE else space + inner


def _read_import(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    node = captures["module"]
    module = text(node)
    if "relative" in captures:
        return [Import(1, module, "", "", node)]
    if "prefix" in captures:
        module = f"{text(captures['prefix'])}\\{module}"
    space, _, name = module.strip("\\").rpartition("\\")
    bound = text(captures["alias"]) if "alias" in captures else name
    return [Import(0, space, name, bound, node)]


SPECS = (
    LanguageSpec(
        "php",
        (".php", ".phtml", ".inc"),
        rules=PhpRules(),
        query=QUERY,
        names=frozenset({"name", "variable_name", "relative_scope", "qualified_name"}),
        steps={
            "member_access_expression": Step("object", "name"),
            "nullsafe_member_access_expression": Step("object", "name"),
            "member_call_expression": Step("object", "name", CALL),
            "nullsafe_member_call_expression": Step("object", "name", CALL),
            "scoped_call_expression": Step("scope", "name", CALL),
            "scoped_property_access_expression": Step("scope", LAST_LEAF),
            "class_constant_access_expression": Step("", REST),
            "function_call_expression": Step("function", mark=CALL),
            "object_creation_expression": Step("", mark=CALL),
            "subscript_expression": Step("", mark=ELEMENT),
            "parenthesized_expression": Step(),
            "clone_expression": Step(),
            "assignment_expression": Step("right"),
        },
        choices=frozenset({"conditional_expression", "binary_expression"}),
        literals=frozenset(
            """string encapsed_string heredoc nowdoc integer float boolean null
            array_creation_expression""".split()  # noqa: SIM905 - a list of words
        ),
        outer=frozenset({"property_declaration", "const_declaration", "expression_statement"}),
        receiver="$this",
        parent="parent",
        builtins=_BUILTINS,
        types=TypeNames(plain=_PLAIN_TYPES, mappings=TypeNames().mappings | {"array", "iterable", "list"}),
        doc_types=php_doc_types,
        test_files=r"Tests?\.php$|(?:^|/)[Tt]ests?/",
        test_stem=r"(.+?)_?Tests?",
        test_names=r"^test",
        namespace=lambda path, package: _SPACE + package,
        read_import=_read_import,
    ),
)
