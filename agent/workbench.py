"""What the steps of one run share: graph, test bed, proposers, ledger, clock. Made when first needed.

The steps hold no state of their own, so a run that was killed finds all it needs here and in its folder.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Self

from agent.artefacts import Task, load_task
from agent.errors import Cancelled, UsageError
from agent.events import Event, Note, Observer, StepProgress, StepStarted, to_record
from agent.fix import FixOptions, checked_repository
from agent.ledger import Ledger
from agent.pace import Pace
from agent.runs import RunFolder
from agent.state import DrawOrder, stream_name
from agent.survey import Survey
from agent.types import Candidate, ProposalContext, Proposer
from index.repository import RepositoryGraph

if TYPE_CHECKING:
    from agent.config import Config
    from agent.harness.testbed import Testbed

TRAJECTORY = "trajectory.jsonl"
RESERVE_SHARE = 0.2
"""Share of the budget that is kept for choosing and confirming."""
MAX_RESERVE_S = 60.0


class Workbench:
    """Open it with `with`: leaving closes every sandbox, thread and file of the run."""

    def __init__(
        self,
        options: FixOptions,
        config: Config,
        folder: RunFolder,
        observe: Observer,
        cancelled: Callable[[], bool],
        started: float,
    ) -> None:
        self.options = options
        self.config = config
        self.folder = folder
        self.repo = checked_repository(options.repo)
        self.cancelled = cancelled
        self.started = started
        self.pace = Pace()
        self._observe = observe
        self._streams: dict[tuple[str, int], Iterator[Candidate]] = {}
        self._step = "intake"
        self._sources: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in ("survey", "testbed", "graph"):
            if name in self.__dict__:
                self.__dict__[name].close()

    # Telling

    def tell(self, event: Event) -> None:
        self.folder.append(TRAJECTORY, {"at_s": round(self.seconds, 3), **to_record(event)})
        self._observe(event)

    def start_step(self, step: str, text: str) -> None:
        """Announce a step. Raises Cancelled if the user asked to stop."""
        self.check()
        self._step = step
        self.tell(StepStarted(step, text))

    def progress(self, text: str, done: int, total: int | None = None) -> None:
        self._observe(StepProgress(self._step, text, done, total))

    def note(self, text: str) -> None:
        self.tell(Note(text))

    def notes(self) -> list[str]:
        """Everything noted so far in this run, also before it was resumed."""
        return [str(line["text"]) for line in self.folder.lines(TRAJECTORY) if line.get("event") == "Note"]

    # Clock

    def check(self) -> None:
        if self.cancelled():
            raise Cancelled(f"Stopped. Continue with `graft fix --resume {self.folder.id}`.")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def budget_s(self) -> float:
        return self.config.fix.budget_s if self.options.budget_s is None else self.options.budget_s

    @property
    def seed(self) -> int:
        return self.task.seed

    def search_left_s(self) -> float:
        """Seconds until the search must end, so that choosing and confirming fit into the budget."""
        reserve_s = min(MAX_RESERVE_S, RESERVE_SHARE * self.budget_s)
        return self.budget_s - reserve_s - self.seconds

    def left_s(self) -> float:
        return self.budget_s - self.seconds

    # Parts

    @cached_property
    def graph(self) -> RepositoryGraph:
        from index.graph import open_graph

        return open_graph(self.repo, self.config.index.store)

    @cached_property
    def testbed(self) -> Testbed:
        from agent.harness.testbed import open_testbed

        return open_testbed(self.options, self.config, self.repo, note=self.note)

    @cached_property
    def survey(self) -> Survey:
        return Survey(self)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.folder, self.tree)

    @cached_property
    def tree(self) -> str:
        """Identity of the work tree as indexed: 16 hexadecimal digits over all paths and contents."""
        digest = hashlib.sha256()
        for record in sorted(self.graph.files(), key=lambda each: each.path):
            digest.update(f"{record.path}\0{record.content_hash}\0".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()[:16]

    @cached_property
    def task(self) -> Task:
        """What was asked, as written down when the run was made."""
        return load_task(self.folder)

    @property
    def issue(self) -> str:
        return self.task.issue

    def continue_on_same_tree(self) -> None:
        """Bring the index up to date for a resumed run. Raises UsageError where the tree has changed."""
        if not self.task.tree:
            return  # it was stopped before it had read the tree
        self.graph.update(self.progress, self.cancelled)
        self.check()
        if self.tree != self.task.tree:
            raise UsageError(
                f"The work tree has changed since run {self.folder.id} was started. Start a new run."
            )

    @cached_property
    def proposers(self) -> dict[str, Proposer]:
        from agent.propose.open import open_proposers

        return {proposer.name: proposer for proposer in open_proposers(self.config.model)}

    def source(self, path: str) -> bytes:
        """A base file's content, read once per process. Empty for a file that does not exist."""
        if path not in self._sources:
            target = self.repo / path
            self._sources[path] = target.read_bytes() if target.is_file() else b""
        return self._sources[path]

    def is_editable(self, path: str) -> bool:
        """Python sources inside the tree, except tests and what supports them."""
        if not path.endswith(".py") or path.endswith("conftest.py") or self.graph.is_test_file(path):
            return False
        target = self.repo / path
        return target.is_file() and target.resolve().is_relative_to(self.repo)

    def edited_lines(self, candidate: Candidate) -> dict[str, frozenset[int]]:
        """1-based lines of the base that each edit touches, by path."""
        lines: dict[str, set[int]] = {}
        for edit in candidate.edits:
            source = self.source(edit.path)
            first = source.count(b"\n", 0, edit.start_byte) + 1
            last = source.count(b"\n", 0, max(edit.start_byte, edit.end_byte - 1)) + 1
            lines.setdefault(edit.path, set()).update(range(first, last + 1))
        return {path: frozenset(of_path) for path, of_path in lines.items()}

    def affected_lines(self, candidate: Candidate) -> dict[str, frozenset[int]]:
        """The lines of every definition that holds an edit, by path; all of the file's outside definitions."""
        affected: dict[str, set[int]] = {}
        for path, lines in self.edited_lines(candidate).items():
            for line in lines:
                symbol = self.graph.symbol_at(path, line)
                if symbol is None:
                    continue
                span = range(symbol.span.start_line, symbol.span.end_line + 1)
                affected.setdefault(path, set()).update(span)
            affected.setdefault(path, set()).update(lines)
        return {path: frozenset(of_path) for path, of_path in affected.items()}

    def sources_of(self, candidate: Candidate) -> dict[str, bytes]:
        return {path: self.source(path) for path in candidate.paths if (self.repo / path).exists()}

    def modes_of(self, candidate: Candidate) -> dict[str, int]:
        paths = [path for path in candidate.paths if (self.repo / path).exists()]
        return {path: (self.repo / path).stat().st_mode & 0o777 for path in paths}

    # Drawing

    def draw(
        self, order: DrawOrder, count: int, context: Callable[[], ProposalContext]
    ) -> Iterator[Candidate]:
        """The next `count` new candidates of one proposer's stream; fewer only where it ends.

        Raises EngineError where the proposer's model fails.
        """
        name = stream_name(order["proposer"], order["combine"])
        key = (name, order["plan"])
        if key not in self._streams:
            self._streams[key] = self._open_stream(order, context())
        fresh = (candidate for candidate in self._streams[key] if not self.ledger.knows(candidate.id))
        return islice(fresh, count)

    def _open_stream(self, order: DrawOrder, context: ProposalContext) -> Iterator[Candidate]:
        proposer = self.proposers[order["proposer"]]
        if not order["combine"]:
            return proposer.propose(context)
        from agent.nodes.refine import progress_of

        singles = [each for each in self.ledger.drawn() if each.proposer == order["proposer"]]
        return proposer.propose_pairs(context, singles, progress_of(self))
