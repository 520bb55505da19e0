"""Propose small typed changes to suspicious statements: repair without any model. Runs and judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agent.propose.clues import Clues
from agent.propose.operators.catalogue import OPERATORS, costs
from agent.propose.pairs import combine
from agent.propose.scope import ModuleScope, Signature
from agent.propose.search import Search, UnreadFile, levels_of
from agent.propose.site import FileView
from agent.propose.syntax import SourceFile
from agent.types import Candidate, ProposalContext

MOST_IMPORTED_FILES = 12
"""Files whose signatures are read for one suspect file."""


class TemplateProposer:
    """Typed syntax-tree operators with ingredients from scope, file and graph (papers: repair without a model)."""

    name = "template"

    def propose(self, context: ProposalContext) -> Iterator[Candidate]:
        """Single changes, cheapest first; each passes the syntax gate and gives a text not given before."""
        clues = Clues.read(context.failures, context.issue_text)
        reader = _Reader(context, clues)
        files = [
            UnreadFile(file.path, max(file.line_scores.values()), file.line_scores)
            for file in context.suspects
            if file.line_scores and file.path in context.sources and not context.graph.is_test_file(file.path)
        ]
        search = Search(self.name, levels_of(OPERATORS, costs(clues)), files)
        return search.candidates(reader.view)

    def propose_pairs(
        self, context: ProposalContext, singles: Sequence[Candidate], progress: Mapping[str, float]
    ) -> Iterator[Candidate]:
        """Two changes at once, the likeliest first: see `pairs.combine`."""
        return combine(self.name, context.sources, singles, progress)


class _Reader:
    """Reads files of the context once, with the signatures of what they import."""

    def __init__(self, context: ProposalContext, clues: Clues) -> None:
        self._context = context
        self._clues = clues
        self._modules: dict[str, ModuleScope] = {}

    def view(self, path: str) -> FileView:
        module = self._module(path)

        def signatures_of(name: str) -> list[Signature]:
            return self._signatures(path, name)

        return FileView(module.source, module, self._clues, signatures_of)

    def _module(self, path: str) -> ModuleScope:
        if path not in self._modules:
            self._modules[path] = ModuleScope(SourceFile(path, self._context.sources[path]))
        return self._modules[path]

    def _signatures(self, path: str, name: str) -> list[Signature]:
        found = list(self._module(path).signatures.get(name, ()))
        for other in self._context.graph.imported_files(path)[:MOST_IMPORTED_FILES]:
            if other in self._context.sources:
                found += self._module(other).signatures.get(name, ())
        return found
