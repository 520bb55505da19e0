"""Tiers 3 and 4: a whole statement too much, in the wrong place, or of the wrong sort."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from agent.propose.lines import block_of, deletion, line_span, moved_lines, reindented, siblings
from agent.propose.site import Change, Operator, Site, operator_token, shorten
from agent.propose.syntax import COMPOUND_STATEMENTS, SIMPLE_STATEMENTS

_LOOPS = frozenset({"for_statement", "while_statement"})


def delete(site: Site) -> Iterator[Change]:
    if site.node.type in ("pass_statement", "import_statement", "import_from_statement"):
        return
    change = deletion(site, site.node, f"delete `{shorten(site.text)}`", 0.0)
    if change is not None:
        yield change


def unguard(site: Site) -> Iterator[Change]:
    """`if c: body` → `body`; without the condition, or without the block; an `elif` or `else` dropped."""
    node = site.node
    block = block_of(node)
    if node.type in ("elif_clause", "else_clause"):
        start, end = line_span(site.source, node)
        if site.source.stands_alone(node):
            yield site.rewrite(start, end, "", f"drop `{shorten(site.text)}`", 0.4)
        return
    if block is None or not site.source.stands_alone(node):
        return
    if node.child_by_field_name("alternative") is None:
        indent = site.source.indent_of(node)
        inner = block.named_children
        if inner and inner[0].start_point.row != node.start_point.row:
            body = ("\n" + indent).join(reindented(site.source, child, indent) for child in inner)
            yield site.rewrite(node.start_byte, node.end_byte, body, f"always: {shorten(body)}", 0.1)
        change = deletion(site, node, f"delete `{shorten(site.text)}`", 0.2)
        if change is not None:
            yield change


def swap_jump(site: Site) -> Iterator[Change]:
    """`break`, `continue`, `pass`, `return` for one another."""
    for place, new in enumerate(("break", "continue", "return", "pass")):
        if new != site.text:
            yield site.rewrite(
                site.node.start_byte, site.node.end_byte, new, f"`{site.text}` → `{new}`", place * 0.1
            )


def swap_return(site: Site) -> Iterator[Change]:
    """`return x` ↔ `yield x` ↔ `x`; a value that is computed but not returned."""
    node = site.node
    text = site.text
    start, end = node.start_byte, node.end_byte
    if node.type == "return_statement" and node.named_child_count:
        value = site.source.text(node.named_children[0])
        yield site.rewrite(start, end, f"yield {value}", "`return` → `yield`", 0.2)
        yield site.rewrite(start, end, f"yield from {value}", "`return` → `yield from`", 0.4)
        return
    inner = node.named_children[0] if node.named_child_count else node
    if inner.type == "yield":
        rest = text.removeprefix("yield").lstrip()
        if rest.startswith("from "):
            yield site.rewrite(start, end, f"yield {rest[5:]}", "`yield from` → `yield`", 0.1)
        else:
            yield site.rewrite(start, end, f"yield from {rest}", "`yield` → `yield from`", 0.1)
            yield site.rewrite(start, end, f"return {rest}".rstrip(), "`yield` → `return`", 0.2)
    elif inner.type in ("call", "identifier", "binary_operator", "comparison_operator", "await"):
        yield site.rewrite(start, end, f"return {text}", f"return `{shorten(text)}`", 0.2)
        yield site.rewrite(start, end, f"yield {text}", f"yield `{shorten(text)}`", 0.5)
        yield site.rewrite(start, end, f"yield from {text}", f"yield from `{shorten(text)}`", 0.5)
    elif inner.type in ("assignment",) and (right := inner.child_by_field_name("right")) is not None:
        value = site.source.text(right)
        yield site.rewrite(start, end, f"return {value}", f"return `{shorten(value)}`", 0.5)


def swap_assignment(site: Site) -> Iterator[Change]:
    """`x = y` ↔ `x += y`; `x == y` as a statement → `x = y`."""
    node = site.node
    if node.type == "assignment":
        token = next((child for child in node.children if child.type == "="), None)
        if token is not None:
            for place, new in enumerate(("+=", "-=", "*=", "|=")):
                yield site.replace(token, new, place * 0.15)
            yield from _count_up(site)
        return
    token = operator_token(node)
    if token is not None:
        yield site.replace(token, "=", 0.0)


def _count_up(site: Site) -> Iterator[Change]:
    """`d[k] = v` → `d[k] = d.get(k, 0) + v`."""
    left, right = site.node.child_by_field_name("left"), site.node.child_by_field_name("right")
    if left is None or right is None or left.type != "subscript" or left.named_child_count != 2:
        return
    owner, key = (site.source.text(child) for child in left.named_children)
    value = site.source.text(right)
    yield site.rewrite(
        right.start_byte, right.end_byte, f"{owner}.get({key}, 0) + {value}", f"add to `{owner}[{key}]`", 0.5
    )


def move(site: Site) -> Iterator[Change]:
    """One level out, into the block before, or past a neighbour."""
    node, source = site.node, site.source
    if not source.stands_alone(node):
        return
    around = siblings(node)
    position = next((index for index, other in enumerate(around) if other == node), -1)
    if position < 0:
        return
    yield from _move_past(site, around, position)
    yield from _move_out(site, around, position)
    yield from _move_in(site, around, position)


def _move_past(site: Site, around: list[Node], position: int) -> Iterator[Change]:
    if position + 1 < len(around) and site.source.stands_alone(around[position + 1]):
        behind = around[position + 1]
        one, two = site.source.text(site.node), site.source.text(behind)
        if site.node.end_byte <= behind.start_byte:
            yield Change(
                (
                    (site.node.start_byte, site.node.end_byte, two.encode(site.source.encoding)),
                    (behind.start_byte, behind.end_byte, one.encode(site.source.encoding)),
                ),
                f"`{shorten(two)}` before `{shorten(one)}`",
                0.1,
            )


def _move_out(site: Site, around: list[Node], position: int) -> Iterator[Change]:
    """The first or last statement of a block goes before or behind the block's owner."""
    node, source = site.node, site.source
    block = node.parent
    owner = block.parent if block is not None else None
    if (
        owner is None
        or len(around) < 2
        or owner.type in ("function_definition", "class_definition", "module")
    ):
        return
    whole = owner
    while whole.type.endswith("_clause") and whole.parent is not None:
        whole = whole.parent
    indent = source.indent_of(whole)
    if position == len(around) - 1:
        yield Change(
            moved_lines(site, node, source.line_end(whole.end_byte), indent),
            f"`{shorten(site.text)}` one level out, behind",
            0.0,
        )
    if position == 0 and whole == owner:
        yield Change(
            moved_lines(site, node, source.line_start(whole.start_byte), indent),
            f"`{shorten(site.text)}` one level out, before",
            0.2,
        )


def _move_in(site: Site, around: list[Node], position: int) -> Iterator[Change]:
    """The statement behind a block goes to the block's end; the one before it, to its start."""
    node, source = site.node, site.source
    if position and around[position - 1].type in COMPOUND_STATEMENTS:
        previous: Node | None = around[position - 1]
        while previous is not None:
            block = _last_block(previous)
            if block is None or not block.named_child_count:
                return
            last = block.named_children[-1]
            indent = source.indent_of(last)
            text = source.data[: source.line_end(last.end_byte)]
            if text.endswith(b"\n") and source.stands_alone(last):
                note = f"`{shorten(site.text)}` into the block before"
                yield Change(moved_lines(site, node, source.line_end(last.end_byte), indent), note, 0.1)
            previous = last if last.type in COMPOUND_STATEMENTS else None
    if position + 1 < len(around) and around[position + 1].type in _LOOPS:
        block = block_of(around[position + 1])
        if block is not None and block.named_child_count:
            first = block.named_children[0]
            if source.stands_alone(first):
                note = f"`{shorten(site.text)}` into the loop behind"
                target = source.line_start(first.start_byte)
                yield Change(moved_lines(site, node, target, source.indent_of(first)), note, 0.2)


def _last_block(node: Node) -> Node | None:
    clauses = [child for child in node.named_children if child.type.endswith("_clause")]
    return block_of(clauses[-1]) if clauses else block_of(node)


def swap_clause(site: Site) -> Iterator[Change]:
    """`elif` ↔ `if`, `while` ↔ `if`, `else` of an `if` ↔ of a loop."""
    node, source = site.node, site.source
    start = node.start_byte
    if node.type == "elif_clause":
        yield site.rewrite(start, start + 4, "if", "`elif` → `if`", 0.2)
    elif node.type == "while_statement":
        yield site.rewrite(start, start + 5, "if", "`while` → `if`", 0.2)
    elif node.type == "if_statement":
        if node.child_by_field_name("alternative") is None:
            yield site.rewrite(start, start + 2, "while", "`if` → `while`", 0.3)
        around = siblings(node)
        place = next((index for index, other in enumerate(around) if other == node), 0)
        if place and around[place - 1].type == "if_statement" and node.end_byte > start:
            yield site.rewrite(start, start + 2, "elif", "`if` → `elif`", 0.2)
    elif node.type == "else_clause" and node.parent is not None:
        indent = source.indent_of(node)
        block = block_of(node)
        inner = block.named_children if block is not None else []
        if (
            inner
            and node.parent.type in (*_LOOPS, "if_statement")
            and inner[0].start_point.row > node.start_point.row
        ):
            body = ("\n" + indent).join(reindented(source, child, indent) for child in inner)
            yield site.rewrite(start, node.end_byte, body, "the `else` body always", 0.3)


_PLAIN = SIMPLE_STATEMENTS - {"future_import_statement"}
OPERATORS = (
    Operator("delete", 3.2, _PLAIN, delete),
    Operator(
        "unguard", 3.4, frozenset({"if_statement", "while_statement", "elif_clause", "else_clause"}), unguard
    ),
    Operator("jump", 3.2, frozenset({"break_statement", "continue_statement", "pass_statement"}), swap_jump),
    Operator("return", 3.4, frozenset({"return_statement", "expression_statement"}), swap_return),
    Operator("assignment", 3.2, frozenset({"assignment", "augmented_assignment"}), swap_assignment),
    Operator("move", 3.6, _PLAIN | {"if_statement"}, move),
    Operator(
        "clause",
        3.6,
        frozenset({"elif_clause", "else_clause", "if_statement", "while_statement"}),
        swap_clause,
    ),
)
