"""One work tree's graph behind the RepositoryGraph protocol, and how it is opened. Knows no agents."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path
from threading import Lock

from index.conventions import is_test_path
from index.documented import document_edges
from index.errors import HistoryUnavailable, RootError, StoreUnavailable
from index.git.blame import blame, commits_of
from index.git.history import update_history
from index.known import Known
from index.layer.overlays import Overlays
from index.origin import snapshot_key
from index.repository import Progress
from index.retrieval.embed import need_embedder
from index.retrieval.meaning import installed_embedder
from index.retrieval.retrieve import Retriever
from index.snapshots import is_shared, open_snapshot, write_snapshot
from index.store import GraphStore, open_store
from index.structure import STRUCTURAL_TYPES, structural_edges
from index.types import (
    COMMIT_PREFIX,
    Commit,
    Edge,
    EdgeType,
    FileRecord,
    LineOrigin,
    LocateResult,
    Reference,
    Symbol,
    SymbolKind,
    TextChunk,
    UpdateReport,
)
from index.update import update_store
from index.vectors import VectorReport, drop_vectors, update_vectors

DEFAULT_STORE = "sqlite:.graft/graph.db"
_STATE_FOLDER = ".graft"
_CALLS = (EdgeType.CALLS, EdgeType.INSTANTIATES)
_MAX_TEST_DISTANCE = 4


def open_graph(root: Path | str, store: str = DEFAULT_STORE) -> WorkTreeGraph:
    """Open the graph of the tree at `root`; `update` fills it. A relative store path is relative to `root`.

    Of a shared store, which holds commits, the snapshot nearest below the tree is read; `update` keeps what differs
    in `.graft/`. Creates that folder, which git ignores, where something is to lie in it.
    Raises RootError, StoreError, UnknownStoreURL; of a shared store also OriginUnknown, NotIndexed.
    """
    root = _resolved(root)
    if is_shared(store):
        _make_state_folder(root / _STATE_FOLDER)
        return WorkTreeGraph(root, open_snapshot(root, store, root / _STATE_FOLDER))
    scheme, _, rest = store.partition(":")
    inside = scheme == "sqlite" and not Path(rest.removeprefix("//")).is_absolute()
    if inside and Path(rest).parts[:1] == (_STATE_FOLDER,):
        _make_state_folder(root / _STATE_FOLDER)
    return WorkTreeGraph(root, open_store(store, "." if inside else root.as_posix(), root=root))


def index_tree(
    root: Path | str,
    store: str = DEFAULT_STORE,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> UpdateReport:
    """Bring the stored graph up to the tree at `root`; a shared store gets the snapshot of its commit.

    Raises as `open_graph` and `WorkTreeGraph.update` do.
    """
    if is_shared(store):
        return write_snapshot(_resolved(root), store, progress, cancelled)
    graph = open_graph(root, store)
    try:
        return graph.update(progress, cancelled)
    finally:
        graph.close()


def index_vectors(
    root: Path | str,
    store: str = DEFAULT_STORE,
    wanted: bool | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> VectorReport | None:
    """Make, with `wanted`, the vectors of the stored graph, or else drop them; where None, keep up what is there.

    Those of a shared store are of the commit's snapshot. Returns None where there are none, or nothing keeps them
    up. Raises ModelUnusable if wanted, UpdateCancelled, and as `open_graph` does.
    """
    root = _resolved(root)
    opened = open_store(store, snapshot_key(root)) if is_shared(store) else open_graph(root, store).store
    try:
        if wanted is False:
            drop_vectors(opened)
        if not wanted and not opened.vectors.made_of():
            return None
        embedder = need_embedder() if wanted else installed_embedder()
        return update_vectors(opened, embedder, progress, cancelled) if embedder else None
    finally:
        opened.close()


def _resolved(root: Path | str) -> Path:
    root = Path(root).resolve()
    if not root.is_dir():
        raise RootError(f"Cannot index {root}: no such folder. Give the folder of a repository.")
    return root


def _make_state_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    except OSError as error:
        raise StoreUnavailable(
            f"Cannot write {folder} ({error.strerror}). Make the folder writable, or give another store.",
            str(folder),
        ) from error


class WorkTreeGraph:
    """See RepositoryGraph. Safe to ask from several threads."""

    def __init__(self, root: Path, store: GraphStore) -> None:
        self.root = root
        self.store = store
        self._retriever = Retriever(store)
        self._known, self._updating = Known(), Lock()
        self._overlays = Overlays(store, root)
        self._overlay_retriever = Retriever(self._overlays.store)

    def update(
        self,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        paths: Collection[str] | None = None,
    ) -> UpdateReport:
        """Bring the graph up to the tree, then to what git says of its history.

        Only `paths` are looked at if the caller knows that nothing else changed, and no commit was made.

        A long history is read a few seconds' worth at a time, each update going on where the last one stopped.
        Raises RootError, StoreError, UpdateCancelled; then the old state of what was being updated stands.
        """
        with self._updating:
            listed = set(self._known.records)
            report = update_store(self.store, self.root, progress, cancelled, paths=paths, known=self._known)
            if paths is not None and listed == self._known.records.keys():
                return report
            history = update_history(self.store, self.root, progress, cancelled)
        return replace(report, history=history)

    def is_whole(self) -> bool:
        """Whether an update was ever done; the first one of a large tree may have been stopped on its way."""
        return self.store.indexed_at() > 0

    def close(self) -> None:
        self.store.close()

    # Unsaved text

    def overlay(self, path: str, text: str) -> None:
        """Show this text in a file's place, which need not be there: in memory, to this object's queries only.

        The file itself is exact at once; files that use what changed in it follow when `settle` is called. What
        the tree ignores stays ignored, and what may hold credentials is not read.
        """
        self._overlays.put(path, text)

    def close_overlay(self, path: str) -> None:
        """Show the file as the last update read it."""
        self._overlays.close(path)

    def settle(self, budget_s: float | None = None, cancelled: Callable[[], bool] = lambda: False) -> bool:
        """Make every answer exact after overlays, for so long at most: for idle times. Returns whether it is."""
        return self._overlays.settle(budget_s, cancelled)

    def files(self) -> list[FileRecord]:
        return self.seen(edges=False).files()

    def chunks(self, path: str) -> list[TextChunk]:
        """The text chunks of a prose file."""
        return self.seen(edges=False).chunks(path)

    # Symbols

    def symbols(
        self, *, path: str | None = None, name: str | None = None, qualified_name: str | None = None
    ) -> list[Symbol]:
        return self.seen(edges=False).symbols(path=path, name=name, qualified_name=qualified_name)

    def symbol(self, uid: str) -> Symbol | None:
        return self.seen(edges=False).symbols_by_uid([uid]).get(uid)

    def symbol_at(self, path: str, line: int) -> Symbol | None:
        """The innermost symbol whose span holds that 1-based line; the module where no other does."""
        symbols = self.seen(edges=False).symbols(path=path)
        holding = [s for s in symbols if s.span.start_line <= line <= s.span.end_line]
        return min(holding, key=lambda s: s.span.end_byte - s.span.start_byte, default=None)

    # Edges

    def edges(
        self, *, source: str | None = None, target: str | None = None, types: Iterable[EdgeType] = ()
    ) -> list[Edge]:
        """Edges by their ends: uids of symbols, paths, `commit:<sha>`. None rests on a bare name alone.

        TOUCHED_BY edges are stored for files; those of a symbol are asked of git where `types` names them.
        """
        asked = frozenset(types)
        wanted = asked or frozenset(EdgeType)
        found: list[Edge] = []
        if wanted & STRUCTURAL_TYPES:
            found += structural_edges(self.seen(), source, target, wanted)
        if wanted - STRUCTURAL_TYPES:
            found += self.seen().edges(source=source, target=target, types=wanted - STRUCTURAL_TYPES)
        if EdgeType.DOCUMENTS in wanted:
            found += document_edges(self.seen(), source=source, target=target)
        if EdgeType.TOUCHED_BY in asked and source is not None:
            found += [edge for edge in self._touches(source) if target in (None, edge.target)]
        return found

    def _touches(self, uid: str) -> list[Edge]:
        """TOUCHED_BY edges of a symbol to the commits that last touched its lines, newest first."""
        try:
            commits = [origin.commit for origin in self.blame(uid)]
        except HistoryUnavailable:
            return []
        return [
            Edge(uid, f"{COMMIT_PREFIX}{commit.sha}", EdgeType.TOUCHED_BY) for commit in commits if commit.sha
        ]

    def references(self, *, name: str | None = None, source: str | None = None) -> list[Reference]:
        """Uses that were not resolved, by name or by the symbol that holds them."""
        return self.seen().references(name=name, source=source)

    def callers(self, uid: str) -> list[Symbol]:
        return self._ends([edge.source for edge in self.seen().edges(target=uid, types=_CALLS)])

    def callers_of(self, uids: Collection[str]) -> dict[str, list[Symbol]]:
        """The callers of each of many symbols, asked of the store together: a second hop costs what a first does."""
        edges = self.seen().edges_at(uids, incoming=True, types=_CALLS)
        symbols = self.seen().symbols_by_uid({edge.source for edge in edges})
        found: dict[str, dict[str, Symbol]] = {uid: {} for uid in uids}
        for edge in edges:
            if edge.source in symbols:
                found[edge.target][edge.source] = symbols[edge.source]
        return {uid: list(callers.values()) for uid, callers in found.items()}

    def callees(self, uid: str) -> list[Symbol]:
        return self._ends([edge.target for edge in self.seen().edges(source=uid, types=_CALLS)])

    def _ends(self, uids: Iterable[str]) -> list[Symbol]:
        order = list(dict.fromkeys(uids))
        found = self.seen().symbols_by_uid(order)
        return [found[uid] for uid in order if uid in found]

    # History

    def blame(self, uid: str) -> list[LineOrigin]:
        """The commits that last touched a symbol's lines, newest first. Raises HistoryUnavailable."""
        symbol = self.symbol(uid)
        if symbol is None:
            return []
        return blame(self.root, symbol.path, symbol.span.start_line, symbol.span.end_line)

    def history(self, path_or_uid: str, *, limit: int = 20) -> list[Commit]:
        """The last commits that touched a file or a symbol, newest first. Raises HistoryUnavailable."""
        symbol = self.symbol(path_or_uid)
        if symbol is None or symbol.kind is SymbolKind.MODULE:
            return commits_of(self.root, symbol.path if symbol else path_or_uid, limit=limit)
        lines = symbol.span.start_line, symbol.span.end_line
        return commits_of(self.root, symbol.path, lines, limit=limit)

    # Files

    def imported_files(self, path: str) -> list[str]:
        """Files of the repository that `path` imports directly, in order of appearance."""
        edges = self.seen().edges(source=path, types=[EdgeType.IMPORTS])
        return list(dict.fromkeys(edge.target for edge in edges if "." in edge.target))

    def importing_files(self, path: str) -> list[str]:
        edges = self.seen().edges(target=path, types=[EdgeType.IMPORTS])
        return list(dict.fromkeys(edge.source for edge in edges))

    def is_test_file(self, path: str) -> bool:
        return is_test_path(path)

    def tests_for(self, paths: Iterable[str]) -> list[str]:
        """Test files that reach any of these files by imports, calls or TESTS edges, nearest first."""
        start = list(dict.fromkeys(paths))
        found: dict[str, tuple[int, float]] = {path: (0, 0.0) for path in start if is_test_path(path)}
        seen, front = set(start), deque([(0, start)])
        while front:
            distance, nodes = front.popleft()
            weights: dict[str, float] = {}
            for source, _, weight in self.seen().links(nodes, incoming=True):
                if source not in seen:
                    weights[source] = weights.get(source, 0.0) + weight
            for path, weight in weights.items():
                if is_test_path(path):
                    found[path] = (distance + 1, -weight)
            seen.update(weights)
            if weights and distance + 1 < _MAX_TEST_DISTANCE:
                front.append((distance + 1, list(weights)))
        return sorted(found, key=lambda path: (*found[path], path))

    def locate(self, text: str, *, top: int = 10) -> LocateResult:
        """The files and symbols that a text speaks of, best first, each with the reasons."""
        retriever = self._retriever if self.seen() is self.store else self._overlay_retriever
        return retriever.locate(text, top=top)

    def seen(self, *, edges: bool = True) -> GraphStore:
        """The store that queries ask: this graph's own or, while texts are unsaved, a layer over it.

        Without `edges`, whoever asks for files and symbols alone need not wait for what the last keystroke uses.
        """
        return self._overlays.current(edges=edges)
