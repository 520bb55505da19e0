"""Edges and references of the SQLite store: one blob a file, and which files hold what. Writes in one transaction.

A blob names nodes by their numbers, which are never used twice: what points to a node that is gone is not seen.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from index.sqlite.database import Query
from index.sqlite.packing import (
    pack_columns,
    pack_json,
    pack_numbers,
    unpack_columns,
    unpack_json,
    unpack_numbers,
)
from index.sqlite.postings import INBOUND, READERS, USED_NAMES, PostingWriter, holders, node_key, pairs_of
from index.sqlite.schema import (
    EDGE_CODES,
    EDGE_TYPES,
    RESOLUTION_CODES,
    RESOLUTIONS,
    batches,
    marks,
    name_key,
    number_uid,
    pack_confidence,
    pack_span,
    unpack_confidence,
    unpack_span,
)
from index.store import ResolvedFile
from index.types import Edge, EdgeType, Reference, Resolution, Span

# Columns of a packed edge: kind, source and target (places among the file's nodes), span. Of a reference: kind,
# source, name (its place among the names), span. Bytes, lines and sources rise slowly, so steps are small.
_KIND, _SOURCE, _END, _START = 0, 1, 2, 3
_STEPPED = (_SOURCE, _START, _START + 2)
_TYPES, _RESOLUTIONS = 16, 4
_NO_COLUMNS: list[tuple[Any, ...]] = [()] * 11


class PackedFile(NamedTuple):
    """A file's row."""

    path: str
    nodes: bytes
    rows: bytes
    names: bytes


@dataclass(frozen=True, slots=True)
class PackedResolution(ResolvedFile):
    """A resolution as it is kept, but for its nodes' numbers. Of the fields before, links and keys are filled."""

    nodes: Sequence[str] = ()
    """Uids and paths, in the order in which rows name them by place."""
    edge_rows: bytes = b""
    reference_rows: bytes = b""
    packed_names: bytes = b""
    name_keys: Sequence[int] = ()
    targets: Sequence[int] = ()
    """Places of the nodes that edges lead to."""
    counts: tuple[int, int] = (0, 0)
    """How many edges and references there are."""


def pack_resolution(resolved: ResolvedFile) -> PackedResolution:
    """The work on a resolution that needs no store."""
    # Rows begin with what they are sorted by: start, type, source, end.
    edges: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for edge in resolved.edges:
        type_, place = EDGE_CODES[edge.type], _packed_span(edge.span)
        kind = (pack_confidence(edge.confidence) * _RESOLUTIONS + RESOLUTION_CODES[edge.resolution]) * _TYPES
        key = place[0], type_, edge.source, edge.target
        edges[key] = (*key, kind + type_, *place)
    references: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for each in resolved.references:
        type_, place = EDGE_CODES[each.type], _packed_span(each.span)
        key = place[0], type_, each.source, each.name
        references[key] = (*key, type_, *place)
    edge_columns = list(zip(*sorted(edges.values()), strict=True)) or _NO_COLUMNS
    reference_columns = list(zip(*sorted(references.values()), strict=True)) or _NO_COLUMNS
    nodes = list(dict.fromkeys((*edge_columns[2], *reference_columns[2], *edge_columns[3])))
    places = {node: number for number, node in enumerate(nodes)}
    names = sorted(set(reference_columns[3]))
    return PackedResolution(
        links=dict(resolved.links),
        keys=sorted(set(resolved.keys)),
        nodes=nodes,
        edge_rows=_pack_columns(edge_columns, places, places),
        reference_rows=_pack_columns(
            reference_columns, places, {name: number for number, name in enumerate(names)}
        ),
        packed_names=pack_json(names),
        name_keys=sorted(set(map(name_key, names))),
        targets=sorted({places[node] for node in edge_columns[3]}),
        counts=(len(edges), len(references)),
    )


def _pack_columns(
    columns: Sequence[Sequence[Any]], sources: Mapping[str, int], ends: Mapping[str, int]
) -> bytes:
    """Columns of a packed row from those of a sorted one."""
    _, _, source, end, *others = columns
    if not source:
        return b""
    kind, *place = others
    numbered = [kind, [sources[name] for name in source], [ends[name] for name in end], *place]
    return pack_columns(numbered, _STEPPED)


class EdgeReader:
    """The part of GraphReader that asks for edges and references."""

    _query: Query
    _repository: int

    def _edges(self, source: int | None, target: int | None, types: Iterable[EdgeType]) -> list[Edge]:
        """Edges by the numbers of their ends, in order of place."""
        files = None if target is None else holders(self._query, INBOUND, [node_key(target)])
        wanted = {EDGE_CODES[type_] for type_ in types}
        return self._edges_of(self._packed("edges", source, files), source, target, wanted)

    def _references(self, source: int | None, name: str | Collection[str] | None) -> list[Reference]:
        names = {name} if isinstance(name, str) else None if name is None else set(name)
        files = None if names is None else holders(self._query, USED_NAMES, set(map(name_key, names)))
        return self._references_of(self._packed("refs", source, files), source, names)

    def _packed(
        self, column: str, source: int | None = None, files: Collection[int] | None = None
    ) -> list[PackedFile]:
        """The rows of these files, of all if none are named, that may hold what leaves a node."""
        query = f"""SELECT f.path, r.nodes, r.{column}, r.names FROM resolutions r
            CROSS JOIN files f ON f.id = r.file WHERE f.repository = ?"""
        values: list[int] = [self._repository]
        if source is not None:
            own = "(SELECT file FROM symbols WHERE id = ?)" if source > 0 else "-?"
            query, values = f"{query} AND r.file = {own}", [*values, source]
        if files is None:
            rows = self._query(query, values)
        else:
            rows = []
            for batch in batches(sorted(files)):
                rows += self._query(f"{query} AND r.file IN ({marks(batch)})", [*values, *batch])
        return sorted(PackedFile(*row) for row in rows)

    def _edges_of(
        self,
        files: Iterable[PackedFile],
        source: int | None = None,
        target: int | None = None,
        types: Iterable[int] = (),
    ) -> list[Edge]:
        wanted = set(types)
        found: list[tuple[str, int, int, int, tuple[int, ...]]] = []
        for file in files:
            nodes = unpack_numbers(file.nodes)
            columns = unpack_columns(file.rows, _STEPPED)
            rows = _having(columns, {_SOURCE: _place(nodes, source), _END: _place(nodes, target)})
            found += [
                (file.path, row[_KIND], nodes[row[_SOURCE]], nodes[row[_END]], row[_START:])
                for row in rows
                if not wanted or row[_KIND] % _TYPES in wanted
            ]
        names = self._node_names({node for row in found for node in row[2:4]})
        return [
            _edge(path, kind, names[start], names[end], span)
            for path, kind, start, end, span in found
            if start in names and end in names
        ]

    def _references_of(
        self, files: Iterable[PackedFile], source: int | None = None, wanted: Collection[str] | None = None
    ) -> list[Reference]:
        """References of one source or of all, by the wanted names or by any, in order of place."""
        found: list[tuple[str, int, int, str, tuple[int, ...]]] = []
        for file in files:
            nodes, names = unpack_numbers(file.nodes), unpack_json(file.names)
            columns = unpack_columns(file.rows, _STEPPED)
            start = _place(nodes, source)
            if wanted is None:
                rows = _having(columns, {_SOURCE: start})
            else:
                ends = [place for place, name in enumerate(names) if name in wanted]
                rows = [row for end in ends for row in _having(columns, {_SOURCE: start, _END: end})]
                rows.sort(key=_order)
            found += [
                (file.path, row[_KIND], nodes[row[_SOURCE]], names[row[_END]], row[_START:]) for row in rows
            ]
        sources = self._node_names({row[2] for row in found})
        return [
            Reference(sources[node], text, EDGE_TYPES[kind], _span(path, span))
            for path, kind, node, text, span in found
            if node in sources
        ]

    def _node_names(self, numbers: Iterable[int]) -> dict[int, str]:
        """Uids and paths of nodes that are there."""
        found: dict[int, str] = {}
        numbers = sorted(numbers)
        for batch in batches([number for number in numbers if number > 0]):
            rows = self._query(f"SELECT id, uid FROM symbols WHERE id IN ({marks(batch)})", batch)
            found.update((id_, number_uid(uid)) for id_, uid in rows)
        for batch in batches([-number for number in numbers if number < 0]):
            rows = self._query(f"SELECT id, path FROM files WHERE id IN ({marks(batch)})", batch)
            found.update((-id_, path) for id_, path in rows)
        return found

    def _edge_tally(self) -> tuple[dict[tuple[EdgeType, Resolution], int], dict[EdgeType, int]]:
        """How many edges, and references, there are of each kind."""
        alive = {id_ for (id_,) in self._query("SELECT id FROM symbols UNION ALL SELECT -id FROM files", ())}
        edges, references = Counter[int](), Counter[int]()
        for file in self._packed("edges"):
            nodes, columns = unpack_numbers(file.nodes), unpack_columns(file.rows, _STEPPED)
            dead = {place for place, node in enumerate(nodes) if node not in alive}
            for kind, *ends in zip(*columns[: _END + 1], strict=True):
                edges[kind % (_TYPES * _RESOLUTIONS)] += dead.isdisjoint(ends)
        for file in self._packed("refs"):
            references.update(unpack_columns(file.rows, _STEPPED)[_KIND] if file.rows else ())
        return (
            {(EDGE_TYPES[kind % _TYPES], RESOLUTIONS[kind // _TYPES]): n for kind, n in edges.items() if n},
            {EDGE_TYPES[kind]: n for kind, n in references.items()},
        )


class EdgeWriter:
    """Writes the resolutions of files inside one transaction."""

    def __init__(self, connection: sqlite3.Connection, postings: PostingWriter) -> None:
        self._connection, self._postings = connection, postings

    def put(self, file: int, packed: PackedResolution, numbers: Sequence[int]) -> None:
        """Write a resolution where there is none, given the numbers of its nodes."""
        self._connection.execute(
            "INSERT INTO resolutions VALUES (?, ?, ?, ?, ?, ?)",
            (
                file,
                pack_numbers(numbers),
                packed.edge_rows,
                packed.reference_rows,
                packed.packed_names,
                pack_numbers(list(packed.keys)),
            ),
        )
        targets = (node_key(numbers[place]) for place in packed.targets)
        self._postings.add(INBOUND, pairs_of(targets, file))
        self._postings.add(USED_NAMES, pairs_of(packed.name_keys, file))
        self._postings.add(READERS, pairs_of(packed.keys, file))
        self._connection.execute(
            "UPDATE files SET edge_count = ?, reference_count = ? WHERE id = ?", (*packed.counts, file)
        )

    def drop(self, file: int) -> None:
        """Delete a file's resolution, if it has one."""
        execute = self._connection.execute
        row = execute("SELECT nodes, names, keys, edges FROM resolutions WHERE file = ?", (file,)).fetchone()
        if row is None:
            return
        nodes, names, keys = unpack_numbers(row[0]), unpack_json(row[1]), unpack_numbers(row[2])
        columns = unpack_columns(row[3], _STEPPED)
        targets = {node_key(nodes[place]) for place in (columns[_END] if columns else ())}
        self._postings.remove(INBOUND, pairs_of(targets, file))
        self._postings.remove(USED_NAMES, pairs_of(map(name_key, names), file))
        self._postings.remove(READERS, pairs_of(keys, file))
        execute("DELETE FROM links WHERE source = ?", (file,))
        execute("DELETE FROM resolutions WHERE file = ?", (file,))
        execute("UPDATE files SET edge_count = 0, reference_count = 0 WHERE id = ?", (file,))


def _edge(path: str, kind: int, source: str, target: str, span: tuple[int, ...]) -> Edge:
    confidence, code = divmod(kind, _TYPES * _RESOLUTIONS)
    return Edge(
        source,
        target,
        EDGE_TYPES[code % _TYPES],
        RESOLUTIONS[code // _TYPES],
        unpack_confidence(confidence),
        None if span[0] < 0 else _span(path, span),
    )


def _packed_span(span: Span | None) -> tuple[int, int, int, int, int, int]:
    """As `pack_span`, with what the columns are more than the bytes: nothing, for most names."""
    start, length, line, column, lines, columns = pack_span(span)
    return start, length, line, column, lines, columns - length


def _span(path: str, packed: Sequence[int]) -> Span:
    return unpack_span(path, (*packed[:-1], packed[-1] + packed[1]))


def _order(row: Sequence[int]) -> tuple[int, ...]:
    """By place, then kind, then ends."""
    return row[_START], row[_KIND], row[_SOURCE], row[_END]


def _place(values: Sequence[Any], wanted: Any) -> int | None:
    """Where a value stands: None if none is wanted, -1 if it is not there."""
    if wanted is None:
        return None
    try:
        return values.index(wanted)
    except ValueError:
        return -1


def _having(columns: list[Sequence[int]], wanted: Mapping[int, int | None]) -> list[tuple[int, ...]]:
    """The rows that hold these values in these columns."""
    if not columns:
        return []
    given = [(columns[number], value) for number, value in wanted.items() if value is not None]
    if not given:
        return list(zip(*columns, strict=True))
    (first, value), *others = given
    return [
        tuple(column[row] for column in columns)
        for row, each in enumerate(first)
        if each == value and all(other[row] == wanted_value for other, wanted_value in others)
    ]
