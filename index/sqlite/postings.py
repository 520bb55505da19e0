"""Who holds which 32-bit key, as packed lists: an inverted index that costs a third of a table of pairs.

The pairs of one list whose keys end in the same bits lie together in a blob, which is written anew when one of them
comes or goes. A writer gathers changes and writes each blob once. Knows no table but its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

POSTINGS_SCHEMA = "CREATE TABLE postings (blob INTEGER PRIMARY KEY, pairs BLOB NOT NULL);\n"
READERS, USED_NAMES, SYMBOL_NAMES, INBOUND = range(4)
"""Lists: files by the look-ups of their resolution, and by the names of their unresolved uses; symbols by name;
files by the nodes that their edges lead to."""
LISTS = (READERS, USED_NAMES, SYMBOL_NAMES, INBOUND)
_BUCKET_BITS, _HOLDER_BITS = 13, 32
_BUCKETS, _HOLDER_MASK = 1 << _BUCKET_BITS, (1 << _HOLDER_BITS) - 1
_MAX_PENDING = 400_000


def holders(query: Callable[[str, Sequence[Any]], list[Any]], list_: int, keys: Collection[int]) -> set[int]:
    """Who holds any of these keys."""
    return {each & _HOLDER_MASK for each in _stored_pairs(query, list_, keys)}


def _stored_pairs(
    query: Callable[[str, Sequence[Any]], list[Any]], list_: int, keys: Collection[int]
) -> set[int]:
    found: set[int] = set()
    by_blob: dict[int, dict[int, int]] = {}
    for key in keys:
        by_blob.setdefault(_blob_of(list_, key), {})[key >> _BUCKET_BITS] = key
    for blob, wanted in by_blob.items():
        for (packed,) in query("SELECT pairs FROM postings WHERE blob = ?", (blob,)):
            found.update(pair(wanted[key], holder) for key, holder in _unpacked(packed) if key in wanted)
    return found


def all_pairs(query: Callable[[str, Sequence[Any]], list[Any]], list_: int) -> Iterator[tuple[int, int]]:
    """Every (key, holder) of a list. Reads it all."""
    first = list_ << _BUCKET_BITS
    rows = query("SELECT blob, pairs FROM postings WHERE blob BETWEEN ? AND ?", (first, first + _BUCKETS - 1))
    for blob, packed in rows:
        for key, holder in _unpacked(packed):
            yield key << _BUCKET_BITS | blob - first, holder


def node_key(node: int) -> int:
    """A node's number as a key: symbols' are positive, files' negative."""
    return 2 * node if node > 0 else -2 * node + 1


def pairs_of(keys: Iterable[int], holder: int) -> Iterator[int]:
    """What a writer takes, where one holds several keys."""
    return (key << _HOLDER_BITS | holder for key in keys)


def pair(key: int, holder: int) -> int:
    return key << _HOLDER_BITS | holder


class PostingWriter:
    """The changes of one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._pending: dict[int, dict[int, bool]] = {list_: {} for list_ in LISTS}
        self._removed: dict[int, set[int]] = {list_: set() for list_ in LISTS}
        """Pairs that are in the store and shall go: one that is added again is nothing to write."""

    def add(self, list_: int, pairs: Iterable[int]) -> None:
        """Add pairs, which may be there."""
        pending, removed = self._pending[list_], self._removed[list_]
        added = dict.fromkeys(pairs, True)
        for again in removed & added.keys():
            removed.discard(again)
            del added[again]
        pending.update(added)
        if len(pending) > _MAX_PENDING:
            self.flush()

    def remove(self, list_: int, pairs: Iterable[int]) -> None:
        """Remove pairs, all of which are there."""
        pending, removed = self._pending[list_], self._removed[list_]
        for each in pairs:
            if each in pending:
                pending[each] = False
            else:
                removed.add(each)

    def holders(self, list_: int, keys: Collection[int]) -> set[int]:
        """Who holds any of these keys, by what is stored and by what is pending."""
        return {each & _HOLDER_MASK for each in self._pairs(list_, set(keys))}

    def forget(self, list_: int, keys: Collection[int]) -> None:
        """Remove whoever holds these keys."""
        self.remove(list_, self._pairs(list_, set(keys)))

    def _pairs(self, list_: int, keys: set[int]) -> set[int]:
        found = _stored_pairs(self._query, list_, keys) - self._removed[list_]
        for each, is_there in self._pending[list_].items():
            if each >> _HOLDER_BITS in keys:
                (found.add if is_there else found.discard)(each)
        return found

    def _query(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        return self._connection.execute(sql, parameters).fetchall()

    def flush(self) -> None:
        """Write what is pending."""
        for list_, changes in self._pending.items():
            changes.update(dict.fromkeys(self._removed[list_], False))
            self._removed[list_].clear()
            by_blob: dict[int, list[int]] = {}
            for each in changes:
                by_blob.setdefault(_blob_of(list_, each >> _HOLDER_BITS), []).append(each)
            for blob, pairs in sorted(by_blob.items()):
                self._change(blob, {each: changes[each] for each in pairs})
            changes.clear()

    def _change(self, blob: int, changes: dict[int, bool]) -> None:
        row = self._connection.execute("SELECT pairs FROM postings WHERE blob = ?", (blob,)).fetchone()
        known = {key << _HOLDER_BITS | holder for key, holder in _unpacked(row[0])} if row else set[int]()
        wanted = set(known)
        for each, is_there in changes.items():
            short = each >> _HOLDER_BITS + _BUCKET_BITS << _HOLDER_BITS | each & _HOLDER_MASK
            (wanted.add if is_there else wanted.discard)(short)
        if wanted == known:
            return
        if wanted:
            self._connection.execute("INSERT OR REPLACE INTO postings VALUES (?, ?)", (blob, _packed(wanted)))
        else:
            self._connection.execute("DELETE FROM postings WHERE blob = ?", (blob,))


def _blob_of(list_: int, key: int) -> int:
    return list_ << _BUCKET_BITS | key & _BUCKETS - 1


def _packed(pairs: Collection[int]) -> bytes:
    """For each key its step from the one before, the number of its holders, their steps: in bytes of seven bits."""
    by_key: dict[int, list[int]] = {}
    for each in sorted(pairs):
        by_key.setdefault(each >> _HOLDER_BITS, []).append(each & _HOLDER_MASK)
    numbers: list[int] = []
    before = 0
    for key, found in by_key.items():
        numbers += (key - before, len(found), found[0])
        numbers += [one - other for one, other in zip(found[1:], found, strict=False)]
        before = key
    data = bytearray()
    for number in numbers:
        while number > 0x7F:
            data.append(number & 0x7F | 0x80)
            number >>= 7
        data.append(number)
    return bytes(data)


def _unpacked(data: bytes) -> Iterator[tuple[int, int]]:
    """(key without its bucket, holder) of a blob, in rising order."""
    numbers = iter(_numbers(data))
    key = 0
    for step in numbers:
        key += step
        holder = 0
        for _ in range(next(numbers)):
            holder += next(numbers)
            yield key, holder


def _numbers(data: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        if byte > 0x7F:
            shift += 7
        else:
            yield number
            number = shift = 0
