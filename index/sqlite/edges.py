"""Edges and references of the SQLite store: one blob a file, and which files hold what. Writes in one transaction.

A blob names nodes by their numbers, which are never used twice: what points to a node that is gone is not seen.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from index.sqlite.database import Query
from index.sqlite.packing import (
    pack_json,
    pack_numbers,
    pack_rows,
    unpack_columns,
    unpack_json,
    unpack_numbers,
)
from index.sqlite.schema import (
    EDGE_CODES,
    EDGE_TYPES,
    RESOLUTION_CODES,
    RESOLUTIONS,
    batches,
    marks,
    number_uid,
    pack_confidence,
    pack_span,
    signed_32,
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


class PackedFile(NamedTuple):
    """A file's row."""

    path: str
    nodes: bytes
    rows: bytes
    names: bytes


class EdgeReader:
    """The part of GraphReader that asks for edges and references."""

    _query: Query
    _repository: int
    _node: Callable[[str], int | None]

    def _edges(self, source: int | None, target: int | None, types: Iterable[EdgeType]) -> list[Edge]:
        """Edges by the numbers of their ends, in order of place."""
        condition, values = self._holders(source, "SELECT file FROM inbound WHERE target = ?", target)
        wanted = {EDGE_CODES[type_] for type_ in types}
        return self._edges_of(self._packed("edges", condition, values), source, target, wanted)

    def _references(self, source: int | None, name: str | None) -> list[Reference]:
        key = None if name is None else name_key(name)
        condition, values = self._holders(source, "SELECT file FROM used_names WHERE name = ?", key)
        return self._references_of(self._packed("refs", condition, values), source, name)

    def _holders(self, source: int | None, held: str, what: int | None) -> tuple[str, list[int]]:
        """The condition on files that may hold it."""
        condition, values = "", list[int]()
        if source is not None:
            own = "(SELECT file FROM symbols WHERE id = ?)" if source > 0 else "-?"
            condition, values = f"AND r.file = {own}", [source]
        if what is not None:
            condition, values = f"{condition} AND r.file IN ({held})", [*values, what]
        return condition, values

    def _packed(self, column: str, condition: str, values: Sequence[Any]) -> list[PackedFile]:
        rows = self._query(
            f"""SELECT f.path, r.nodes, r.{column}, r.names FROM resolutions r CROSS JOIN files f ON f.id = r.file
            WHERE f.repository = ? {condition} ORDER BY f.path""",
            (self._repository, *values),
        )
        return [PackedFile(*row) for row in rows]

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
        self, files: Iterable[PackedFile], source: int | None = None, name: str | None = None
    ) -> list[Reference]:
        found: list[tuple[str, int, int, str, tuple[int, ...]]] = []
        for file in files:
            nodes, names = unpack_numbers(file.nodes), unpack_json(file.names)
            columns = unpack_columns(file.rows, _STEPPED)
            rows = _having(columns, {_SOURCE: _place(nodes, source), _END: _place(names, name)})
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
        for file in self._packed("edges", "", ()):
            nodes, columns = unpack_numbers(file.nodes), unpack_columns(file.rows, _STEPPED)
            dead = {place for place, node in enumerate(nodes) if node not in alive}
            for kind, *ends in zip(*columns[: _END + 1], strict=True):
                edges[kind % (_TYPES * _RESOLUTIONS)] += dead.isdisjoint(ends)
        for file in self._packed("refs", "", ()):
            references.update(unpack_columns(file.rows, _STEPPED)[_KIND] if file.rows else ())
        return (
            {(EDGE_TYPES[kind % _TYPES], RESOLUTIONS[kind // _TYPES]): n for kind, n in edges.items() if n},
            {EDGE_TYPES[kind]: n for kind, n in references.items()},
        )


class EdgeWriter:
    """Writes the resolutions of files inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put(self, file: int, resolved: ResolvedFile, numbers: Mapping[str, int]) -> None:
        """Write a resolution where there is none, given the numbers of all nodes."""
        ends = {name for edge in resolved.edges for name in (edge.source, edge.target)}
        ends.update(reference.source for reference in resolved.references)
        nodes = sorted({numbers[name] for name in ends})
        places = {node: place for place, node in enumerate(nodes)}
        names = sorted({reference.name for reference in resolved.references})
        name_places = {name: place for place, name in enumerate(names)}
        edges = {
            (edge.source, edge.target, edge.type, edge.span.start_byte if edge.span else None):
            (_kind(edge), places[numbers[edge.source]], places[numbers[edge.target]], *_packed_span(edge.span))
            for edge in resolved.edges
        }  # fmt: skip
        references = {
            (each.source, each.name, each.type, each.span.start_byte):
            (EDGE_CODES[each.type], places[numbers[each.source]], name_places[each.name],
             *_packed_span(each.span))
            for each in resolved.references
        }  # fmt: skip
        keys = sorted(set(resolved.keys))
        self._connection.execute(
            "INSERT INTO resolutions VALUES (?, ?, ?, ?, ?, ?)",
            (
                file,
                pack_numbers(nodes),
                pack_rows(sorted(edges.values(), key=_order), _STEPPED),
                pack_rows(sorted(references.values(), key=_order), _STEPPED),
                pack_json(names),
                pack_numbers(keys),
            ),
        )
        insert = self._connection.executemany
        targets = {numbers[edge.target] for edge in resolved.edges}
        insert("INSERT INTO inbound VALUES (?, ?)", [(node, file) for node in sorted(targets)])
        used = sorted(set(map(name_key, names)))
        insert("INSERT INTO used_names VALUES (?, ?)", [(key, file) for key in used])
        insert("INSERT INTO readers VALUES (?, ?)", [(signed_32(key), file) for key in keys])
        self._connection.execute(
            "UPDATE files SET edge_count = ?, reference_count = ? WHERE id = ?",
            (len(edges), len(references), file),
        )

    def drop(self, file: int) -> None:
        """Delete a file's resolution, if it has one."""
        execute, many = self._connection.execute, self._connection.executemany
        row = execute("SELECT nodes, names, keys FROM resolutions WHERE file = ?", (file,)).fetchone()
        if row is None:
            return
        nodes, names, keys = unpack_numbers(row[0]), unpack_json(row[1]), unpack_numbers(row[2])
        many("DELETE FROM inbound WHERE target = ? AND file = ?", [(node, file) for node in nodes])
        many("DELETE FROM used_names WHERE name = ? AND file = ?", [(name_key(n), file) for n in names])
        many("DELETE FROM readers WHERE key = ? AND file = ?", [(signed_32(key), file) for key in keys])
        execute("DELETE FROM links WHERE source = ?", (file,))
        execute("DELETE FROM resolutions WHERE file = ?", (file,))
        execute("UPDATE files SET edge_count = 0, reference_count = 0 WHERE id = ?", (file,))


def name_key(name: str) -> int:
    """A name as a 32-bit number. A collision costs a look into one more file."""
    return signed_32(zlib.crc32(name.encode("utf-8", "surrogatepass")))


def _kind(edge: Edge) -> int:
    code = RESOLUTION_CODES[edge.resolution] * _TYPES + EDGE_CODES[edge.type]
    return pack_confidence(edge.confidence) * _TYPES * _RESOLUTIONS + code


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


def _packed_span(span: Span | None) -> tuple[int, ...]:
    """As `pack_span`, with what the columns are more than the bytes: nothing, for most names."""
    *rest, columns = pack_span(span)
    return (*rest, columns - rest[1])


def _span(path: str, packed: Sequence[int]) -> Span:
    return unpack_span(path, (*packed[:-1], packed[-1] + packed[1]))


def _order(row: Sequence[int]) -> tuple[int, ...]:
    """By place, then kind without confidence, then ends."""
    return row[_START], row[_KIND] % _TYPES, row[_SOURCE], row[_END]


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
