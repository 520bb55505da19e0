"""Find what the names in texts and docstrings mean, when it is asked. Reads no text and stores nothing.

A mention is kept once, as an unresolved DOCUMENTS reference with its name (index.mentions_in_prose), and joined with
the symbols here: so no edit of code has to look at the texts, and no edit of a text at anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from index.conventions import is_test_path
from index.names import by_name_confidence, ends_with, module_parts
from index.store import GraphReader
from index.types import Edge, EdgeType, Reference, Resolution, Span, Symbol, SymbolKind

QUALIFIED_CONFIDENCE = 0.9
"""Of a name with its owners, which one symbol has."""
BARE_CONFIDENCE = 0.7
"""Of a name alone, which one symbol of the repository has: it may still be that of a thing outside."""
_MAX_OWNERS = 12
"""Of the folders above a file, so many are tried as parts of a symbol's name."""

Lookup = Callable[[str], Sequence[Symbol]]
"""Gives the symbols of a bare name."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A symbol that a name may mean, how that was found and how sure it is."""

    symbol: Symbol
    resolution: Resolution
    confidence: float


def meanings(name: str, lookup: Lookup) -> list[Meaning]:
    """What a dotted name means: one symbol, `scoped`, or each of several, `name_only`; nothing where none fits.

    A name fits a symbol that it is the end of, or that it reaches through a package above the symbol's module. One
    outside the tests outranks those in tests; definitions of one name in one file are one, each with its overloads.
    A bare name is rather that of an argument than of a field, and of a thing elsewhere than of a test's.
    """
    found, is_bare = _fitting(name, lookup(name.rpartition(".")[2])), "." not in name
    if is_bare:
        likely = [symbol for symbol in found if _may_be_bare(symbol)]
    else:
        likely = [symbol for symbol in found if not is_test_path(symbol.path)] or found
    if len({(symbol.path, symbol.qualified_name) for symbol in likely}) == 1:
        confidence = BARE_CONFIDENCE if is_bare else QUALIFIED_CONFIDENCE
        return [Meaning(symbol, Resolution.SCOPED, confidence) for symbol in likely]
    confidence = by_name_confidence(len(found))
    return [Meaning(symbol, Resolution.NAME_ONLY, confidence) for symbol in found]


def _may_be_bare(symbol: Symbol) -> bool:
    """Whether a bare name can be enough to mean a symbol."""
    return symbol.kind is not SymbolKind.FIELD and not is_test_path(symbol.path)


def _fitting(name: str, symbols: Sequence[Symbol]) -> list[Symbol]:
    """The symbols that a name fits best: as their whole qualified name, as its end, or through a package."""
    if "." not in name:
        return [symbol for symbol in symbols if symbol.name == name]
    whole = [symbol for symbol in symbols if symbol.qualified_name == name]
    ends = whole or [symbol for symbol in symbols if ends_with(symbol, name)]
    return ends or [symbol for symbol in symbols if _is_reached_by(symbol, name)]


def _is_reached_by(symbol: Symbol, name: str) -> bool:
    """Whether a name is a symbol's qualified name after some folders above it: `pkg.Name` of `pkg.mod.Name`."""
    if symbol.kind is SymbolKind.MODULE or not name.endswith(f".{symbol.qualified_name}"):
        return False
    owners = name.removesuffix(f".{symbol.qualified_name}")
    return f".{owners}." in f".{'.'.join(module_parts(symbol.path))}."


def names_of(symbol: Symbol) -> list[str]:
    """Every name that may mean a symbol."""
    parts = symbol.qualified_name.split(".")
    names = [".".join(parts[start:]) for start in range(len(parts))]
    owners = module_parts(symbol.path)[-_MAX_OWNERS:]
    if symbol.kind is not SymbolKind.MODULE:
        names += [
            ".".join((*owners[start:end], *parts))
            for end in range(1, len(owners) + 1)
            for start in range(end)
        ]
    return list(dict.fromkeys(names))


def document_edges(
    store: GraphReader, *, source: str | None = None, target: str | None = None, name_only: bool = False
) -> list[Edge]:
    """DOCUMENTS edges from texts and symbols with docstrings to symbols, in order of place.

    With `name_only` also those to each of several namesakes.
    """
    if target is not None:
        symbol = store.symbols_by_uid([target]).get(target)
        if symbol is None:
            return []
        names = names_of(symbol)
        if not name_only and not _may_be_bare(symbol):
            names = [name for name in names if name != symbol.name]  # a thousand others may have it
        wanted = store.references(name=names, source=source)
    else:
        wanted = store.references(source=source)
    lookup = _all_at_once(store) if source is None and target is None else _one_by_one(store)
    edges = edges_of(wanted, lookup, name_only=name_only)
    return [edge for edge in edges if target in (None, edge.target)]


def edges_of(references: Iterable[Reference], lookup: Lookup, *, name_only: bool = False) -> list[Edge]:
    """The DOCUMENTS edges that some unresolved references come to; those of other types come to none."""
    known = cache(lambda name: meanings(name, lookup))
    return [
        Edge(
            reference.source, found.symbol.uid, reference.type, found.resolution, found.confidence, reference.span
        )
        for reference in references
        if reference.type is EdgeType.DOCUMENTS
        for found in known(reference.name)
        if found.symbol.uid != reference.source
        and (name_only or found.resolution is not Resolution.NAME_ONLY)
    ]  # fmt: skip


def by_name(symbols: Iterable[Symbol]) -> Lookup:
    """Looks names up among these symbols."""
    found = defaultdict[str, list[Symbol]](list)
    for symbol in symbols:
        found[symbol.name].append(symbol)
    return lambda name: found.get(name, [])


def _all_at_once(store: GraphReader) -> Lookup:
    return by_name(store.symbols())


def _one_by_one(store: GraphReader) -> Lookup:
    return cache(lambda name: store.symbols(name=name))


def text_places(edges: Collection[Edge]) -> list[Span]:
    """Where texts, not docstrings, speak of what these edges lead to; the first place of each text."""
    places = [edge.span for edge in edges if edge.span is not None and edge.source == edge.span.path]
    return list({span.path: span for span in reversed(places)}.values())[::-1]


def text_as_symbol(span: Span) -> Symbol:
    """A text as the symbol around a place in it: a module named as its file."""
    return Symbol(span.path, span.path, SymbolKind.MODULE, span.path.rpartition("/")[2], span.path, span, "")
