"""Names and signatures from beyond one file's text, as the repository's graph knows them. Knows no operator."""

from __future__ import annotations

from functools import cached_property

from agent.propose.scope import ModuleScope, Signature, read_parameters
from agent.propose.syntax import SourceFile, walk
from index.repository import RepositoryGraph
from index.types import EdgeType, Symbol, SymbolKind

_CALLABLE = (SymbolKind.FUNCTION, SymbolKind.METHOD)
_MOST_NAMESAKES = 4
_MOST_BASES = 8


class Ingredients:
    """What one file can draw on: itself first, then the files that it imports."""

    def __init__(self, graph: RepositoryGraph, module: ModuleScope) -> None:
        self._graph = graph
        self._module = module
        self._signatures: dict[str, list[Signature]] = {}
        self._members: dict[str, tuple[str, ...]] = {}

    def signatures(self, name: str) -> list[Signature]:
        """Functions, methods and constructors of that bare name, nearest first."""
        if name not in self._signatures:
            found = list(self._module.signatures.get(name, ())) if name else []
            symbols = self._graph.symbols(name=name) if name.isidentifier() else []
            for symbol in sorted(symbols, key=self._distance)[:_MOST_NAMESAKES]:
                if symbol.path != self._path or symbol.kind is SymbolKind.CLASS:
                    found += self._of_symbol(symbol)
            self._signatures[name] = found
        return self._signatures[name]

    def members(self, class_name: str) -> tuple[str, ...]:
        """Fields and methods of a class of this file and of its bases, wherever they are."""
        if class_name not in self._members:
            classes = [
                symbol
                for symbol in self._graph.symbols(path=self._path, name=class_name)
                if symbol.kind is SymbolKind.CLASS
            ]
            found: dict[str, None] = {}
            for symbol in classes:
                for base in (symbol, *self._bases(symbol)):
                    found.update(dict.fromkeys(self._children(base)))
            self._members[class_name] = tuple(found)
        return self._members[class_name]

    def exports(self, module_name: str) -> tuple[str, ...]:
        """Module-level names of the imported file that is known here as `module_name`."""
        for path in self._imported:
            stem = path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
            if stem == module_name:
                symbols = self._graph.symbols(path=path)
                modules = {symbol.uid for symbol in symbols if symbol.kind is SymbolKind.MODULE}
                return tuple(symbol.name for symbol in symbols if symbol.parent_uid in modules)
        return ()

    @property
    def _path(self) -> str:
        return self._module.source.path

    @cached_property
    def _imported(self) -> list[str]:
        return self._graph.imported_files(self._path)

    def _distance(self, symbol: Symbol) -> tuple[int, str, int]:
        near = 0 if symbol.path == self._path else 1 if symbol.path in self._imported else 2
        return near, symbol.path, symbol.span.start_byte

    def _of_symbol(self, symbol: Symbol) -> list[Signature]:
        if symbol.kind is SymbolKind.CLASS:
            constructors = self._graph.symbols(
                path=symbol.path, qualified_name=f"{symbol.qualified_name}.__init__"
            )
            return [found for each in constructors[:1] for found in self._of_symbol(each)]
        if symbol.kind not in _CALLABLE or not symbol.signature:
            return []
        source = SourceFile(symbol.path, f"{symbol.signature}: ...\n".encode())
        node = next((each for each in walk(source.root) if each.type == "function_definition"), None)
        if node is None:
            return []
        owner = symbol.qualified_name.rpartition(".")[0] if symbol.kind is SymbolKind.METHOD else None
        parameters = read_parameters(node.child_by_field_name("parameters"), source)
        return [Signature(symbol.name, parameters, owner)]

    def _bases(self, symbol: Symbol) -> list[Symbol]:
        found: dict[str, Symbol] = {}
        todo = [symbol]
        while todo and len(found) < _MOST_BASES:
            for edge in self._graph.edges(source=todo.pop().uid, types=(EdgeType.INHERITS,)):
                base = self._graph.symbol(edge.target)
                if base is not None and base.uid not in found:
                    found[base.uid] = base
                    todo.append(base)
        return list(found.values())

    def _children(self, symbol: Symbol) -> list[str]:
        return [each.name for each in self._graph.symbols(path=symbol.path) if each.parent_uid == symbol.uid]
