"""Reduce expressions and types of any declared language to chains (see index.facts). Knows no scopes and no files."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from tree_sitter import Node

from index.facts import CALL, CONTAINER, ELEMENT, LITERAL_ROOT, UNKNOWN_ROOT
from index.languages.spec import LAST_LEAF, REST, LanguageSpec, Step, TypeNames

_MAX_PARTS, _MAX_NESTING, _MAX_TYPE_CHARS = 12, 4, 300
_SEPARATORS = re.compile(r"\s*(?:::|\?\.|->)\s*")
_NAMED_TYPE = re.compile(r"(\\?[^\W\d][\w\\]*(?:\s*\.\s*[^\W\d]\w*)*)\s*([<\[].*[>\]])?\s*", re.DOTALL)
_LEADING_CONTAINER = re.compile(r"\[[^\[\]]*\]\s*(?=[\w*&\[(])")
_GO_MAP = re.compile(r"map\s*\[[^\[\]]*\]")
_TRAILING = re.compile(r"(?:\s*(?:[?!&*]|\bconst\b|\.\.\.))+$")
_PARENTHESIZED = re.compile(r"\((.*)\)", re.DOTALL)
_SWIFT_LIST = re.compile(r"\[([^\[\]:]+)(?::\s*(.+))?\]", re.DOTALL)
Text = Callable[[Node], str]


class Chain:
    """An expression taken apart: its root, what follows, and the nodes of the names among that."""

    __slots__ = ("calls", "inner", "named", "parts", "root")

    def __init__(
        self, root: Node, parts: list[str], named: list[Node], inner: list[Node], calls: list[Node | None]
    ) -> None:
        self.root, self.parts, self.named, self.inner, self.calls = root, parts, named, inner, calls


class Chains:
    """Chains of one file's nodes."""

    def __init__(self, spec: LanguageSpec, text: Text) -> None:
        self._spec, self._text = spec, text

    def take_apart(self, node: Node) -> Chain:
        """Follow an expression to its root. `inner` are the nodes that it consists of, itself first."""
        spec, inner = self._spec, [node]
        parts: list[str] = []
        named: list[Node] = []
        calls: list[Node | None] = []
        while True:
            step = spec.steps.get(node.type)
            if step is None and node.type in spec.casts:
                target = self._cast_type(node)
                if target is None:
                    break
                parts += (CALL, ELEMENT)  # an object of the type, without making one
                calls.append(None)
                node = target
                inner.append(node)
                continue
            if step is None or node.type in spec.names:
                break
            if step.mark:
                parts.append(step.mark)
                if step.mark == CALL:
                    calls.append(node)
            names = self._names_after(node, step)
            following = (
                node.child_by_field_name(step.inner) if step.inner else next(iter(node.named_children), None)
            )
            if following is None and names and self._is_absolute(node):
                inner += names
                break
            if following is None:
                following, names = next(iter(names), None), names[1:]
            for name in reversed(names):
                if name.type in spec.steps and name.type not in spec.names:
                    rest = self.take_apart(name)  # `a::b::c` as `a` and `b::c`
                    parts += [*rest.parts[::-1], ""]
                    named += [*rest.named[::-1], rest.root]
                    inner += rest.inner
                    calls += rest.calls[::-1]
                    continue
                inner.append(name)
                while name.named_children and name.type not in spec.names:
                    name = name.named_children[0]
                    inner.append(name)
                parts.append("")
                named.append(name)
            if following is None:
                break
            node = following
            inner.append(node)
        parts.reverse()
        named.reverse()
        calls.reverse()
        return Chain(node, parts, named, inner, calls)

    def _names_after(self, node: Node, step: Step) -> list[Node]:
        if step.name == REST:
            further = (child.child_by_field_name("name") or child for child in node.named_children[1:])
            return [child for child in further if child.type in self._spec.names]
        if step.name == LAST_LEAF:
            while node.named_children:
                node = node.named_children[-1]
            return [node]
        name = node.child_by_field_name(step.name) if step.name else None
        return [name] if name is not None else []

    def root(self, node: Node) -> str:
        """The word for a chain's root."""
        if node.type in self._spec.own_fields:
            return f"{self._spec.receiver}.{bare_name(self._text(node))}"
        if self.is_name(node):
            return self._text(node)
        return LITERAL_ROOT if node.type in self._spec.literals else UNKNOWN_ROOT

    def is_name(self, node: Node) -> bool:
        return node.type in self._spec.names or self._is_absolute(node)

    def _is_absolute(self, node: Node) -> bool:
        """Whether a node is a name of the top of everything: `::Name`."""
        mark = self._spec.absolute
        return bool(mark) and node.type in self._spec.steps and node.children[0].type == mark

    def written(self, chain: Chain) -> str:
        """A taken-apart expression as a chain; the base class's part of an object is `super.()` everywhere."""
        root, parts = self.root(chain.root), chain.parts
        if chain.named:
            names = iter(chain.named)
            parts = [part or self._text(next(names)) for part in parts]
        if self._spec.parent and root == self._spec.parent:
            parts, root = [CALL, *parts], "super"
        return ".".join([root, *parts]) if parts else root

    def value(self, node: Node | None, nesting: int = 0) -> str:
        """The chain of what an expression evaluates to, empty where nothing is known."""
        if node is None or nesting > _MAX_NESTING:
            return ""
        if node.type in self._spec.casts:
            return self.type(self._cast_type(node))
        chain = self.take_apart(node)
        extended = self._spec.rules.extensions and chain.parts and chain.root.type in self._spec.literals
        if self.is_name(chain.root) or extended:
            return self.written(chain) if len(chain.parts) < _MAX_PARTS else ""
        if chain.parts:
            return ""
        if chain.root.type in self._spec.choices:
            values = (self.value(option, nesting + 1) for option in chain.root.named_children)
            return next((value for value in values if value.endswith(CALL)), "")
        return ""

    def _cast_type(self, node: Node) -> Node | None:
        field = self._spec.casts[node.type]
        return node.child_by_field_name(field) if field else next(iter(node.named_children[::-1]), None)

    def type(self, node: Node | None) -> str:
        """The chain of an instance of a written type."""
        return type_chain(self._text(node).lstrip(": \t"), self._spec.types) if node is not None else ""


def bare_name(text: str) -> str:
    """A name without quotes and the marks of fields and symbols: `@size`, `:size`."""
    return text.strip("\"'`").lstrip("@:")


@lru_cache(maxsize=32_768)
def type_chain(text: str, types: TypeNames) -> str:
    """The chain of an instance of a type, empty if unknown: `const List<Foo>&` → `Foo.().*`."""
    if len(text) > _MAX_TYPE_CHARS:
        return ""
    text = text.strip()
    options = [
        option for option in _split(text, "|") if option.strip() not in ("", "null", "undefined", "nil")
    ]
    if len(options) != 1:
        return next((chain for chain in (type_chain(option, types) for option in options) if chain), "")
    text = _TRAILING.sub("", _without_modifiers(options[0].strip(), types.modifiers))
    tuple_type = _PARENTHESIZED.fullmatch(text)
    if tuple_type:
        return type_chain(_named_result(_split(tuple_type[1], ",")[0]), types)
    element = _element_type(text)
    if element:
        chain = type_chain(element, types)
        return f"{chain}.{CONTAINER}" if chain else ""
    match = _NAMED_TYPE.fullmatch(_SEPARATORS.sub(".", text).lstrip("."))
    if match is None:
        return ""
    return _named_chain(re.sub(r"\s", "", match[1]), match[2], types)


def _named_chain(name: str, arguments_text: str | None, types: TypeNames) -> str:
    last = name.rpartition(".")[2]
    if last in types.plain or name.count(".") >= _MAX_PARTS:
        return ""
    arguments = _split(arguments_text[1:-1], ",") if arguments_text else []
    if arguments:
        if last in types.wrappers:
            return type_chain(arguments[0], types)
        if last in types.containers or last in types.mappings:
            held = type_chain(arguments[-1] if last in types.mappings else arguments[0], types)
            return f"{held}.{CONTAINER}" if held else ""
    return f"{name}.{CALL}"


def _element_type(text: str) -> str:
    """What an array, slice or map type written with brackets holds, empty for other types."""
    for pattern in (_GO_MAP, _LEADING_CONTAINER):
        match = pattern.match(text)
        if match:
            return text[match.end() :]
    if text.endswith("]") and text.startswith("["):
        swift = _SWIFT_LIST.fullmatch(text)
        return (swift[2] or swift[1]) if swift else ""
    if text.endswith("[]"):
        return text[:-2]
    return ""


def _named_result(text: str) -> str:
    """The type of a result that may have a name before it."""
    words = text.split()
    return words[-1] if len(words) == 2 and words[0].isidentifier() else text


def _without_modifiers(text: str, modifiers: tuple[str, ...]) -> str:
    match = _modifiers(modifiers).match(text)
    return text[match.end() :] if match else text


@lru_cache(maxsize=64)
def _modifiers(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:(?:\b(?:{'|'.join(words)})\s+|[&*?]|\.\.\.|'\w+\b|@\w+(?:\([^)]*\))?)\s*)*")


def _split(text: str, separator: str) -> list[str]:
    """Split at a separator that stands outside brackets."""
    pieces, depth, start = [], 0, 0
    for position, character in enumerate(text):
        if character in "[(<{":
            depth += 1
        elif character in "])}" or (character == ">" and text[position - 1 : position] not in ("=", "-")):
            depth -= 1
        elif character == separator and depth == 0:
            pieces.append(text[start:position])
            start = position + 1
    return [*pieces, text[start:]]
