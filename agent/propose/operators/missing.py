"""Tier 5: a step or a value is missing. Defaults, updates, copies, other branches, other errors, awaits."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from agent.propose.conditions import names_read
from agent.propose.kinds import compatible
from agent.propose.lines import block_of, insertion_after, insertion_before, siblings
from agent.propose.operators.guards import loop_of, parameters, returned
from agent.propose.site import Change, Operator, Site, is_value, level_of, shorten
from agent.propose.syntax import STATEMENTS, VALUES, walk

_MOST_COPIES = 12
_LONGEST_COPY = 80
_LONGEST_FILE = 40_000
_EXCEPTIONS = {
    "KeyError": ("(KeyError, IndexError)", "LookupError", "AttributeError", "TypeError"),
    "IndexError": ("(IndexError, KeyError)", "LookupError"),
    "ValueError": ("(ValueError, TypeError)", "TypeError", "KeyError"),
    "TypeError": ("(TypeError, ValueError)", "ValueError", "AttributeError"),
    "AttributeError": ("(AttributeError, TypeError)", "TypeError"),
    "OSError": ("(OSError, ValueError)",),
    "ImportError": ("ModuleNotFoundError", "(ImportError, AttributeError)"),
    "FileNotFoundError": ("OSError",),
}


def default_value(site: Site) -> Iterator[Change]:
    """`x` → `x or default`; `d[k]` → `d.get(k)`, `d.get(k, 0)`."""
    node = site.node
    if not is_value(node):
        return
    parent = node.parent
    if node.type == "subscript":
        owner, index = node.child_by_field_name("value"), node.named_children[-1]
        if owner is not None and node.named_child_count == 2 and index.type not in ("slice", "integer"):
            base, key = site.source.text(owner), site.source.text(index)
            for place, rest in enumerate(("", ", 0", ", []", ', ""', ", {}", f", {key}")):
                yield site.replace(node, f"{base}.get({key}{rest})", place * 0.05)
        return
    if parent is None or (parent.type in ("attribute", "subscript") and node.type == "call"):
        return
    if parent.type in (
        "assignment",
        "return_statement",
        "argument_list",
        "for_statement",
        "keyword_argument",
    ):
        for place, default in enumerate(('""', "[]", "0", "{}", "()", "None", "1")):
            if site.kind in (None, "str", "list", "dict", "none"):
                yield site.replace(node, f"{site.text} or {default}", 0.3 + place * 0.05, level=1)


def update_in_loop(site: Site) -> Iterator[Change]:
    """A loop that never steps its variable: `n += 1`, `n -= 1`, or the function's own updates, at its end."""
    if site.node != siblings(site.node)[-1] or site.node.type in ("return_statement", "raise_statement"):
        return
    loop = loop_of(site.node)
    if loop is None:
        return
    condition = loop.child_by_field_name("condition")
    tested = (
        {site.source.text(node) for node in walk(condition) if node.type == "identifier"}
        if condition
        else set()
    )
    for place, (name, facts) in enumerate(list(site.scope.names.items())[:8]):
        if facts.kind in ("int", None) and facts.role in ("local", "parameter"):
            rank = (0.0 if name in tested else 0.5) + 0.05 * place
            for late, step in enumerate(("+= 1", "-= 1")):
                change = insertion_after(
                    site, site.node, f"{name} {step}", f"step `{name}`", rank + 0.05 * late
                )
                if change is not None:
                    yield change


def copy_statement(site: Site) -> Iterator[Change]:
    """A statement of the function, or of its class or file where all its names are visible, is missing here."""
    function = site.view.module.function_of(site.node)
    if function is None:
        return
    for rank, text in _statements_near(site, function)[:_MOST_COPIES]:
        for late, put in ((0.0, insertion_after), (0.06, insertion_before)):
            change = put(site, site.node, text, f"also `{shorten(text)}`", rank + late)
            if change is not None:
                yield change


def _statements_near(site: Site, function: Node) -> list[tuple[float, str]]:
    """(rank, text) of simple statements that may be copied to the site: the function's own first."""
    found: dict[str, float] = {}
    around = {site.source.text(other) for other in siblings(site.node)}
    for donor in walk(site.source.root if site.source.root.end_byte < _LONGEST_FILE else function):
        inner = (
            donor.named_children[0] if donor.type == "expression_statement" and donor.named_children else None
        )
        if inner is None or inner.type not in ("assignment", "augmented_assignment", "call"):
            continue
        text = site.source.text(donor)
        if "\n" in text or len(text) > _LONGEST_COPY:
            continue
        own = function.start_byte <= donor.start_byte < function.end_byte
        if own or all(
            not is_value(node) or node.type != "identifier" or site.source.text(node) in site.visible
            for node in walk(donor)
        ):
            rank = 0.2 + 0.3 * (not own) + 0.3 * (text in around)
            found[text] = min(found.get(text, rank), rank)
    return sorted((rank, text) for text, rank in found.items())


def store(site: Site) -> Iterator[Change]:
    """A step that keeps a value is missing: `xs.append(x)`, `seen.add(x)`, `previous = node`, `self.x = x`."""
    names = site.scope.names
    plain = [name for name, facts in names.items() if facts.role != "import" and name not in ("self", "cls")]
    outer = [
        name
        for name, facts in site.visible.items()
        if name not in names and facts.kind in ("list", "set") and facts.role == "local"
    ]
    read = set(names_read(site.statement, site))
    loop = loop_of(site.node)
    target = loop.child_by_field_name("left") if loop is not None else None
    current = (
        {site.source.text(node) for node in walk(target) if node.type == "identifier"} if target else set()
    )
    lines: list[tuple[float, str]] = []
    for owner in (*plain, *outer):
        holder = site.visible[owner]
        form = {"list": "{}.append({})", "set": "{}.add({})"}.get(holder.kind or "")
        for value in plain:
            if value == owner:
                continue
            rank = 0.3 - 0.2 * (value in current) - 0.1 * (value in read) - 0.2 * names[value].unused
            if form is not None and names[value].kind not in ("list", "set", "callable"):
                lines.append((rank, form.format(owner, value)))
            elif owner in names and holder.role == "local" and compatible(holder.kind, names[value].kind):
                lines.append((rank + 0.2, f"{owner} = {value}"))
    if site.scope.owner is not None and "self" in names:
        lines += [(0.0, f"self.{name} = {name}") for name in plain if names[name].unused]
    for rank, text in sorted(lines)[:_MOST_COPIES]:
        for late, put in ((0.0, insertion_after), (0.06, insertion_before)):
            change = put(site, site.node, text, f"also `{text}`", max(rank, 0.0) + late)
            if change is not None:
                yield change


def return_at_end(site: Site) -> Iterator[Change]:
    """A function that forgets to return what it made."""
    function = site.view.module.function_of(site.node)
    block = block_of(function) if function is not None else None
    if block is None or site.node != siblings(site.node)[-1] or site.node.type == "return_statement":
        return
    direct = site.node.parent == block
    names = [name for name, facts in site.scope.names.items() if facts.role in ("local", "parameter")]
    likely = sorted(names, key=lambda name: (site.scope.names[name].role != "local", name == "self"))
    for place, value in enumerate((*likely[:6], "True", "False")):
        rank = 0.06 * place + (0.0 if direct else 0.3)
        change = insertion_after(site, site.node, f"return {value}", f"return `{value}`", rank)
        if change is not None:
            yield change


def missing_else(site: Site) -> Iterator[Change]:
    """An `if` chain without `else`: the other value is returned, assigned or appended."""
    node = site.node
    block = block_of(node)
    if block is None or node.child_by_field_name("alternative") is not None or not block.named_child_count:
        return
    last = block.named_children[-1]
    if last.type == "return_statement":
        for place, value in enumerate(returned(site)):
            change = insertion_after(
                site, node, f"return {value}".rstrip(), f"else return `{value}`", 0.2 + place * 0.1
            )
            if change is not None:
                yield change
    for place, text in enumerate(("continue", "break")):
        if loop_of(node) is not None:
            lines = f"else:\n{site.source.indent_unit}{text}"
            change = insertion_after(site, node, lines, f"else `{text}`", 0.5 + place * 0.1)
            if change is not None:
                yield change


def catch_other(site: Site) -> Iterator[Change]:
    """`except` names the wrong error: the one that the failure shows, or one of its kin."""
    value = next((child for child in site.node.named_children if child.type != "block"), None)
    if value is not None and value.type == "as_pattern":
        value = value.named_children[0]
    if value is None or value.type not in ("identifier", "tuple", "attribute"):
        return
    old = site.source.text(value)
    for error in sorted(site.clues.errors - {"AssertionError"}):
        inner = old.strip("()")
        yield site.replace(value, f"({inner}, {error})", 0.0)
        yield site.replace(value, error, 0.05)
    for place, new in enumerate((*_EXCEPTIONS.get(old, ()), "Exception")):
        yield site.replace(value, new, 0.3 + place * 0.1)


def await_it(site: Site) -> Iterator[Change]:
    """A coroutine that is not awaited."""
    function = site.view.module.function_of(site.node)
    parent = site.node.parent
    if function is None or parent is None or parent.type == "await":
        return
    if any(child.type == "async" for child in function.children) and is_value(site.node):
        yield site.replace(site.node, f"await {site.text}", 0.0, level=13)


def fresh_default(site: Site) -> Iterator[Change]:
    """A mutable default that calls share: `x=[]` → `x=None` and `if x is None: x = []`."""
    value, name = site.node.child_by_field_name("value"), site.node.child_by_field_name("name")
    function = site.view.module.function_of(site.node)
    block = block_of(function) if function is not None else None
    if value is None or name is None or block is None or not block.named_child_count:
        return
    if value.type not in ("list", "dictionary", "set", "call"):
        return
    first = block.named_children[0]
    text, fresh = site.source.text(name), site.source.text(value)
    made = insertion_before(site, first, f"if {text} is None:\n{site.source.indent_unit}{text} = {fresh}", "")
    if made is not None:
        edits = ((value.start_byte, value.end_byte, b"None"), *made.edits)
        yield Change(edits, f"a fresh `{fresh}` for `{text}` in every call")


def rename_copy(site: Site) -> Iterator[Change]:
    """An operand is missing that is a sibling with names exchanged: `f(a) or f(c)` lacks `f(b)`."""
    node = site.node
    token = node.child_by_field_name("operator")
    if token is None or (node.parent is not None and node.parent.type == node.type):
        return
    joiner = site.source.text(token)
    operands = _flatten(node)
    for operand in operands[:4]:
        text = site.source.text(operand)
        names = [inner for inner in walk(operand) if inner.type == "identifier" and is_value(inner)]
        for first in names[:6]:
            others = {site.source.text(other) for other in names} | set(parameters(site))
            for new in sorted(others - {site.source.text(first)})[:6]:
                copy = _exchanged(site, operand, site.source.text(first), new)
                if all(copy != site.source.text(other) for other in operands) and copy != text:
                    yield site.replace(node, f"{site.text} {joiner} {copy}", 0.3, level=level_of(node))


def _flatten(node: Node) -> list[Node]:
    """The operands of a chain of one operator."""
    found: list[Node] = []
    for side in ("left", "right"):
        child = node.child_by_field_name(side)
        if child is not None:
            found += _flatten(child) if child.type == node.type else [child]
    return found


def _exchanged(site: Site, node: Node, first: str, second: str) -> str:
    """The node's text with two names exchanged throughout."""
    parts: list[bytes] = []
    position = node.start_byte
    for inner in walk(node):
        text = site.source.text(inner) if inner.type == "identifier" else ""
        if text in (first, second) and is_value(inner):
            new = second if text == first else first
            parts += [site.source.data[position : inner.start_byte], new.encode()]
            position = inner.end_byte
    parts.append(site.source.data[position : node.end_byte])
    return b"".join(parts).decode(site.source.encoding, "replace")


OPERATORS = (
    Operator("default value", 4.4, VALUES, default_value),
    Operator("store", 4.2, STATEMENTS, store),
    Operator("return at end", 3.6, STATEMENTS, return_at_end),
    Operator("await", 2.4, frozenset({"call"}), await_it),
    Operator("catch", 4.5, frozenset({"except_clause"}), catch_other),
    Operator(
        "fresh default", 3.0, frozenset({"default_parameter", "typed_default_parameter"}), fresh_default
    ),
    Operator("loop update", 4.0, STATEMENTS, update_in_loop),
    Operator("renamed copy", 4.6, frozenset({"boolean_operator", "binary_operator"}), rename_copy),
    Operator("copy", 4.3, STATEMENTS, copy_statement),
    Operator("missing else", 4.4, frozenset({"if_statement"}), missing_else),
)
