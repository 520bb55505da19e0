"""Cut, indent and place whole statements as lines. Knows nothing of why one would."""

from __future__ import annotations

from tree_sitter import Node

from agent.propose.site import Change, Site
from agent.propose.syntax import SourceFile, Splice, walk


def siblings(statement: Node) -> list[Node]:
    """The statements of the block that holds `statement`, itself included, without comments."""
    parent = statement.parent
    children = parent.named_children if parent is not None else [statement]
    return [child for child in children if child.type != "comment"]


def line_span(source: SourceFile, node: Node) -> tuple[int, int]:
    """The bytes of a statement's whole lines, its last line end included."""
    return source.line_start(node.start_byte), source.line_end(node.end_byte)


def reindented(source: SourceFile, node: Node, indent: str) -> str:
    """A statement's text with its first line at `indent`, the others moved along; string bodies stay.

    Has no indentation before the first line and no line end behind the last.
    """
    old = source.indent_of(node)
    first = node.start_point.row
    frozen: set[int] = set()
    for inner in walk(node):
        if inner.type == "string" and inner.start_point.row != inner.end_point.row:
            frozen.update(range(inner.start_point.row + 1, inner.end_point.row + 1))
    moved: list[str] = []
    for offset, line in enumerate(source.text(node).replace("\r\n", "\n").split("\n")):
        if offset and first + offset not in frozen and line.startswith(old):
            line = indent + line[len(old) :]
        moved.append(line)
    return "\n".join(moved)


def deletion(site: Site, statement: Node, note: str, rank: float = 0.0) -> Change | None:
    """Take a statement out; `pass` takes its place where its block would be empty."""
    source = site.source
    if len(siblings(statement)) == 1:
        return site.rewrite(statement.start_byte, statement.end_byte, "pass", note, rank)
    if not source.stands_alone(statement):
        return None
    start, end = line_span(source, statement)
    return site.rewrite(start, end, "", note, rank)


def insertion_before(site: Site, statement: Node, lines: str, note: str, rank: float = 0.0) -> Change | None:
    """Put statements before `statement`, at its indentation; further lines of `lines` are relative to it."""
    if not _starts_line(site.source, statement):
        return None
    indent = site.source.indent_of(statement)
    text = lines.replace("\n", "\n" + indent) + "\n" + indent
    return site.rewrite(statement.start_byte, statement.start_byte, text, note, rank)


def insertion_after(site: Site, statement: Node, lines: str, note: str, rank: float = 0.0) -> Change | None:
    """Put statements behind `statement`, at its indentation."""
    if not _starts_line(site.source, statement):
        return None
    source = site.source
    indent = source.indent_of(statement)
    text = indent + lines.replace("\n", "\n" + indent)
    end = source.line_end(statement.end_byte)
    if source.data[statement.end_byte : end].strip() and not source.stands_alone(statement):
        return None
    if not source.data[:end].endswith(b"\n"):
        return site.rewrite(end, end, "\n" + text, note, rank)
    return site.rewrite(end, end, text + "\n", note, rank)


def guarded(site: Site, statement: Node, condition: str, rank: float = 0.0) -> Change | None:
    """Put a statement under `if condition:`."""
    source = site.source
    if not source.stands_alone(statement):
        return None
    indent = source.indent_of(statement)
    inner = indent + source.indent_unit
    text = f"if {condition}:\n{inner}{reindented(source, statement, inner)}"
    return site.rewrite(statement.start_byte, statement.end_byte, text, f"only if `{condition}`", rank)


def block_of(node: Node) -> Node | None:
    """The body of a compound statement or clause."""
    found = node.child_by_field_name("body") or node.child_by_field_name("consequence")
    if found is not None:
        return found
    return next((child for child in node.named_children if child.type == "block"), None)


def moved_lines(site: Site, statement: Node, target: int, indent: str) -> tuple[Splice, ...]:
    """Cut a statement's lines and put them at byte `target` (a line start) at another indentation."""
    source = site.source
    start, end = line_span(source, statement)
    text = indent + reindented(source, statement, indent) + "\n"
    tail = source.data[statement.end_byte : end].rstrip(b"\r\n")
    placed = site.encode(text[:-1]) + tail + site.encode("\n")
    if target and not source.data[:target].endswith(b"\n"):
        placed = site.encode("\n") + placed[: -len(site.encode("\n"))]
    edits: list[Splice] = [(start, end, b""), (target, target, placed)]
    return tuple(sorted(edits))


def _starts_line(source: SourceFile, node: Node) -> bool:
    return not source.data[source.line_start(node.start_byte) : node.start_byte].strip()
