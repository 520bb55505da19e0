"""Take the comment that documents a definition, without its marks. Knows no scopes."""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import cleandoc

from tree_sitter import Node

from index.languages.spec import LanguageSpec

_MAX_CHARS = 2_000
_MARKS = re.compile(r"^[ \t]*(?:/\*+!?|\*+/|///?!?|\*(?!/)|#+|--+|;+)[ \t]?|[ \t]*\*+/[ \t]*$", re.MULTILINE)

_HEADS = ("package", "import", "use", "using", "namespace", "preproc")
"""Beginnings of the types of nodes that open a file: a comment above them speaks of the file."""


def comment_before(node: Node, spec: LanguageSpec, text: Callable[[Node], str]) -> str:
    """The comment that ends just above a definition; of a file's root, the one that it begins with."""
    comments = _first_comments(node, spec) if node.parent is None else _comments_above(node, spec)
    lines = "\n".join(text(comment).rstrip("\r\n") for comment in comments)
    return cleandoc(_MARKS.sub("", lines)).strip()[:_MAX_CHARS]


def _comments_above(node: Node, spec: LanguageSpec) -> list[Node]:
    found: list[Node] = []
    while node.prev_named_sibling is None and node.parent is not None and node.parent.parent is not None:
        if node.parent.start_byte != node.start_byte:
            break
        node = node.parent
    below, above = node, node.prev_named_sibling
    while above is not None and _touch(above, below):
        if above.type in spec.comments:
            found.append(above)
        elif found or above.type not in spec.between:
            break
        below, above = above, above.prev_named_sibling
    return found[::-1]


def _first_comments(root: Node, spec: LanguageSpec) -> list[Node]:
    """Comments that a file begins with, unless they document the definition below them."""
    found: list[Node] = []
    for child in root.named_children:
        if found and not _touch(found[-1], child):
            break
        if child.type not in spec.comments:
            return found if child.type.startswith(_HEADS) else []
        found.append(child)
    return found


def _touch(above: Node, below: Node) -> bool:
    """Whether one node begins on the line where the other ends or on the next, and is no trailing remark."""
    before = above.prev_sibling
    trailing = before is not None and _last_row(before) == above.start_point[0]
    return below.start_point[0] - _last_row(above) <= 1 and not trailing


def _last_row(node: Node) -> int:
    """The row of a node's last character; some comments end with their line's break."""
    row, column = node.end_point
    return row - (1 if column == 0 else 0)
