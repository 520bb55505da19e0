"""Find the named definitions of a syntax tree by one rule for every grammar. Knows no graph and no scoping.

Node types that mean the same are called the same in most grammars, so one table of types serves all of them. What
a language adds to the index is richer (kinds, signatures, uids); this is what every file with a grammar has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tree_sitter import Node, Query, QueryCursor

from index.ast.pattern import node_types
from index.grammars import grammar
from index.syntax import SourceFile


def _types(names: str) -> frozenset[str]:
    return frozenset(names.split())


_SCOPES = _types(
    """class_definition class_declaration class abstract_class_declaration class_specifier struct_specifier
    union_specifier enum_specifier interface_declaration enum_declaration struct_declaration
    record_declaration annotation_type_declaration trait_declaration protocol_declaration trait_item
    struct_item enum_item union_item impl_item object_definition object_declaration companion_object
    trait_definition enum_definition type_spec type_definition module mod_item internal_module
    namespace_definition namespace_declaration file_scoped_namespace_declaration singleton_class table
    table_array_element rule_set media_statement element create_table"""
)
"""Node types of definitions whose members are qualified by their name."""
_FUNCTIONS = _types(
    """function_definition function_declaration function_item function_signature_item function_signature
    method_definition method_declaration method_signature abstract_method_signature method
    singleton_method method_elem generator_function_declaration constructor_declaration
    compact_constructor_declaration destructor_declaration local_function_statement init_declaration
    deinit_declaration subscript_declaration protocol_function_declaration operator_declaration
    secondary_constructor create_function create_procedure create_trigger"""
)
_OTHERS = _types(
    """macro_definition preproc_def preproc_function_def type_item type_alias_declaration typealias_declaration
    type_alias alias_declaration concept_definition delegate_declaration associatedtype_declaration
    enum_constant enumerator enum_variant enum_entry enum_member_declaration enum_case simple_enum_case
    property_declaration property_signature property_element field_definition public_field_definition
    field_declaration variable_declarator const_element const_item static_item const_spec var_spec
    val_definition var_definition declaration assignment assignment_statement variable_assignment
    annotation_type_element_declaration protocol_property_declaration field pair block_mapping_pair
    flow_pair column_definition create_view create_materialized_view create_index create_type
    create_schema create_sequence"""
)
_DEFINITIONS = _SCOPES | _FUNCTIONS | _OTHERS
_VALUES = _types(
    """variable_declarator const_spec var_spec val_definition var_definition declaration assignment
    assignment_statement variable_assignment property_declaration field pair const_item static_item"""
)
"""Definitions that inside a function are only its local variables."""
_FUNCTION_VALUES = _types("arrow_function function_expression generator_function lambda")
_WITH_BODY = frozenset({"class_specifier", "struct_specifier", "union_specifier", "enum_specifier"})
"""Types that without a body are only mentioned: `struct S *p`."""
_NAME_FIELDS = ("name", "declarator", "property", "key", "left", "pattern", "type", "column")
_NAME_TYPES = _types(
    """identifier type_identifier field_identifier property_identifier simple_identifier constant name
    namespace_identifier operator_name destructor_name bare_key quoted_key dotted_key word variable_name
    private_property_identifier"""
)
_FIXED_NAMES = {
    "init_declaration": "init",
    "deinit_declaration": "deinit",
    "subscript_declaration": "subscript",
}
_ARGUMENTS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")
_SEPARATORS = re.compile(r"\s*(?:::|->|:|\\|\.)\s*")


@dataclass(frozen=True, slots=True)
class Definition:
    """A named definition. `node` is what carries the name, without decorators and wrappers."""

    name: str
    qualified_name: str
    node: Node


def definitions(source: SourceFile) -> tuple[Definition, ...]:
    """Every named definition of a file in order of place, an outer one before those inside it."""
    return _definitions(source)


@lru_cache(maxsize=2)
def _definitions(source: SourceFile) -> tuple[Definition, ...]:
    found: list[Definition] = []
    around: list[tuple[int, str, bool]] = []
    captured = QueryCursor(_query(source.language)).captures(source.tree.root_node).get("it", [])
    for node in sorted(captured, key=lambda each: (each.start_byte, -each.end_byte)):
        while around and around[-1][0] < node.end_byte:
            around.pop()
        _, prefix, local = around[-1] if around else (0, "", False)
        if node.type in _DEFINITIONS and (name := _name(source, node, local)):
            qualified = f"{prefix}{name}"
            found.append(Definition(name.rpartition(".")[2], qualified, node))
            prefix, local = f"{qualified}.", local and node.type not in _SCOPES
        local = local or node.type in _FUNCTIONS or node.type in _FUNCTION_VALUES
        around.append((node.end_byte, prefix, local))
    return tuple(found)


@lru_cache(maxsize=32)
def _query(language: str) -> Query:
    """All node types of the rule that the grammar has, found by one query: walking every node takes far longer."""
    types = sorted((_DEFINITIONS | _FUNCTION_VALUES) & node_types(language))
    return Query(grammar(language), f"[{' '.join(f'({each})' for each in types)}] @it")


def _name(source: SourceFile, node: Node, local: bool) -> str:
    """The name of a definition, dotted where it is qualified; empty where the node is none."""
    kind = node.type
    if kind in _WITH_BODY and node.child_by_field_name("body") is None:
        return ""
    if local and kind in _VALUES and not _holds_function(node):
        return ""
    if kind == "declaration" and not _declares_function(node):
        return ""
    if (kind == "field" and source.language != "lua") or (kind == "class" and source.language != "ruby"):
        return ""
    if kind in _FIXED_NAMES:
        return _FIXED_NAMES[kind]
    if kind == "companion_object":
        return "Companion"
    if kind == "element":
        return _element_id(source, node)
    if kind == "enum_entry" and len(node.children_by_field_name("name")) > 1:
        return ""
    carrier = _name_node(node)
    if carrier is None:
        return ""
    receiver = _receiver(source, node)
    text = _plain(source.text(carrier), source.language)
    return f"{receiver}.{text}" if receiver and text else text


def _name_node(node: Node) -> Node | None:
    """The node that holds a definition's name."""
    for field in _NAME_FIELDS:
        named = node.child_by_field_name(field)
        if named is None or (field == "type" and node.type != "impl_item"):
            continue
        if field == "declarator":
            return None if named.type == "variable_declarator" else _declared(named)
        if field in ("left", "pattern") and named.type not in _NAME_TYPES:
            return None
        return named
    for child in node.named_children:
        if child.type in ("object_reference", "selectors", "variable_list") or child.type in _NAME_TYPES:
            return child.child_by_field_name("name") or child
        if child.type in ("variable_declaration", "type_definition"):
            return next((each for each in child.named_children if each.type in _NAME_TYPES), None)
        if child.type == "function_declarator":
            return _declared(child)
    return None


def _declared(node: Node) -> Node | None:
    """The name at the heart of a C declarator: `*(*f)(int)`."""
    while node.type not in _NAME_TYPES and node.type not in ("qualified_identifier", "template_function"):
        inner = node.child_by_field_name("declarator")
        if inner is None:
            inner = next((child for child in node.named_children if "declarator" in child.type), None)
        if inner is None:
            inner = next((child for child in node.named_children if child.type in _NAME_TYPES), None)
        if inner is None:
            return None
        node = inner
    return node


def _declares_function(node: Node) -> bool:
    declarator = node.child_by_field_name("declarator")
    while declarator is not None and declarator.type != "function_declarator":
        declarator = declarator.child_by_field_name("declarator")
    return declarator is not None


def _holds_function(node: Node) -> bool:
    return any(child.type in _FUNCTION_VALUES or child.type == "class" for child in node.named_children)


def _receiver(source: SourceFile, node: Node) -> str:
    """The type that a Go method belongs to."""
    receiver = node.child_by_field_name("receiver") if node.type == "method_declaration" else None
    if receiver is None:
        return ""
    found = re.search(r"\*?\s*([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?\s*\)\Z", source.text(receiver))
    return found[1] if found else ""


def _element_id(source: SourceFile, node: Node) -> str:
    found = re.match(r"<[^>]*?\sid\s*=\s*[\"']?([^\"'\s>]+)", source.text(node)[:2_000])
    return found[1] if found else ""


def _plain(text: str, language: str) -> str:
    """A name as it is qualified everywhere: dots between its parts, no type arguments, no quotes."""
    if language in ("css", "html"):
        return " ".join(text.split())
    text = text.strip()
    if text[:1] in "\"'`" and text[-1:] == text[:1]:
        return text[1:-1]
    if language in ("json", "yaml", "toml"):
        return text
    if not text.startswith("operator") and "::operator" not in text:
        text = _ARGUMENTS.sub("", text)
    return _SEPARATORS.sub(".", text).strip().lstrip("$")


def named(source: SourceFile, name: str) -> Sequence[Definition]:
    """Definitions of that qualified name; where none is, those whose qualified name ends so."""
    wanted = _SEPARATORS.sub(".", name.replace("#", ".")).strip(".")
    every = definitions(source)
    for match in (name, wanted):
        exact = [each for each in every if each.qualified_name == match]
        types = [each for each in exact if each.node.type != "impl_item"]
        if exact:
            return types or exact
    return [each for each in every if f".{each.qualified_name}".endswith(f".{wanted}")]
