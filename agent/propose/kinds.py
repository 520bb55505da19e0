"""Guess what kind of value an expression or a name holds, from literals, calls, uses and annotations.

A kind is one of KINDS or None for "cannot say". Guesses rank candidates; they never forbid one that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tree_sitter import Node

KINDS = ("int", "float", "str", "bool", "list", "tuple", "set", "dict", "none", "callable")

_LITERALS = {
    "integer": "int",
    "float": "float",
    "string": "str",
    "concatenated_string": "str",
    "true": "bool",
    "false": "bool",
    "none": "none",
    "list": "list",
    "list_comprehension": "list",
    "tuple": "tuple",
    "set": "set",
    "set_comprehension": "set",
    "dictionary": "dict",
    "dictionary_comprehension": "dict",
    "comparison_operator": "bool",
    "not_operator": "bool",
    "lambda": "callable",
}
_CALLS = {
    **dict.fromkeys(("len", "int", "ord", "hash", "id", "round"), "int"),
    **dict.fromkeys(("str", "repr", "chr", "bin", "hex", "input", "format", "ascii"), "str"),
    **dict.fromkeys(("list", "sorted"), "list"),
    **dict.fromkeys(("set", "frozenset"), "set"),
    **dict.fromkeys(("dict", "vars"), "dict"),
    **dict.fromkeys(("bool", "isinstance", "issubclass", "any", "all", "callable", "hasattr"), "bool"),
    "float": "float",
    "tuple": "tuple",
    "sum": "int",
    "defaultdict": "dict",
    "Counter": "dict",
    "OrderedDict": "dict",
    "deque": "list",
}
_METHODS = {
    **dict.fromkeys(
        [
            "lower",
            "upper",
            "strip",
            "lstrip",
            "rstrip",
            "replace",
            "join",
            "title",
            "capitalize",
            "swapcase",
            "format",
            "zfill",
            "ljust",
            "rjust",
            "center",
            "decode",
            "removeprefix",
            "removesuffix",
            "casefold",
            "read",
            "readline",
        ],
        "str",
    ),
    **dict.fromkeys(["split", "rsplit", "splitlines", "readlines", "tolist"], "list"),
    **dict.fromkeys(["count", "find", "rfind", "index", "rindex", "bit_length"], "int"),
    **dict.fromkeys(
        [
            "startswith",
            "endswith",
            "isdigit",
            "isalpha",
            "isalnum",
            "isupper",
            "islower",
            "isspace",
            "issubset",
            "issuperset",
            "exists",
            "is_file",
            "is_dir",
        ],
        "bool",
    ),
    **dict.fromkeys(["union", "intersection", "difference", "symmetric_difference"], "set"),
}
_OWNERS = {
    **dict.fromkeys(["append", "extend", "insert", "sort", "reverse"], "list"),
    **dict.fromkeys(["add", "discard", "issubset", "issuperset", "union"], "set"),
    **dict.fromkeys(["items", "keys", "values", "setdefault"], "dict"),
    **dict.fromkeys(
        [
            "lower",
            "upper",
            "strip",
            "lstrip",
            "rstrip",
            "split",
            "join",
            "startswith",
            "endswith",
            "isdigit",
            "isalpha",
            "isupper",
            "islower",
            "splitlines",
            "encode",
            "replace",
        ],
        "str",
    ),
}
_ANNOTATIONS = (
    ("list", "list"),
    ("sequence", "list"),
    ("iterable", "list"),
    ("dict", "dict"),
    ("mapping", "dict"),
    ("set", "set"),
    ("frozenset", "set"),
    ("tuple", "tuple"),
    ("callable", "callable"),
    ("str", "str"),
    ("bool", "bool"),
    ("int", "int"),
    ("float", "float"),
)
_ARITHMETIC = frozenset({"-", "*", "/", "//", "%", "**", "<<", ">>"})

TextOf = Callable[[Node], str]


def kind_of(node: Node | None, text: TextOf, names: Mapping[str, str]) -> str | None:
    """The kind of an expression; `names` gives kinds of names in its scope, and of `f()` for functions."""
    if node is None:
        return None
    if found := _LITERALS.get(node.type):
        return found
    match node.type:
        case "identifier":
            return names.get(text(node))
        case "parenthesized_expression":
            return kind_of(node.named_child(0), text, names)
        case "call":
            return _call_kind(node, text, names)
        case "unary_operator":
            return kind_of(node.child_by_field_name("argument"), text, names)
        case "binary_operator":
            return _binary_kind(node, text, names)
        case "boolean_operator" | "conditional_expression":
            first = node.named_child(0)
            return kind_of(first, text, names)
        case "subscript":
            slices = any(child.type == "slice" for child in node.named_children[1:])
            owner = kind_of(node.child_by_field_name("value"), text, names)
            return owner if slices or owner == "str" else None
        case _:
            return None


def annotation_kind(annotation: str) -> str | None:
    """The kind that an annotation as `Optional[List[int]]` promises."""
    plain = annotation.lower().replace("typing.", "").strip("\"' ")
    for prefix in ("optional[", "final[", "classvar["):
        plain = plain.removeprefix(prefix)
    return next((kind for start, kind in _ANNOTATIONS if plain.startswith(start)), None)


def kind_from_use(name_node: Node, text: TextOf) -> str | None:
    """The kind that one use of a name asks for, as `x.append(…)` asks for a list."""
    parent = name_node.parent
    if parent is None:
        return None
    if parent.type == "attribute" and parent.child_by_field_name("object") == name_node:
        attribute = parent.child_by_field_name("attribute")
        return _OWNERS.get(text(attribute)) if attribute is not None else None
    if parent.type == "call" and parent.child_by_field_name("function") == name_node:
        return "callable"
    if parent.type in ("binary_operator", "augmented_assignment"):
        operator = parent.child_by_field_name("operator")
        if operator is not None and text(operator).rstrip("=") in _ARITHMETIC:
            return "int" if text(operator) != "%" else None
    if parent.type == "comparison_operator" and any(
        child.type in ("integer", "float") for child in parent.children
    ):
        return "int"
    return None


def compatible(first: str | None, second: str | None) -> bool:
    """Whether a value of one kind may stand where the other stood; unknown fits all."""
    if first is None or second is None or first == second:
        return True
    return {first, second} <= {"int", "float", "bool"} or {first, second} <= {"list", "tuple", "set"}


def _call_kind(node: Node, text: TextOf, names: Mapping[str, str]) -> str | None:
    function = node.child_by_field_name("function")
    if function is None:
        return None
    if function.type == "identifier":
        return _CALLS.get(text(function)) or names.get(f"{text(function)}()")
    if function.type == "attribute":
        attribute = function.child_by_field_name("attribute")
        return _METHODS.get(text(attribute)) if attribute is not None else None
    return None


def _binary_kind(node: Node, text: TextOf, names: Mapping[str, str]) -> str | None:
    operator = node.child_by_field_name("operator")
    left = kind_of(node.child_by_field_name("left"), text, names)
    right = kind_of(node.child_by_field_name("right"), text, names)
    symbol = text(operator) if operator is not None else ""
    if symbol == "/":
        return left if left not in (None, "int", "bool") else "float"
    if symbol == "%" and left == "str":
        return "str"
    if left == "float" or right == "float":
        return "float"
    if symbol == "*" and "list" in (left, right):
        return "list"
    if symbol == "*" and "str" in (left, right):
        return "str"
    return left or right or ("int" if symbol in _ARITHMETIC else None)
