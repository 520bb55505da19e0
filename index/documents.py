"""Cut a file's text into what full-text search sees: words of files and symbols, chunks of prose. Knows no store."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from posixpath import splitext

from index.content import Content
from index.parse import Lines
from index.store import Document
from index.types import Symbol, SymbolKind, TextChunk
from index.words import bag, terms, terms_by_line

_CHUNK_BYTES = 1_500
_MAX_CHUNKS = 400
_HEADINGS = {
    ".md": re.compile(rb"^(?=#{1,6}[ \t])|^(?=[^\s#>|`-][^\n]*\n(?:=+|-+)[ \t]*\r?$)", re.MULTILINE),
    ".rst": re.compile(
        rb"^(?=[^\s.][^\n]*\n([=\-~^\"'`*+#_:.])\1{2,}[ \t]*\r?$)"
        rb"|^(?=([=\-~^\"'`*+#_:.])\2{2,}\r?\n[^\n]+\n\2{3,}\r?$)",
        re.MULTILINE,
    ),
}
_HEADINGS[".markdown"] = _HEADINGS[".md"]
_OVERLINE = re.compile(rb"[^\w\s]+\r?\n")
_FENCE = re.compile(rb"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_SEARCHED_KINDS = frozenset(
    {SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.TEST}
)


def documents_of(path: str, text: str, symbols: Sequence[Symbol]) -> list[Document]:
    """The documents of a file: one for the whole, one for each definition with its own lines."""
    found, starts = terms_by_line(text)
    starts.append(len(found))
    path_words = bag(terms(path))
    names, prose = words_of_file(tuple(s.name for s in symbols), tuple(s.docstring for s in symbols))
    documents = [Document("", path_words, names, prose, bag(found))]
    containers = {symbol.parent_uid for symbol in symbols if symbol.kind in _SEARCHED_KINDS}
    for symbol in symbols:
        if symbol.kind not in _SEARCHED_KINDS:
            continue
        own: list[str] = []
        if symbol.uid not in containers:
            first, end = (min(n, len(starts) - 1) for n in (symbol.span.start_line - 1, symbol.span.end_line))
            own = found[starts[first] : starts[end]]
        names, prose = words_of_definition(symbol.qualified_name, symbol.signature, symbol.docstring)
        documents.append(Document(symbol.uid, path_words, names, prose, bag(own)))
    return documents


# Whoever stores documents leaves out what these give, and asks for the same again.


@lru_cache(maxsize=2)
def words_of_file(names: tuple[str, ...], docstrings: tuple[str, ...]) -> tuple[str, str]:
    """The names and prose of a file, by those of its symbols; the first is the file itself."""
    return (
        bag([term for name in names[1:] for term in terms(name)]),
        bag([term for docstring in docstrings for term in terms(docstring)]),
    )


@lru_cache(maxsize=1_024)
def words_of_definition(qualified_name: str, signature: str, docstring: str) -> tuple[str, str]:
    """The names and prose of a definition."""
    return bag([*terms(qualified_name), *terms(signature)]), bag(terms(docstring))


def chunks_of(path: str, content: Content) -> list[TextChunk]:
    """Sections of a text, joined up to about 1,500 bytes or else cut at paragraphs; the first 400 chunks."""
    lines = Lines(content.data, content.encoding)
    chunks: list[TextChunk] = []
    start, headings = 0, _headings(path, content.data)
    while start < len(content.data) and len(chunks) < _MAX_CHUNKS:
        end = _chunk_end(content.data, start, headings)
        uid = hashlib.blake2b(f"{path}\0{len(chunks)}".encode(), digest_size=8).hexdigest()
        text = lines.text(start, end)
        if text.strip():
            chunks.append(TextChunk(uid, path, len(chunks), text, lines.span(path, start, end)))
        start = end
    return chunks


def _headings(path: str, data: bytes) -> list[int]:
    """Where the headings of Markdown or reStructuredText begin, in order; those inside fenced code are none."""
    pattern = _HEADINGS.get(splitext(path)[1].lower())
    if pattern is None:
        return []
    fences = (
        [match.span() for match in _FENCE.finditer(data)] if path.lower().endswith(("md", "markdown")) else []
    )
    starts = [start for start, _ in fences]
    found: list[int] = []
    for match in pattern.finditer(data):
        before = bisect_right(starts, match.start()) - 1
        if found and _OVERLINE.fullmatch(data, found[-1], match.start()):
            continue
        if before < 0 or match.start() >= fences[before][1]:
            found.append(match.start())
    return found


def _chunk_end(data: bytes, start: int, headings: list[int]) -> int:
    """The last heading within the wanted size; else the next one, or the end of a paragraph, line or the text."""
    if start + _CHUNK_BYTES >= len(data):
        return len(data)
    next_heading = bisect_right(headings, start)
    last = bisect_right(headings, start + _CHUNK_BYTES) - 1
    if last >= next_heading:
        return headings[last]
    if next_heading < len(headings):
        return min(headings[next_heading], _paragraph_end(data, start))
    return _paragraph_end(data, start)


def _paragraph_end(data: bytes, start: int) -> int:
    for separator in (b"\n\n", b"\n"):
        end = data.find(separator, start + _CHUNK_BYTES // 2, start + 2 * _CHUNK_BYTES)
        if end >= 0:
            return end + len(separator)
    return min(len(data), start + 2 * _CHUNK_BYTES)
