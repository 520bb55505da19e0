"""Fit a text from elsewhere into a file's layout: indentation, line ends, encoding. Knows no definitions.

The text comes from people and models: it may stand in a code fence, be indented as a whole, be cut off at its first
line's column, use tabs where the file has spaces. What stands inside string literals is left as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from tree_sitter import Node

from index.errors import EditError
from index.parse import descendants
from index.syntax import SourceFile

_FENCE = re.compile(r"\s*(```+|~~~+)[^\n]*\n(.*?)\n?\s*\1\s*\Z", re.DOTALL)
_LINE_END = re.compile(rb"\r\n|\r|\n")
_INDENT = re.compile(r"[ \t]*")
_STRING = re.compile(r"string|heredoc|nowdoc|text_block")
_PLAIN_HEREDOC = re.compile(r"<<[-\w\"'`]")
"""Ruby's here-documents whose text counts with its indentation; that of `<<~` does not."""
_CLOSER = re.compile(r"[)\]}]|</|end\b|fi\b|done\b|esac\b")
_NARROW = frozenset(
    {"javascript", "typescript", "tsx", "json", "yaml", "ruby", "css", "html", "lua", "scala"}
)
"""Languages whose custom is two spaces."""
_LEADER = re.compile(r"//|/\*|#|@|\[|--|template\b")
"""What a first line begins with that stands at the level of the next: comments, attributes, decorators."""
_STEPS = (2, 3, 4, 8)
_MAX_SAMPLED_LINES = 5_000


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is laid out at one place."""

    indent: str
    """The white space before the definition that the place belongs to."""
    unit: str
    """One more level."""
    file_unit: str
    """One more level in most of the file, where the definition has its own."""
    line_end: bytes


def layout_at(source: SourceFile, start_byte: int, end_byte: int) -> Layout:
    """The layout of a definition: how its first line is indented and ends, and how far in its inner lines are."""
    start = line_start(source, start_byte)
    indent = _indent_of(source.data[start:start_byte].decode("latin-1"))
    inner = source.parsed_data[start:end_byte].decode("latin-1").split("\n")[1:]
    file_unit = "\t" if indent.startswith("\t") else _unit_of_file(source)
    unit = "\t" if indent.startswith("\t") else _unit_inside(inner, len(indent)) or file_unit
    return Layout(indent, unit, file_unit, line_end_at(source.data, start_byte))


def line_start(source: SourceFile, byte: int) -> int:
    """Where the line of a byte begins, behind a byte order mark."""
    start = source.parsed_data.rfind(b"\n", 0, byte) + 1
    return 3 if start == 0 and source.encoding == "utf-8-sig" and byte >= 3 else start


def line_end_at(data: bytes, byte: int) -> bytes:
    """How the line of a byte ends; for a last line without an end, how the one before it ends."""
    found = _LINE_END.search(data, byte)
    if found is not None:
        return found[0]
    before = max(data.rfind(b"\n", 0, byte), data.rfind(b"\r", 0, byte))
    if before < 0:
        return b"\n"
    return b"\r\n" if data[before - 1 : before + 1] == b"\r\n" else data[before : before + 1]


def fitted(text: str, source: SourceFile, layout: Layout) -> list[str]:
    """The lines of a text, each indented as the place wants it. Raises EditError for a text without content."""
    fence = _FENCE.match(text)
    plain = (fence[2] if fence else text).replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    lines = [line.rstrip() if not line.strip() else line for line in plain.split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise EditError(
            f"There is no text to put into {source.path}. Give one, or delete the symbol.", source.path
        )
    lines[-1] = lines[-1].rstrip()
    code, fixed = _dedented(lines, source.language)
    code = _cut_off_first_line_mended(code, fixed, layout)
    unit = _unit_of(code, fixed)
    if unit == layout.file_unit:
        unit = layout.unit
    return [
        line if n in fixed or not line else layout.indent + _converted(line, unit, layout.unit)
        for n, line in enumerate(code)
    ]


def encoded(lines: list[str], source: SourceFile, layout: Layout) -> bytes:
    """Lines in the file's encoding, joined by the place's line end. Raises EditError where a character has none."""
    encoding = "utf-8" if source.encoding == "utf-8-sig" else source.encoding
    if source.encoding_guessed:
        encoding = "ascii"
    try:
        return layout.line_end.join(line.encode(encoding) for line in lines)
    except UnicodeEncodeError as error:
        bad = error.object[error.start]
        known = "in an unknown encoding" if source.encoding_guessed else f"in {source.encoding}"
        raise EditError(
            f"{source.path} is {known}, which has no {bad!r}. Write it as an escape, or convert the file first.",
            source.path,
        ) from None


def _dedented(lines: list[str], language: str) -> tuple[list[str], frozenset[int]]:
    """Lines without what all of them are indented by, and the numbers of those that lie inside a string literal."""
    first = len(_indent_of(lines[0]))
    guess = [line[min(first, len(_indent_of(line))) :] for line in lines]
    fixed = _inside_strings(guess, language)
    depths = [len(_indent_of(line)) for n, line in enumerate(lines) if line and n not in fixed]
    depth = min(depths)
    return [line if n in fixed else line[depth:] for n, line in enumerate(lines)], fixed


def _inside_strings(lines: list[str], language: str) -> frozenset[int]:
    """Numbers of the lines that begin inside a string literal; a docstring is indented like code."""
    if language in ("yaml", "html", "css"):
        return frozenset()
    prefix = "<?php " if language == "php" and not lines[0].startswith("<?") else ""
    source = SourceFile.of("text", (prefix + "\n".join(lines)).encode("utf-8", "replace"), language)
    inside: set[int] = set()
    for node in descendants(source.tree.root_node):
        if node.start_point.row == node.end_point.row or not _STRING.search(node.type):
            continue
        if language == "ruby" and "heredoc" in node.type and not _PLAIN_HEREDOC.search("\n".join(lines)):
            continue
        if language != "python" or not _is_docstring(node):
            inside.update(range(node.start_point.row + 1, node.end_point.row + 1))
    return frozenset(inside)


def _is_docstring(node: Node) -> bool:
    """Whether a node is a Python string that is a statement by itself, or a part of one."""
    string: Node | None = node if node.type == "string" else node.parent
    return string is not None and string.parent is not None and string.parent.type == "expression_statement"


def _cut_off_first_line_mended(lines: list[str], fixed: frozenset[int], layout: Layout) -> list[str]:
    """Move the other lines left where only the first one lost the indentation that the file has there."""
    width = len(layout.indent)
    depths = [len(_indent_of(line)) for n, line in enumerate(lines) if n and line and n not in fixed]
    if not width or not depths or min(depths) < width or _indent_of(lines[0]):
        return lines
    last_depth = len(_indent_of(lines[-1]))
    closed = last_depth == width and _CLOSER.match(lines[-1].lstrip()) is not None
    led = _LEADER.match(lines[0]) is not None and min(depths) == width
    if not closed and not led and min(depths) != width + len(layout.unit):
        return lines
    return [line if n in fixed or not n else line[width:] for n, line in enumerate(lines)]


def _unit_inside(lines: list[str], depth: int) -> str:
    """How far the least indented of a definition's inner lines are further in than itself; empty for not at all."""
    indents = [_indent_of(line) for line in lines if line.strip() and not line.lstrip().startswith("*")]
    if any(indent.startswith("\t") for indent in indents):
        return "\t"
    return " " * min((len(each) - depth for each in indents if 2 <= len(each) - depth <= 8), default=0)


def _unit_of_file(source: SourceFile) -> str:
    """The file's own step of indentation: a tab, or how far a line is most often further in than the one before."""
    steps: Counter[int] = Counter()
    tabs = last = least = 0
    for line in source.parsed_data.split(b"\n", _MAX_SAMPLED_LINES)[:_MAX_SAMPLED_LINES]:
        stripped = line.lstrip(b" \t")
        if not stripped or stripped.startswith(b"*"):
            continue
        depth = len(line) - len(stripped)
        if line.startswith(b"\t"):
            tabs += 1
        elif depth > last:
            steps[depth - last] += 1
        if depth >= 2 and not line.startswith(b"\t"):
            least = min(least or depth, depth)
        last = depth
    if tabs > sum(steps.values()):
        return "\t"
    common = [step for step, _ in steps.most_common() if 2 <= step <= 8]
    custom = 2 if source.language in _NARROW else 4
    return " " * (common[0] if common else min(least, 8) or custom)


def _unit_of(lines: list[str], fixed: frozenset[int]) -> str:
    """A text's own step of indentation; empty where it has none to convert, as where lines are only aligned."""
    indents = [
        _indent_of(line)
        for n, line in enumerate(lines)
        if n not in fixed and line[:1] in (" ", "\t") and not line.lstrip().startswith("*")
    ]
    if any(indent.startswith("\t") for indent in indents):
        return "\t"
    least = min(map(len, indents), default=0)
    stepped = sum(len(indent) % least == 0 for indent in indents) if least in _STEPS else 0
    return " " * least if stepped * 2 > len(indents) else ""


def _converted(line: str, unit: str, wanted: str) -> str:
    """A line with its levels of indentation in the wanted unit; what is left over stays as it is."""
    if not unit or unit == wanted:
        return line
    indent = _indent_of(line)
    levels, left = divmod(len(indent.expandtabs(len(unit)) if unit != "\t" else indent), len(unit))
    if unit == "\t":
        levels = len(indent) - len(indent.lstrip("\t"))
        return wanted * levels + line[levels:]
    return wanted * levels + " " * left + line[len(indent) :]


def _indent_of(line: str) -> str:
    found = _INDENT.match(line)
    return found[0] if found else ""
