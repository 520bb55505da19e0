"""Everything that can go wrong in `index`, as one tree. Each error names the thing, the cause, the next step.

GraphError
├── RootError            the tree to index is not there
├── UnknownStoreURL      no back-end serves that scheme
├── StoreError
│   ├── StoreCorrupt     the store's file is damaged or is something else
│   ├── StoreTooNew      written by a newer Graft
│   ├── StoreUnavailable cannot be opened, read or written
│   ├── StoreFull        the disk is full; the last change was taken back
│   └── StoreBusy        another process kept the store locked
└── UpdateCancelled      the caller asked to stop; the old state stands
"""

from __future__ import annotations


class GraphError(Exception):
    """Raised when the repository graph cannot be built or asked. Base of every error of this folder."""


class RootError(GraphError):
    """Raised when the folder to index does not exist, is no folder or cannot be listed."""


class UnknownStoreURL(GraphError):
    """Raised when a store URL has a scheme that no back-end serves."""


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


class UpdateCancelled(GraphError):
    """Raised when an update was asked to stop. The state before it stands."""
