"""Draw changes from statements and operators, cheapest first, without ever making them all.

cost = operator + 1.5·(1 − suspicion) + rank within the operator. A statement is opened one operator at a time,
when no cheaper change can exist any more.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby

from tree_sitter import Node

from agent.propose.everywhere import everywhere
from agent.propose.site import Change, FileView, Operator, Site
from agent.propose.statements import Statement, suspected_statements
from agent.propose.syntax import SyntaxGate
from agent.types import Candidate, FileEdit

SUSPICION_WEIGHT = 1.5
EVERYWHERE_COST = 0.7
"""Extra cost of the same change at every place of the function."""
MOST_PENDING = 60_000
"""Changes held at most; the dearest are dropped."""
MOST_CHANGES = 120
"""Changes that one operator may make in one statement."""


@dataclass(frozen=True, slots=True)
class Level:
    """Operators of one cost."""

    cost: float
    operators: tuple[Operator, ...]


def levels_of(operators: Sequence[Operator], costs: Mapping[str, float]) -> tuple[Level, ...]:
    """Operators grouped by their cost under the evidence, cheapest first."""
    ordered = sorted(operators, key=lambda each: (costs[each.name], each.name))
    return tuple(
        Level(cost, tuple(group)) for cost, group in groupby(ordered, key=lambda each: costs[each.name])
    )


@dataclass(frozen=True, slots=True)
class _Found:
    view: FileView
    change: Change
    operator: str


@dataclass(frozen=True, slots=True)
class _Opening:
    """A statement whose operators from `level` on are still to be tried."""

    view: FileView
    statement: Statement
    level: int


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A suspect file that is parsed when its best line's turn comes."""

    path: str
    best_score: float
    line_scores: Mapping[int, float]


_Entry = tuple[float, int, int, "_Found | _Opening | UnreadFile"]


class Search:
    """One lazily filled queue over all suspect files."""

    def __init__(self, proposer: str, levels: Sequence[Level], files: Sequence[UnreadFile]) -> None:
        self._proposer = proposer
        self._levels = levels
        self._views: dict[str, tuple[FileView, SyntaxGate]] = {}
        self._queue: list[_Entry] = []
        self._order = count()
        self._seen: set[tuple[str, bytes]] = set()
        top = max((file.best_score for file in files), default=0.0) or 1.0
        self._top = top
        for file in files:
            self._push(levels[0].cost + _suspicion_cost(file.best_score / top), file)

    def candidates(self, read: Callable[[str], FileView]) -> Iterator[Candidate]:
        """Every candidate once, by rising cost."""
        while self._queue:
            cost, _, _, entry = heapq.heappop(self._queue)
            match entry:
                case _Found():
                    candidate = self._checked(entry, cost)
                    if candidate is not None:
                        yield candidate
                case _Opening():
                    self._open(entry)
                case UnreadFile():
                    self._read(entry, read(entry.path))

    @property
    def pending(self) -> int:
        """How many changes, statements and files wait in the queue."""
        return len(self._queue)

    def _push(self, cost: float, entry: _Found | _Opening | UnreadFile) -> None:
        late = 0 if isinstance(entry, _Found) else 1
        heapq.heappush(self._queue, (round(cost, 6), late, next(self._order), entry))

    def _read(self, file: UnreadFile, view: FileView) -> None:
        self._views[file.path] = (view, SyntaxGate(view.source))
        relative = {line: min(score / self._top, 1.0) for line, score in file.line_scores.items()}
        for statement in suspected_statements(view.source, relative, hangs=view.clues.timed_out):
            self._push(self._levels[0].cost + _suspicion_cost(statement.score), _Opening(view, statement, 0))

    def _open(self, opening: _Opening) -> None:
        level = self._levels[opening.level]
        base = level.cost + _suspicion_cost(opening.statement.score)
        for operator in level.operators:
            for change in _changes(opening.view, opening.statement, operator):
                self._push(base + change.rank, _Found(opening.view, change, operator.name))
        if opening.level + 1 < len(self._levels):
            later = replace(opening, level=opening.level + 1)
            cost = self._levels[later.level].cost + _suspicion_cost(opening.statement.score)
            self._push(cost, later)
        if len(self._queue) > MOST_PENDING:
            self._queue = heapq.nsmallest(MOST_PENDING // 2, self._queue)
            heapq.heapify(self._queue)

    def _checked(self, found: _Found, cost: float) -> Candidate | None:
        source = found.view.source
        gate = self._views[source.path][1]
        edited = gate.edited_unit(found.change.edits)
        key = (source.path, edited or b"")
        if edited is None or key in self._seen:
            return None
        self._seen.add(key)
        edits = tuple(
            FileEdit(source.path, *trimmed)
            for trimmed in (_trim(source.data, *edit) for edit in found.change.edits)
            if trimmed[0] != trimmed[1] or trimmed[2]
        )
        where = _function_name(found.view, edits[0].start_byte)
        note = f"{found.change.note} in `{where}`" if where else found.change.note
        return Candidate(tuple(sorted(edits)), self._proposer, found.operator, note, cost)


def _changes(view: FileView, statement: Statement, operator: Operator) -> list[Change]:
    """What an operator can do in a statement, the best-ranked only."""
    found: list[Change] = []
    for kind in sorted(operator.nodes & statement.nodes.keys()):
        for node in statement.nodes[kind]:
            site = Site(view, node, statement.node)
            for change in _encodable(operator, site):
                found.append(change)
                repeated = everywhere(site, change)
                if repeated is not None:
                    found.append(replace(repeated, rank=change.rank + EVERYWHERE_COST))
    return heapq.nsmallest(MOST_CHANGES, found, key=lambda change: change.rank)


def _encodable(operator: Operator, site: Site) -> Iterator[Change]:
    """An operator's changes; none further once its text does not fit the file's encoding."""
    try:
        yield from operator.changes(site)
    except UnicodeEncodeError:
        return


def _suspicion_cost(score: float) -> float:
    return SUSPICION_WEIGHT * (1.0 - score)


def _trim(data: bytes, start: int, end: int, new: bytes) -> tuple[int, int, bytes]:
    """The same edit without the bytes that it leaves as they are."""
    old = data[start:end]
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    old, new = old[head:], new[head:]
    tail = 0
    while tail < min(len(old), len(new)) and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return start + head, end - tail, new[: len(new) - tail]


def _function_name(view: FileView, byte: int) -> str:
    node: Node | None = view.source.root.descendant_for_byte_range(byte, byte)
    function = view.module.function_of(node) if node is not None else None
    name = function.child_by_field_name("name") if function is not None else None
    return view.source.text(name) if name is not None else ""
