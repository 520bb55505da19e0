"""Tier 2: the wrong name. Variables, attributes, functions of one family, and where a value is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import combinations

from tree_sitter import Node

from agent.propose.kinds import compatible
from agent.propose.scope import COMMON_BUILTINS, NameFacts
from agent.propose.site import Change, Operator, Site, arguments_of, callee_name, is_function_name, is_value
from agent.propose.syntax import walk

MOST_NAMES = 14
_FAMILIES = (
    "min max",
    "any all",
    "append extend add insert",
    "lower upper capitalize title swapcase casefold",
    "islower isupper",
    "isalpha isdigit isalnum isnumeric isdecimal",
    "startswith endswith",
    "strip lstrip rstrip",
    "split rsplit splitlines",
    "find rfind index rindex",
    "partition rpartition",
    "removeprefix removesuffix",
    "ljust rjust center zfill",
    "keys values items",
    "sorted reversed",
    "floor ceil trunc round",
    "int float round str bool",
    "list set tuple",
    "sum max min len",
    "str repr",
    "pop remove discard popitem",
    "pop popleft",
    "append appendleft",
    "extend extendleft",
    "heappush heappop heappushpop heapreplace",
    "update setdefault",
    "get pop setdefault",
    "union intersection difference symmetric_difference",
    "issubset issuperset isdisjoint",
    "add update",
    "filter map",
    "zip enumerate",
    "range enumerate",
    "isinstance issubclass",
    "getattr hasattr setattr",
    "encode decode",
    "dump dumps",
    "load loads",
    "match search fullmatch",
    "findall finditer",
    "read readline readlines",
    "write writelines",
    "bin oct hex",
    "ord chr",
    "date datetime time",
    "total_seconds seconds",
    "log log2 log10",
    "sin cos tan",
    "combinations permutations product combinations_with_replacement",
    "bisect bisect_left bisect_right",
    "insort insort_left insort_right",
    "isfile isdir exists",
    "is_file is_dir exists",
    "dirname basename",
    "name stem suffix",
    "args kwargs",
    "mean median",
    "copy deepcopy",
    "debug info warning error",
    "defaultdict dict Counter OrderedDict",
)


def relatives(name: str) -> list[str]:
    """Names of the standard library that are commonly taken for `name`."""
    found: dict[str, None] = {}
    for family in _FAMILIES:
        members = family.split()
        if name in members:
            found.update(dict.fromkeys(member for member in members if member != name))
    return list(found)


def similarity(first: str, second: str) -> float:
    return SequenceMatcher(None, first.lower(), second.lower()).ratio()


def rank_names(site: Site, old: str, names: Iterable[tuple[str, NameFacts]]) -> list[tuple[float, str]]:
    """Visible names as replacements of `old` at the site, best first, with their ranks (0 to about 1)."""
    here = site.visible.get(old)
    local = site.scope.names
    ranked: list[tuple[float, str]] = []
    for name, facts in names:
        if name == old or name in ("_", "self", "cls") or name.startswith("__"):
            continue
        rank = 0.5 - 0.3 * similarity(old, name)
        rank += 0.0 if name in local else 0.25
        if here is not None:
            rank += 0.0 if compatible(here.kind, facts.kind) else 0.4
            rank -= 0.1 if here.role == facts.role else 0.0
            rank += 0.0 if (here.kind == "callable") == (facts.kind == "callable") else 0.4
        elif facts.kind == "callable" or facts.role == "import":
            rank += 0.2
        rank += 0.3 if facts.first_byte > site.node.start_byte and name in local else 0.0
        rank -= 0.1 if name in site.clues.words else 0.0
        rank -= 0.4 if facts.unused and name in local else 0.0
        ranked.append((max(rank, 0.0), name))
    return sorted(ranked)[:MOST_NAMES]


def swap_name(site: Site) -> Iterator[Change]:
    """A name that is read, by another that is visible here."""
    old = site.text
    if not is_value(site.node) or (is_function_name(site.node) and old in COMMON_BUILTINS):
        return
    if old in site.visible or old in site.clues.blamed:
        for rank, name in rank_names(site, old, site.visible.items()):
            yield site.replace(site.node, name, rank, token=True)


def swap_called(site: Site) -> Iterator[Change]:
    """A function or method, by one of its family or by a namesake-like one of this file."""
    function = site.node.child_by_field_name("function")
    old = callee_name(site.node, site.source)
    if function is None or not old:
        return
    token = function if function.type == "identifier" else function.child_by_field_name("attribute")
    if token is None:
        return
    for place, name in enumerate(relatives(old)):
        yield site.replace(token, name, place * 0.08, token=True)
    if function.type == "identifier":
        wanted = len(arguments_of(site.node))
        for name, signatures in site.view.module.signatures.items():
            signature = signatures[0]
            if name != old and signature.owner is None and name != site.scope.name:
                rank = 0.5 - 0.3 * similarity(old, name)
                rank += 0.0 if len(signature.arguments) == wanted else 0.4
                yield site.replace(token, name, rank, token=True)


def swap_attribute(site: Site) -> Iterator[Change]:
    """An attribute, by another that the same object has elsewhere in this file."""
    owner = site.node.child_by_field_name("object")
    attribute = site.node.child_by_field_name("attribute")
    if owner is None or attribute is None:
        return
    old, key = site.source.text(attribute), site.source.text(owner)
    known = _known_attributes(site, key)
    called = is_function_name(site.node)
    methods = site.view.module.signatures
    ranked: list[tuple[float, str]] = []
    for name in dict.fromkeys(known):
        if name != old:
            rank = 0.45 - 0.4 * similarity(old, name) + (0.0 if (name in methods) == called else 0.3)
            ranked.append((rank, name))
    for rank, name in sorted(ranked)[:MOST_NAMES]:
        yield site.replace(attribute, name, max(rank, 0.0), token=True)
    if not called:
        for place, name in enumerate(relatives(old)):
            yield site.replace(attribute, name, 0.1 + place * 0.08, token=True)


def _known_attributes(site: Site, key: str) -> list[str]:
    """Attributes that the object of that text is seen with, here or in the graph."""
    if key != "self":
        return [*site.view.module.attributes.get(key, ()), *site.view.ingredients.exports(key)]
    owner = site.view.module.owner_of(site.node) or ""
    return [*site.view.module.attributes.get(f"self@{owner}", ()), *site.view.ingredients.members(owner)]


def take_suggestion(site: Site) -> Iterator[Change]:
    """The name that Python itself suggests for a name or attribute that it does not know."""
    right = site.clues.suggestions.get(site.text)
    if right is not None:
        yield site.replace(site.node, right, token=True)


def swap_target(site: Site) -> Iterator[Change]:
    """A value is stored under the wrong name, attribute or index."""
    left = site.node.child_by_field_name("left")
    if left is None:
        return
    if left.type == "identifier":
        owner = site.view.module.owner_of(site.node)
        text = site.source.text(left)
        if owner is not None and "self" in site.visible:
            known = text in _known_attributes(site, "self")
            yield site.replace(left, f"self.{text}", 0.0 if known else 0.3)
        for rank, name in rank_names(site, site.source.text(left), site.scope.names.items()):
            yield site.replace(left, name, rank, token=True)
    elif left.type in ("pattern_list", "tuple_pattern"):
        children = left.named_children
        for first in range(len(children)):
            for second in range(first + 1, len(children)):
                yield site.exchange(children[first], children[second], 0.1 * (second - first - 1))


def add_self(site: Site) -> Iterator[Change]:
    """A bare name that is an attribute of `self` lost its `self.`."""
    owner = site.view.module.owner_of(site.node)
    if owner is None or "self" not in site.visible or not is_value(site.node):
        return
    if site.text in _known_attributes(site, "self"):
        known = site.text in site.scope.names
        yield site.replace(site.node, f"self.{site.text}", 0.5 if known else 0.0)


def drop_self(site: Site) -> Iterator[Change]:
    """`self.x` where the local or global `x` was meant."""
    owner = site.node.child_by_field_name("object")
    attribute = site.node.child_by_field_name("attribute")
    if owner is None or attribute is None or site.source.text(owner) not in ("self", "cls"):
        return
    name = site.source.text(attribute)
    if name in site.visible:
        yield site.replace(site.node, name, 0.0 if name in site.scope.names else 0.4)


def name_for_literal(site: Site) -> Iterator[Change]:
    """A literal where a name was meant: a forgotten parameter first."""
    parent = site.node.parent
    if parent is None or not is_value(site.node):
        return
    for name, facts in site.scope.names.items():
        if facts.role in ("parameter", "local", "loop") and name not in ("self", "cls"):
            rank = 0.0 if facts.unused else 0.5
            if site.node.type == "true" and parent.type in ("while_statement", "if_statement"):
                rank -= 0.3 if facts.kind in ("list", "dict", "set") else 0.0
            rank += 0.0 if site.node.type in ("none", "true") or compatible(site.kind, facts.kind) else 0.4
            yield site.replace(site.node, name, max(rank, 0.0))


def exchange_names(site: Site) -> Iterator[Change]:
    """Two names of one statement stand in each other's place throughout it."""
    nodes: dict[str, list[Node]] = {}
    for node in walk(site.node):
        if node.type == "identifier" and is_value(node) and not is_function_name(node):
            nodes.setdefault(site.source.text(node), []).append(node)
    names = [name for name in nodes if name in site.visible and name not in ("self", "cls")][:5]
    for first, second in combinations(names, 2):
        rank = 0.0 if compatible(site.kinds.get(first), site.kinds.get(second)) else 0.4
        edits = [(node.start_byte, node.end_byte, site.encode(second)) for node in nodes[first]]
        edits += [(node.start_byte, node.end_byte, site.encode(first)) for node in nodes[second]]
        yield Change(tuple(sorted(edits)), f"exchange `{first}` and `{second}` in the statement", rank)


OPERATORS = (
    Operator("suggestion", 0.8, frozenset({"identifier"}), take_suggestion),
    Operator("name", 2.0, frozenset({"identifier"}), swap_name),
    Operator("called", 2.0, frozenset({"call"}), swap_called),
    Operator("attribute", 2.1, frozenset({"attribute"}), swap_attribute),
    Operator("add self", 2.2, frozenset({"identifier"}), add_self),
    Operator("drop self", 2.3, frozenset({"attribute"}), drop_self),
    Operator("literal", 2.7, frozenset({"none", "true", "false", "integer", "string"}), name_for_literal),
    Operator("exchange", 2.7, frozenset({"expression_statement", "return_statement"}), exchange_names),
    Operator("target", 2.5, frozenset({"assignment", "augmented_assignment"}), swap_target),
)
