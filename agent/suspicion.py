"""Where the fault may be: rank files, functions and lines from failures, coverage, the issue and the graph.

Files first (traceback, imports, the issue's words, the graph), lines after: line-level ranking alone is weak
on real projects (Ochiai finds 2/20/28% of BugsInPy's faulty lines in its top 1/5/10), so it only refines.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.harness.types import CoveredLines
from agent.types import Failure, SuspiciousFile
from index.repository import RepositoryGraph
from index.types import LocateResult, Symbol, SymbolKind

# Weights of a line's score; their sum is 1. Chosen by reason, not fitted: coverage separates lines of one
# function, the other evidence separates functions.
OCHIAI_WEIGHT = 0.45
TRACEBACK_WEIGHT = 0.2
FUNCTION_WEIGHT = 0.35

MODULE_LEVEL_SCORE = 0.15
"""A statement outside functions runs at import, where no test's trace can tell it apart."""
UNEXECUTED_SCORE = 0.1
"""A line of an executed function that the failing test did not reach."""
UNSEEN_SCORE = 0.3
"""A line of a function where no trace says which lines the failing test ran."""
MAX_FILES = 40


@dataclass(frozen=True)
class Spectrum:
    """How many passing tests ran each line, as `passing[path][line]`. Empty until the suite was traced."""

    passing: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    tests: int = 0

    @classmethod
    def of(cls, runs: Iterable[CoveredLines]) -> Spectrum:
        passing: dict[str, Counter[int]] = defaultdict(Counter)
        tests = 0
        for lines_by_path in runs:
            tests += 1
            for path, lines in lines_by_path.items():
                passing[path].update(lines)
        return cls(passing, tests)


def ochiai(failing_here: int, failing: int, passing_here: int) -> float:
    """Suspicion of a line in 0..1 (Ochiai): failed runs through it over the geometric mean."""
    if failing_here == 0:
        return 0.0
    return failing_here / math.sqrt(failing * (failing_here + passing_here))


def rank(
    graph: RepositoryGraph,
    failures: Sequence[Failure],
    located: LocateResult,
    spectrum: Spectrum,
    import_lines: CoveredLines,
    editable: Callable[[str], bool],
) -> tuple[SuspiciousFile, ...]:
    """Files worth editing, best first, with a score per line; the most suspected line of all has 1.

    Only files that a failing test executed or a traceback names are ranked by line; where there are none
    (the test never got that far), what the issue's words and the test's imports point to is taken.
    `import_lines` are those that ran when the tests were loaded, by path.
    """
    evidence = _Evidence(graph, failures, located, spectrum, import_lines)
    paths = [path for path in evidence.paths() if editable(path)]
    files = [evidence.file(path) for path in paths]
    ranked = sorted((file for file in files if file.line_scores), key=lambda file: (-file.score, file.path))
    best = max((score for file in ranked for score in file.line_scores.values()), default=1.0)
    return tuple(
        replace(file, line_scores={line: score / best for line, score in file.line_scores.items()})
        for file in ranked[:MAX_FILES]
    )


class _Evidence:
    def __init__(
        self,
        graph: RepositoryGraph,
        failures: Sequence[Failure],
        located: LocateResult,
        spectrum: Spectrum,
        import_lines: CoveredLines,
    ) -> None:
        self.graph = graph
        self.failures = failures
        self.spectrum = spectrum
        self.import_lines = import_lines
        self.issue_files = {hit.path: 1 / (1 + place) for place, hit in enumerate(located.files)}
        self.issue_symbols = {hit.symbol.uid: 1 / (1 + place) for place, hit in enumerate(located.symbols)}
        self.trace_depth = self._trace_depth()
        self.traced = any(failure.executed for failure in failures)
        self.test_words = _words(" ".join(own_name(failure.verdict.test) for failure in failures))
        self.imported = self._imported_by_tests()

    def _trace_depth(self) -> dict[tuple[str, int], float]:
        """1 for the innermost frame inside the repository, falling outwards."""
        depths: dict[tuple[str, int], float] = {}
        for failure in self.failures:
            frames = [frame for frame in failure.verdict.frames if not self.graph.is_test_file(frame.path)]
            for place, frame in enumerate(reversed(frames)):
                key = (frame.path, frame.line)
                depths[key] = max(depths.get(key, 0.0), 0.7**place)
        return depths

    def _imported_by_tests(self) -> dict[str, float]:
        """Files that the failing tests' modules import: 1 directly, 0.5 through one more."""
        reached: dict[str, float] = {}
        paths = [record.path for record in self.graph.files() if self.graph.is_test_file(record.path)]
        tests = dict.fromkeys(file_of_test(failure.verdict.test, paths) for failure in self.failures)
        for test_path in filter(None, tests):
            for path in self.graph.imported_files(test_path):
                reached[path] = 1.0
                for further in self.graph.imported_files(path):
                    reached.setdefault(further, 0.5)
        return reached

    def paths(self) -> list[str]:
        executed = {path for failure in self.failures for path in failure.executed}
        named = {path for path, _ in self.trace_depth}
        seen = sorted(executed | named | set(self.import_lines)) or sorted(self.imported)
        return seen or list(self.issue_files) or [record.path for record in self.graph.files()]

    def file(self, path: str) -> SuspiciousFile:
        functions = _Functions(self.graph.symbols(path=path))
        executed = self._failing_runs(path)
        in_trace = {line: depth for (of_path, line), depth in self.trace_depth.items() if of_path == path}
        function_scores = self._function_scores(path, functions, executed, in_trace)
        lines: dict[int, float] = {}
        for uid, score in function_scores.items():
            for line in functions.lines(uid):
                lines[line] = UNEXECUTED_SCORE * score
        for line, failing_here in executed.items():
            of_function = function_scores.get(functions.at(line), 0.0)
            coverage = ochiai(
                failing_here, len(self.failures), self.spectrum.passing.get(path, {}).get(line, 0)
            )
            lines[line] = (
                OCHIAI_WEIGHT * coverage
                + TRACEBACK_WEIGHT * in_trace.get(line, 0.0)
                + FUNCTION_WEIGHT * of_function
            )
        for line, depth in in_trace.items():
            lines[line] = max(lines.get(line, 0.0), TRACEBACK_WEIGHT * depth + FUNCTION_WEIGHT)
        if not self.traced:
            lines = {line: self._unseen(functions.at(line)) for line in functions.all_lines()} | lines
        reasons = self._reasons(path, executed, in_trace)
        file_score = self._file_score(path, lines, in_trace)
        for line in self.import_lines.get(path, ()):
            if not functions.at(line):
                lines.setdefault(line, MODULE_LEVEL_SCORE)
        named = sorted(
            ((functions.name(uid), score) for uid, score in function_scores.items()), key=_by_score
        )
        return SuspiciousFile(path, file_score, lines, reasons, tuple(named))

    def _unseen(self, uid: str) -> float:
        """A line's score where no test was traced, as with a user's own test command."""
        return UNSEEN_SCORE + FUNCTION_WEIGHT * self.issue_symbols.get(uid, 0.0)

    def _failing_runs(self, path: str) -> Counter[int]:
        runs: Counter[int] = Counter()
        for failure in self.failures:
            runs.update(failure.executed.get(path, frozenset()))
        return runs

    def _function_scores(
        self, path: str, functions: _Functions, executed: Counter[int], in_trace: Mapping[int, float]
    ) -> dict[str, float]:
        """Score in 0..1 of each function that a failing test entered, by uid."""
        scores: dict[str, float] = {}
        entered = Counter(functions.at(line) for line in executed if functions.at(line))
        for uid in {*entered, *(functions.at(line) for line in in_trace if functions.at(line))}:
            trace = max((depth for line, depth in in_trace.items() if functions.at(line) == uid), default=0.0)
            words = _words(functions.name(uid))
            shared = len(words & self.test_words) / len(words) if words else 0.0
            issue = self.issue_symbols.get(uid, 0.0)
            imported = self.imported.get(path, 0.0)
            scores[uid] = min(1.0, 0.3 + 0.3 * trace + 0.15 * shared + 0.15 * issue + 0.1 * imported)
        return scores

    def _file_score(self, path: str, lines: Mapping[int, float], in_trace: Mapping[int, float]) -> float:
        best_line = max(lines.values(), default=0.0)
        score = (
            0.4 * best_line
            + 0.25 * max(in_trace.values(), default=0.0)
            + 0.2 * self.imported.get(path, 0.0)
            + 0.15 * self.issue_files.get(path, 0.0)
        )
        return min(1.0, score)

    def _reasons(self, path: str, executed: Counter[int], in_trace: Mapping[int, float]) -> tuple[str, ...]:
        reasons = []
        if in_trace:
            line = max(in_trace, key=lambda each: in_trace[each])
            reasons.append(f"in the failure's traceback, line {line}")
        if executed:
            reasons.append(f"the failing test ran {len(executed)} of its lines")
        if path in self.imported:
            how = "directly" if self.imported[path] == 1.0 else "through another module"
            reasons.append(f"imported by the failing test {how}")
        if path in self.issue_files:
            reasons.append("the issue's words point to it")
        return tuple(reasons)


class _Functions:
    """Innermost function or method around each line of one file."""

    def __init__(self, symbols: Iterable[Symbol]) -> None:
        self._symbols = {symbol.uid: symbol for symbol in symbols}
        self._at: dict[int, str] = {}
        kinds = (SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.TEST)
        inside_out = sorted(
            self._symbols.values(), key=lambda each: each.span.end_line - each.span.start_line
        )
        for symbol in inside_out:
            if symbol.kind in kinds:
                for line in range(symbol.span.start_line, symbol.span.end_line + 1):
                    self._at.setdefault(line, symbol.uid)

    def at(self, line: int) -> str:
        """The uid, or an empty string outside functions."""
        return self._at.get(line, "")

    def name(self, uid: str) -> str:
        return self._symbols[uid].qualified_name

    def all_lines(self) -> Iterable[int]:
        """Every line inside a function."""
        return self._at

    def lines(self, uid: str) -> list[int]:
        return [line for line, owner in self._at.items() if owner == uid]


def file_of_test(test_id: str, paths: Iterable[str]) -> str:
    """The file of a test: of pytest's id, or that of `paths` which a dotted unittest name means; else empty."""
    head, separator, _ = test_id.partition("::")
    if separator or head.endswith(".py"):
        return head
    parts = head.split(".")
    for count in range(len(parts) - 1, 0, -1):
        module = "/".join(parts[:count]) + ".py"
        found = [path for path in paths if path == module or path.endswith(f"/{module}")]
        if found:
            return min(found, key=lambda path: (len(path), path))
    return ""


def own_name(test_id: str) -> str:
    """A test's own name in its id, with its parameters if it has any."""
    return test_id.rpartition("::" if "::" in test_id else ".")[2]


def _words(text: str) -> set[str]:
    pieces = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", text)
    return {piece.lower() for piece in pieces} - {"test", "tests", "self", "py"}


def _by_score(named: tuple[str, float]) -> tuple[float, str]:
    return -named[1], named[0]
