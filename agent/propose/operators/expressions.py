"""Tier 3: one expression too much or too little. Off by one, negation, conversions, calls, operands, strings."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from agent.propose.kinds import compatible
from agent.propose.operators.names import similarity
from agent.propose.site import (
    Change,
    Operator,
    Site,
    arguments_of,
    callee_name,
    is_value,
    level_of,
)
from agent.propose.syntax import EXPRESSIONS, walk

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
_NUMERIC_NODES = frozenset(
    {"identifier", "attribute", "subscript", "call", "binary_operator", "unary_operator"}
)
_CONDITION_PARENTS = frozenset(
    {"if_statement", "while_statement", "elif_clause", "if_clause", "assert_statement"}
)


def add_or_subtract_one(site: Site) -> Iterator[Change]:
    if not is_value(site.node) or not compatible(site.kind, "int") or _is_function_name(site.node):
        return
    rank = 0.0 if site.kind == "int" else 0.25
    parent = site.node.parent
    if parent is not None and parent.type in ("subscript", "slice", "argument_list", "comparison_operator"):
        rank = max(rank - 0.15, 0.0)
    elif parent is not None and parent.type == "binary_operator":
        rank += 0.1
    yield site.replace(site.node, f"{_tight(site, site.node, 9)} - 1", rank, level=9)
    yield site.replace(site.node, f"{_tight(site, site.node, 9)} + 1", rank, level=9)
    if site.node.type in ("binary_operator", "identifier", "call") and rank < 0.2:
        yield site.replace(site.node, f"-{_tight(site, site.node, 12)}", 0.4, level=11)


def negate(site: Site) -> Iterator[Change]:
    """A condition, or a truth value that is returned, is the wrong way round."""
    parent = site.node.parent
    if (
        parent is None
        or not is_value(site.node)
        or site.node.type in ("not_operator", "true", "false", "none")
    ):
        return
    test = parent.type in _CONDITION_PARENTS and parent.child_by_field_name("consequence") != site.node
    arm = parent.type == "conditional_expression" and parent.named_children[1] == site.node
    joined = parent.type == "boolean_operator"
    returned = parent.type in ("return_statement", "assignment") and site.kind == "bool"
    if test or arm or joined or returned:
        yield site.replace(site.node, f"not {_tight(site, site.node, 3)}", 0.1 * joined, level=3)


def unwrap(site: Site) -> Iterator[Change]:
    """`f(x)` → `x`, `x.f()` → `x`, `x[i]` → `x`, `x.a` → `x`."""
    node = site.node
    if not is_value(node):
        return
    if node.type == "call":
        for place, argument in enumerate(arguments_of(node)[:3]):
            if argument.type in EXPRESSIONS and argument.type != "generator_expression":
                yield _become(site, argument, 0.1 * place)
        function = node.child_by_field_name("function")
        if function is not None and function.type == "attribute":
            owner = function.child_by_field_name("object")
            if owner is not None:
                yield _become(site, owner, 0.1)
        if function is not None and not arguments_of(node):
            yield site.replace(node, site.source.text(function), 0.5)
    else:
        owner = node.child_by_field_name("value") or node.child_by_field_name("object")
        if owner is not None and site.source.text(owner) not in ("self", "cls"):
            yield _become(site, owner, 0.2 if node.type == "subscript" else 0.5)


def wrap(site: Site) -> Iterator[Change]:
    """`x` → `abs(x)`, `x.strip()`, `x[1:]`, or a one-parameter function of this file applied to it."""
    node = site.node
    if not is_value(node) or _is_function_name(node) or node.type in ("true", "false", "none", "lambda"):
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
            new = f"{name}{_tight(site, node, 3)}" if name == "not " else f"{name}({text})"
            yield site.replace(node, new, late + place * 0.04, level=3 if name == "not " else 16)
    if literal:
        return
    owner = _tight(site, node, 15)
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


def add_operand(site: Site) -> Iterator[Change]:
    """A term is missing: `b` → `a + b`, `b - a`, `[a] + b`; a forgotten name first."""
    node, parent = site.node, site.node.parent
    if parent is None or not is_value(node) or _is_function_name(node) or parent.type == "attribute":
        return
    if site.kind in ("bool", "dict", "none", "set", "callable") or (
        node.type == "attribute" and _is_function_name(node)
    ):
        return
    text = _tight(site, node, 9)
    for rank, term in _terms(site):
        if term != site.text:
            yield site.replace(node, f"{text} + {term}", rank, level=9)
            if site.kind in ("int", "float", None):
                yield site.replace(node, f"{text} - {term}", rank + 0.05, level=9)
                yield site.replace(node, f"{term} - {_tight(site, node, 10)}", rank + 0.25, level=9)
                yield site.replace(node, f"{_tight(site, node, 10)} * {term}", rank + 0.3, level=10)
            if site.kind not in ("int", "float"):
                yield site.replace(node, f"{term} + {_tight(site, node, 10)}", rank + 0.05, level=9)


def _terms(site: Site) -> list[tuple[float, str]]:
    """Names that may be added to the site's value, with ranks: of its kind, or elements of its list."""
    found: list[tuple[float, str]] = []
    beside = site.node.parent is not None and site.node.parent.type == "binary_operator"
    for name, facts in site.scope.names.items():
        if facts.role == "import" or facts.kind in ("callable", "bool") or name in ("self", "cls"):
            continue
        rank = (0.0 if facts.unused else 0.5) + 0.25 * (facts.kind is None) + 0.2 * beside
        rank += 0.3 * (facts.first_byte > site.node.start_byte)
        if compatible(site.kind, facts.kind):
            found.append((rank + 0.2 * (site.kind is None), name))
        if site.kind == "int" and facts.kind in ("list", "str", "tuple"):
            found.append((rank + 0.3, f"len({name})"))
        if site.kind == "list" and facts.kind != "list":
            found.append((rank + 0.1, f"[{name}]"))
    return sorted(found)[:6]


def _is_result(parent: Node) -> bool:
    return parent.type in ("return_statement", "assignment", "augmented_assignment")


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


def drop_operand(site: Site) -> Iterator[Change]:
    """`a + b` → `a`, `a and b` → `b`: an operand too much."""
    node = site.node
    if node.type == "comparison_operator":
        children = node.named_children
        if len(children) == 3:
            yield site.rewrite(
                children[1].end_byte, children[2].end_byte, "", "drop the end of the chain", 0.2
            )
            yield site.rewrite(
                children[0].start_byte, children[1].start_byte, "", "drop the chain's start", 0.2
            )
        elif len(children) == 2 and is_value(node):
            yield _become(site, children[0], 0.5)
        return
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is not None and right is not None:
        yield _become(site, left, 0.0)
        yield _become(site, right, 0.05)


def regroup(site: Site) -> Iterator[Change]:
    """Parentheses lost or misplaced: `a + b * c` ↔ `(a + b) * c`."""
    node = site.node
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return
    if left.type == node.type:
        inner = left.child_by_field_name("right")
        if inner is not None:
            yield _parenthesise(site, inner.start_byte, right.end_byte)
    if right.type == node.type:
        inner = right.child_by_field_name("left")
        if inner is not None:
            yield _parenthesise(site, left.start_byte, inner.end_byte)
    for side in (left, right):
        if side.type == "parenthesized_expression" and side.named_child_count:
            bare = site.source.text(side.named_children[0])
            yield site.rewrite(side.start_byte, side.end_byte, bare, f"`({bare})` → `{bare}`", 0.1)


def drop_element(site: Site) -> Iterator[Change]:
    """An element too much in a list, tuple or set; a filter too much in a comprehension."""
    children = [child for child in site.node.named_children if child.type != "comment"]
    if site.node.type.endswith(("comprehension", "generator_expression")):
        for child in children:
            if child.type == "if_clause":
                note = f"drop the filter `{site.source.text(child)}`"
                yield site.rewrite(_space_before(site, child.start_byte), child.end_byte, "", note)
        return
    if len(children) < 2 or len(children) > 16:
        return
    for position, child in enumerate(children):
        start = children[position - 1].end_byte if position else child.start_byte
        end = child.end_byte if position else children[1].start_byte
        yield site.rewrite(start, end, "", f"drop `{site.source.text(child)}`", 0.1)


def change_string(site: Site) -> Iterator[Change]:
    """A string for another of the function, the file's messages or the issue; or a slip within it."""
    node = site.node
    content = [child for child in node.children if child.type == "string_content"]
    if (
        len(node.children) < 2
        or len(content) > 1
        or any(child.type == "interpolation" for child in node.children)
    ):
        return
    opening, closing = node.children[0], node.children[-1]
    old = site.source.text(content[0]) if content else ""
    ranked = dict[str, float]()
    for new in _slips(old):
        ranked.setdefault(new, 0.1)
    function = site.view.module.function_of(node) or site.source.root
    for other in walk(function):
        if other.type == "string_content" and len(site.source.text(other)) <= 60:
            ranked.setdefault(site.source.text(other), 0.25)
    for new in site.clues.strings:
        ranked.setdefault(new, 0.5 - 0.4 * similarity(old, new))
    for word in sorted(site.clues.words) if len(old) > 3 and old.isidentifier() else ():
        if 0.8 <= similarity(old, word) < 1:
            ranked.setdefault(word, 0.05)
    quote = site.source.text(closing)
    for new, rank in sorted(ranked.items(), key=lambda item: item[1])[:30]:
        if new != old and quote not in new and "\\" not in new and "\n" not in new:
            text = site.source.text(opening) + new + quote
            yield site.replace(node, text, rank, token=True)


def _slips(text: str) -> Iterator[str]:
    """Strings that a slip of the keyboard away, of the short separators and formats that code is full of."""
    if not text:
        yield from (" ", ",", ", ", "0")
        return
    if len(text) <= 3:
        yield from ("", " " if text != " " else "", ", " if text == "," else "", "," if text == ", " else "")
        yield from (text[:-1], text[1:], text + " ", " " + text)
    if text != text.strip():
        yield text.strip()
    for changed in (text.lower(), text.upper(), text.capitalize()):
        if changed != text:
            yield changed
    pairs = {
        "<": ">",
        "(": ")",
        "[": "]",
        "{": "}",
        "/": "\\\\",
        "-": "_",
        "+": "-",
        "rb": "r",
        "w": "a",
        "r": "rb",
    }
    pairs |= {value: key for key, value in pairs.items()}
    if text in pairs:
        yield pairs[text]


def _become(site: Site, node: Node, rank: float) -> Change:
    return site.replace(site.node, site.source.text(node), rank, level=level_of(node))


def _parenthesise(site: Site, start: int, end: int) -> Change:
    inner = site.source.data[start:end]
    return Change(((start, end, b"(" + inner + b")"),), f"group `{inner.decode(site.source.encoding)}`", 0.1)


def _tight(site: Site, node: Node, level: int) -> str:
    text = site.source.text(node)
    return text if level_of(node) >= level else f"({text})"


def _space_before(site: Site, byte: int) -> int:
    while byte and site.source.data[byte - 1 : byte] in (b" ", b"\t"):
        byte -= 1
    return byte


def _is_function_name(node: Node) -> bool:
    parent = node.parent
    return parent is not None and parent.type == "call" and parent.child_by_field_name("function") == node


_OPERATIONS = frozenset({"binary_operator", "boolean_operator", "comparison_operator"})
_CONTAINERS = frozenset(
    {
        "list",
        "tuple",
        "set",
        "expression_list",
        "list_comprehension",
        "generator_expression",
        "set_comprehension",
    }
)
OPERATORS = (
    Operator("off by one", 3.0, _NUMERIC_NODES, add_or_subtract_one),
    Operator("negate", 3.0, EXPRESSIONS, negate),
    Operator("drop operand", 3.0, _OPERATIONS, drop_operand),
    Operator("unwrap", 3.1, frozenset({"call", "subscript", "attribute"}), unwrap),
    Operator("regroup", 3.2, frozenset({"binary_operator", "boolean_operator"}), regroup),
    Operator("string", 3.2, frozenset({"string"}), change_string),
    Operator("wrap", 3.3, EXPRESSIONS, wrap),
    Operator("drop element", 3.3, _CONTAINERS, drop_element),
    Operator("add operand", 3.4, _NUMERIC_NODES | {"list", "list_comprehension", "string"}, add_operand),
    Operator("wrap both", 3.5, frozenset({"comparison_operator", "binary_operator"}), wrap_both),
)
