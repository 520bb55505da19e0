"""Tier 3: a conversion, call or subscript too few or too many: `x` ↔ `abs(x)`, `x.strip()`, `x[1:]`."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from agent.propose.site import (
    Change,
    Operator,
    Site,
    arguments_of,
    become,
    callee_name,
    is_function_name,
    is_value,
    level_of,
    tightly,
)
from agent.propose.syntax import EXPRESSIONS

_WRAPS = {
    None: (
        "abs",
        "int",
        "str",
        "len",
        "list",
        "set",
        "sorted",
        "sum",
        "float",
        "bool",
        "tuple",
        "max",
        "min",
    ),
    "int": ("abs", "str", "float", "range", "bool", "int"),
    "float": ("abs", "int", "round", "str"),
    "str": ("int", "len", "set", "list", "str", "sorted", "float"),
    "list": (
        "set",
        "sorted",
        "len",
        "list",
        "sum",
        "tuple",
        "max",
        "min",
        "reversed",
        "enumerate",
        "any",
        "all",
    ),
    "tuple": ("list", "set", "sorted", "len", "sum", "max", "min"),
    "set": ("sorted", "list", "len", "sum", "max", "min"),
    "dict": ("list", "len", "sorted", "dict"),
    "bool": ("int", "bool", "not "),
}
_SUFFIXES = {
    None: (
        ".copy()",
        ".strip()",
        ".lower()",
        ".items()",
        ".values()",
        ".keys()",
        "[::-1]",
        "[0]",
        "[-1]",
        "[1:]",
        "[:-1]",
    ),
    "int": (" ** 2",),
    "float": (" ** 2",),
    "bool": (),
    "str": (
        ".lower()",
        ".strip()",
        ".upper()",
        ".split()",
        "[::-1]",
        "[0]",
        "[1:]",
        "[:-1]",
        "[-1]",
        ".encode()",
        ".strip('\\n')",
    ),
    "list": ("[::-1]", ".copy()", "[1:]", "[:-1]", "[0]", "[-1]", "[:]"),
    "tuple": ("[::-1]", "[0]", "[-1]", "[1:]", "[:-1]"),
    "set": (".copy()",),
    "dict": (".items()", ".values()", ".keys()", ".copy()"),
}


def unwrap(site: Site) -> Iterator[Change]:
    """`f(x)` → `x`, `x.f()` → `x`, `x[i]` → `x`, `x.a` → `x`."""
    node = site.node
    if not is_value(node):
        return
    if node.type == "call":
        for place, argument in enumerate(arguments_of(node)[:3]):
            if argument.type in EXPRESSIONS and argument.type != "generator_expression":
                yield become(site, argument, 0.1 * place)
        function = node.child_by_field_name("function")
        if function is not None and function.type == "attribute":
            owner = function.child_by_field_name("object")
            if owner is not None:
                yield become(site, owner, 0.1)
        if function is not None and not arguments_of(node):
            yield site.replace(node, site.source.text(function), 0.5)
    else:
        owner = node.child_by_field_name("value") or node.child_by_field_name("object")
        if owner is not None and site.source.text(owner) not in ("self", "cls"):
            yield become(site, owner, 0.2 if node.type == "subscript" else 0.5)


def wrap(site: Site) -> Iterator[Change]:
    """`x` → `abs(x)`, `x.strip()`, `x[1:]`, or a one-parameter function of this file applied to it."""
    node = site.node
    if not is_value(node) or is_function_name(node) or node.type in ("true", "false", "none", "lambda"):
        return
    literal = node.type in ("integer", "float", "string")
    if node.type in ("list", "identifier", "call", "binary_operator", "string") and site.kind != "bool":
        yield site.replace(
            node, f"[{site.text}]", 0.5 - 0.3 * (node.parent is not None and _is_result(node.parent))
        )
    parent = node.parent
    inside = parent is not None and parent.type in ("attribute", "subscript", "parenthesized_expression")
    late = 0.3 * literal + 0.35 * inside
    around = (
        callee_name(parent.parent, site.source)
        if parent is not None and parent.type == "argument_list" and (parent.parent is not None)
        else ""
    )
    text = site.text
    for place, name in enumerate(_WRAPS.get(site.kind, _WRAPS[None])):
        if name != around:
            new = f"{name}{tightly(site, node, 3)}" if name == "not " else f"{name}({text})"
            yield site.replace(node, new, late + place * 0.04, level=3 if name == "not " else 16)
    if literal:
        return
    owner = tightly(site, node, 15)
    for place, suffix in enumerate(_SUFFIXES.get(site.kind, _SUFFIXES[None])):
        yield site.replace(node, owner + suffix, late + 0.1 + place * 0.04)
    for name, facts in site.visible.items():
        if (
            (facts.unused or facts.kind == "callable")
            and facts.role in ("parameter", "local")
            and name != text
        ):
            yield site.replace(node, f"{name}({text})", late + 0.1)
    for name, signatures in site.view.module.signatures.items():
        needed = [p for p in signatures[0].arguments if p.default is None and not p.splat]
        if signatures[0].owner is None and len(needed) == 1 and name != around:
            yield site.replace(node, f"{name}({text})", late + 0.3 + 0.3 * (name == site.scope.name))


def wrap_both(site: Site) -> Iterator[Change]:
    """Both sides of a comparison or operation lack the same conversion: `a == b` → `set(a) == set(b)`."""
    children = [child for child in site.node.named_children if child.type != "comment"]
    if len(children) != 2 or any(child.type in ("none", "true", "false", "integer") for child in children):
        return
    one, two = (site.source.text(child) for child in children)
    for place, form in enumerate(
        (
            "{}.lower()",
            "set({})",
            "sorted({})",
            "len({})",
            "abs({})",
            "str({})",
            "int({})",
            "{}.strip()",
            "list({})",
        )
    ):
        if "{}." not in form or all(level_of(child) >= 15 for child in children):
            edits = tuple(
                (child.start_byte, child.end_byte, site.encode(form.format(text)))
                for child, text in zip(children, (one, two), strict=True)
            )
            yield Change(edits, f"both sides through `{form.format('…')}`", 0.4 + place * 0.04)


def _is_result(parent: Node) -> bool:
    return parent.type in ("return_statement", "assignment", "augmented_assignment")


OPERATORS = (
    Operator("unwrap", 2.8, frozenset({"call", "subscript", "attribute"}), unwrap),
    Operator("wrap", 3.3, EXPRESSIONS, wrap),
    Operator("wrap both", 3.5, frozenset({"comparison_operator", "binary_operator"}), wrap_both),
)
