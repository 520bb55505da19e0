"""Cut a file's text into what full-text search sees: words of files and symbols, chunks of prose. Knows no store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import chain

from index.content import Content
from index.parse import Lines
from index.store import Document
from index.types import Symbol, SymbolKind, TextChunk
from index.words import bag, terms, terms_by_line

_CHUNK_BYTES = 1_500
_MAX_CHUNKS = 400
_SEARCHED_KINDS = frozenset(
    {SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.TEST}
)


def documents_of(path: str, text: str, symbols: Sequence[Symbol]) -> list[Document]:
    """The documents of a file: one for the whole, one for each definition with its own lines."""
    by_line = terms_by_line(text)
    path_words = bag(terms(path))
    names = bag(chain.from_iterable(terms(symbol.name) for symbol in symbols[1:]))
    prose = bag(chain.from_iterable(terms(symbol.docstring) for symbol in symbols))
    documents = [Document("", path_words, names, prose, bag(chain.from_iterable(by_line)))]
    containers = {symbol.parent_uid for symbol in symbols if symbol.kind in _SEARCHED_KINDS}
    for symbol in symbols:
        if symbol.kind not in _SEARCHED_KINDS:
            continue
        lines = by_line[symbol.span.start_line - 1 : symbol.span.end_line]
        own = [] if symbol.uid in containers else lines
        documents.append(
            Document(
                symbol.uid,
                path_words,
                bag([*terms(symbol.qualified_name), *terms(symbol.signature)]),
                bag(terms(symbol.docstring)),
                bag(chain.from_iterable(own)),
            )
        )
    return documents


def chunks_of(path: str, content: Content) -> list[TextChunk]:
    """Paragraphs of a text, joined up to about 1,500 bytes, the first 400 of them."""
    lines = Lines(content.data, content.encoding)
    chunks: list[TextChunk] = []
    start = 0
    while start < len(content.data) and len(chunks) < _MAX_CHUNKS:
        end = _chunk_end(content.data, start)
        uid = hashlib.blake2b(f"{path}\0{len(chunks)}".encode(), digest_size=8).hexdigest()
        text = lines.text(start, end)
        if text.strip():
            chunks.append(TextChunk(uid, path, len(chunks), text, lines.span(path, start, end)))
        start = end
    return chunks


def _chunk_end(data: bytes, start: int) -> int:
    """The end of a paragraph, of a line, or of the text, at or shortly after the wanted size."""
    if start + _CHUNK_BYTES >= len(data):
        return len(data)
    for separator in (b"\n\n", b"\n"):
        end = data.find(separator, start + _CHUNK_BYTES // 2, start + 2 * _CHUNK_BYTES)
        if end >= 0:
            return end + len(separator)
    return min(len(data), start + 2 * _CHUNK_BYTES)
