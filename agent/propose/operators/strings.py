"""Tier 3: the wrong string. Another of the scope or the messages, a slip of the keyboard, a misspelt word."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.propose.operators.names import similarity
from agent.propose.site import Change, Operator, Site
from agent.propose.syntax import walk


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
    for word in (
        sorted(site.clues.words | _docstring_words(site)) if len(old) > 3 and old.isidentifier() else ()
    ):
        if 0.8 <= similarity(old, word) < 1:
            ranked.setdefault(word, 0.05)
    quote = site.source.text(closing)
    for new, rank in sorted(ranked.items(), key=lambda item: item[1])[:30]:
        if new != old and quote not in new and "\\" not in new and "\n" not in new:
            text = site.source.text(opening) + new + quote
            yield site.replace(node, text, rank, token=True)


def _docstring_words(site: Site) -> set[str]:
    """Words of the function's docstring: where its names are spelt right."""
    function = site.view.module.function_of(site.node)
    body = function.child_by_field_name("body") if function is not None else None
    first = body.named_children[0] if body is not None and body.named_children else None
    if first is None or first.type != "expression_statement" or first.named_children[0].type != "string":
        return set()
    return set(re.findall(r"\w+", site.source.text(first)))


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


OPERATORS = (Operator("string", 3.2, frozenset({"string"}), change_string),)
