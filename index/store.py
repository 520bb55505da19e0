"""The seam to graph stores: what a back-end keeps, finds and changes, and how one is opened. Knows no language.

One contract test runs over every back-end and is the specification.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from index.errors import UnknownStoreURL
from index.neo4j.address import SCHEMES, masked
from index.types import (
    Commit,
    Edge,
    EdgeType,
    FileRecord,
    Reference,
    Resolution,
    Symbol,
    SymbolKind,
    TextChunk,
)

SCHEMA_VERSION = 11
"""Raised whenever the schema or the meaning of stored facts changes; an older store is rebuilt."""
SUPPORTED_SCHEMES = ("sqlite", *SCHEMES, "memory")


@dataclass(frozen=True, slots=True)
class Document:
    """Words of a file (empty `uid`) or symbol for full-text search, already split; each field has its weight."""

    uid: str
    path: str
    """Words of the path."""
    names: str
    prose: str
    body: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Everything that parsing one file brings into the store."""

    record: FileRecord
    symbols: Sequence[Symbol] = ()
    chunks: Sequence[TextChunk] = ()
    documents: Sequence[Document] = ()
    interface: bytes = b""
    body: bytes = b""
    exports: Collection[int] = ()
    """Names that the file adds to namespaces shared by several files (a package, a crate, a global scope), as
    unsigned 64-bit numbers."""


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """What a file says by itself, as `FileEntry` brought it; `exports` in rising order."""

    interface: bytes
    body: bytes
    exports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ResolvedFile:
    """Everything that resolving one file brings into the store."""

    edges: Sequence[Edge] = ()
    references: Sequence[Reference] = ()
    links: Mapping[str, float] = field(default_factory=dict)
    """Other files → how strongly this one depends on them."""
    keys: Collection[int] = ()
    """Look-ups, as unsigned 32-bit numbers, whose change makes this resolution stale."""


@dataclass(frozen=True, slots=True)
class HistoryState:
    """What the stored histories were made from; empty where there are none."""

    head: str = ""
    files: str = ""
    """Names the set of files that they were made for."""
    complete: bool = True
    """Whether every commit that counts has been read."""


@dataclass(frozen=True, slots=True)
class FileHistory:
    """What git's history says of one file that the store has."""

    recency: float
    """log2 Σ 2^(commit time / half-life): one more means changed twice as much, or one half-life later."""
    commits: Sequence[Commit] = ()
    """The last few that touched it, newest first."""
    changed_with: Mapping[str, float] = field(default_factory=dict)
    """How firmly it changes together with files that come after it in code-point order; kept to a thousandth."""


@dataclass(frozen=True, slots=True)
class WordStatistics:
    """What BM25 must know of a collection of documents."""

    documents: int
    mean_terms: float
    holding: Mapping[str, int]
    """Word → how many documents hold it."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there are of what."""

    languages: Mapping[str, int]
    """Files that were read, by language; files of none under the empty name."""
    skipped: Mapping[str, int]
    """Files that were not read, by reason."""
    kinds: Mapping[SymbolKind, int]
    edges: Mapping[tuple[EdgeType, Resolution], int]
    references: Mapping[EdgeType, int]
    chunks: int
    store_bytes: int
    """Size of the whole store, which may hold further repositories; 0 where the back-end cannot say."""


@dataclass(frozen=True, slots=True)
class Counts:
    files: int
    symbols: int
    edges: int
    references: int


@dataclass(frozen=True, slots=True)
class FileVectors:
    """The vectors of a file and its definitions, in 8 bits with a scale: `scale · values` has length one."""

    path: str
    made_of: str
    """Names the model and the file's content."""
    uids: Sequence[str] = ()
    """The file's own vector has the empty uid."""
    texts: bytes = b""
    """Of each vector the digest, of TEXT_DIGEST_BYTES, of what was embedded for it."""
    scales: bytes = b""
    """Of each vector a 32-bit float, in the machine's order, which is little-endian wherever Graft runs."""
    values: bytes = b""
    """Of each vector as many signed bytes as the model's vectors are wide."""

    def rows(self) -> Iterator[tuple[str, bytes, bytes, bytes]]:
        """(uid, digest, scale, values) of each vector."""
        width = len(self.values) // len(self.uids) if self.uids else 0
        for n, uid in enumerate(self.uids):
            yield (
                uid,
                self.texts[n * TEXT_DIGEST_BYTES : (n + 1) * TEXT_DIGEST_BYTES],
                self.scales[n * _SCALE_BYTES : (n + 1) * _SCALE_BYTES],
                self.values[n * width : (n + 1) * width],
            )


TEXT_DIGEST_BYTES, _SCALE_BYTES = 8, 4
Among = Literal["files", "symbols"]


class VectorStore(Protocol):
    """Vectors of files and definitions beside a graph: a cache, which it may lack and which may lag behind it.

    Not part of a change: embedding takes long, and no update waits for it.
    """

    def made_of(self) -> dict[str, str]:
        """`FileVectors.made_of` of every file that has vectors."""

    def read(self, paths: Collection[str]) -> list[FileVectors]: ...

    def put(self, files: Sequence[FileVectors], gone: Collection[str] = ()) -> None:
        """Replace the vectors of these files, and drop those of files that are gone. Raises StoreError."""

    def nearest(self, vector: Sequence[float], among: Among, *, limit: int) -> list[tuple[str, str, float]]:
        """(path, uid or nothing, cosine), nearest first. Some may be gone from the graph."""


class GraphReader(Protocol):
    """What can be asked of one repository's graph. Answers from the last committed change."""

    def files(self) -> list[FileRecord]: ...

    def counts(self) -> Counts: ...

    def symbols(
        self, *, path: str | None = None, name: str | None = None, qualified_name: str | None = None
    ) -> list[Symbol]:
        """Symbols by any of these, in order of place. Names compare exactly."""

    def symbols_by_uid(self, uids: Iterable[str]) -> dict[str, Symbol]: ...

    def edges(
        self, *, source: str | None = None, target: str | None = None, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        """Semantic edges in order of place; structural ones follow from symbols and paths and are not stored.

        Those of git's history have no span and come last, by source and target, and `counts` leaves them out. A
        CHANGED_WITH edge leads from the path that comes first in code-point order, and its confidence is the weight.
        A TOUCHED_BY edge leads from a path to `commit:<sha>`, newest commit first.
        """

    def edges_at(
        self, nodes: Collection[str], *, incoming: bool, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        """`edges` that enter, or leave, any of these nodes, history apart; each node's in order of place."""

    def references(
        self, *, name: str | Collection[str] | None = None, source: str | None = None
    ) -> list[Reference]:
        """Uses that were not resolved, of a name or of any of some names, and by a symbol or a file."""

    def chunks(self, path: str) -> list[TextChunk]: ...

    def facts(self, path: str) -> StoredFacts | None: ...

    def entry(self, path: str) -> FileEntry | None:
        """Everything that `put_file` was given for a file, symbols in order of place."""

    def resolution(self, path: str) -> ResolvedFile | None:
        """Everything that `put_resolution` was given for a file; empty where it never was."""

    def tally(self) -> Tally: ...

    def faults(self) -> list[str]:
        """What is wrong inside the store, a line each: rows that belong to nothing, damage. Reads everything."""

    def readers(self, keys: Collection[int]) -> set[str]:
        """Files whose resolution read any of these keys."""

    def providers(self, export: int) -> list[str]:
        """Files that export this, in alphabetical order."""

    def links(self, paths: Collection[str], *, incoming: bool) -> list[tuple[str, str, float]]:
        """(source, target, weight) of the file-level links that leave, or enter, any of these files."""

    def changed_with(self, paths: Collection[str]) -> list[tuple[str, str, float]]:
        """(one of these files, a file that changes together with it, weight in 0…1), heaviest first, then by name.

        A pair within `paths` comes both ways.
        """

    def touched_by(self, path: str) -> list[Commit]:
        """The last few commits that touched a file under any of its names, newest first."""

    def recency(self) -> dict[str, float]:
        """`FileHistory.recency` of every file that has a history."""

    def history_state(self) -> HistoryState: ...

    def history_log(self) -> dict[int, bytes]:
        """The segments that `put_history` brought."""

    def search(
        self, words: Mapping[str, float], among: Literal["files", "symbols"], *, limit: int
    ) -> list[tuple[str, float]]:
        """(path or uid, BM25 score) of the best matches for any of these words, each with its weight."""

    def word_statistics(self, words: Iterable[str], among: Literal["files", "symbols"]) -> WordStatistics:
        """What `search` scores these words by."""


class GraphChange(Protocol):
    """One transaction's writes. Its own reads see them; nobody else's do before it commits."""

    def files(self) -> list[FileRecord]: ...

    def facts(self, path: str) -> StoredFacts | None: ...

    def readers(self, keys: Collection[int]) -> set[str]: ...

    def providers(self, export: int) -> list[str]: ...

    def touch(self, record: FileRecord) -> None:
        """Replace a file's record only: its content is the same."""

    def put_file(self, entry: FileEntry) -> None:
        """Replace everything of a file but its resolution, which is dropped. Surviving uids keep inbound edges."""

    def remove_file(self, path: str) -> None: ...

    def put_resolution(self, path: str, resolved: ResolvedFile) -> None: ...

    def put_history(
        self, state: HistoryState, files: Mapping[str, FileHistory], log: Mapping[int, bytes]
    ) -> None:
        """Replace the histories of all files: a file that is not named has none any more.

        `log` holds segments of packed commits to be read by the next update only; an empty one is deleted, those
        that are not named stay. `remove_file` takes a file's history, and its edges from both ends, with it, and
        the state then names no files, so that the next update of histories brings it back if the file comes back;
        `put_file` and `put_resolution` leave them.
        """

    def set_indexed_at(self, time_ns: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Packing:
    """The part of a back-end's writes that any process can do: functions of a module, known by name.

    What they give is put into the store like what they took.
    """

    entry: Callable[[FileEntry], FileEntry]
    resolution: Callable[[ResolvedFile], ResolvedFile]


@dataclass(frozen=True, slots=True)
class CommittedFacts:
    """Where other processes of this machine read what is committed, and how they prepare what they send back."""

    url: str
    repository: str
    packing: Packing


@runtime_checkable
class SharesWork(Protocol):
    """A store on whose behalf other processes can read and resolve files."""

    def committed_facts(self) -> CommittedFacts: ...


class GraphStore(GraphReader, Protocol):
    """One repository's graph in a store. Safe to use from several threads and processes."""

    location: str
    repository: str

    @property
    def vectors(self) -> VectorStore: ...

    def indexed_at(self) -> int:
        """When the last update began to look at the tree, in nanoseconds since the epoch; 0 for never."""

    def change(self, waiting: Callable[[], None] = lambda: None) -> AbstractContextManager[GraphChange]:
        """Begin a transaction: committed at the end of the block, rolled back by any exception.

        While another process writes, `waiting` is called a few times a second and may raise. Raises StoreError.
        """

    def close(self) -> None: ...


def open_store(url: str, repository: str, *, root: Path | None = None) -> GraphStore:
    """Open the graph of one repository. A relative file path is relative to `root`.

    Raises UnknownStoreURL, StoreUnavailable, StoreCorrupt, StoreTooNew.
    """
    scheme, colon, rest = url.partition(":")
    match scheme if colon else "":
        case "sqlite":
            from index.sqlite.store import SQLiteStore

            path = Path(rest.removeprefix("//"))
            return SQLiteStore(path if root is None else root / path, repository)
        case neo4j if neo4j in SCHEMES:
            from index.neo4j.store import Neo4jStore

            return Neo4jStore(url, repository)
        case "memory":
            from index.layer.memory import MemoryStore

            return MemoryStore(repository)
    raise UnknownStoreURL(
        f"Cannot open the store {masked(url)!r}: no back-end for the scheme {scheme!r}. "
        f'Supported: {", ".join(f"{name}:" for name in SUPPORTED_SCHEMES)}, as in "sqlite:.graft/graph.db" '
        'or "neo4j://localhost:7687".'
    )
