"""Note which names the expressions of a declared language's file use. Defines nothing, looks nothing up."""

from __future__ import annotations

from tree_sitter import Node

from index.content import Content
from index.facts import CALL, UNKNOWN_ROOT, VALUE, Binding, Use
from index.languages.chains import Chain, Chains
from index.languages.matches import Event, matches
from index.languages.overloads import UNKNOWN, argument_count
from index.languages.scopes import LanguageScopes
from index.languages.spec import LanguageSpec
from index.languages.tokens import token_chains, typed_parameters
from index.parse import Lines, parse


class FileUses:
    """One file while it is read: what the language's query found in it, its scopes so far, and its uses."""

    def __init__(self, spec: LanguageSpec, repository: str, path: str, content: Content) -> None:
        self.spec, self.path, self.source = spec, path, content.data
        self.lines = Lines(content.data, content.encoding)
        self._utf8 = content.encoding == "utf-8"
        shown = spec.masked(content.data) if spec.masked is not None else content.data
        self._root = parse(shown, spec.grammar or spec.name).root_node
        self._scopes = LanguageScopes(repository, path, spec)
        self._chains = Chains(spec, self.text)
        self._found, self._taken, self._ignored = matches(spec, self._root)
        self._uses: list[Use] = []
        self._skipped_to = 0

    def text(self, node: Node) -> str:
        piece = self.source[node.start_byte : node.end_byte]
        return piece.decode() if self._utf8 else self.lines.text(node.start_byte, node.end_byte)

    def _skip(self, node: Node | None) -> None:
        """The names of a dotted path are no uses."""
        if node is not None:
            self._taken.add(node.id)
            for part in node.named_children:
                if part.type in self.spec.names or part.type in self.spec.steps:
                    self._skip(part)

    def _skip_within(self, event: Event, scope: int) -> None:
        self._skipped_to = max(self._skipped_to, event.node.end_byte)

    def _tokens(self, event: Event, scope: int) -> None:
        """Expressions in what the grammar leaves as a list of tokens."""
        if event.node.start_byte >= self._skipped_to:
            self._skipped_to = event.node.end_byte
            parameters = typed_parameters(event.node, self.text)
            if parameters:
                outer = self._scopes.scopes[scope]
                scope = self._scopes.open("block", outer.qualified_name, outer.symbol, scope)
            for name, type_name in parameters:
                self._scopes.bind(scope, name, Binding(VALUE, "", f"{type_name}.{CALL}"))
            for chain, nodes in token_chains(event.node, self.text):
                self._uses.append(Use(scope, "", chain, self._positions(nodes)))

    def _note_use(self, node: Node, scope: int, role: str) -> None:
        chain = self._chains.take_apart(node)
        self._taken.update(inner.id for inner in chain.inner)
        nodes, written = chain.named, self._chains.written(chain)
        if chain.root.id in self._ignored:
            written = UNKNOWN_ROOT + written[len(self.text(chain.root)) :]
        elif self._chains.is_name(chain.root):
            nodes = [chain.root, *nodes]
        if chain.root.type in self.spec.own_fields:
            nodes = [chain.root, *nodes]
        if nodes:
            arguments = self._arguments(chain, written) if self.spec.rules.overloads else ()
            self._uses.append(Use(scope, role, written, self._positions(nodes), arguments))

    def _arguments(self, chain: Chain, written: str) -> tuple[int, ...]:
        """The numbers of arguments of a chain's calls; one that is only written so comes first."""
        counts = [argument_count(call) for call in chain.calls]
        unwritten = written.split(".").count(CALL) - len(counts)
        return (UNKNOWN,) * unwritten + tuple(counts) if any(count >= 0 for count in counts) else ()

    def _positions(self, nodes: list[Node]) -> tuple[int, ...]:
        found: list[int] = []
        for node in nodes:
            start = node.start_byte
            found += (start, *self.lines.position(start))
        return tuple(found)
