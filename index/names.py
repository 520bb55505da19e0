"""Find symbols by what people write for them: a name, a dotted name, `path::name`, a uid. Knows no edges."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from posixpath import dirname, splitext

from index.store import GraphReader
from index.types import Symbol, SymbolKind

NAME_ONLY_CONFIDENCE = 0.5
"""Of a use whose name only one definition has; divided by the number of namesakes where there are more."""
_UID = re.compile(r"[0-9a-f]{16}")
_SEPARATORS = re.compile(r"::|[#.]")
_PACKAGE_FILES = frozenset({"__init__", "index", "mod", "lib"})
"""Files that stand for their folder, in one language or another."""


def find_symbols(store: GraphReader, text: str) -> list[Symbol]:
    """Every symbol that `text` may mean, in order of place.

    `text` is a uid, `path::qualified.name`, the path of a file (its module), or a name with as many of its owners
    before it as one likes: `name`, `Class.method`, `pkg.mod.name`. A whole qualified name outranks the end of one.
    """
    text = text.strip()
    if _UID.fullmatch(text) and (known := store.symbols_by_uid([text])):
        return list(known.values())
    path, colons, name = text.partition("::")
    if colons and (found := _named(store.symbols(path=path), name)):
        return found
    if modules := [s for s in store.symbols(path=text) if s.kind is SymbolKind.MODULE]:
        return modules
    dotted = ".".join(_SEPARATORS.split(text))
    last = dotted.rpartition(".")[2]
    return _named(store.symbols(name=last), dotted) if last else []


def _named(symbols: list[Symbol], name: str) -> list[Symbol]:
    exact = [symbol for symbol in symbols if symbol.qualified_name == name]
    return exact or [symbol for symbol in symbols if ends_with(symbol, name)]


def by_name_confidence(namesakes: int) -> float:
    """How sure an unresolved use means one of so many definitions of its name."""
    return round(NAME_ONLY_CONFIDENCE / max(1, namesakes), 4)


def module_parts(path: str) -> list[str]:
    """The names of a file's folders and its own; a file that stands for its folder has none of its own."""
    stem = splitext(path)[0]
    if stem.rpartition("/")[2] in _PACKAGE_FILES:
        stem = dirname(stem)
    return stem.split("/") if stem else []


def ends_with(symbol: Symbol, name: str) -> bool:
    """Whether the dotted `name` is the end of the symbol's name, its file's and folder's names before it."""
    owners = ("/".join(module_parts(symbol.path)), dirname(symbol.path))
    longest = [f"{owner.replace('/', '.')}.{symbol.qualified_name}" for owner in owners]
    return any(f".{whole}".endswith(f".{name}") for whole in longest)


def similar_names(store: GraphReader, text: str, limit: int = 5) -> list[str]:
    """Names of the graph that `text` may be a slip for, nearest first: as `Class.name` where it has a dot."""
    dotted = ".".join(_SEPARATORS.split(text.rpartition("/")[2]))
    symbols = store.symbols()
    names = {s.qualified_name if "." in dotted else s.name for s in symbols}
    same = sorted(name for name in names if name.lower() == dotted.lower())
    near = difflib.get_close_matches(dotted, _of_similar_length(names, dotted), n=limit, cutoff=0.7)
    tail = dotted.rpartition(".")[2]
    owned = sorted({s.qualified_name for s in symbols if s.name == tail}) if "." in dotted else []
    return list(dict.fromkeys([*same, *near, *owned]))[:limit]


def _of_similar_length(names: Iterable[str], name: str) -> list[str]:
    """Names that could be near at all: comparing takes long, and there may be a hundred thousand."""
    letters = set(name.lower())
    return [
        each
        for each in names
        if abs(len(each) - len(name)) <= 1 + len(name) // 3
        and len(letters & set(each.lower())) * 2 >= len(letters)
    ]
