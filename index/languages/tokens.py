"""Read expressions in the flat lists of tokens that a grammar leaves inside macros. Knows no scopes.

`assert_eq!(Cart::new().total(), 3)` holds the chain `Cart.new.().total.()`. What is no such chain is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tree_sitter import Node

from index.facts import CALL, ELEMENT

_NAMES = frozenset({"identifier", "self", "super", "crate"})
_JOINTS = frozenset({".", "::"})
_TREE = "token_tree"
TokenChain = tuple[str, list[Node]]
"""A chain, and the nodes of its names."""


def token_chains(tree: Node, text: Callable[[Node], str]) -> Iterator[TokenChain]:
    """The chains among the tokens of a tree and of the trees in it."""
    parts: list[str] = []
    nodes: list[Node] = []
    inner: list[Node] = []
    joined = False
    for token in tree.children:
        if token.type in _NAMES and (joined or not parts):
            parts.append(text(token))
            nodes.append(token)
        elif token.type in _JOINTS and parts:
            joined = True
            continue
        elif token.type == _TREE and parts and not joined and _mark(token, parts[-1]):
            parts.append(_mark(token, parts[-1]))
            inner.append(token)
        elif token.type in ("?", "!") and parts and not joined:
            continue
        else:
            if parts:
                yield ".".join(parts), nodes
            parts, nodes = ([text(token)], [token]) if token.type in _NAMES else ([], [])
            inner += [token] if token.type == _TREE else []
        joined = False
    if parts:
        yield ".".join(parts), nodes
    for below in inner:
        yield from token_chains(below, text)


def typed_parameters(tree: Node, text: Callable[[Node], str]) -> list[tuple[str, str]]:
    """(name, its type's name) of the parameters of closures among the tokens: `|dir: Dir, mut cmd: Command|`."""
    found, inside = [], False
    for token, colon, *rest in zip(
        tree.children, tree.children[1:], tree.children[2:], tree.children[3:], strict=False
    ):
        inside ^= token.type == "|"
        if inside and token.type == "identifier" and colon.type == ":":
            written = next((text(node) for node in rest if node.type == "identifier"), "")
            found += [(text(token), written)] if written else []
    for below in tree.children:
        found += typed_parameters(below, text) if below.type == _TREE else []
    return found


def _mark(tree: Node, before: str) -> str:
    """What a tree of tokens after a name does with it: arguments, an index, the fields of an object."""
    opening = tree.children[0].type if tree.children else ""
    if opening == "{":
        return CALL if before[:1].isupper() else ""
    return {"(": CALL, "[": ELEMENT}.get(opening, "")
