"""Keep a graph up to its work tree while people and programs edit it. Knows no terminal and no editor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import watchfiles

from index.errors import GraphError, RootError, UpdateCancelled
from index.files import NEVER_ENTERED
from index.graph import WorkTreeGraph
from index.idle import IdleVectors
from index.types import UpdateReport

_QUIET_MS, _LONGEST_MS = 50, 1_600
"""Changes are taken up after so long without a further one, or after so long in all."""
_ROUND_MS = 500
_HEAD_LOG = ".git/logs/HEAD"
"""git writes a line to it at every commit and every switch, after which the history may be another."""
_POLL_S, _POLL_SHARE = 1.0, 0.2
"""Seconds between looks at a tree that cannot be watched; more where looking would take a greater share than this."""


def watch(
    graph: WorkTreeGraph,
    on_update: Callable[[UpdateReport], None],
    stop: Event,
    *,
    on_trouble: Callable[[str], None] = lambda message: None,
    polling: bool = False,
    vectors: IdleVectors | None = None,
) -> None:
    """Bring the graph up to its tree, then again after every change, until `stop` is set. Blocks; run it in a thread.

    `on_update` is called after the first update and after each that changed the graph. What the walk leaves out is
    not looked at. A burst of changes, such as a branch switch, is one update by a walk. `on_trouble` is told in words
    when an update failed, which is tried again half a second later, and when the system does not let every folder be
    watched (too many, or unreadable): from then on the tree is walked about once a second, as with `polling`.
    `vectors` go on whenever the graph is up to date, and rest while a change is taken up.

    Raises RootError when the tree is gone.
    """
    outside = _outside(graph)
    behind, first = True, True
    for paths in _changes(graph.root, outside, stop, polling, on_trouble):
        if not (behind or paths is None or paths):
            continue
        changing = behind or bool(paths)
        if vectors is not None and changing:
            vectors.rest()
        before = graph.store.indexed_at()
        try:
            named = None if behind or paths is None or _HEAD_LOG in paths else paths
            report = graph.update(cancelled=stop.is_set, paths=named)
        except UpdateCancelled:
            return
        except RootError:
            raise
        except GraphError as error:
            behind = True
            on_trouble(f"{error} The graph will be updated again.")
            continue
        behind = False
        changed = graph.store.indexed_at() != before
        if first or changed:
            first = False
            on_update(report)
        if vectors is not None and (changing or changed):
            vectors.go_on()


def _changes(
    root: Path,
    outside: Callable[[str], bool],
    stop: Event,
    polling: bool,
    on_trouble: Callable[[str], None],
) -> Iterator[set[str] | None]:
    """Paths that changed, relative to the tree: first, as soon as changes are seen, none; later none when idle.

    None where only a walk can tell what changed.
    """
    while not stop.is_set() and not polling:
        try:
            for changes in watchfiles.watch(
                root,
                watch_filter=lambda _, path: not outside(path),
                debounce=_LONGEST_MS,
                step=_QUIET_MS,
                rust_timeout=_ROUND_MS,
                yield_on_timeout=True,
                stop_event=stop,
                raise_interrupt=True,
                force_polling=False,
                ignore_permission_denied=False,  # it would hide every other trouble, too
            ):
                yield {Path(path).relative_to(root).as_posix() for _, path in changes}
            return
        except FileNotFoundError as error:
            raise RootError(
                f"Cannot watch {root}: no such folder. Give the folder of a repository."
            ) from error
        except OSError as error:
            polling = True
            on_trouble(
                f"The system does not let {root} be watched ({error}); its files are looked at every second instead. "
                "On Linux, raise fs.inotify.max_user_watches, or make every folder readable."
            )
    pause_s = 0.0
    while not stop.wait(pause_s):
        began = monotonic()
        yield None
        pause_s = max(_POLL_S, (monotonic() - began) / _POLL_SHARE)


def _outside(graph: WorkTreeGraph) -> Callable[[str], bool]:
    """Tells changes that are none of the tree's: in folders that are never entered, and the store's own files."""
    prefix, store = len(graph.root.as_posix()) + 1, Path(graph.store.location).absolute().as_posix()

    def outside(path: str) -> bool:
        below = path[prefix:]
        return path.startswith(store) or (
            below != _HEAD_LOG and not NEVER_ENTERED.isdisjoint(below.split("/"))
        )

    return outside
