"""Tier 2: right parts in the wrong order or number. Operands, arguments, elements, branches, keywords."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from agent.propose.operators.names import similarity
from agent.propose.scope import Signature
from agent.propose.site import Change, Operator, Site, arguments_of, callee_name, level_of, operator_token

_KEYWORDS = {
    "sorted": ("reverse=True", "key=len", "key=str", "key=abs"),
    "sort": ("reverse=True", "key=len"),
    "max": ("key=len", "default=0", "default=None"),
    "min": ("key=len", "default=0", "default=None"),
    "enumerate": ("start=1",),
    "popitem": ("last=False",),
    "dumps": ("ensure_ascii=False", "sort_keys=True", "default=str"),
    "dump": ("ensure_ascii=False",),
    "open": ('encoding="utf-8"', 'newline=""'),
    "read_text": ('encoding="utf-8"',),
    "write_text": ('encoding="utf-8"',),
    "makedirs": ("exist_ok=True",),
    "mkdir": ("exist_ok=True", "parents=True, exist_ok=True"),
    "zip": ("strict=True",),
    "print": ('end=""', 'sep=""'),
    "decode": ('errors="replace"',),
    "unlink": ("missing_ok=True",),
    "run": ("check=True",),
}
_POSITIONAL = {
    "split": ('","', "1", "None"),
    "next": ("None",),
    "getattr": ("None",),
    "pop": ("0", "None"),
    "get": ("0", "None", '""', "[]"),
    "round": ("2", "1"),
    "sum": ("0",),
    "strip": ('"/"',),
    "replace": ("1",),
    "int": ("2", "16"),
}
_COMMUTATIVE = frozenset({"+", "*", "|", "&", "^", "==", "!=", "and", "or"})


def exchange_operands(site: Site) -> Iterator[Change]:
    """`a - b` → `b - a`, where the order matters."""
    left, right = site.node.child_by_field_name("left"), site.node.child_by_field_name("right")
    token = operator_token(site.node)
    if site.node.type == "comparison_operator":
        children = site.node.named_children
        if len(children) != 2:
            return
        left, right = children
        token = site.node.children_by_field_name("operators")[0]
    if left is None or right is None or token is None:
        return
    joined = token.type == "+" and "int" not in (site.kind_of(left), site.kind_of(right))
    if token.type in _COMMUTATIVE and not joined:
        return
    one, two = site.source.text(left), site.source.text(right)
    if level_of(left) <= level_of(site.node):
        one = f"({one})"
    edits = (
        (left.start_byte, left.end_byte, site.encode(two)),
        (right.start_byte, right.end_byte, site.encode(one)),
    )
    yield Change(edits, f"exchange the operands of `{token.type}`", 0.1 if not joined else 0.3)


def exchange_arguments(site: Site) -> Iterator[Change]:
    plain = [node for node in arguments_of(site.node) if node.type not in ("keyword_argument", "list_splat")]
    yield from _exchanges(site, plain)


def exchange_elements(site: Site) -> Iterator[Change]:
    yield from _exchanges(site, [child for child in site.node.named_children if child.type != "comment"])


def _exchanges(site: Site, nodes: list[Node]) -> Iterator[Change]:
    if not 2 <= len(nodes) <= 6:
        return
    for first in range(len(nodes)):
        for second in range(first + 1, len(nodes)):
            if site.source.text(nodes[first]) != site.source.text(nodes[second]):
                yield site.exchange(nodes[first], nodes[second], 0.15 * (second - first - 1))


def exchange_arms(site: Site) -> Iterator[Change]:
    """`a if c else b` → `b if c else a`; subscripts `a[i][j]` → `a[j][i]`."""
    node = site.node
    if node.type == "conditional_expression":
        children = [child for child in node.named_children if child.type != "comment"]
        if len(children) == 3:
            yield site.exchange(children[0], children[2])
        return
    inner = node.child_by_field_name("value")
    if inner is not None and inner.type == "subscript":
        outer_index = node.named_children[-1]
        inner_index = inner.named_children[-1]
        yield site.exchange(inner_index, outer_index, 0.1)
        return
    if inner is not None and node.named_child_count == 2 and node.named_children[1].type == "identifier":
        yield site.exchange(inner, node.named_children[1], 0.5)


def change_argument_count(site: Site) -> Iterator[Change]:
    """Drop an argument, or add one that the callee's signature or habit asks for."""
    arguments = site.node.child_by_field_name("arguments")
    if arguments is None or arguments.type != "argument_list":
        return
    present = arguments_of(site.node)
    name = callee_name(site.node, site.source)
    for position, node in enumerate(present):
        yield _drop_argument(site, present, position, 0.5 if node.type == "keyword_argument" else 0.6)
    here = {
        site.source.text(key)
        for node in present
        if node.type == "keyword_argument" and (key := node.child_by_field_name("name")) is not None
    }
    for place, keyword in enumerate(_KEYWORDS.get(name, ())):
        if keyword.split("=")[0] not in here:
            yield _add_argument(site, arguments, present, keyword, 0.4 + place * 0.1)
    for place, value in enumerate(_POSITIONAL.get(name, ())):
        if not here:
            yield _add_argument(site, arguments, present, value, 0.5 + place * 0.1)
    for parameter in _splats(site):
        if all(site.source.text(node) != parameter for node in present):
            yield _add_argument(site, arguments, present, parameter, 0.1 if name != "super" else 0.5)
    unused = [each for each, facts in site.scope.names.items() if facts.unused and facts.role != "loop"]
    for parameter in unused[:3]:
        yield _add_argument(site, arguments, present, parameter, 0.3)
    for signature in site.view.ingredients.signatures(name)[:2]:
        yield from _missing_parameters(site, signature, arguments, present, here)


def _missing_parameters(
    site: Site, signature: Signature, arguments: Node, present: list[Node], here: set[str]
) -> Iterator[Change]:
    positional = len(present) - len(here)
    for index, parameter in enumerate(signature.arguments):
        if parameter.splat or parameter.name in here or index < positional:
            continue
        keyword = parameter.keyword_only or bool(here) or index > positional
        prefix = f"{parameter.name}=" if keyword else ""
        if parameter.name in site.visible:
            yield _add_argument(site, arguments, present, prefix + parameter.name, 0.0)
            if not prefix:
                yield _add_argument(site, arguments, present, f"{parameter.name}={parameter.name}", 0.05)
        owned = f"self.{parameter.name}"
        if "self" in site.visible:
            yield _add_argument(site, arguments, present, prefix + owned, 0.2)
        if parameter.default in ("True", "False"):
            flipped = "False" if parameter.default == "True" else "True"
            yield _add_argument(site, arguments, present, f"{parameter.name}={flipped}", 0.3)
        near = sorted(site.scope.names, key=lambda other: -similarity(other, parameter.name))
        for place, other in enumerate(near[:4]):
            if other not in ("self", parameter.name):
                yield _add_argument(site, arguments, present, prefix + other, 0.4 + 0.1 * place)


def _splats(site: Site) -> list[str]:
    """The function's own `*args` and `**kwargs`, as a call passes them on."""
    function = site.view.module.function_of(site.node)
    parameters = function.child_by_field_name("parameters") if function is not None else None
    kinds = ("list_splat_pattern", "dictionary_splat_pattern")
    children = parameters.named_children if parameters is not None else ()
    return [site.source.text(child) for child in children if child.type in kinds]


def _add_argument(site: Site, arguments: Node, present: list[Node], text: str, rank: float) -> Change:
    at = present[-1].end_byte if present else arguments.start_byte + 1
    name = callee_name(site.node, site.source)
    return site.rewrite(at, at, f", {text}" if present else text, f"pass `{text}` to `{name}`", rank)


def _drop_argument(site: Site, present: list[Node], position: int, rank: float) -> Change:
    start, end = present[position].start_byte, present[position].end_byte
    if position + 1 < len(present):
        end = present[position + 1].start_byte
    elif position:
        start = present[position - 1].end_byte
    dropped = site.source.text(present[position])
    return site.rewrite(
        start, end, "", f"no longer pass `{dropped}` to `{callee_name(site.node, site.source)}`", rank
    )


OPERATORS = (
    Operator("operand order", 1.7, frozenset({"binary_operator", "comparison_operator"}), exchange_operands),
    Operator("argument order", 2.1, frozenset({"call"}), exchange_arguments),
    Operator("arm order", 2.2, frozenset({"conditional_expression", "subscript"}), exchange_arms),
    Operator("element order", 2.3, frozenset({"list", "tuple", "expression_list"}), exchange_elements),
    Operator("argument count", 2.3, frozenset({"call"}), change_argument_count),
)
