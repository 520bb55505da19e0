"""Reduce Python expressions and annotations to chains (see index.facts). Knows no scopes and no files."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from inspect import cleandoc

from tree_sitter import Node

from index.facts import CALL, CONTAINER, ELEMENT, LITERAL_ROOT, MARKS, UNKNOWN_ROOT

_MAX_PARTS = 12
_MAX_NESTING = 4
_MAX_DOCSTRING_CHARS = 2_000
_MAX_ANNOTATION_CHARS = 300
_DOTTED = re.compile(r"\s*([^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*)\s*(\[.*\])?\s*$", re.DOTALL)
_WRAPPERS = frozenset(
    {
        "Optional",
        "Annotated",
        "ClassVar",
        "Final",
        "Required",
        "NotRequired",
        "ReadOnly",
        "Awaitable",
        "InitVar",
    }
)
_CONTAINERS = frozenset(
    {"list", "List", "set", "Set", "frozenset", "FrozenSet", "Sequence", "MutableSequence",
     "Iterable", "Iterator", "Collection", "Container", "Generator", "AsyncIterator",
     "AsyncIterable", "AsyncGenerator", "deque", "Deque", "tuple", "Tuple", "AbstractSet",
     "MutableSet", "Reversible"}
)  # fmt: skip
_MAPPINGS = frozenset(
    {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict"}
)
_PLAIN = frozenset(
    {"None", "Any", "object", "str", "bytes", "int", "float", "bool", "complex", "Callable",
     "Literal", "NoReturn", "Never"}
)  # fmt: skip
_LITERALS = frozenset(
    {"string", "concatenated_string", "integer", "float", "true", "false", "none", "dictionary",
     "dictionary_comprehension", "list", "set", "tuple", "list_comprehension", "set_comprehension",
     "generator_expression", "comparison_operator", "not_operator"}
)  # fmt: skip
_PASSING = {
    "copy.copy": "", "copy.deepcopy": "", "deepcopy": "", "type": ".__class__", "next": f".{ELEMENT}",
    "iter": "", "list": "", "tuple": "", "set": "", "sorted": "", "reversed": "", "random.choice": f".{ELEMENT}",
}  # fmt: skip
"""Functions outside every repository whose result is their first argument, its class, or one of its elements."""
_CASTS = frozenset({"cast", "typing.cast"})
_TRANSPARENT = frozenset({"await", "parenthesized_expression", "type", "expression_list"})
Text = Callable[[Node], str]


def root_and_parts(node: Node) -> tuple[Node, list[str], list[Node]]:
    """(innermost node, marks and names after it, nodes of the names after it), outermost last."""
    parts: list[str] = []
    named: list[Node] = []
    while True:
        kind = node.type
        inner: Node | None = None
        if kind == "attribute":
            name = node.child_by_field_name("attribute")
            inner = node.child_by_field_name("object")
            if name is None or inner is None:
                break
            parts.append("")
            named.append(name)
        elif kind == "call":
            inner = node.child_by_field_name("function")
            parts.append(CALL)
        elif kind == "subscript":
            inner = node.child_by_field_name("value")
            parts.append(ELEMENT)
        elif kind in _TRANSPARENT and node.named_child_count == 1:
            inner = node.named_children[0]
        if inner is None:
            break
        node = inner
    parts.reverse()
    named.reverse()
    return node, parts, named


def root_mark(node: Node) -> str:
    """What stands for a root that is no name."""
    return LITERAL_ROOT if node.type in _LITERALS else UNKNOWN_ROOT


def value_chain(node: Node | None, text: Text, nesting: int = 0) -> str:
    """The chain of what an expression evaluates to, empty where nothing is known."""
    if node is None or nesting > _MAX_NESTING:
        return ""
    root, parts, named = root_and_parts(node)
    if root.type == "identifier":
        passed = _passed_through(node, text, nesting) if CALL in parts[:2] else None
        if passed is not None:
            chain, inner_parts = passed
            names = iter(named[inner_parts - 1 :])
            rest = [part or text(next(names)) for part in parts[inner_parts:]]
            return ".".join([chain, *rest]) if chain else ""
        if len(parts) >= _MAX_PARTS:
            return ""
        names = iter(named)
        return ".".join([text(root), *(part or text(next(names)) for part in parts)])
    if parts:
        return ""
    match root.type:
        case "list" | "set" | "tuple" | "list_comprehension" | "set_comprehension" | "generator_expression":
            element = value_chain(root.named_children[0], text, nesting + 1) if root.named_child_count else ""
            return f"{element}.{CONTAINER}" if element else ""
        case "conditional_expression" | "boolean_operator":
            for option in root.named_children:
                if option.type == "call" or root.type == "conditional_expression":
                    chain = value_chain(option, text, nesting + 1)
                    if chain:
                        return chain
    return ""


def _passed_through(node: Node, text: Text, nesting: int) -> tuple[str, int] | None:
    """(chain, parts that it stands for) where the innermost call is of a known function; else None."""
    call: Node | None = None
    inner: Node | None = node
    while inner is not None and inner.type not in ("identifier", "ERROR"):
        call = inner if inner.type == "call" else call
        following = [inner.child_by_field_name(name) for name in ("function", "object", "value")]
        inner = next((each for each in following if each is not None), None) or next(
            iter(inner.named_children), None
        )
    function = call.child_by_field_name("function") if call is not None else None
    arguments = call.child_by_field_name("arguments") if call is not None else None
    if function is None or arguments is None or not arguments.named_children:
        return None
    name = text(function)
    if name in _CASTS:
        return annotation_chain(text(arguments.named_children[0])), name.count(".") + 1
    if name not in _PASSING or (name == "type" and arguments.named_child_count > 1):
        return None
    chain = value_chain(arguments.named_children[0], text, nesting + 1)
    return chain and chain + _PASSING[name], name.count(".") + 1


def loop_chains(node: Node | None, count: int, text: Text) -> list[str]:
    """Chains of what a loop over an expression gives to each of `count` names, empty ones for unknown."""
    unknown = [""] * count
    if node is None or node.type != "call":
        return unknown
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or arguments is None:
        return unknown
    name, given = text(function), arguments.named_children
    if name == "enumerate" and count == 2 and given:
        chains = ["", value_chain(given[0], text)]
    elif name == "zip" and len(given) == count:
        chains = [value_chain(argument, text) for argument in given]
    elif function.type == "attribute" and name.endswith(".items") and count == 2:
        held = value_chain(function.child_by_field_name("object"), text)
        chains = ["", f"{held}.values.{CALL}" if held else ""]
    else:
        return unknown
    return [f"{chain}.{ELEMENT}" if chain else "" for chain in chains]


@lru_cache(maxsize=16_384)
def annotation_chain(annotation: str) -> str:
    """The chain of an instance of an annotated type: `list[Foo] | None` → `Foo.().*`."""
    annotation = annotation[: _MAX_ANNOTATION_CHARS + 1].strip().strip("\"'").strip()
    options = [part for part in _split(annotation, "|") if part.strip() not in ("", "None")]
    if len(options) != 1:
        return next((chain for chain in map(annotation_chain, options) if chain), "")
    match = _DOTTED.match(options[0])
    if match is None or len(annotation) > _MAX_ANNOTATION_CHARS:
        return ""
    name = re.sub(r"\s", "", match[1])
    last = name.rpartition(".")[2]
    if last in _PLAIN or name.count(".") >= _MAX_PARTS:
        return ""
    arguments = _split(match[2][1:-1], ",") if match[2] else []
    if not arguments:
        return "" if last in _CONTAINERS | _MAPPINGS else f"{name}.{CALL}"
    return _generic_chain(name, last, arguments)


def _generic_chain(name: str, last: str, arguments: list[str]) -> str:
    if last in _WRAPPERS:
        return annotation_chain(arguments[0])
    if last == "Union":
        return annotation_chain("|".join(arguments))
    if last == "Coroutine":
        return annotation_chain(arguments[-1])
    if last in _CONTAINERS or last in _MAPPINGS:
        element = annotation_chain(arguments[-1] if last in _MAPPINGS else arguments[0])
        return f"{element}.{CONTAINER}" if element else ""
    if last in ("type", "Type"):
        return annotation_chain(arguments[0]).removesuffix(f".{CALL}")
    return f"{name}.{CALL}"


def named_parts(chain: str) -> list[str]:
    """The parts of a chain that are names."""
    return [part for part in chain.split(".") if part not in MARKS]


def _split(text: str, separator: str) -> list[str]:
    """Split at a separator that stands outside brackets and quotes."""
    pieces, depth, start, quote = [], 0, 0, ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "[(":
            depth += 1
        elif character in "])":
            depth -= 1
        elif character == separator and depth == 0:
            pieces.append(text[start:position])
            start = position + 1
    return [*pieces, text[start:]]


def function_role(decorators: list[str]) -> str:
    """What a function's decorators make of it: `static`, `class`, `property`, `setter`, `fixture` or nothing."""
    for decorator in decorators:
        names = named_parts(decorator)
        last = names[-1] if names else ""
        if last in ("setter", "deleter", "fixture"):
            return "fixture" if last == "fixture" else "setter"
        if last in ("staticmethod", "classmethod"):
            return last.removesuffix("method")
        if last.endswith("property"):
            return "property"
    return ""


def string_items(node: Node | None, text: Text) -> tuple[str, ...] | None:
    """The strings of a list or tuple literal, None where it is anything else."""
    if node is None or node.type not in ("list", "tuple", "expression_list"):
        return None
    if any(item.type not in ("string", "comment") for item in node.named_children):
        return None
    return tuple(text(item).strip("\"'") for item in node.named_children if item.type == "string")


def definition_docstring(body: Node | None, text: Text) -> str:
    """The docstring of a module, class or function body, without its indentation, shortened."""
    statements = (child for child in body.named_children if child.type != "comment") if body else iter(())
    statement = next(statements, None)
    if statement is None or statement.type != "expression_statement" or not statement.named_children:
        return ""
    string = statement.named_children[0]
    if string.type != "string":
        return ""
    content = "".join(text(part) for part in string.named_children if part.type == "string_content")
    return cleandoc(content)[:_MAX_DOCSTRING_CHARS]
