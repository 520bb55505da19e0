"""Two stages that compare meanings: files and definitions whose vectors lie nearest to the text's. Knows no back-end.

Off where the graph's files have no vectors, or the model that made them is not installed; nothing else depends on it.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from index.errors import ModelUnusable
from index.retrieval.embed import Embedder, open_embedder
from index.retrieval.evidence import Evidence, Question, prior
from index.store import Among
from index.vectors import has_vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_PIECES = 128
"""Word pieces of the text: what comes later in an issue seldom says what it is about."""
_NEIGHBOURS: dict[Among, int] = {"files": 50, "symbols": 200}
_FILE_BY_SYMBOLS = 3
"""A file counts as its nearest definitions together, so many of them."""
_COVERED = 0.9
"""Share of the files that must have vectors: half a first build would favour the files that it has reached."""


def file_meaning(question: Question) -> Evidence:
    """Cosine with files' outlines, over that of the last neighbour."""
    found = Evidence()
    hits = _nearest(question, "files")
    for path, _, cosine in hits:
        if path in question.paths:
            found.add_file(
                path, (cosine - hits[-1][2]) * prior(path), "its outline is near to the text in meaning"
            )
    return found


def symbol_meaning(question: Question) -> Evidence:
    """Cosine with definitions, over that of the last neighbour."""
    found = Evidence()
    hits = _nearest(question, "symbols")
    symbols = question.store.symbols_by_uid(uid for _, uid, _ in hits)
    counted: dict[str, int] = defaultdict(int)
    for _, uid, cosine in hits:
        symbol = symbols.get(uid)
        if symbol is None:
            continue
        score = (cosine - hits[-1][2]) * prior(symbol.path)
        if counted[symbol.path] < _FILE_BY_SYMBOLS:
            found.add_file(symbol.path, score, f"`{symbol.qualified_name}` is near to the text in meaning")
        counted[symbol.path] += 1
        found.add_symbol(symbol, score, "near to the text in meaning")
    return found


def _nearest(question: Question, among: Among) -> list[tuple[str, str, float]]:
    if not question.text.strip():
        return []
    made = question.store.vectors.made_of()
    wanted = [path for path in question.paths if has_vectors(path)] if made else []
    if not made or sum(bool(made.get(path)) for path in wanted) < _COVERED * len(wanted):
        return []
    vector = _vector_of(question.text)
    if vector is None:
        return []
    return question.store.vectors.nearest(vector.tolist(), among, limit=_NEIGHBOURS[among])


@lru_cache(maxsize=16)
def _vector_of(text: str) -> NDArray[np.float32] | None:
    """[D], kept: both stages ask for it."""
    embedder = installed_embedder()
    return None if embedder is None else embedder.encode([text], _MAX_PIECES)[0]


@lru_cache(maxsize=1)
def installed_embedder() -> Embedder | None:
    """The installed model, loaded once; None where there is none that works: `graft doctor` says why."""
    try:
        return open_embedder()
    except ModelUnusable:
        return None
