"""Bring the vectors of files and definitions up to a graph: embed what is new, keep the rest. Knows no back-end.

Vectors are made of what the store holds, so that any store's are the same. A definition whose text did not change
keeps its vector, in whichever file it lies now. Test files have none: a cause is seldom sought there.
"""

from __future__ import annotations

import hashlib
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from index.conventions import is_test_path
from index.errors import UpdateCancelled
from index.repository import Progress
from index.retrieval.embed import Embedder
from index.retrieval.evidence import prior
from index.retrieval.matrix import quantise
from index.store import TEXT_DIGEST_BYTES, FileEntry, FileVectors, GraphStore
from index.types import FileRecord, Symbol, SymbolKind
from index.words import WORD, split_identifier

_MAX_PIECES, _FILE_PIECES = 48, 128
"""Word pieces of a definition, and of a file's outline, that are embedded: twice as many take twice the time."""
_TEXT_FORM = 1
"""Raised whenever `text_of` changes: other vectors are made then."""
_KINDS = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CLASS, SymbolKind.INTERFACE})
_TEXTS_AT_ONCE = 128
"""About two seconds on one core: so often progress is told, and what was embedded is stored."""
_PIECES_AT_ONCE = 768
"""About a quarter of a second on one core: so often it is asked whether to stop."""
_UNFINISHED = ""
"""In place of what a file's vectors were made of where some are missing still."""
_MAX_PROSE_CHARS, _MAX_BODY_WORDS = 300, 60


@dataclass(frozen=True, slots=True)
class VectorReport:
    """What bringing vectors up to date did."""

    files: int
    """How many were new or changed."""
    embedded: int
    """Texts: one for a file, and one for each of its definitions."""
    kept: int
    """Of the texts of these files, how many were embedded before."""


def update_vectors(
    store: GraphStore,
    embedder: Embedder,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> VectorReport:
    """Make the vectors that the graph lacks. What was embedded is kept, whatever stops it; the next call goes on.

    Raises StoreError, UpdateCancelled.
    """
    wanted = {
        record.path: _made_of(record, embedder)
        for record in store.files()
        if record.skipped is None and has_vectors(record.path)
    }
    had = store.vectors.made_of()
    stale = [path for path, made_of in wanted.items() if had.get(path) != made_of]
    stale.sort(key=lambda path: (-prior(path), path))
    gone = had.keys() - wanted.keys()
    work = _Work(store, embedder, wanted, _Known.of(store.vectors.read([*gone, *(set(stale) & had.keys())])))
    for done, group in _groups(store, stale):
        if progress is not None:
            progress("embed", done, len(stale))
        if not work.put(group, cancelled):
            raise UpdateCancelled(
                f"Stopped after the vectors of {done} of {len(stale)} files; what was embedded is kept."
            )
    if gone:
        store.vectors.put([], gone)
    if progress is not None:
        progress("embed", len(stale), len(stale))
    return VectorReport(len(stale), work.embedded, work.kept)


def drop_vectors(store: GraphStore) -> None:
    """Forget all vectors of the graph. Raises StoreError."""
    store.vectors.put([], store.vectors.made_of().keys())


def text_of(symbol: Symbol, body: str) -> str:
    """What is embedded for a definition: its names as words, its docstring, its signature, what it uses first."""
    file = symbol.path.rpartition("/")[2].partition(".")[0]
    words = (word for word in dict.fromkeys(body.split()) if "_" not in word)
    parts = (
        f"{_spaced(file)} {_spaced(symbol.qualified_name)}.",
        symbol.docstring[:_MAX_PROSE_CHARS],
        _spaced(symbol.signature),
        *islice(words, _MAX_BODY_WORDS),
    )
    return " ".join(" ".join(parts).split())


def _spaced(text: str) -> str:
    """A text with the words of each name apart."""
    return WORD.sub(lambda match: " ".join(split_identifier(match[0])) or match[0], text)


def outline_of(entry: FileEntry) -> str:
    """What is embedded for a file: its path as words, its own docstring, the names of what it defines."""
    module = next((symbol.docstring for symbol in entry.symbols if symbol.kind is SymbolKind.MODULE), "")
    names = dict.fromkeys(_spaced(symbol.name) for symbol in entry.symbols if symbol.kind in _KINDS)
    parts = (
        f"{_spaced(entry.record.path.rpartition('.')[0].replace('/', ' '))}.",
        module[:_MAX_PROSE_CHARS],
        *names,
    )
    return " ".join(" ".join(parts).split())


def has_vectors(path: str) -> bool:
    """Whether a file that is indexed gets vectors, if only none of its own: it may hold no definition."""
    return not is_test_path(path)


def _made_of(record: FileRecord, embedder: Embedder) -> str:
    return f"{embedder.name}/{_MAX_PIECES}/{_FILE_PIECES}/{_TEXT_FORM}:{record.content_hash}"


@dataclass(slots=True)
class _Text:
    uid: str
    text: str
    digest: bytes


_Group = list[tuple[str, list[_Text]]]


def _groups(store: GraphStore, paths: Sequence[str]) -> Iterator[tuple[int, _Group]]:
    """Files with their texts, so many together as are worth a batch, and how many came before."""
    group: _Group = []
    size = before = 0
    for done, path in enumerate(paths, 1):
        entry = store.entry(path)
        texts = _texts(entry) if entry else []
        group.append((path, texts))
        size += len(texts)
        if size >= _TEXTS_AT_ONCE or done == len(paths):
            yield before, group
            group, size, before = [], 0, done


def _texts(entry: FileEntry) -> list[_Text]:
    bodies = {document.uid: document.body for document in entry.documents}
    texts = [
        _text(symbol.uid, text_of(symbol, bodies.get(symbol.uid, "")))
        for symbol in entry.symbols
        if symbol.kind in _KINDS
    ]
    return [_text("", outline_of(entry)), *texts] if entry.symbols else []


def _text(uid: str, text: str) -> _Text:
    content = f"{'definition' if uid else 'file'}\0{text}".encode("utf-8", "surrogatepass")
    return _Text(uid, text, hashlib.blake2b(content, digest_size=TEXT_DIGEST_BYTES).digest())


@dataclass(slots=True)
class _Known:
    """Vectors by the digest of their text: scale and values."""

    rows: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Iterable[FileVectors]) -> _Known:
        known = cls()
        for file in files:
            for _, digest, scale, values in file.rows():
                known.rows[digest] = scale, values
        return known


@dataclass(slots=True)
class _Work:
    store: GraphStore
    embedder: Embedder
    made_of: dict[str, str]
    known: _Known
    embedded: int = 0
    kept: int = 0

    def put(self, group: _Group, cancelled: Callable[[], bool]) -> bool:
        """Embed what is new in a few files, and store their vectors. Returns whether all are there."""
        new = {t.digest: t for _, texts in group for t in texts if t.digest not in self.known.rows}
        fresh: dict[bytes, tuple[bytes, bytes]] = {}
        stopped = cancelled()
        for pieces, texts in _slices(new.values()):
            if stopped := stopped or cancelled():
                break
            fresh |= self._embed(texts, pieces)
        rows = ChainMap(fresh, self.known.rows)
        self.embedded += len(fresh)
        self.kept += sum(len(texts) for _, texts in group) - len(new)
        if fresh or not stopped:
            found = [self._vectors(path, texts, rows) for path, texts in group]
            self.store.vectors.put([each for each in found if each.uids or each.made_of])
        return not stopped

    def _vectors(
        self, path: str, texts: list[_Text], rows: Mapping[bytes, tuple[bytes, bytes]]
    ) -> FileVectors:
        there = [each for each in texts if each.digest in rows]
        return FileVectors(
            path,
            self.made_of[path] if len(there) == len(texts) else _UNFINISHED,
            [each.uid for each in there],
            b"".join(each.digest for each in there),
            b"".join(rows[each.digest][0] for each in there),
            b"".join(rows[each.digest][1] for each in there),
        )

    def _embed(self, texts: list[_Text], pieces: int) -> dict[bytes, tuple[bytes, bytes]]:
        scales, values = quantise(self.embedder.encode([each.text for each in texts], pieces))
        return {each.digest: (scales[n].tobytes(), values[n].tobytes()) for n, each in enumerate(texts)}


def _slices(texts: Iterable[_Text]) -> Iterator[tuple[int, list[_Text]]]:
    """Few texts at once, of like length to pad less, with how many word pieces of each are embedded."""
    longest_first = sorted(texts, key=lambda each: -len(each.text))
    for of_files, pieces in ((True, _FILE_PIECES), (False, _MAX_PIECES)):
        of_kind = [each for each in longest_first if (not each.uid) == of_files]
        at_once = _PIECES_AT_ONCE // pieces
        for n in range(0, len(of_kind), at_once):
            yield pieces, of_kind[n : n + at_once]
