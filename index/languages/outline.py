"""Symbols of files that hold data rather than code: keys of JSON, YAML and TOML. Knows no uses of them.

Every key is a field, down to three levels; at most 500 a file, outer ones first. What is left out is said in the
docstring of the file's module. Items of lists are not looked into, except TOML's `[[tables]]`. Dots inside a key
become underscores, since they part the keys of a qualified name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from tree_sitter import Node

from index.content import Content
from index.facts import FileFacts
from index.languages.names import file_module_name
from index.languages.spec import LanguageSpec
from index.parse import Lines, parse
from index.python.scopes import FileScopes
from index.types import SymbolKind

MAX_SYMBOLS, MAX_DEPTH = 500, 3
_MAX_HEAD_CHARS = 80
_MAX_SCANNED = 20_000
"""Keys that are counted as left out; beyond, the count says "more than"."""
_MAPPINGS = {
    "object", "block_mapping", "flow_mapping", "stream", "document", "block_node", "flow_node", "inline_table"
}  # fmt: skip


class Entry(NamedTuple):
    """One key with what it covers, and the node that holds the keys below it."""

    names: list[str]
    node: Node
    below: Node | None


class Outline:
    """The symbols of one file under construction, bounded in number."""

    def __init__(self, repository: str, path: str, content: Content, language: str) -> None:
        self.path, self.content = path, content
        self.lines = Lines(content.data, content.encoding)
        self.root = parse(content.data, language).root_node
        self.scopes = FileScopes(repository, path, language, ())
        self.left_out = 0
        name = file_module_name(path)
        self._add(SymbolKind.MODULE, name, 0, len(content.data), -1, "")
        self.scopes.open("module", name, 0, -1)

    def add(self, kind: SymbolKind, name: str, node: Node, parent: int = 0) -> int:
        """Add a symbol and return its number; -1 where the file has enough of them."""
        if len(self.scopes.symbols) > MAX_SYMBOLS:
            self.left_out += 1
            return -1
        head = self.lines.text(node.start_byte, min(node.end_byte, node.start_byte + 4 * _MAX_HEAD_CHARS))
        signature = head.split("\n", 1)[0].strip()[:_MAX_HEAD_CHARS]
        return self._add(kind, name, node.start_byte, node.end_byte, parent, signature)

    def _add(self, kind: SymbolKind, name: str, start: int, end: int, parent: int, signature: str) -> int:
        span = self.lines.span(self.path, start, end)
        return self.scopes.add_symbol(kind, name, span, parent, signature, "", self.content.data[start:end])

    def note_left_out(self) -> None:
        """Say in the module's docstring how much is missing."""
        if self.left_out:
            count = f"more than {_MAX_SCANNED:,}" if self.left_out >= _MAX_SCANNED else f"{self.left_out:,}"
            said = f"Left out: {count} keys beyond the first {MAX_SYMBOLS} or below level {MAX_DEPTH}."
            self.scopes.symbols[0] = replace(self.scopes.symbols[0], docstring=said)

    def facts(self) -> FileFacts:
        self.note_left_out()
        body = self.scopes.body([], [])
        return FileFacts(self.scopes.symbols, self.scopes.interface(), body, self.root.has_error)


def read_keys(repository: str, path: str, content: Content, language: str) -> FileFacts:
    """The keys of a JSON, YAML or TOML file, breadth first."""
    outline = Outline(repository, path, content, language)
    queue = deque([(outline.root, "", 0, 1)])
    while queue and outline.left_out < _MAX_SCANNED:
        around, prefix, parent, depth = queue.popleft()
        for names, node, below in _entries(around, outline):
            keys = [name.replace(".", "_") or "_" for name in names]
            levels = depth + len(keys) - 1
            if levels > MAX_DEPTH:
                outline.left_out += 1
                continue
            name = ".".join([prefix, *keys] if prefix else keys)
            symbol = outline.add(SymbolKind.FIELD, name, node, parent)
            if below is not None:
                queue.append((below, name, max(symbol, parent), levels + 1))
    return outline.facts()


def _entries(around: Node, outline: Outline) -> Iterator[Entry]:
    """The keys right inside a node; what only wraps a mapping is looked through."""
    for child in around.named_children:
        if child.type in ("pair", "block_mapping_pair", "flow_pair"):
            key = child.child_by_field_name("key") or child.named_children[0]
            value = child.child_by_field_name("value") or child.named_children[-1]
            yield Entry(_key(key, outline), child, value if value.type in _MAPPINGS else None)
        elif child.type in ("table", "table_array_element") and child.named_children:
            yield Entry(_key(child.named_children[0], outline), child, child)
        elif child.type in _MAPPINGS:
            yield from _entries(child, outline)


def _key(node: Node, outline: Outline) -> list[str]:
    """The parts of a key: several only where TOML joins them by dots."""
    if node.type == "dotted_key":
        return [part for inner in node.named_children for part in _key(inner, outline)]
    text = outline.lines.text(node.start_byte, node.end_byte).strip()
    return [text.split("\n", 1)[0].strip("\"'")[:_MAX_HEAD_CHARS]]


def _spec(name: str, *suffixes: str) -> LanguageSpec:
    def read(repository: str, path: str, content: Content) -> FileFacts:
        return read_keys(repository, path, content, name)

    return LanguageSpec(name, suffixes, read=read)


SPECS = (
    _spec("json", ".json", ".jsonc", ".webmanifest"),
    _spec("yaml", ".yaml", ".yml"),
    _spec("toml", ".toml"),
)
