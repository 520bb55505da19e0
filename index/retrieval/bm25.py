"""BM25 over the documents of a few files, with the statistics of another collection. Knows no store.

A small collection's own document frequencies say nothing: a word of its one document would be as rare as it gets.
Scored with the statistics of the large collection that it lies over, its scores compare with those of that one.
The formula, its constants and the words' stems are those of SQLite's FTS5.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from threading import Lock
from typing import Literal

from index.store import Document, WordStatistics

FIELD_WEIGHTS = (5.0, 3.0, 1.5, 1.0)
"""Of path, names, prose and body: path words count five times the body (see issue texts in tests/bench)."""
TOKENIZER = "porter unicode61 tokenchars '_'"
_K1, _B = 1.2, 0.75
_MIN_RARITY = 1e-6
_MAX_STEMS = 200_000


def statistics_of(
    indexes: Iterable[WordIndex], words: Iterable[str], among: Literal["files", "symbols"]
) -> WordStatistics:
    """The statistics of these documents themselves."""
    documents = terms = 0
    holding = dict.fromkeys(words, 0)
    for index in indexes:
        for entry in index.documents(among):
            documents, terms = documents + 1, terms + entry.terms
            for word in holding:
                holding[word] += stem(word) in entry.frequencies
    return WordStatistics(documents, terms / documents if documents else 1.0, holding)


def rarity(statistics: WordStatistics, word: str) -> float:
    """The inverse document frequency; a word that the collection lacks counts as in one document."""
    held = max(1, statistics.holding.get(word, 0))
    return max(_MIN_RARITY, log((max(statistics.documents, held) - held + 0.5) / (held + 0.5)))


@dataclass(frozen=True, slots=True)
class _Counted:
    """One document: its stems, each with its frequency weighted by field, and its length."""

    uid: str
    terms: int
    frequencies: Mapping[str, float]


class WordIndex:
    """The documents of one file, counted when first searched."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._given: Sequence[Document] = documents
        self._counted: list[_Counted] | None = None

    def documents(self, among: Literal["files", "symbols"]) -> list[_Counted]:
        """The file's own document, or those of its symbols."""
        if self._counted is None:
            fields = [(d, [f.split() for f in (d.path, d.names, d.prose, d.body)]) for d in self._given]
            _stems().learn({word for _, parts in fields for part in parts for word in part})
            self._counted = [_count(document.uid, parts) for document, parts in fields]
        return [each for each in self._counted if bool(each.uid) == (among == "symbols")]

    def holds(self, word: str, among: Literal["files", "symbols"]) -> bool:
        return any(stem(word) in each.frequencies for each in self.documents(among))


class Scored:
    """Collects the scores of one search."""

    def __init__(
        self, statistics: WordStatistics, words: Mapping[str, float], among: Literal["files", "symbols"]
    ) -> None:
        self._statistics, self._among = statistics, among
        self._wanted = [(stem(word), weight * rarity(statistics, word)) for word, weight in words.items()]
        self._scores: dict[str, float] = {}

    def add(self, path: str, index: WordIndex) -> None:
        """Score the documents of the file at `path`."""
        for document in index.documents(self._among):
            length = document.terms / max(self._statistics.mean_terms, 1.0)
            score = 0.0
            for term, weight in self._wanted:
                frequency = document.frequencies.get(term, 0.0)
                if frequency:
                    score += weight * frequency * (_K1 + 1) / (frequency + _K1 * (1 - _B + _B * length))
            if score:
                self._scores[document.uid or path] = score

    def best(self, limit: int) -> list[tuple[str, float]]:
        return sorted(self._scores.items(), key=lambda item: (-item[1], item[0]))[:limit]


def _count(uid: str, fields: list[list[str]]) -> _Counted:
    frequencies: dict[str, float] = {}
    for weight, words in zip(FIELD_WEIGHTS, fields, strict=True):
        for word, count in Counter(words).items():
            term = stem(word)
            frequencies[term] = frequencies.get(term, 0.0) + weight * count
    return _Counted(uid, sum(map(len, fields)), frequencies)


class _Stems:
    """The stems of words as FTS5 makes them, each asked for once."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute(
            f"CREATE VIRTUAL TABLE words USING fts5 (word, content='', tokenize=\"{TOKENIZER}\")"
        )
        self._connection.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (words, instance)")
        self._known: dict[str, str] = {}
        self._lock = Lock()

    def learn(self, words: Iterable[str]) -> None:
        """Find the stems of many words at once."""
        with self._lock:
            missing = [word for word in words if word not in self._known]
            if not missing:
                return
            if len(self._known) + len(missing) > _MAX_STEMS:
                self._known.clear()
            rows = list(enumerate(missing))
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT INTO words (rowid, word) VALUES (?, ?)", rows)
            terms = dict(self._connection.execute("SELECT doc, term FROM terms WHERE offset = 0").fetchall())
            self._connection.execute("ROLLBACK")
            self._known.update((word, terms.get(row, word)) for row, word in rows)

    def of(self, word: str) -> str:
        found = self._known.get(word)
        if found is None:
            self.learn([word])
            found = self._known.get(word, word)
        return found


@lru_cache(maxsize=1)
def _stems() -> _Stems:
    return _Stems()


def stem(word: str) -> str:
    """A word's stem, under which FTS5 finds it."""
    return _stems().of(word)
