"""Everything that can go wrong in `index`, as one tree. Each error names the thing, the cause, the next step.

GraphError
├── RootError            the tree to index is not there
├── UnknownStoreURL      no back-end serves that scheme
├── OriginUnknown        a work tree has no name that other machines know
├── StoreError
│   ├── StoreCorrupt     the store's file is damaged or is something else
│   ├── StoreTooNew      written by a newer Graft
│   ├── StoreUnavailable cannot be opened, read or written
│   ├── StoreFull        the disk is full; the last change was taken back
│   └── StoreBusy        another process kept the store locked
├── ModelUnusable        the embedding model is missing or damaged
├── HistoryUnavailable   git's history cannot be read
├── NotIndexed           a graph was asked that was never built
├── ExportFailed         an export cannot be written
├── BadExport            what is to be imported is no export, or damaged
├── UpdateCancelled      the caller asked to stop; the old state stands
├── PatternError         a pattern for syntax trees is wrong
└── EditError            an edit of a definition cannot be made
    ├── SymbolNotFound   no definition, or more than one, is called that
    ├── SyntaxGateError  the file would not parse any more
    └── WriteRefused     the file is not to be written, or changed meanwhile
"""

from __future__ import annotations

from pathlib import Path


class GraphError(Exception):
    """Raised when the repository graph cannot be built or asked. Base of every error of this folder."""


class RootError(GraphError):
    """Raised when the folder to index does not exist, is no folder or cannot be listed."""


class UnknownStoreURL(GraphError):
    """Raised when a store URL has a scheme that no back-end serves."""


class OriginUnknown(GraphError):
    """Raised when a work tree has no git remote or no commit, so that no shared store can name it."""


class StoreError(GraphError):
    """Raised when a store fails. `location` is the file or server."""

    def __init__(self, message: str, location: str) -> None:
        super().__init__(message)
        self.location = location


class StoreCorrupt(StoreError):
    """Raised when a store's file is damaged or is no graph store."""


class StoreTooNew(StoreError):
    """Raised when a store has a newer schema than this program knows."""


class StoreUnavailable(StoreError):
    """Raised when a store cannot be opened, read or written."""


class StoreFull(StoreError):
    """Raised when the disk is full. The change was rolled back."""


class StoreBusy(StoreError):
    """Raised when another process kept the store locked for longer than the time-out."""


class ModelUnusable(GraphError):
    """Raised when the embedding model is needed and missing or damaged. `folder` is where it lies."""

    def __init__(self, message: str, folder: Path | None) -> None:
        super().__init__(message)
        self.folder = folder


class HistoryUnavailable(GraphError):
    """Raised when git's history cannot be read: no git, no repository, no commit, missing objects."""


class NotIndexed(GraphError):
    """Raised when a graph is asked that was never built."""


class ExportFailed(GraphError):
    """Raised when the file of an export cannot be written. What was there stands."""


class BadExport(GraphError):
    """Raised when what is to be imported is no export, is damaged or ends too early. `line` is 1-based."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class UpdateCancelled(GraphError):
    """Raised when an update was asked to stop. The state before it stands."""


class PatternError(GraphError):
    """Raised when a pattern for syntax trees is wrong. `language` is the grammar that refused it.

    `nearness` says how much a wrong name is like one that the grammar has, from 0 to 1.
    """

    def __init__(self, message: str, language: str, nearness: float = 0.0) -> None:
        super().__init__(message)
        self.language = language
        self.nearness = nearness


class EditError(GraphError):
    """Raised when a definition cannot be edited as asked. `path` is the file; nothing was written."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


class SymbolNotFound(EditError):
    """Raised when a name or a line leads to no definition, or to more than one."""


class SyntaxGateError(EditError):
    """Raised when an edit would bring in a syntax error. `line` and `column` are those of the file after it."""

    def __init__(self, message: str, path: str, line: int, column: int) -> None:
        super().__init__(message, path)
        self.line = line
        self.column = column


class WriteRefused(EditError):
    """Raised when a file is not to be written: outside of the tree, a secret, read-only, or changed meanwhile."""
