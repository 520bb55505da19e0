"""Snapshots of commits in a shared store: how one is written, and which one a checkout reads, under what differs.

Written is what git has as committed, taken from its objects: nothing unsaved or uncommitted leaves the machine. A
checkout reads the snapshot of its commit, or of the nearest ancestor that has one, through a layer on its own disk,
which holds every file whose content differs. Knows no query.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from index.errors import HistoryUnavailable, NotIndexed, OriginUnknown, StoreError, UpdateCancelled
from index.git.command import GitCommand, GitTree, Interrupted, find_git
from index.git.history import update_history
from index.layer.store import LayeredStore, open_layered
from index.neo4j.address import SCHEMES, masked
from index.origin import branch_of, snapshot_key
from index.repository import Progress
from index.store import GraphStore, open_store
from index.types import UpdateReport
from index.update import update_store

_MAX_ANCESTORS = 200
_LIST_LIMIT_S, _CHECKOUT_LIMIT_S, _HISTORY_LIMIT_S = 20.0, 600.0, 300.0
_KEPT_LAYERS = 4
"""Who goes back to a branch finds its layer again."""
_NEVER_LOOKED_NS = 1
"""As long ago as can be: whatever stamps the snapshot's files bear, the first update reads each file."""


def is_shared(url: str) -> bool:
    """Whether a store holds snapshots of commits rather than one work tree."""
    return url.partition(":")[0] in SCHEMES


def write_snapshot(
    root: Path,
    url: str,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> UpdateReport:
    """Write the snapshot of the commit that is checked out at `root`, where the store lacks it.

    Snapshots of the repository that are long outdated are deleted then, see `retire_older`.
    Raises OriginUnknown, StoreError, UnknownStoreURL, UpdateCancelled; then readers find no snapshot of it.
    """
    from index.neo4j.retire import retire_older

    key, tree = snapshot_key(root), _git(root)
    store = open_store(url, key)
    try:
        if store.indexed_at():
            report = _report_of(store)
        else:
            with _committed(tree, cancelled) as folder:
                # In one change: no reader is helped by a part, and each further change copies the graph.
                report = update_store(store, folder, progress, cancelled, batch_files=sys.maxsize)
        history = update_history(store, root, progress, cancelled, limit_s=_HISTORY_LIMIT_S)
        with suppress(StoreError):  # the snapshot is whole; the next writer tries again
            retire_older(url, key, branch_of(root), progress, cancelled)
        return replace(report, history=history)
    finally:
        store.close()


def open_snapshot(root: Path, url: str, state: Path) -> LayeredStore:
    """The snapshot that the checkout at `root` reads, under a layer in the folder `state`.

    Raises OriginUnknown, NotIndexed, StoreError, UnknownStoreURL.
    """
    from index.neo4j.snapshot import open_first

    key, tree = snapshot_key(root), _git(root)
    base = open_first(url, [key.replace(tree.head, commit) for commit in _ancestors(tree)])
    if base is None:
        raise NotIndexed(
            f"{masked(url)} has no snapshot of {key}, nor of one of its last {_MAX_ANCESTORS} ancestors. "
            f"Run `graft index --store {masked(url)}` at a commit, as in CI, or keep the index in a sqlite: store."
        )
    try:
        name = hashlib.blake2b(
            f"{base.location}\0{base.repository}\0{base.indexed_at()}".encode(), digest_size=10
        )
        store = open_layered(base, _layer_file(state / "layers", name.hexdigest()))
    except BaseException:
        base.close()
        raise
    try:
        if not store.indexed_at():
            with store.change() as change:
                if not store.indexed_at():  # another process may have been first
                    change.set_indexed_at(_NEVER_LOOKED_NS)
    except BaseException:
        store.close()
        raise
    return store


def _git(root: Path) -> GitTree:
    try:
        return find_git(root)
    except HistoryUnavailable as error:
        raise OriginUnknown(f"Cannot name {root} in a shared store. {error}") from error


def _ancestors(tree: GitTree) -> list[str]:
    """The checked-out commit, and those before it, the newest first."""
    with suppress(HistoryUnavailable, Interrupted), GitCommand(tree) as git:
        count = f"--max-count={_MAX_ANCESTORS + 1}"
        return git.read("rev-list", count, tree.head, limit_s=_LIST_LIMIT_S).decode("ascii").split()
    return [tree.head]


@contextmanager
def _committed(tree: GitTree, cancelled: Callable[[], bool]) -> Iterator[Path]:
    """A folder with the files of the commit, as every machine gets them. Raises OriginUnknown, UpdateCancelled."""
    name = f"{tree.head}:{tree.prefix.rstrip('/')}" if tree.prefix else tree.head
    same_everywhere = replace(tree, line_endings="false")
    with tempfile.TemporaryDirectory(prefix="graft-snapshot-", ignore_cleanup_errors=True) as folder:
        try:
            with GitCommand(same_everywhere, cancelled) as git:
                git.read("read-tree", name, limit_s=_CHECKOUT_LIMIT_S)
                git.read("checkout-index", "--all", f"--prefix={folder}/", limit_s=_CHECKOUT_LIMIT_S)
        except HistoryUnavailable as error:
            raise OriginUnknown(
                f"Cannot read the files of commit {tree.head[:12]} of {tree.top}. {error}"
            ) from error
        except Interrupted:
            raise UpdateCancelled(f"Stopped while git wrote out commit {tree.head[:12]}.") from None
        yield Path(folder)


def _layer_file(folder: Path, name: str) -> Path:
    """Where the layer lies; those that were not used for longest are deleted."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.db"
    others = [each for each in folder.glob("*.db") if each != file]
    others.sort(key=lambda each: -each.stat().st_mtime_ns)
    for old in others[_KEPT_LAYERS - 1 :]:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{old}{suffix}").unlink(missing_ok=True)
    if file.exists():
        os.utime(file)
    return file


def _report_of(store: GraphStore) -> UpdateReport:
    """The report of an update that had nothing to do."""
    started_s = time.monotonic()
    skipped = tuple((record.path, record.skipped) for record in store.files() if record.skipped)
    counts = store.counts()
    return UpdateReport(
        files_seen=counts.files,
        files_parsed=0,
        files_removed=0,
        files_skipped=len(skipped),
        symbols=counts.symbols,
        edges=counts.edges,
        seconds=time.monotonic() - started_s,
        skipped=skipped,
    )
