"""What one file says by itself: scopes, bindings, uses, imports. Knows neither other files nor any store.

A *chain* is an expression reduced to what resolution needs, parts joined by dots: `a.b(x)[0].c` is
`a.b.().[].c`. `()` stands for a call (of a class: an instance), `[]` for an element, `*` for a container of what
stands before it. The root `?` is an expression that is no name, `!` a literal. The empty chain says "unknown".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import Any, NamedTuple

from index.types import Symbol

CALL, ELEMENT, CONTAINER = "()", "[]", "*"
UNKNOWN_ROOT, LITERAL_ROOT = "?", "!"
MARKS = frozenset({CALL, ELEMENT, CONTAINER})


DEFINITION, IMPORT, VALUE = "d", "i", "v"
"""Kinds of binding. Plain strings, so that facts read back from a store equal fresh ones."""


class Binding(NamedTuple):
    """What a name stands for in a scope, by kind:

    DEFINITION: `target` is the qualified name of a definition of this file.
    IMPORT: `target` is `level:module`, `chain` the imported name, empty for the module itself.
    VALUE: `target` is the uid of the constant or field, if it is a symbol; `chain` is what it holds.
    """

    kind: str
    target: str
    chain: str


class Definition(NamedTuple):
    """A class or function as others see it."""

    uid: str
    kind: str
    role: str
    """`static`, `class`, `property`, `fixture`, `test` or empty."""
    bases: tuple[str, ...]
    """Chains of the base classes."""
    members: dict[str, list[Binding]]
    returns: str
    """Chain of what a call gives; the root `self` is the receiver."""


class Overload(NamedTuple):
    """One of several functions of one qualified name in a file, and how many arguments it takes."""

    uid: str
    least: int
    most: int
    """-1 for any number."""
    role: str


@dataclass(slots=True)
class Interface:
    """What other files can see of a file."""

    names: dict[str, list[Binding]] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    exported: tuple[str, ...] | None = None
    """`__all__`, where it is a plain list of strings."""
    stars: tuple[str, ...] = ()
    """`level:module` of every `from module import *`."""
    namespace: str = ""
    """The namespace shared by several files (a package, a global scope) that the names join; empty for none."""
    overloads: dict[str, list[Overload]] = field(default_factory=dict)
    """Functions that share their qualified name, by it."""


class Scope(NamedTuple):
    """A module, class or function body, or a block: a lambda or comprehension.

    `names` are its local names; those of a module or class stand in the interface.
    """

    uid: str
    qualified_name: str
    kind: str
    """`module`, `class`, `function` or `block`."""
    parent: int
    receiver: str
    """Name of the first parameter of a method (`self`, `cls`), else empty."""
    names: dict[str, list[Binding]]


class Use(NamedTuple):
    """One expression that uses names. `positions` holds (byte, line, column) of every named part, flat."""

    scope: int
    role: str
    """Empty, `inherits`, `decorates` or `fixture`."""
    chain: str
    positions: tuple[int, ...]
    arguments: tuple[int, ...] = ()
    """How many arguments each call of the chain has, -1 where unknown; only where functions may be overloaded."""


class ImportUse(NamedTuple):
    """One imported module or name; `name` is empty for a module, `*` for all. The span is the name's."""

    scope: int
    level: int
    module: str
    name: str
    span: tuple[int, int, int, int, int, int]


class DocMention(NamedTuple):
    """A name in the docstring of the symbol `uid`, on one line."""

    uid: str
    name: str
    byte: int
    bytes: int
    line: int
    column: int


@dataclass(slots=True)
class Body:
    """What a file uses, scope by scope. Nobody else sees it."""

    scopes: list[Scope] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    imports: list[ImportUse] = field(default_factory=list)
    mentions: list[DocMention] = field(default_factory=list)


@dataclass(slots=True)
class FileFacts:
    """Everything that parsing one file brings."""

    symbols: list[Symbol]
    interface: Interface
    body: Body
    has_errors: bool = False


def interface_entries(interface: Interface) -> dict[str, str]:
    """A file's interface cut into named entries; two interfaces differ for a reader only in entries it read."""
    entries = {f"n:{name}": repr(bindings) for name, bindings in interface.names.items()}
    for qualified_name, definition in interface.definitions.items():
        entries[f"d:{qualified_name}"] = repr((definition[:4], definition.returns))
        for name, bindings in definition.members.items():
            entries[f"m:{qualified_name}.{name}"] = repr(bindings)
    entries["stars"] = repr((interface.exported, interface.stars))
    entries["namespace"] = interface.namespace
    entries.update((f"o:{name}", repr(overloads)) for name, overloads in interface.overloads.items())
    return entries


def dump_interface(interface: Interface) -> bytes:
    shown = interface
    return _dump(
        [shown.names, shown.definitions, shown.exported, shown.stars, shown.namespace, shown.overloads]
    )


def load_interface(data: bytes) -> Interface:
    names, definitions, exported, stars, namespace, overloads = json.loads(data)
    return Interface(
        _bindings(names),
        {
            key: Definition(uid, kind, role, tuple(bases), _bindings(members), returns)
            for key, (uid, kind, role, bases, members, returns) in definitions.items()
        },
        None if exported is None else tuple(exported),
        tuple(stars),
        namespace,
        {name: [Overload(*row) for row in rows] for name, rows in overloads.items()},
    )


def dump_body(body: Body) -> bytes:
    return _dump([body.scopes, _with_steps(body.uses), body.imports, body.mentions])


def load_body(data: bytes) -> Body:
    scopes, uses, imports, mentions = json.loads(data)
    return Body(
        [
            Scope(uid, qualified_name, kind, parent, receiver, _bindings(names))
            for uid, qualified_name, kind, parent, receiver, names in scopes
        ],
        _without_steps(uses),
        [ImportUse(scope, level, module, name, tuple(span)) for scope, level, module, name, span in imports],
        [DocMention(*row) for row in mentions],
    )


def _with_steps(uses: list[Use]) -> list[tuple[object, ...]]:
    """Uses with bytes and lines as steps from the position before: small numbers compress to half the size."""
    stepped: list[tuple[object, ...]] = []
    byte, line = 0, 0
    for use in uses:
        steps: list[int] = []
        for index in range(0, len(use.positions), 3):
            next_byte, next_line, column = use.positions[index : index + 3]
            steps += (next_byte - byte, next_line - line, column)
            byte, line = next_byte, next_line
        row = (use.scope, use.role, use.chain, steps)
        stepped.append((*row, use.arguments) if use.arguments else row)
    return stepped


def _without_steps(stepped: list[list[Any]]) -> list[Use]:
    steps = list(chain.from_iterable(row[3] for row in stepped))
    columns = accumulate(steps[0::3]), accumulate(steps[1::3]), steps[2::3]
    positions = tuple(chain.from_iterable(zip(*columns, strict=True)))
    uses, start = [], 0
    for scope, role, parts, own, *arguments in stepped:
        end = start + len(own)
        uses.append(Use(scope, role, parts, positions[start:end], *map(tuple, arguments)))
        start = end
    return uses


def _bindings(names: dict[str, list[list[str]]]) -> dict[str, list[Binding]]:
    return {name: [Binding(*row) for row in rows] for name, rows in names.items()}


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
