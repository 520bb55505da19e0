"""Ask the graph as an editor does: definition, references, callers, callees, tests. Knows no editor and no terminal.

Answers come from stored edges. What was not resolved is answered by name, `name_only`, only where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from index.documented import document_edges, meanings, text_as_symbol
from index.names import by_name_confidence
from index.store import GraphReader
from index.types import Edge, EdgeType, Reference, Resolution, Span, Symbol, SymbolKind

_CALLS = (EdgeType.CALLS, EdgeType.INSTANTIATES)
_USES = (EdgeType.IMPORTS, EdgeType.CALLS, EdgeType.REFERENCES, EdgeType.INHERITS, EdgeType.INSTANTIATES)
Key = TypeVar("Key")
_ORDER = {Resolution.EXACT: 0, Resolution.SCOPED: 1, Resolution.NAME_ONLY: 2}


@dataclass(frozen=True, slots=True)
class Answer:
    """A place, how it was found and how sure that is.

    `symbol` is what was asked for: a definition, a caller, or the symbol that a use stands in. `span` is where: the
    whole of a definition, the name of a use.
    """

    symbol: Symbol
    span: Span
    resolution: Resolution = Resolution.EXACT
    confidence: float = 1.0


def at_symbols(symbols: Iterable[Symbol]) -> list[Answer]:
    """Symbols as answers that are certain: what the other queries start from."""
    return [Answer(symbol, symbol.span) for symbol in symbols]


def definition(store: GraphReader, path: str, line: int, column: int) -> list[Answer]:
    """What the use at a place refers to, else the symbol around it. 1-based, the column in code points.

    A use that was not resolved gives everything of its name, `name_only`; a mention in a text or docstring what it
    may mean. Empty where no file or symbol is.
    """
    around = _around(store, path, line, column)
    edges = [
        edge
        for source in (*(symbol.uid for symbol in around), path)
        for edge in store.edges(source=source, types=_USES)
        if edge.span is not None and _holds(edge.span, line, column)
    ]
    if edges:
        return _strongest(_most_telling(store, edges))
    for source in (*(symbol.uid for symbol in around), path):
        for reference in store.references(source=source):
            if _holds(reference.span, line, column) and (found := _meant(store, reference)):
                return found
    return at_symbols(around[:1])


def references(store: GraphReader, targets: Sequence[Answer], *, name_only: bool = False) -> list[Answer]:
    """Every use of the targets, in order of place; with `name_only` also unresolved ones of the same name.

    Uses are also the mentions in texts and docstrings; a text stands as a module of its own path. Targets that are
    themselves known by name alone are asked for by name too.
    """
    found: dict[Span, Answer] = {}
    by_name = name_only or _are_guesses(targets)
    for target in targets:
        for answer in _mentions(store, target.symbol, by_name):
            _keep(found, answer.span, _through(target, answer))
        edges = [edge for node in _nodes(target.symbol) for edge in store.edges(target=node, types=_USES)]
        sources = _sources(store, (edge.source for edge in edges))
        for edge in edges:
            if edge.span is not None and edge.source in sources:
                answer = Answer(sources[edge.source], edge.span, edge.resolution, edge.confidence)
                _keep(found, edge.span, _through(target, answer))
    if by_name:
        for answer in _by_name(store, targets, _USES):
            _keep(found, answer.span, answer)
    return [found[span] for span in sorted(found)]


def callers(store: GraphReader, targets: Sequence[Answer], *, name_only: bool = False) -> list[Answer]:
    """The symbols that call or instantiate the targets, in order of place."""
    found = _ends(
        store, targets, lambda node: store.edges(target=node, types=_CALLS), lambda edge: edge.source
    )
    if name_only or _are_guesses(targets):
        for answer in _by_name(store, targets, _CALLS):
            _keep(found, answer.symbol.uid, replace(answer, span=answer.symbol.span))
    return _in_order(found.values())


def callees(store: GraphReader, targets: Sequence[Answer], *, name_only: bool = False) -> list[Answer]:
    """The symbols that the targets call or instantiate, in order of place."""
    found = _ends(
        store, targets, lambda node: store.edges(source=node, types=_CALLS), lambda edge: edge.target
    )
    if name_only:
        for target in targets:
            names = {r.name for r in store.references(source=target.symbol.uid) if r.type in _CALLS}
            for answer in (each for name in sorted(names) for each in _namesakes(store, name)):
                _keep(found, answer.symbol.uid, _through(target, answer))
    return _in_order(found.values())


def covering_tests(store: GraphReader, targets: Sequence[Answer]) -> list[Answer]:
    """The tests that reach the targets; where none does, the test files named after theirs."""
    types = (EdgeType.TESTS,)
    found = _ends(
        store, targets, lambda node: store.edges(target=node, types=types), lambda edge: edge.source
    )
    if not found:
        for path in dict.fromkeys(target.symbol.path for target in targets):
            edges = store.edges(target=path, types=types)
            sources = _sources(store, (edge.source for edge in edges))
            for edge in edges:
                if (symbol := sources.get(edge.source)) is not None:
                    _keep(found, symbol.uid, Answer(symbol, symbol.span, edge.resolution, edge.confidence))
    return _in_order(found.values())


# Places


def _around(store: GraphReader, path: str, line: int, column: int) -> list[Symbol]:
    """The symbols whose span holds a place, innermost first; the module always."""
    holding = [
        symbol
        for symbol in store.symbols(path=path)
        if symbol.kind is SymbolKind.MODULE or _holds(symbol.span, line, column)
    ]
    return sorted(holding, key=lambda symbol: symbol.span.end_byte - symbol.span.start_byte)


def _holds(span: Span, line: int, column: int) -> bool:
    """Whether a place is in a span or just after it, where a cursor stands that has typed a name."""
    return (span.start_line, span.start_column) <= (line, column) <= (span.end_line, span.end_column)


def _most_telling(store: GraphReader, edges: list[Edge]) -> list[Answer]:
    """Of the targets of one use: the class and not its constructor, what was imported and not where it lies."""
    span = min((edge.span for edge in edges if edge.span), key=lambda each: each.end_byte - each.start_byte)
    edges = [edge for edge in edges if edge.span == span]
    made = [edge for edge in edges if edge.type is EdgeType.INSTANTIATES]
    answers = _targets(store, made or edges)
    named = [answer for answer in answers if answer.symbol.kind is not SymbolKind.MODULE]
    if named or not answers:
        return named
    return [max(answers, key=lambda answer: len(answer.symbol.qualified_name))]


# Nodes


def _nodes(symbol: Symbol) -> tuple[str, ...]:
    """The nodes that stand for a symbol: a module is also its file."""
    return (symbol.uid, symbol.path) if symbol.kind is SymbolKind.MODULE else (symbol.uid,)


def _sources(store: GraphReader, nodes: Iterable[str]) -> dict[str, Symbol]:
    """Symbols by node; a file's is its module."""
    wanted = list(dict.fromkeys(nodes))
    found = store.symbols_by_uid(wanted)
    for node in wanted:
        if node not in found:
            modules = [symbol for symbol in store.symbols(path=node) if symbol.parent_uid is None]
            found.update((node, symbol) for symbol in modules[:1])
    return found


def _targets(store: GraphReader, edges: list[Edge]) -> list[Answer]:
    symbols = _sources(store, (edge.target for edge in edges))
    return [
        Answer(symbols[edge.target], symbols[edge.target].span, edge.resolution, edge.confidence)
        for edge in edges
        if edge.target in symbols
    ]


def _ends(
    store: GraphReader,
    targets: Sequence[Answer],
    edges_of: Callable[[str], list[Edge]],
    end_of: Callable[[Edge], str],
) -> dict[str, Answer]:
    """The symbols at the other end of each target's edges, each with its best edge."""
    found: dict[str, Answer] = {}
    for target in targets:
        edges = [edge for node in _nodes(target.symbol) for edge in edges_of(node)]
        symbols = _sources(store, map(end_of, edges))
        for edge in edges:
            if (symbol := symbols.get(end_of(edge))) is not None:
                answer = Answer(symbol, symbol.span, edge.resolution, edge.confidence)
                _keep(found, symbol.uid, _through(target, answer))
    return found


# Names


def _namesakes(store: GraphReader, name: str) -> list[Answer]:
    """Everything of an unresolved name, as likely as there are few."""
    symbols = [symbol for symbol in store.symbols(name=name.rpartition(".")[2]) if symbol.name]
    confidence = by_name_confidence(len(symbols))
    return [Answer(symbol, symbol.span, Resolution.NAME_ONLY, confidence) for symbol in symbols]


def _meant(store: GraphReader, reference: Reference) -> list[Answer]:
    """What an unresolved use may mean."""
    if reference.type is not EdgeType.DOCUMENTS:
        return _namesakes(store, reference.name)
    found = meanings(reference.name, lambda name: store.symbols(name=name))
    return [Answer(each.symbol, each.symbol.span, each.resolution, each.confidence) for each in found]


def _mentions(store: GraphReader, symbol: Symbol, name_only: bool) -> list[Answer]:
    """The places in texts and docstrings that speak of a symbol."""
    edges = document_edges(store, target=symbol.uid, name_only=name_only)
    sources = store.symbols_by_uid(edge.source for edge in edges)
    return [
        Answer(
            sources.get(edge.source) or text_as_symbol(edge.span), edge.span, edge.resolution, edge.confidence
        )
        for edge in edges
        if edge.span is not None
    ]


def _by_name(store: GraphReader, targets: Sequence[Answer], types: Sequence[EdgeType]) -> list[Answer]:
    """Unresolved uses of the targets' names."""
    answers: list[Answer] = []
    for name in dict.fromkeys(target.symbol.name for target in targets):
        uses: list[Reference] = [use for use in store.references(name=name) if use.type in types]
        symbols = store.symbols_by_uid(use.source for use in uses)
        confidence = by_name_confidence(len(store.symbols(name=name)))
        answers += [
            Answer(symbols[use.source], use.span, Resolution.NAME_ONLY, confidence)
            for use in uses
            if use.source in symbols
        ]
    return answers


def _are_guesses(targets: Sequence[Answer]) -> bool:
    return bool(targets) and all(target.resolution is Resolution.NAME_ONLY for target in targets)


# Answers


def _through(target: Answer, answer: Answer) -> Answer:
    """An answer no surer than the target that it was found from."""
    resolution = max(target.resolution, answer.resolution, key=_ORDER.__getitem__)
    return replace(answer, resolution=resolution, confidence=round(target.confidence * answer.confidence, 4))


def _keep(found: dict[Key, Answer], key: Key, answer: Answer) -> None:
    known = found.get(key)
    if known is None or _rank(answer) < _rank(known):
        found[key] = answer


def _rank(answer: Answer) -> tuple[int, float]:
    return _ORDER[answer.resolution], -answer.confidence


def _strongest(answers: list[Answer]) -> list[Answer]:
    """Answers once each, the surest first."""
    found: dict[str, Answer] = {}
    for answer in answers:
        _keep(found, answer.symbol.uid, answer)
    return sorted(found.values(), key=lambda answer: (*_rank(answer), answer.span))


def _in_order(answers: Iterable[Answer]) -> list[Answer]:
    return sorted(answers, key=lambda answer: answer.span)
