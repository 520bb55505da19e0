"""The stage that compares meanings: definitions whose vectors lie nearest to the text's. Knows no back-end.

Off where the graph has no vectors, or the model that made them is not installed; nothing else depends on it.
"""

from __future__ import annotations

from functools import lru_cache

from index.errors import ModelUnusable
from index.retrieval.embed import Embedder, open_embedder
from index.retrieval.evidence import Evidence, Question, prior

_MAX_PIECES = 128
"""Word pieces of the text: what comes later in an issue seldom says what it is about."""
_NEIGHBOURS = 200
_FILES = 50


def similar_meaning(question: Question) -> Evidence:
    """Cosine of vectors, over that of the last neighbour; a file counts as its nearest definition."""
    found, store = Evidence(), question.store
    embedder = installed_embedder()
    if embedder is None or not question.text.strip() or not store.vectors.made_of():
        return found
    vector = embedder.encode([question.text], _MAX_PIECES)[0]
    hits = store.vectors.nearest(vector, limit=_NEIGHBOURS)
    symbols = store.symbols_by_uid(uid for _, uid, _ in hits)
    floor = hits[-1][2] if hits else 0.0
    for _, uid, cosine in hits:
        symbol = symbols.get(uid)
        if symbol is None:
            continue
        score = (cosine - floor) * prior(symbol.path)
        if symbol.path not in found.files and len(found.files) < _FILES:
            found.add_file(symbol.path, score, f"`{symbol.qualified_name}` is near to the text in meaning")
        found.add_symbol(symbol, score, "near to the text in meaning")
    return found


@lru_cache(maxsize=1)
def installed_embedder() -> Embedder | None:
    """The installed model, loaded once; None where there is none that works: `graft doctor` says why."""
    try:
        return open_embedder()
    except ModelUnusable:
        return None
