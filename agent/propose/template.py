"""Propose small typed changes to suspicious statements: repair without any model. Runs and judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agent.propose.clues import Clues
from agent.propose.ingredients import Ingredients
from agent.propose.operators.catalogue import OPERATORS, costs
from agent.propose.pairs import combine
from agent.propose.scope import ModuleScope
from agent.propose.search import Search, UnreadFile, levels_of
from agent.propose.site import FileView
from agent.propose.syntax import SourceFile
from agent.types import Candidate, ProposalContext


class TemplateProposer:
    """Typed syntax-tree operators with ingredients from scope, file and graph (papers: repair without a model)."""

    name = "template"

    def propose(self, context: ProposalContext) -> Iterator[Candidate]:
        """Single changes, cheapest first; each passes the syntax gate and gives a text not given before."""
        clues = Clues.read(context.failures, context.issue_text)
        files = [
            UnreadFile(file.path, max(file.line_scores.values()), file.line_scores)
            for file in context.suspects
            if file.line_scores and file.path in context.sources and not context.graph.is_test_file(file.path)
        ]
        search = Search(self.name, levels_of(OPERATORS, costs(clues)), files)
        return search.candidates(lambda path: _view(context, clues, path))

    def propose_pairs(
        self, context: ProposalContext, singles: Sequence[Candidate], progress: Mapping[str, float]
    ) -> Iterator[Candidate]:
        """Two changes at once, the likeliest first: see `pairs.combine`."""
        return combine(self.name, context.sources, singles, progress)


def _view(context: ProposalContext, clues: Clues, path: str) -> FileView:
    source = SourceFile(path, context.sources[path])
    module = ModuleScope(source)
    return FileView(source, module, clues, Ingredients(context.graph, module))
