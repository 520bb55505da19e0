"""Tier 3: the wrong stretch of a sequence. Indices, slices, ranges."""

from __future__ import annotations

from collections.abc import Iterator

from agent.propose.site import Change, Operator, Site, arguments_of, callee_name

_MOST_BOUNDS = 8


def change_index(site: Site) -> Iterator[Change]:
    """`x[i]` with another index: an end, a neighbour, another index name."""
    value = site.node.child_by_field_name("value")
    index = site.node.named_children[-1]
    if value is None or site.node.named_child_count != 2 or index.type == "slice":
        return
    old = site.source.text(index)
    for place, new in enumerate(("0", "-1", "1", *_index_names(site))):
        if new != old and site.kind_of(value) != "dict":
            yield site.replace(index, new, 0.1 + place * 0.05)
    if index.type != "string":
        yield site.replace(index, f"{old}:", 0.5)
        yield site.replace(index, f":{old}", 0.5)
        yield site.replace(index, f"-{old}" if not old.startswith("-") else old[1:], 0.4)


def change_slice(site: Site) -> Iterator[Change]:
    """`x[a:b:c]` with a bound dropped, added, moved or traded for the other."""
    parts: list[str] = [""]
    for child in site.node.children:
        if child.type == ":":
            parts.append("")
        elif child.type != "comment":
            parts[-1] = site.source.text(child)
    parts += [""] * (3 - len(parts))
    names = _index_names(site)
    tried: dict[tuple[str, str, str], float] = {}
    start, stop = parts[:2]
    for bound, other in ((0, 1), (1, 0)):
        for place, new in enumerate(_neighbours(parts[bound], bound, names)):
            changed = list(parts)
            changed[bound] = new
            tried.setdefault(
                (changed[0], changed[1], changed[2]), 0.05 * place + 0.1 * bound * (not parts[1])
            )
        if parts[bound] and not parts[other]:
            moved = list(parts)
            moved[other], moved[bound] = parts[bound], ""
            tried.setdefault((moved[0], moved[1], moved[2]), 0.1)
    for new in ("", "-1", "2"):
        tried.setdefault((start, stop, new), 0.4)
    for (one, two, three), rank in tried.items():
        if [one, two, three] != parts:
            text = f"{one}:{two}" + (f":{three}" if three else "")
            yield site.rewrite(site.node.start_byte, site.node.end_byte, text, f"slice `[{text}]`", rank)


def change_range(site: Site) -> Iterator[Change]:
    """`range(…)` with a start, stop or step added, dropped or moved."""
    arguments = site.node.child_by_field_name("arguments")
    present = arguments_of(site.node)
    if arguments is None or callee_name(site.node, site.source) != "range" or not 1 <= len(present) <= 3:
        return
    texts = [site.source.text(node) for node in present]
    forms: list[tuple[str, ...]] = []
    if len(texts) == 1:
        (stop,) = texts
        forms += [("1", stop), ("1", f"{stop} + 1"), (f"{stop} + 1",), (f"{stop} - 1",), ("2", stop)]
        forms += [("0", stop, "2"), (f"{stop} - 1", "-1", "-1"), (stop, "0", "-1")]
        forms += [(name, stop) for name in _index_names(site)[:3]]
        forms += [(f"{name} + 1", stop) for name in _index_names(site)[:3]]
    elif len(texts) == 2:
        start, stop = texts
        forms += [
            (stop,),
            (start, f"{stop} + 1"),
            (start, f"{stop} - 1"),
            (f"{start} + 1", stop),
            (f"{start} - 1", stop),
        ]
        forms += [
            ("0", stop),
            ("1", stop),
            (start, stop, "2"),
            (start, stop, "-1"),
            (f"{start} + 1", f"{stop} + 1"),
        ]
        forms += [(f"{start} - 1", f"{stop} - 1"), (stop, start, "-1"), (f"{stop} - 1", f"{start} - 1", "-1")]
        forms += [(name, stop) for name in _index_names(site)[:3]]
    else:
        start, stop, step = texts
        forms += [
            (start, stop),
            (start, f"{stop} + 1", step),
            (start, f"{stop} - 1", step),
            (f"{start} - 1", stop, step),
        ]
        forms += [(f"{start} + 1", stop, step), (start, stop, f"-{step}"), (start, stop, step.lstrip("-"))]
        forms += [("0", stop, step), (start, stop, "1")]
    for place, form in enumerate(dict.fromkeys(forms)):
        if list(form) != texts:
            text = f"({', '.join(form)})"
            yield site.rewrite(
                arguments.start_byte, arguments.end_byte, text, f"`range{text}`", 0.1 + place * 0.04
            )


def cut_sequence(site: Site) -> Iterator[Change]:
    """`xs` → `xs[i:]`, `xs[:i]`, `xs[i]` with an integer of the scope."""
    node = site.node
    parent = node.parent
    if (
        parent is None
        or parent.type in ("attribute", "subscript")
        or site.kind in ("int", "float", "bool", "set")
    ):
        return
    if node.type == "identifier" and site.text not in site.visible:
        return
    if parent.type not in (
        "argument_list",
        "boolean_operator",
        "for_statement",
        "for_in_clause",
        "return_statement",
        "assignment",
    ):
        return
    if parent.child_by_field_name("left") == node or parent.child_by_field_name("name") == node:
        return
    for place, name in enumerate(_index_names(site)[:5]):
        if name != site.text:
            for form, rank in (
                (f"{site.text}[{name}:]", 0.2),
                (f"{site.text}[:{name}]", 0.2),
                (f"{site.text}[{name}]", 0.3),
            ):
                yield site.replace(node, form, rank + place * 0.08)


def _index_names(site: Site) -> list[str]:
    """Names of the function that may hold integers, the surest first."""
    found = [
        (0 if facts.kind == "int" else 1, -facts.first_byte, name)
        for name, facts in site.scope.names.items()
        if facts.kind in ("int", None) and facts.role != "import" and name != "self"
    ]
    return [name for _, _, name in sorted(found)][:_MOST_BOUNDS]


def _neighbours(text: str, bound: int, names: list[str]) -> list[str]:
    if not text:
        return ["1", *names] if bound == 0 else ["-1", *names, *(f"{name} + 1" for name in names[:3])]
    found = [f"{text} + 1", f"{text} - 1", ""]
    if text.lstrip("-").isdecimal():
        number = int(text)
        found = [str(number + 1), str(number - 1), "", str(-number)]
    elif text.endswith((" + 1", " - 1", "+1", "-1")):
        found.insert(0, text[:-2].rstrip(" +-") if text[-2] in "+-" else text[:-4])
    return found + [name for name in names if name != text]


OPERATORS = (
    Operator("index", 3.0, frozenset({"subscript"}), change_index),
    Operator("slice", 3.0, frozenset({"slice"}), change_slice),
    Operator("range", 3.0, frozenset({"call"}), change_range),
    Operator("cut", 3.6, frozenset({"identifier", "attribute", "call"}), cut_sequence),
)
