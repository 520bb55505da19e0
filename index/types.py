"""Values of the repository graph: files, symbols, edges, references, hits. Knows nothing of storage or editors."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class SymbolKind(StrEnum):
    MODULE = "module"
    CLASS = "class"
    INTERFACE = "interface"
    FUNCTION = "function"
    METHOD = "method"
    FIELD = "field"
    CONSTANT = "constant"
    TEST = "test"


class EdgeType(StrEnum):
    """Structural edges first (Prometheus), then the semantic ones that it lacks."""

    HAS_FILE = "HAS_FILE"
    HAS_AST = "HAS_AST"
    PARENT_OF = "PARENT_OF"
    HAS_TEXT = "HAS_TEXT"
    NEXT_CHUNK = "NEXT_CHUNK"
    IMPORTS = "IMPORTS"
    CALLS = "CALLS"
    REFERENCES = "REFERENCES"
    INHERITS = "INHERITS"
    OVERRIDES = "OVERRIDES"
    INSTANTIATES = "INSTANTIATES"
    TESTS = "TESTS"
    DOCUMENTS = "DOCUMENTS"
    CHANGED_WITH = "CHANGED_WITH"
    TOUCHED_BY = "TOUCHED_BY"


HISTORY_TYPES = frozenset({EdgeType.CHANGED_WITH, EdgeType.TOUCHED_BY})
"""Edges that come from git's history."""


COMMIT_PREFIX = "commit:"
"""Stands before a commit's sha where it is the end of an edge."""


class Resolution(StrEnum):
    """How an edge's target was found: by the language's rules, by scope and type hints, or by bare name."""

    EXACT = "exact"
    SCOPED = "scoped"
    NAME_ONLY = "name_only"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A range of one file. Lines and columns are 1-based, columns in code points.

    `end_line` is the line of the last character; `end_column` is the column just after it.
    `end_byte` is exclusive. `path` is POSIX and relative to the repository's root.
    """

    path: str
    start_byte: int
    end_byte: int
    start_line: int
    start_column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named definition. Holds no body text: read it by `span`.

    `uid` = hash(repository, path, kind, qualified name, ordinal); `ordinal` tells same-named definitions
    of one file apart, in order of appearance.
    """

    uid: str
    path: str
    kind: SymbolKind
    name: str
    qualified_name: str
    span: Span
    language: str
    signature: str = ""
    docstring: str = ""
    body_hash: str = ""
    ordinal: int = 0
    parent_uid: str | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A directed relation between two nodes (symbol uids, or `path` for files and directories)."""

    source: str
    target: str
    type: EdgeType
    resolution: Resolution = Resolution.EXACT
    confidence: float = 1.0
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A use of a name that was not resolved to a definition; kept once, with its name."""

    source: str
    name: str
    type: EdgeType
    span: Span


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A paragraph-sized piece of prose (Markdown, reStructuredText, plain text)."""

    uid: str
    path: str
    ordinal: int
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the index knows of one file; `skipped` says why its content was not indexed, if it was not."""

    path: str
    content_hash: str
    size_bytes: int
    mtime_ns: int
    language: str | None = None
    has_errors: bool = False
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as people know it: no e-mail address, the subject's first line only."""

    sha: str
    """Empty where lines are not committed yet."""
    time_s: int
    """When it was committed, in seconds since the epoch."""
    author: str
    subject: str


@dataclass(frozen=True, slots=True)
class LineOrigin:
    """The commit that last touched some lines, and how many."""

    commit: Commit
    lines: int


@dataclass(frozen=True, slots=True)
class FileHit:
    path: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SymbolHit:
    symbol: Symbol
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LocateResult:
    """Ranked places that a text speaks of, best first."""

    files: tuple[FileHit, ...]
    symbols: tuple[SymbolHit, ...]


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What bringing the index up to date did."""

    files_seen: int
    files_parsed: int
    files_removed: int
    files_skipped: int
    symbols: int
    edges: int
    seconds: float
    skipped: tuple[tuple[str, str], ...] = field(default=())
    """(path, reason) of every file that was listed but not indexed."""
    history: str = ""
    """What is known of git's history, in words: `812 commits`, or why there is none."""
