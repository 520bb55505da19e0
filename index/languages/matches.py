"""Run a language's query over a file and put what it captured in order of place. Knows no scopes.

The structure (definitions, imports, ...) comes from the query that the language declares; the expressions that use
names are those nodes that it lists in `names` and `steps`. Each query is compiled once per process.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from tree_sitter import Node, Query, QueryCursor

from index.grammars import grammar
from index.languages.registry import languages
from index.languages.spec import LanguageSpec

DEFINITIONS = (
    "definition.class", "definition.interface", "definition.module", "definition.test", "definition.function",
    "definition.method", "definition.field", "definition.constant",
)  # fmt: skip
_HEADS = (
    "ignore", "package", *DEFINITIONS, "anonymous", "part", "scope", "inherits", "decorates", "import", "skip",
    "tokens", "export", "element", "parameter", "field", "variable", "return",
)  # fmt: skip
"""Captures that say what a match is, in the order in which matches at one place are taken."""
_RANKS = {head: rank for rank, head in enumerate(_HEADS)} | dict.fromkeys(
    DEFINITIONS, _HEADS.index(DEFINITIONS[0])
)
_MAX_PATTERNS = 1_000
_USE_ORDER = len(_HEADS) * _MAX_PATTERNS
_BINDING = frozenset({"name", "alias", "default", "namespace", "module", "receiver", "owner"})
"""Captures of nodes that are no uses of names."""
_GIVEN = "as."
Captures = dict[str, Node]


class Event(NamedTuple):
    """One thing of a file. `captures` holds the first node of each capture."""

    head: str
    node: Node
    captures: Captures

    @property
    def given_name(self) -> str:
        """The name of what is written without one: what follows `as.` in the name of a capture."""
        return next((name.removeprefix(_GIVEN) for name in self.captures if name.startswith(_GIVEN)), "")


Place = tuple[int, int, int, int]
"""Start byte, negative end byte, rank, number: sorts outer things first and is never the same twice."""


class Matches(NamedTuple):
    """A file's things in order of place, outer ones first, and the nodes that are no uses.

    A bare node is a use: most things are, so they get no event of their own.
    """

    found: list[tuple[Place, Event | Node]]
    taken: set[int]
    ignored: set[int]
    """Those of them that stand for nothing known, even as the root of a chain."""


def matches(spec: LanguageSpec, root: Node) -> Matches:
    """Everything that the query and the expression tables of a language find below a node."""
    structure, uses = _queries(spec.name)
    found: list[tuple[Place, Event | Node]] = []
    taken: set[int] = set()
    ignored: set[int] = set()
    for pattern, nodes in QueryCursor(structure).matches(root):
        captures = {name: captured[0] for name, captured in nodes.items() if captured}
        head = next((name for name in captures if name in _RANKS), None)
        if head is None:
            continue
        node = captures[head]
        if head in ("ignore", "package"):
            taken.add(node.id)
        if head == "ignore":
            ignored.add(node.id)
            continue
        if head != "field":
            taken.update(captured.id for name, captured in captures.items() if name in _BINDING)
        order = _RANKS[head] * _MAX_PATTERNS + pattern
        found.append(((node.start_byte, -node.end_byte, order, len(found)), Event(head, node, captures)))
    number = len(found)
    for node in QueryCursor(uses).captures(root).get("use", ()):
        if node.id not in taken:
            found.append(((node.start_byte, -node.end_byte, _USE_ORDER, number), node))
            number += 1
    found.sort()
    return Matches(found, taken, ignored)


@lru_cache(maxsize=64)
def _queries(name: str) -> tuple[Query, Query]:
    """(structure, uses) of a language, compiled."""
    spec = next(spec for spec in languages() if spec.name == name)
    language = grammar(spec.grammar or spec.name)
    kinds = sorted({*spec.names, *spec.steps})
    nodes = " ".join(f"({kind})" if language.id_for_node_kind(kind, True) else f'"{kind}"' for kind in kinds)
    return Query(language, spec.query), Query(language, f"[{nodes}] @use")
