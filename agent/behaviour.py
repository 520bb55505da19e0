"""Observe how patches behave on inputs beyond the tests: the tests' own calls, and mutations of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.artefacts import load_plan, target_tests
from agent.diff import changed_files
from agent.types import Candidate
from index.types import SymbolKind

if TYPE_CHECKING:
    from agent.workbench import Workbench

MAX_RECORDING_TESTS = 40
MAX_FUNCTIONS = 6


@dataclass(frozen=True, slots=True)
class Observed:
    """Results on the probe inputs: of the base, and of each candidate in the order given."""

    base: tuple[str, ...]
    behaviours: tuple[tuple[str, ...], ...]
    recorded: int
    """Distinct inputs that the tests themselves used."""


def observe_behaviours(bench: Workbench, candidates: Sequence[Candidate]) -> Observed:
    """Empty behaviours where no call of a changed function could be recorded."""
    functions = _changed_functions(bench, candidates)
    guards = bench.survey.guards(candidates[0])
    tests = (*target_tests(bench.folder), *guards)[:MAX_RECORDING_TESTS]
    trees = [changed_files(each, bench.sources_of(each)) for each in candidates]
    # Tests go on beyond their failure only where they pass, and so show more of what they call.
    inputs = bench.testbed.record_calls(functions, tests, trees[0], cancelled=bench.cancelled)
    bench.check()
    if not inputs.recorded:
        return Observed((), tuple(() for _ in candidates), 0)
    base, *behaviours = bench.testbed.probe(
        [{}, *trees], inputs, seed=bench.seed, cancelled=bench.cancelled, progress=bench.progress
    )
    bench.check()
    return Observed(base, tuple(behaviours), inputs.recorded)


def _changed_functions(bench: Workbench, candidates: Sequence[Candidate]) -> tuple[tuple[str, str], ...]:
    """(path, qualified name) of every function that some candidate changes, most often changed first."""
    counts: dict[tuple[str, str], int] = {}
    for candidate in candidates:
        for function in functions_of(bench, candidate):
            counts[function] = counts.get(function, 0) + 1
    return tuple(sorted(counts, key=lambda each: (-counts[each], each))[:MAX_FUNCTIONS])


def functions_of(bench: Workbench, candidate: Candidate) -> set[tuple[str, str]]:
    """Functions that a candidate changes; of a file changed outside functions, those that the tests ran."""
    found: set[tuple[str, str]] = set()
    for path, lines in bench.edited_lines(candidate).items():
        symbols = (bench.graph.symbol_at(path, line) for line in lines)
        names = {
            (path, symbol.qualified_name)
            for symbol in symbols
            if symbol is not None and symbol.kind in (SymbolKind.FUNCTION, SymbolKind.METHOD)
        }
        found |= names or {
            (path, name)
            for suspect in load_plan(bench.folder)
            if suspect.path == path
            for name, _ in suspect.functions
        }
    return found
