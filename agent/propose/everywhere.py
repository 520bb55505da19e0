"""Make one token's change at every place of the function at once. Knows no operator."""

from __future__ import annotations

from collections.abc import Mapping

from tree_sitter import Node

from agent.propose.site import Change, Site, is_value
from agent.propose.syntax import EXPRESSIONS

_MOST_PLACES = 12
_EXCHANGED = {("true", "False"): "false", ("false", "True"): "true"}


def everywhere(site: Site, change: Change) -> Change | None:
    """The change at all like tokens of the function (True and False trade places); None where there is but one."""
    if change.swapped is None:
        return None
    kind, old, new = change.swapped
    root = site.view.module.function_of(site.node)
    if root is None:
        return None
    other = _EXCHANGED.get((kind, new))
    places: list[tuple[int, int, bytes]] = []
    for node in _tokens(site.view.module.nodes_of(root), kind, other):
        if node.type == other:
            places.append((node.start_byte, node.end_byte, site.encode(old)))
        elif site.source.text(node) == old:
            places.append((node.start_byte, node.end_byte, site.encode(new)))
        if len(places) > _MOST_PLACES:
            return None
    if len(places) < 2:
        return None
    note = f"`{old}` → `{new}` throughout" if other is None else f"exchange `{old}` and `{new}` throughout"
    return Change(tuple(places), note)


def _tokens(nodes: Mapping[str, list[Node]], kind: str, other: str | None) -> list[Node]:
    found = [*nodes.get(kind, ()), *(nodes.get(other, ()) if other is not None else ())]
    found.sort(key=lambda node: node.start_byte)
    return [node for node in found if node.type not in EXPRESSIONS or is_value(node)]
