"""Replace, insert before or after, and delete a definition, in every language with a grammar.

Each operation is a pure function from a file to an `Edit`; bytes outside of it stay as they are. An edit that would
bring in a syntax error is refused. Knows where a definition is from `index.definitions`, and writes nothing.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from tree_sitter import Node

from index.ast.edits import Edit, apply_edits
from index.ast.extent import Extent, extent_of, is_closer, is_opener
from index.ast.layout import Layout, encoded, fitted, layout_at, line_start
from index.definitions import Definition, definitions
from index.errors import SyntaxGateError
from index.parse import SyntaxIssue, new_errors, syntax_errors
from index.syntax import SourceFile


def replace_symbol(source: SourceFile, definition: Definition, text: str) -> Edit:
    """Put a text in a definition's place: its decorators, attributes, doc comments and `export` go with it.

    Plain comments above stay, unless the text begins with a comment too. Raises SyntaxGateError and EditError.
    """
    extent = extent_of(source, definition)
    layout = layout_at(source, extent.start, extent.end)
    lines = fitted(text, source, layout)
    start = extent.attached_start if _begins_with_comment(lines, source) else extent.start
    several_lines = b"\n" in source.parsed_data[start : extent.end]
    ends_in_code = source.language == "python"  # elsewhere the last line only closes: `}  // namespace n`
    stale_comment = (several_lines and ends_in_code) or _ends_in_comment(lines, source, extent)
    end = extent.comment_end if stale_comment else extent.end
    if source.data[extent.end - 1 : extent.end] == b";" and not lines[-1].endswith(";"):
        end = extent.end - 1
    if _separator(extent) == ",":
        lines[-1] = lines[-1].removesuffix(",")
    replacement = encoded(_first_line_placed(lines, layout), source, layout)
    return _gated(source, Edit(source.path, start, end, replacement))


def insert_before(source: SourceFile, definition: Definition, text: str) -> Edit:
    """Put a new definition before one, above the comments that belong to it. Raises SyntaxGateError and EditError."""
    extent = extent_of(source, definition)
    layout = layout_at(source, extent.attached_start, extent.end)
    lines = fitted(text, source, layout)
    separator = _separator(extent)
    if separator:
        lines[-1] = lines[-1].removesuffix(separator) + separator
    new = encoded(_first_line_placed(lines, layout), source, layout)
    if not extent.owns_lines:
        return _gated(source, Edit(source.path, extent.attached_start, extent.attached_start, new + b" "))
    gap = _gap(source, extent, len(lines) > 1)
    above = b""
    if not is_opener(extent.previous):
        missing = gap - _blank_lines_above(source, extent.attached_start)
        above = layout.line_end * max(0, missing)
    indent = layout.indent.encode("ascii")
    between = layout.line_end * (gap + 1) + indent
    if above:
        start = line_start(source, extent.attached_start)
        return _gated(
            source, Edit(source.path, start, start, above + indent + new + layout.line_end * (gap + 1))
        )
    return _gated(source, Edit(source.path, extent.attached_start, extent.attached_start, new + between))


def insert_after(source: SourceFile, definition: Definition, text: str) -> Edit:
    """Put a new definition behind one. Raises SyntaxGateError and EditError."""
    extent = extent_of(source, definition)
    layout = layout_at(source, extent.attached_start, extent.end)
    lines = fitted(text, source, layout)
    separator = _separator(extent)
    place, before = max(extent.end, extent.comment_end), b""
    following = extent.next
    if separator == ",":
        lines[-1] = lines[-1].removesuffix(",")
        if following is not None and following.type == ",":
            place = max(place, _behind_comment(source, following.end_byte))
            lines[-1] += ","
            following = following.next_sibling
        else:
            before = b","
            place = extent.end
    elif separator and not source.data[: extent.end].endswith(b";"):
        before = b";"
    new = encoded(_first_line_placed(lines, layout), source, layout)
    if not extent.owns_lines and not _ends_line(source, place):
        return _gated(source, Edit(source.path, place, place, before + b" " + new))
    gap = _gap(source, extent, len(lines) > 1)
    above = layout.line_end * (gap + 1) + layout.indent.encode("ascii")
    below = b""
    if not is_closer(following):
        below = layout.line_end * max(0, gap - _blank_lines_below(source, place))
    return _gated(source, Edit(source.path, place, place, before + above + new + below))


def delete_symbol(source: SourceFile, definition: Definition) -> Edit:
    """Take a definition out with all that belongs to it, and one side of the blank lines around it.

    A Python block that would be empty gets `pass`. Raises SyntaxGateError.
    """
    extent = extent_of(source, definition)
    start, end, replacement = extent.attached_start, extent.comment_end, b""
    if _is_whole_block(source, extent):
        return _gated(source, Edit(source.path, start, end, b"pass"))
    previous, following = extent.previous, extent.next
    if _separator(extent) == ",":
        if following is not None and following.type == ",":
            end = _behind_comment(source, max(end, following.end_byte))
            following = following.next_sibling
        elif previous is not None and previous.type == ",":
            return _gated(source, Edit(source.path, previous.start_byte, end, b""))
    if not source.data[line_start(source, start) : start].strip() and _ends_line(source, end):
        start, end = _whole_lines(source, start, end, is_opener(previous), is_closer(following))
    elif not is_closer(following):
        end += len(source.data[end:]) - len(source.data[end:].lstrip(b" \t"))
    else:
        start = len(source.data[:start].rstrip(b" \t"))
        if not is_opener(previous) and source.data[end : end + 1] not in (b" ", b"\t", b"\n", b"\r", b""):
            replacement = b" "
    return _gated(source, Edit(source.path, start, end, replacement))


def check_syntax(source: SourceFile, edits: Iterable[Edit]) -> bytes:
    """The bytes after edits that bring in no syntax error. Raises SyntaxGateError otherwise."""
    edits = list(edits)
    after = apply_edits(source.data, edits)
    then = SourceFile(source.path, source.language, after, source.encoding)
    plain = [file.parsed_data.removeprefix(BOM_UTF8) for file in (source, then)]
    fresh = new_errors(plain[0], plain[1], source.language)
    fresh = [issue for issue in fresh if not _was_there(issue, source, then, edits)]
    if not fresh:
        return after
    first = min(fresh, key=lambda issue: (issue.line, issue.column))
    cause = f"{first.kind} {_shown(first.text)}"
    more = f" ({len(fresh) - 1} more)" if len(fresh) > 1 else ""
    raise SyntaxGateError(
        f"The edit of {source.path} would not parse as {source.language}: line {first.line}, column "
        f"{first.column}: {cause}{more}. Nothing was changed. Give the whole definition, its brackets closed.",
        source.path,
        first.line,
        first.column,
    )


def _gated(source: SourceFile, edit: Edit) -> Edit:
    check_syntax(source, [edit])
    return edit


def _was_there(issue: SyntaxIssue, source: SourceFile, then: SourceFile, edits: list[Edit]) -> bool:
    """Whether an error outside of the edits begins where one of the same kind began before them."""
    edit = edits[0]
    first_line = source.lines.position(edit.start_byte)[0]
    last_line = source.lines.position(edit.end_byte)[0]
    grown = then.data.count(b"\n") - source.data.count(b"\n")
    line = issue.line if issue.line < first_line else issue.line - grown
    if len(edits) != 1 or (first_line <= line <= last_line and issue.line >= first_line):
        return False
    old = syntax_errors(source.parsed_data, source.tree)
    return any((each.kind, each.line, each.column) == (issue.kind, line, issue.column) for each in old)


def _shown(text: str) -> str:
    line = text.strip().split("\n")[0].strip()
    return f"`{line[:40]}…`" if len(line) > 40 else f"`{line}`"


def _first_line_placed(lines: list[str], layout: Layout) -> list[str]:
    """Lines whose first stands behind the indentation that is there already."""
    return [lines[0].removeprefix(layout.indent), *lines[1:]]


def _ends_in_comment(lines: list[str], source: SourceFile, extent: Extent) -> bool:
    """Whether the text brings a comment of its own for the one that trails the definition."""
    trailer = source.data[extent.end : extent.comment_end].decode("latin-1").strip()
    mark = trailer.partition(" ")[0][:2]
    return bool(mark) and f" {mark}" in lines[-1]


def _begins_with_comment(lines: list[str], source: SourceFile) -> bool:
    first = lines[0].lstrip()
    return first.startswith(("//", "/*", "<!--", "--")) or (
        first.startswith("#") and source.language in ("python", "ruby", "bash", "yaml", "toml", "php")
    )


def _separator(extent: Extent) -> str:
    """`,` where the definition is an element of a list, `;` where it shares a line in a type's body; else empty."""
    parent = extent.outer.parent
    if parent is None:
        return ""
    if parent.type in ("interface_body", "object_type"):
        return "" if extent.owns_lines else ";"
    if any(child.type == "," for child in parent.children):
        return ","
    listed = ("object", "enumerator_list", "enum_body", "enum_variant_list", "table_constructor", "flow_mapping",
              "inline_table", "column_definitions", "enum_member_declaration_list")  # fmt: skip
    if extent.outer.type == "pair" and parent.type not in ("table", "table_array_element", "document"):
        return ","
    is_record = extent.outer.type == "field_declaration" and extent.outer.parent is not None
    if parent.type in listed or (is_record and _is_rust_record(parent)):
        return ","
    return ""


def _is_rust_record(parent: Node) -> bool:
    return parent.parent is not None and parent.parent.type in ("struct_item", "enum_variant", "union_item")


def _is_whole_block(source: SourceFile, extent: Extent) -> bool:
    """Whether a Python block holds nothing but the definition."""
    block = extent.outer.parent
    if source.language != "python" or block is None or block.type != "block":
        return False
    return [child for child in block.named_children if child.type != "comment"] == [extent.outer]


def _whole_lines(source: SourceFile, start: int, end: int, first: bool, last: bool) -> tuple[int, int]:
    """The range widened to whole lines and to the blank lines that would be too many."""
    data = source.parsed_data
    start, stop = line_start(source, start), _next_line(data, end)
    above, below = start, stop
    while above > _head(source) and not data[line_start(source, above - 1) : above].strip():
        above = line_start(source, above - 1)
    while below < len(data) and not data[below : _next_line(data, below)].strip():
        below = _next_line(data, below)
    blank_above, blank_below = data.count(b"\n", above, start), data.count(b"\n", stop, below)
    if below == len(data) or (last and not first):
        return (above, stop) if below < len(data) else _to_the_end(data, above, below)
    if first or above <= _head(source):
        return (above if last else start), below
    return (start, below) if blank_above >= blank_below else (above, stop)


def _to_the_end(data: bytes, above: int, below: int) -> tuple[int, int]:
    """A range at the end of a file; the line before it then ends the file as the range did."""
    if data.endswith(b"\n") or not above:
        return above, below
    cut = above - 1
    return (cut - 1 if data[cut - 1 : cut] == b"\r" else cut), below


def _head(source: SourceFile) -> int:
    return 3 if source.encoding == "utf-8-sig" else 0


def _next_line(data: bytes, byte: int) -> int:
    found = data.find(b"\n", byte)
    return len(data) if found < 0 else found + 1


def _ends_line(source: SourceFile, byte: int) -> bool:
    data = source.parsed_data
    return not data[byte : _next_line(data, byte)].strip()


def _behind_comment(source: SourceFile, byte: int) -> int:
    """The byte, or the end of the comment that follows it on its line."""
    data = source.parsed_data
    stop = _next_line(data, byte)
    rest = data[byte:stop]
    place = byte + len(rest) - len(rest.lstrip())
    node = source.tree.root_node.descendant_for_byte_range(place, place + 1) if rest.strip() else None
    return byte + len(rest.rstrip()) if node is not None and "comment" in node.type else byte


def _blank_lines_above(source: SourceFile, byte: int) -> int:
    data, start = source.parsed_data, line_start(source, byte)
    kept = data[:start].rstrip()
    return max(0, data.count(b"\n", len(kept), start) - 1)


def _blank_lines_below(source: SourceFile, byte: int) -> int:
    data = source.parsed_data
    rest = data[byte:]
    return max(0, rest[: len(rest) - len(rest.lstrip())].count(b"\n") - 1)


def _gap(source: SourceFile, extent: Extent, several_lines: bool) -> int:
    """Blank lines between a new definition and its neighbour, as the file has them between such neighbours.

    Neighbours of the same container count; where it has no two, those at the same depth anywhere in the file.
    """
    every = [extent_of(source, each) for each in _near(source, extent)]
    gaps: Counter[int] = Counter()
    several = several_lines or _is_several(source, extent)
    for here in (True, False):
        for one, other in pairwise(every):
            same = one.outer.parent == other.outer.parent
            in_place = one.outer.parent == extent.outer.parent
            if (
                same
                and in_place is here
                and several == (_is_several(source, one) or _is_several(source, other))
            ):
                gaps[_blank_lines_above(source, other.attached_start)] += 1
        if gaps:
            return gaps.most_common(1)[0][0]
    if not several:
        return 0
    return 2 if source.language == "python" and not _depth(source, extent.outer) else 1


def _depth(source: SourceFile, node: Node) -> int:
    """How many bytes a node's line is indented."""
    return node.start_byte - line_start(source, node.start_byte)


def _is_several(source: SourceFile, extent: Extent) -> bool:
    return b"\n" in source.parsed_data[extent.start : extent.end]


def _near(source: SourceFile, extent: Extent) -> list[Definition]:
    """Definitions at the same depth of indentation, those nearest in the file."""
    depth = _depth(source, extent.outer)
    same = [each for each in definitions(source) if _depth(source, each.node) == depth]
    at = next((n for n, each in enumerate(same) if each.node.start_byte >= extent.outer.start_byte), 0)
    return same[max(0, at - 40) : at + 40]
