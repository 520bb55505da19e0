"""Tier 1: one token is wrong. Comparison, boolean and arithmetic operators, numbers, truth values, literals."""

from __future__ import annotations

from collections.abc import Iterator

from agent.propose.site import Change, Operator, Site, is_value, operator_token

_COMPARISONS = {
    "<": ("<=", ">", ">=", "==", "!="),
    "<=": ("<", ">=", ">", "==", "!="),
    ">": (">=", "<", "<=", "==", "!="),
    ">=": (">", "<=", "<", "==", "!="),
    "==": ("!=", "<=", ">=", "<", ">", "in", "is"),
    "!=": ("==", "<", ">", "<=", ">=", "not in", "is not"),
    "in": ("not in", "=="),
    "not in": ("in", "!="),
    "is": ("is not", "=="),
    "is not": ("is", "!="),
}
_ARITHMETIC = {
    "+": ("-", "*", "|"),
    "-": ("+", "*", "/", "%", "//"),
    "*": ("+", "**", "/", "//", "-"),
    "/": ("//", "*", "%", "-"),
    "//": ("/", "%", "*", "-"),
    "%": ("//", "/", "-", "*"),
    "**": ("*", "//"),
    "<<": (">>",),
    ">>": ("<<",),
    "&": ("|", "^", "-"),
    "|": ("&", "^", "+"),
    "^": ("&", "|", "**"),
    "@": ("*",),
}
_AUGMENTED = {
    "+=": ("-=", "=", "*=", "|="),
    "-=": ("+=", "=", "//=", "/=", "*=", "%="),
    "*=": ("+=", "**=", "=", "/=", "//="),
    "/=": ("//=", "*=", "-=", "="),
    "//=": ("/=", "-=", "%=", "*=", "="),
    "%=": ("//=", "/=", "-=", "="),
    "**=": ("*=",),
    "<<=": (">>=",),
    ">>=": ("<<=",),
    "&=": ("|=", "^=", "="),
    "|=": ("&=", "^=", "=", "+="),
    "^=": ("&=", "|="),
}
_TRUTH = {
    "true": ("False", "None"),
    "false": ("True", "None"),
    "none": ("0", "False", "True", "[]", '""', "{}"),
}
_EMPTY = {
    "list": ("None", "{}", "()", "set()"),
    "dictionary": ("None", "[]", "set()"),
    "tuple": ("None", "[]"),
}
_STEP = 0.08
"""Rank between neighbours of a swap list, so that the likelier comes first within one line."""


def swap_comparison(site: Site) -> Iterator[Change]:
    for token in site.node.children_by_field_name("operators"):
        for place, new in enumerate(_COMPARISONS.get(token.type, ())):
            yield site.replace(token, new, place * _STEP, token=True)


def swap_boolean(site: Site) -> Iterator[Change]:
    token = operator_token(site.node)
    if token is None:
        return
    new = "or" if token.type == "and" else "and"
    yield site.replace(token, new, token=True)


def swap_arithmetic(site: Site) -> Iterator[Change]:
    token = operator_token(site.node)
    if token is None:
        return
    texts = site.kind == "str" or "str" in (
        site.kind_of(site.node.child_by_field_name("left")),
        site.kind_of(site.node.child_by_field_name("right")),
    )
    for place, new in enumerate((_AUGMENTED | _ARITHMETIC).get(token.type, ())):
        yield site.replace(token, new, place * _STEP + (0.6 if texts and new != "=" else 0.0), token=True)


def change_number(site: Site) -> Iterator[Change]:
    """n ± 1, then 0, 1, −1, 2; doubled, halved and ten times as real slips have them."""
    text = site.text.replace("_", "")
    if not text.isdecimal() or len(text) > 18:
        yield from _change_real(site)
        return
    number = int(text)
    likely = [number - 1, number + 1] if number else [1, -1]
    rest = [0, 1, -1, 2, number + 2, number * 2, number // 2, number * 10, number // 10]
    if number > 9:
        rest = [number * 10, number // 10, number * 2, number // 2, 0, 1, number + 2, number - 2]
    for place, new in enumerate(dict.fromkeys(likely + rest)):
        if new != number:
            late = 0.0 if place < 2 else 0.15 + place * 0.05
            yield site.replace(site.node, str(new), late, level=11 if new < 0 else 16, token=True)


def _change_real(site: Site) -> Iterator[Change]:
    try:
        number = float(site.text)
    except ValueError:
        return
    for place, new in enumerate((number + 1, number - 1, 0.0, 1.0, number * 10, number / 10, -number)):
        if new != number:
            yield site.replace(site.node, repr(new), place * _STEP, level=11 if new < 0 else 16, token=True)


def flip_sign(site: Site) -> Iterator[Change]:
    """Drop or change a unary operator."""
    token = operator_token(site.node)
    argument = site.node.child_by_field_name("argument")
    if token is None or argument is None:
        return
    yield site.replace(site.node, site.source.text(argument), 0.0, level=11)
    for new in {"-": ("~",), "~": ("-", "not "), "+": ("-",)}.get(token.type, ()):
        yield site.replace(token, new, 0.4)


def drop_not(site: Site) -> Iterator[Change]:
    argument = site.node.child_by_field_name("argument")
    if argument is not None:
        yield site.replace(site.node, site.source.text(argument), level=4)


def swap_truth(site: Site) -> Iterator[Change]:
    for place, new in enumerate(_TRUTH[site.node.type]):
        yield site.replace(site.node, new, place * 0.15, token=True)


def swap_empty(site: Site) -> Iterator[Change]:
    """An empty container for another, or for None."""
    if site.node.named_child_count == 0 and is_value(site.node):
        for place, new in enumerate(_EMPTY[site.node.type]):
            yield site.replace(site.node, new, 0.3 + place * _STEP)


_ANY_ARITHMETIC = frozenset({"binary_operator", "augmented_assignment"})
OPERATORS = (
    Operator("comparison", 1.0, frozenset({"comparison_operator"}), swap_comparison),
    Operator("boolean", 1.0, frozenset({"boolean_operator"}), swap_boolean),
    Operator("arithmetic", 1.1, _ANY_ARITHMETIC, swap_arithmetic),
    Operator("number", 1.1, frozenset({"integer", "float"}), change_number),
    Operator("truth", 1.1, frozenset(_TRUTH), swap_truth),
    Operator("drop not", 1.2, frozenset({"not_operator"}), drop_not),
    Operator("sign", 1.3, frozenset({"unary_operator"}), flip_sign),
    Operator("empty", 1.5, frozenset(_EMPTY), swap_empty),
)
