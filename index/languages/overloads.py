"""Count parameters and arguments, by which a call tells overloads of one name apart. Knows no types of either.

An honest heuristic: what the arguments are is not looked at, so overloads of one length stay undecided.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tree_sitter import Node

from index.facts import Overload

ANY_NUMBER = -1
UNKNOWN = -1
DECLARATION = "declaration"
"""The role of a prototype, which stands for a definition elsewhere."""
_LISTS = frozenset({"formal_parameters", "parameter_list"})
_ONE = frozenset({"formal_parameter", "parameter", "parameter_declaration"})
_MANY = frozenset(
    {"spread_parameter", "variadic_parameter_declaration", "variadic_parameter", "...", "params"}
)
_NONE = frozenset({"receiver_parameter", "comment", "line_comment", "block_comment", "attribute_list"})
_UNCOUNTED = frozenset({"parameter_pack_expansion"})
_MAX_DEPTH = 8


def arity_of(definition: Node) -> tuple[int, int] | None:
    """(least, most) numbers of arguments that a definition takes; None where its parameters are not understood."""
    parameters = _parameters(definition)
    if parameters is None:
        return None
    least = most = 0
    for child in parameters.children:
        if child.type in _MANY:
            return least, ANY_NUMBER  # the rest of the list is this parameter's
        if child.type == "optional_parameter_declaration":
            most += 1
        elif child.type in _ONE:
            if child.type == "parameter_declaration" and child.text == b"void":
                continue
            if any(part.type == "modifier" and part.text == b"this" for part in child.children):
                return None  # an extension's first parameter is what stands before the dot
            most += 1
            least += not any(part.type in ("=", "equals_value_clause") for part in child.children)
        elif child.is_named and child.type not in _NONE:
            return None
    return least, most


def _parameters(node: Node) -> Node | None:
    for _ in range(_MAX_DEPTH):
        found = node.child_by_field_name("parameters")
        if found is not None and found.type in _LISTS:
            return found
        inner = node.child_by_field_name("declarator")
        if inner is None and node.type == "reference_declarator":
            inner = node.named_children[-1] if node.named_children else None
        if inner is None:
            return None
        node = inner
    return None


def argument_count(call: Node | None) -> int:
    """How many arguments a call has; UNKNOWN where they cannot be counted."""
    arguments = None if call is None else call.child_by_field_name("arguments")
    if arguments is None or arguments.has_error:
        return UNKNOWN
    given = [child for child in arguments.named_children if child.type not in _NONE]
    return UNKNOWN if any(child.type in _UNCOUNTED for child in given) else len(given)


def fitting(
    definitions: Sequence[Overload], declared: Sequence[Overload], arguments: int, known: str
) -> list[Overload]:
    """The overloads that a call with so many arguments may mean, `known` being the uid found without them.

    `declared` are those of the file that declares the name: a default value is told there, and means the definition
    of as many parameters. Prototypes are answers only where `known` is one.
    """
    every = [*definitions, *declared]
    fits = _preferred([each for each in every if _takes(each, arguments)], arguments)
    longest = {each.most for each in fits if each.role == DECLARATION}
    found = [each for each in every if each.role != DECLARATION and (each in fits or each.most in longest)]
    if not found and known in {each.uid for each in every if each.role == DECLARATION}:
        found = fits
    return list({each.uid: each for each in found}.values())


def _takes(overload: Overload, arguments: int) -> bool:
    return overload.least <= arguments and (overload.most == ANY_NUMBER or arguments <= overload.most)


def _preferred(fits: list[Overload], arguments: int) -> list[Overload]:
    """As every language with overloads has it: rather one that needs no default value, or takes no open list."""
    whole = [each for each in fits if each.most == arguments]
    return whole or [each for each in fits if each.most != ANY_NUMBER] or fits


def same_named(found: Collection[tuple[str, Overload | None]]) -> dict[str, list[Overload]]:
    """(qualified name, definition) pairs → the definitions of each name that has several, all understood."""
    groups: dict[str, list[Overload | None]] = {}
    for name, overload in found:
        groups.setdefault(name, []).append(overload)
    return {
        name: [each for each in group if each is not None]
        for name, group in groups.items()
        if len(group) > 1 and None not in group
    }
