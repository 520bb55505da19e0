"""Find the names of code that a text marks as such: Markdown and reStructuredText. Knows no symbol and no store.

What a name means depends on the whole repository and is asked for, not stored (index.documented); so a text's
mentions follow from its bytes alone. Kept is what looks like code and can be a symbol's name, once in each chunk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from posixpath import splitext
from typing import NamedTuple

from index.content import Content
from index.parse import Lines
from index.types import EdgeType, Reference, TextChunk

MAX_MENTIONS = 3_000
"""Of one text; a change log of 600 kB has no more."""
_MAX_NAME_BYTES = 200
_WORD = rb"[A-Za-z_][A-Za-z0-9_]*"
_SEPARATOR = rb"(?:\.|::|#)"
_NAME = re.compile(
    rb"[~.!]?(?P<name>%b(?:%b%b)*)(?P<call>\((?:[^()]|\([^()]*\))*\))?;?" % (_WORD, _SEPARATOR, _WORD)
)
_MARK = re.compile(
    rb"(?<![`\\])(?::(?P<role>[a-z][a-z+:-]*):)?(?P<ticks>``?)(?![\s`])(?P<text>[^`]+)(?P=ticks)(?!`)"
)
_TARGET = re.compile(rb"(?P<title>[^<>]*)<(?P<target>[^<>]+)>")
_CODE_ROLES = frozenset(
    b"any attr class const data enum enumerator exc exception fn func function global interface macro member meth "
    b"method mod module mono namespace obj property struct trait type union var".split()
)
"""Sphinx's, without their domain (`py`, `c`, `cpp`, `js`, `rust`, …)."""
_DIRECTIVE = re.compile(
    rb"[ \t]*\.\.[ \t]+(?:[a-z]+:)?(?:auto)?(?:attribute|class|classmethod|data|decorator|enum|exception|function|"
    rb"interface|macro|method|module|property|staticmethod|struct|type)::[ \t]+(?P<name>%b(?:%b%b)*)"
    % (_WORD, _SEPARATOR, _WORD)
)
_FENCE = re.compile(rb"[ \t>*/!#]*(?P<fence>```+|~~~+)[^`]*$")
_CODE_BLOCK = re.compile(
    rb"[ \t]*\.\.[ \t]+(?:code|code-block|sourcecode|console|literalinclude|parsed-literal)::"
)
_NO_NAMES = frozenset({b"True", b"False", b"None"})
_FILE_ENDINGS = frozenset(
    b"bat c cc cfg cnf com conf cpp cs css csv db exe gif go gz h hpp htm html ini ipynb jar java jpeg jpg js json "
    b"jsx kt lock log lua md mo net org php png po ps1 py pyc pyi rb rs rst scala sh sql svg swift tar toml ts tsx "
    b"txt wsgi xml yaml yml zip".split()
)
"""What follows the last dot of a file's or a host's name."""


class Mention(NamedTuple):
    """A name in a text, by its bytes."""

    start_byte: int
    end_byte: int


def mentions_of(path: str, content: Content, chunks: Sequence[TextChunk]) -> list[Reference]:
    """The names that a text marks as code, each once in every chunk, as unresolved DOCUMENTS references of the file.

    A name is as `dotted` writes it; the span is that of the text's own form.
    """
    data = content.data
    if b"`" not in data and b".. " not in data:
        return []
    lines = Lines(data, content.encoding)
    found: list[Reference] = []
    seen: set[bytes] = set()
    place, end = 0, 0
    for mention in marked_names(data, splitext(path)[1].lower()):
        while mention.start_byte >= end:
            if place == len(chunks):
                return found
            end, seen, place = chunks[place].span.end_byte, set(), place + 1
        name = data[mention.start_byte : mention.end_byte]
        if name in seen:
            continue
        seen.add(name)
        span = lines.span(path, *mention)
        found.append(Reference(path, dotted(name.decode("ascii")), EdgeType.DOCUMENTS, span))
        if len(found) == MAX_MENTIONS:
            break
    return found


def dotted(name: str) -> str:
    """A name with dots between its parts, whatever its language writes."""
    return name.replace("::", ".").replace("#", ".")


def marked_names(data: bytes, suffix: str) -> Iterator[Mention]:
    """Names in inline code, roles and directives, in order; blocks of code are passed over."""
    has_fences, has_literals = suffix != ".rst", suffix not in (".md", ".markdown")
    fence, block, start = b"", -1, 0
    """The open fence's marks; the indentation of the line that began a literal block, -1 outside of one."""
    for line in data.split(b"\n"):
        at, start = start, start + len(line) + 1
        if has_fences and (b"```" in line or b"~~~" in line):
            opened = _FENCE.match(line)
            if opened is not None and (not fence or opened["fence"].startswith(fence)):
                fence = b"" if fence else opened["fence"]
                continue
        if fence:
            continue
        if has_literals:
            if block >= 0 and (line.isspace() or not line or _indentation(line) > block):
                continue
            block = _indentation(line) if _begins_literal(line) else -1
        if b"`" in line:
            for mark in _MARK.finditer(line):
                yield from _named(mark, at)
        elif b"::" in line and (directive := _DIRECTIVE.match(line)) is not None:
            yield Mention(at + directive.start("name"), at + directive.end("name"))


def _named(mark: re.Match[bytes], at: int) -> Iterator[Mention]:
    """The name that a mark holds, if it is one."""
    role, start, end = mark["role"], *mark.span("text")
    if role is not None and role.rpartition(b":")[2] not in _CODE_ROLES:
        return
    if role is not None and (target := _TARGET.fullmatch(mark["text"])) is not None:
        start, end = start + target.start("target"), start + target.end("target")
    if end - start > _MAX_NAME_BYTES:
        return
    name = _NAME.fullmatch(mark.string, start, end)
    if name is not None and (role is not None or looks_like_code(name["name"], name["call"] is not None)):
        yield Mention(at + name.start("name"), at + name.end("name"))


def looks_like_code(name: bytes, called: bool) -> bool:
    """Whether an inline mark without a role is worth keeping: most single words are options, values, commands."""
    owner, _, last = name.rpartition(b".")
    if owner:
        return called or last.lower() not in _FILE_ENDINGS
    if called or b"_" in name.strip(b"_") or b"::" in name or b"#" in name:
        return True
    return (name[:1].isupper() and not name.isupper() and name not in _NO_NAMES) or _has_hump(name)


def _has_hump(name: bytes) -> bool:
    return not name.isupper() and not name[1:].islower() and any(65 <= letter <= 90 for letter in name[1:])


def _indentation(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" \t"))


def _begins_literal(line: bytes) -> bool:
    """Whether the more indented lines below are code: after a final `::` or a directive that says so."""
    if b"::" not in line:
        return False
    if _CODE_BLOCK.match(line) is not None:
        return True
    return line.rstrip().endswith(b"::") and not line.lstrip().startswith(b".. ")
