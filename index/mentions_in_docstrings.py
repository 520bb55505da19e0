"""Find the names of code that docstrings mark: roles, code marks, Javadoc's links, C#'s crefs. Knows no store.

As with texts (index.mentions_in_prose), what a name means is asked for later. A docstring that does not stand in the
file as it reads, being joined of pieces, is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.content import Content
from index.facts import DocMention
from index.mentions_in_prose import Mention, dotted, marked_names
from index.parse import Lines
from index.types import Symbol, SymbolKind

_LINK = re.compile(
    rb"(?:\{@(?:link|linkplain)[ \t]+|@see[ \t]+|\bcref=\"(?:[A-Z]:)?)"
    rb"(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:[.#][A-Za-z_][A-Za-z0-9_]*)*)"
)
_SIGNS = (b"`", b"{@link", b"@see", b"cref=")
_MAX_MENTIONS = 50
"""Of one docstring."""
_SLACK_BYTES = 16
_REACH_BYTES = 20_000
"""So near to its definition a docstring begins."""


def docstring_mentions(content: Content, symbols: Sequence[Symbol]) -> list[DocMention]:
    """The names that the docstrings of a file's symbols mark as code, each once for every symbol."""
    data = content.data
    if not any(sign in data for sign in _SIGNS):
        return []
    lines: Lines | None = None
    found: list[DocMention] = []
    for symbol in symbols:
        if "`" not in symbol.docstring and "@" not in symbol.docstring and "cref" not in symbol.docstring:
            continue
        start, end = _place(symbol, data, content.encoding)
        seen: dict[str, Mention] = {}
        for mention in _marked(data[start:end], symbol.language):
            name = dotted(data[start + mention.start_byte : start + mention.end_byte].decode("ascii"))
            if len(seen) < _MAX_MENTIONS and name != symbol.name:
                seen.setdefault(name, mention)
        for name, mention in seen.items():
            lines = lines or Lines(data, content.encoding)
            at = start + mention.start_byte
            found.append(
                DocMention(symbol.uid, name, at, mention.end_byte - mention.start_byte, *lines.position(at))
            )
    return found


def _marked(text: bytes, language: str) -> Iterator[Mention]:
    yield from marked_names(text, ".py" if language == "python" else ".md")
    for link in _LINK.finditer(text):
        yield Mention(*link.span("name"))


def _place(symbol: Symbol, data: bytes, encoding: str) -> tuple[int, int]:
    """The bytes of a docstring: in Python below the head, else above the definition; nothing where not found."""
    text = [line.strip() for line in symbol.docstring.splitlines() if line.strip()]
    try:
        first, last = text[0].encode(encoding), text[-1].encode(encoding)
    except (IndexError, UnicodeError):
        return 0, 0
    is_below = symbol.language == "python" or symbol.kind is SymbolKind.MODULE
    span = symbol.span
    if is_below:
        start = data.find(first, span.start_byte, min(span.end_byte, span.start_byte + _REACH_BYTES))
    else:
        start = data.rfind(first, max(0, span.start_byte - _REACH_BYTES), span.start_byte)
    if start < 0:
        return 0, 0
    margin = start - data.rfind(b"\n", 0, start) + _SLACK_BYTES
    longest = (
        start
        + len(symbol.docstring.encode(encoding, "replace"))
        + margin * (symbol.docstring.count("\n") + 1)
    )
    end = data.rfind(last, start, longest if is_below else span.start_byte)
    return (start, end + len(last)) if end >= 0 else (0, 0)
