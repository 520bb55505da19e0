"""Read what `use` trees, `mod` and `extern crate` bring, as paths seen from the top of the file. Finds no files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from index.languages.spec import Import

PATH_WORDS = frozenset({"crate", "self", "super"})
"""Words that begin a path inside the crate."""


def read_use(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    """What a `use`, `mod name;` or `extern crate` binds; inline modules around it count as part of the path."""
    node = captures["module"]
    around = _inline_modules(node, text)
    statement = node.parent
    if statement.type == "mod_item":
        name = text(node)
        inner = ".".join(["self", *around, name])
        return [Import(1, _given_path(statement, text) or inner, "", name, node)]
    if statement.type == "extern_crate_declaration":
        alias = statement.child_by_field_name("alias")
        return [Import(0, text(node), "", text(alias) if alias else text(node), node)]
    leaves = _leaves(node, [], text)
    return [_import(parts, bound, around, at) for parts, bound, at in leaves if parts[:1] != ["*"]]


def _import(parts: list[str], bound: str, around: list[str], at: Any) -> Import:
    """One leaf of a `use` tree, its path seen from the top of the file."""
    here = list(around)
    if parts[0] == "self":
        parts = ["self", *here, *parts[1:]]
    elif parts[0] == "super" and here:
        while parts[:1] == ["super"] and here:
            here.pop()
            parts = parts[1:]
        parts = parts if parts[:1] == ["super"] else ["self", *here, *parts]
    star = parts[-1] == "*"
    first, *rest = parts[:-1] if star else parts
    level = 1 if first in PATH_WORDS else 0
    if star:
        return Import(level, ".".join([first, *rest]), "*", "", at)
    return Import(level, first, ".".join(rest), bound, at)


def _leaves(node: Any, before: list[str], text: Callable[[Any], str]) -> Iterator[tuple[list[str], str, Any]]:
    """(path, bound name, node) of every name that a `use` tree brings."""
    match node.type:
        case "scoped_use_list":
            path = node.child_by_field_name("path")
            prefix = [*before, *(_names(path, text) if path else [])]
            for child in node.child_by_field_name("list").named_children:
                yield from _leaves(child, prefix, text)
        case "use_list":
            for child in node.named_children:
                yield from _leaves(child, before, text)
        case "use_wildcard":
            inner = next(iter(node.named_children), None)
            yield [*before, *(_names(inner, text) if inner else []), "*"], "", node
        case "use_as_clause":
            alias = node.child_by_field_name("alias")
            for parts, _, at in _leaves(node.child_by_field_name("path"), before, text):
                yield parts, "" if text(alias) == "_" else text(alias), at
        case "self" if before:
            yield before, before[-1], node
        case "identifier" | "scoped_identifier" | "self" | "crate" | "super":
            names = [*before, *_names(node, text)]
            yield names, names[-1], node.child_by_field_name("name") or node


def _names(path: Any, text: Callable[[Any], str]) -> list[str]:
    return [name.strip() for name in text(path).split("::") if name.strip()]


def _inline_modules(node: Any, text: Callable[[Any], str]) -> list[str]:
    found: list[str] = []
    above = node.parent.parent
    while above is not None:
        if above.type == "mod_item":
            found.append(text(above.child_by_field_name("name")))
        above = above.parent
    return found[::-1]


def _given_path(module: Any, text: Callable[[Any], str]) -> str:
    """The file of `#[path = "other.rs"] mod name;`, as a path of names below this file's folder."""
    above = module.prev_named_sibling
    while above is not None and above.type == "attribute_item":
        words = text(above).replace("#[", "").rstrip("]").split("=", 1)
        if words[0].strip() == "path" and len(words) == 2:
            return "/" + words[1].strip().strip('"')
        above = above.prev_named_sibling
    return ""
