"""What reading one file brings, packed as the SQLite store keeps it, in any process. Runs no query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from operator import sub
from typing import NamedTuple

from index.documents import words_of_definition, words_of_file
from index.sqlite.packing import (
    pack_bare,
    pack_json,
    pack_narrow,
    pack_pair,
    pack_rows,
    unpack_bare,
    unpack_columns,
    unpack_json,
    unpack_narrow,
)
from index.sqlite.schema import KIND_CODES, KINDS, name_key, number_uid, pack_span, uid_number, unpack_span
from index.store import Document, FileEntry
from index.types import Symbol

_STEPPED = (0, 2)
_HASH_BYTES = 8
_NO_PARENT, _PARENT_ELSEWHERE = 0, -1
_OF_THE_FILE = -1
"""The place of a document that is no symbol's."""
_FOLLOWS = -1
"""Instead of a field's length: it follows from what is known."""


class Words(NamedTuple):
    """A document's row in a full-text table; `place` is its symbol's among those of the file."""

    place: int
    body: str
    path: str
    names: str
    prose: str


class SymbolTexts(NamedTuple):
    """The symbols of a file, but for uids and kinds."""

    texts: bytes
    numbers: bytes
    hashes: bytes


@dataclass(frozen=True, slots=True)
class PackedEntry(FileEntry):
    """An entry as it is kept. Of the fields before, the record and the exports are filled."""

    uids: Sequence[int] = ()
    kinds: Sequence[int] = ()
    name_keys: Sequence[int] = ()
    texts: SymbolTexts | None = None
    chunk_count: int = 0
    packed_chunks: bytes = b""
    words: Sequence[Words] = ()
    packed_documents: bytes = b""
    facts: tuple[bytes, bytes] | None = None


def pack_entry(entry: FileEntry) -> PackedEntry:
    """The work on an entry that needs no store."""
    symbols = entry.symbols
    chunks = sorted((chunk.ordinal, chunk.uid, chunk.text, *pack_span(chunk.span)) for chunk in entry.chunks)
    places = {symbol.uid: place for place, symbol in enumerate(symbols)}
    words = [
        Words(places.get(each.uid, _OF_THE_FILE), each.body, each.path, each.names, each.prose)
        for each in entry.documents
    ]
    texts = _pack_symbols(symbols, places) if symbols else None
    return PackedEntry(
        entry.record,
        exports=entry.exports,
        uids=[uid_number(symbol.uid) for symbol in symbols],
        kinds=[KIND_CODES[symbol.kind] for symbol in symbols],
        name_keys=[name_key(symbol.name) for symbol in symbols],
        texts=texts,
        chunk_count=len(chunks),
        packed_chunks=pack_json(chunks) if chunks else b"",
        words=words,
        packed_documents=pack_words(words, symbols, texts),
        facts=pack_pair(entry.interface, entry.body) if entry.interface or words else None,
    )


# Symbols


def _pack_symbols(symbols: Sequence[Symbol], places: dict[str, int]) -> SymbolTexts:
    languages = {symbol.language for symbol in symbols}
    hashes = [symbol.body_hash for symbol in symbols]
    is_plain = all(map(_is_hash, hashes))
    elsewhere = [s.parent_uid for s in symbols if s.parent_uid is not None and s.parent_uid not in places]
    texts = [
        [None if s.name == s.qualified_name.rpartition(".")[2] else s.name for s in symbols],
        [symbol.qualified_name for symbol in symbols],
        list(languages) if len(languages) == 1 else [symbol.language for symbol in symbols],
        [symbol.signature for symbol in symbols],
        [symbol.docstring for symbol in symbols],
        [] if is_plain else hashes,
        elsewhere,
    ]
    rows = [(*pack_span(s.span), s.ordinal, _parent_place(s.parent_uid, places)) for s in symbols]
    return SymbolTexts(
        pack_json(texts), pack_rows(rows, _STEPPED), bytes.fromhex("".join(hashes)) if is_plain else b""
    )


def unpack_symbols(
    path: str, uids: Sequence[int], kinds: Sequence[int], packed: SymbolTexts, places: Iterable[int]
) -> list[Symbol]:
    """The symbols at these places of a file."""
    names, qualified_names, languages, signatures, docstrings, hashes, elsewhere = unpack_json(packed.texts)
    *span, ordinals, parents = unpack_columns(packed.numbers, _STEPPED)
    hexadecimal = packed.hashes.hex()
    others = iter(elsewhere)
    outside = {place: next(others) for place, parent in enumerate(parents) if parent == _PARENT_ELSEWHERE}
    found = []
    for place in places:
        qualified_name, parent = qualified_names[place], parents[place]
        digits = 2 * _HASH_BYTES * place
        name = names[place]
        found.append(
            Symbol(
                number_uid(uids[place]),
                path,
                KINDS[kinds[place]],
                qualified_name.rpartition(".")[2] if name is None else name,
                qualified_name,
                unpack_span(path, [column[place] for column in span]),
                languages[place if len(languages) > 1 else 0],
                signatures[place],
                docstrings[place],
                hashes[place] if hashes else hexadecimal[digits : digits + 2 * _HASH_BYTES],
                ordinals[place],
                number_uid(uids[parent - 1]) if parent > _NO_PARENT else outside.get(place),
            )
        )
    return found


def _parent_place(uid: str | None, places: dict[str, int]) -> int:
    """One more than the place of a symbol's parent."""
    return _NO_PARENT if uid is None else places.get(uid, _PARENT_ELSEWHERE - 1) + 1


def _is_hash(text: str) -> bool:
    try:
        return bytes.fromhex(text).hex() == text and len(text) == 2 * _HASH_BYTES
    except ValueError:
        return False


# Words: the different words of a file once, in alphabetical order, then where each field's words stand among them.
# What follows from the symbols, or is the path again, is left out.


def pack_words(words: Sequence[Words], symbols: Sequence[Symbol], texts: SymbolTexts | None) -> bytes:
    if not words:
        return b""
    told = _Told(
        [symbol.name for symbol in symbols],
        [symbol.qualified_name for symbol in symbols],
        [symbol.signature for symbol in symbols],
        [symbol.docstring for symbol in symbols],
    )
    path, cut = "", list[list[list[str] | None]]()
    for row in words:
        names, prose = told.words(row.place)
        follows = False, row.path == path, row.names == names, row.prose == prose
        cut.append([None if skip else field.split(" ") for skip, field in zip(follows, row[1:], strict=True)])
        path = row.path
    known = sorted(set[str]().union(*[field for fields in cut for field in fields if field is not None]))
    numbers = {word: number for number, word in enumerate(known)}
    steps: list[int] = []
    for row, fields in zip(words, cut, strict=True):
        steps.append(row.place)
        for field in fields:
            if field is None:
                steps.append(_FOLLOWS)
                continue
            places = list(map(numbers.__getitem__, field))
            steps.append(len(places))
            steps += map(sub, places, chain((0,), places))
    text = " ".join(known).encode("utf-8", "surrogatepass")
    data = len(text).to_bytes(4, "little") + text + pack_narrow(steps)
    return pack_bare(data, unpack_bare(texts.texts) if texts else b"")  # which has most of the words


def unpack_words(data: bytes, texts: SymbolTexts | None) -> list[Words]:
    if not data:
        return []
    data = unpack_bare(data, unpack_bare(texts.texts) if texts else b"")
    start = 4 + int.from_bytes(data[:4], "little")
    known = data[4:start].decode("utf-8", "surrogatepass").split(" ")
    steps, told = unpack_narrow(data[start:]), _told_by(texts)
    found, at, path = list[Words](), 0, ""
    while at < len(steps):
        place, at = steps[at], at + 1
        fields: list[str | None] = []
        for _ in range(4):
            end = at + 1 + max(steps[at], 0)
            text = " ".join([known[number] for number in accumulate(steps[at + 1 : end])])
            fields.append(None if steps[at] == _FOLLOWS else text)
            at = end
        body, own_path, names, prose = fields
        path = path if own_path is None else own_path
        if names is None or prose is None:
            names, prose = (
                other if own is None else own
                for own, other in zip((names, prose), told.words(place), strict=True)
            )
        found.append(Words(place, body or "", path, names, prose))
    return found


class _Told(NamedTuple):
    """What the symbols of a file say of its words, by place."""

    names: Sequence[str]
    qualified_names: Sequence[str]
    signatures: Sequence[str]
    docstrings: Sequence[str]

    def words(self, place: int) -> tuple[str, str]:
        """Names and prose of the file's document, or of a symbol's."""
        if place == _OF_THE_FILE:
            return words_of_file(tuple(self.names), tuple(self.docstrings))
        return words_of_definition(
            self.qualified_names[place], self.signatures[place], self.docstrings[place]
        )


def names_of(texts: SymbolTexts) -> Sequence[str]:
    """The names of a file's symbols, by place."""
    return _told_by(texts).names


def _told_by(texts: SymbolTexts | None) -> _Told:
    if texts is None:
        return _Told((), (), (), ())
    names, qualified_names, _, signatures, docstrings, _, _ = unpack_json(texts.texts)
    names = [
        q.rpartition(".")[2] if name is None else name for name, q in zip(names, qualified_names, strict=True)
    ]
    return _Told(names, qualified_names, signatures, docstrings)


def documents_of_words(words: Iterable[Words], uids: Sequence[int]) -> list[Document]:
    return [
        Document(
            "" if row.place < 0 else number_uid(uids[row.place]), row.path, row.names, row.prose, row.body
        )
        for row in words
    ]
