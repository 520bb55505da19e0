"""Measure call edges against a type checker: at call sites to which its language server gives one target in the tree.

Per site: precision = same target, where the graph has an exact or scoped edge; recall = same target, of all sites.
A class call counts as its class, whatever `__init__` it runs; an explicit `__init__` call as that method. Left out
and counted: sites whose one target is a variable or parameter, and those where the server, knowing nothing, names
the definition that an enclosing call means (its name is not the site's, nor a renaming import's).

Run: python tests/bench/call_edges.py --checker VENV/bin/basedpyright-langserver --tree NAME=DIR … [--record]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from call_oracle import Answers, LanguageServer, ask
from call_sites import Place, Target, Tree, draw, read_tree
from results import record

from index.conventions import is_test_path
from index.graph import open_graph
from index.types import EdgeType, Span

HEAD = (
    "| tree | files | sites | one target inside | answered | precision | recall | F1 | answered, target outside |",
    "|---|---|---|---|---|---|---|---|---|",
)
Claims = Mapping[Place, frozenset[tuple[str, str]]]
"""Call site → (path, qualified name) of every target that a graph gives."""


@dataclass(slots=True)
class Oracle:
    """What the checker says of a sample of sites."""

    inside: dict[Place, Target] = field(default_factory=dict)
    outside: set[Place] = field(default_factory=set)
    """Sites whose one target is outside the tree."""
    variables: int = 0
    misnamed: int = 0
    several: int = 0
    none: int = 0

    @property
    def asked(self) -> int:
        return (
            len(self.inside) + len(self.outside) + self.variables + self.misnamed + self.several + self.none
        )


@dataclass(frozen=True, slots=True)
class Score:
    """How a graph's claims compare with an oracle."""

    sites: int
    answered: int
    right: int
    outside: int
    outside_answered: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.answered)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.sites)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, self.answered + self.sites)


def judge(answers: Answers, tree: Tree) -> Oracle:
    oracle = Oracle()
    for site, places in answers.items():
        targets = {tree.definitions.get(place, place) for place in places}
        target = targets.pop() if len(targets) == 1 else None
        if target is None:
            oracle.several += bool(places)
            oracle.none += not places
        elif isinstance(target, Target) and _misnamed(site, target, tree):
            oracle.misnamed += 1
        elif isinstance(target, Target):
            oracle.inside[site] = target
        elif target.path.startswith("/"):
            oracle.outside.add(site)
        else:
            oracle.variables += 1
    return oracle


def _misnamed(site: Place, target: Target, tree: Tree) -> bool:
    name = tree.callee[site].rpartition(".")[2]
    return name != target.qualified_name.rpartition(".")[2] and name not in tree.renamed[site.path]


def score(claims: Claims, oracle: Oracle) -> Score:
    answered = [site for site in oracle.inside if claims.get(site)]
    right = sum(claims[site] == {oracle.inside[site][:2]} for site in answered)
    outside = sum(bool(claims.get(site)) for site in oracle.outside)
    return Score(len(oracle.inside), len(answered), right, len(oracle.outside), outside)


class Indexed(NamedTuple):
    """What Graft says of a tree's call sites."""

    claims: Claims
    """From exact and scoped call edges."""
    unresolved: Mapping[Place, str]
    """Place → name of every reference that is kept unresolved."""
    files_per_s: float


def index_tree(root: Path) -> Indexed:
    """Index a tree into a store of its own."""
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as folder:
        graph = open_graph(root, f"sqlite:{folder}/graph.db")
        started = time.monotonic()
        files = graph.update().files_parsed
        rate = files / (time.monotonic() - started)
        names = {symbol.uid: (symbol.path, symbol.qualified_name) for symbol in graph.symbols()}
        calls: dict[Place, set[tuple[str, str]]] = defaultdict(set)
        classes: dict[Place, set[tuple[str, str]]] = defaultdict(set)
        for edge in graph.edges(types=[EdgeType.CALLS, EdgeType.INSTANTIATES]):
            if edge.span is not None and edge.target in names:
                kind = classes if edge.type is EdgeType.INSTANTIATES else calls
                kind[_start(edge.span)].add(names[edge.target])
        unresolved = {_start(reference.span): reference.name for reference in graph.references()}
        graph.close()
    claims = {site: frozenset(targets) for site, targets in (calls | classes).items()}
    return Indexed(claims, unresolved, rate)


def _start(span: Span) -> Place:
    return Place(span.path, span.start_line, span.start_column)


def oracle_answers(
    checker: Path, tree: Tree, sites: list[Place], cache: Path | None, python: Path
) -> Answers:
    """The checker's answers, from `cache` where they were kept."""
    if cache is not None and cache.exists():
        rows = json.loads(cache.read_text())
        return {Place(*site): [Place(*place) for place in places] for site, places in rows}
    server = LanguageServer([str(checker), "--stdio"], tree.root, python)
    started = time.monotonic()

    def progress(done: int) -> None:
        if done % 100 == 0:
            print(f"  {done} of {len(sites)} sites, {time.monotonic() - started:.0f} s", file=sys.stderr)

    try:
        answers = ask(server, tree, sites, progress)
    finally:
        server.close()
    if cache is not None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps(list(answers.items())))
    return answers


def row(name: str, files: int, oracle: Oracle, scored: Score) -> str:
    return (
        f"| {name} | {files} | {oracle.asked} | {scored.sites} | {scored.answered} | {scored.precision:.3f} "
        f"| {scored.recall:.3f} | {scored.f1:.3f} | {scored.outside_answered} of {scored.outside} |"
    )


def show_misses(tree: Tree, oracle: Oracle, claims: Claims, limit: int) -> None:
    """Print sites where graph and checker differ, wrong ones first."""
    for site in sorted(oracle.outside):
        if claims.get(site):
            print(f"OUT   {site.path}:{site.line} {tree.callee[site][:60]}; here {sorted(claims[site])}")
    kinds: Counter[str] = Counter()
    for wrong in (True, False):
        for site, target in oracle.inside.items():
            claim = claims.get(site, frozenset())
            if claim != {target[:2]} and bool(claim) is wrong:
                kinds["wrong" if wrong else "missing"] += 1
                if kinds.total() <= limit:
                    print(
                        f"{'WRONG' if wrong else 'MISS '} {site.path}:{site.line} {tree.callee[site][:60]} → "
                        f"{target.path}::{target.qualified_name}; here {sorted(claim)}"
                    )


def measure(name: str, root: Path, arguments: argparse.Namespace) -> Iterable[str]:
    """The rows of one tree: its source and its test files."""
    tree = read_tree(root)
    claims, _, rate = index_tree(root)
    print(f"{name}: {len(tree.sites)} call sites, indexed at {rate:.0f} files/s", file=sys.stderr)
    for part, tests in (("source", False), ("tests", True)):
        sites = [site for site in tree.sites if is_test_path(site.path) is tests]
        files, sites = len({site.path for site in sites}), draw(sites, arguments.sites, arguments.seed)
        cache = arguments.cache and arguments.cache / f"{name}-{part}-{arguments.seed}-{len(sites)}.json"
        oracle = judge(oracle_answers(arguments.checker, tree, sites, cache, arguments.python), tree)
        if arguments.misses and name not in arguments.held_out:
            show_misses(tree, oracle, claims, arguments.misses)
        mark = ", held out" if name in arguments.held_out else ""
        yield row(f"{name}, {part}{mark}", files, oracle, score(claims, oracle))
        print(
            f"  left out: variable {oracle.variables}, misnamed {oracle.misnamed}, several {oracle.several}, "
            f"none {oracle.none}",
            file=sys.stderr,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checker", type=Path, required=True, help="basedpyright-langserver")
    parser.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="with the trees' requirements"
    )
    parser.add_argument("--tree", action="append", required=True, metavar="NAME=DIR")
    parser.add_argument("--held-out", action="append", default=[], metavar="NAME", help="totals only")
    parser.add_argument("--sites", type=int, default=2_500, help="per tree and part [default: 2500]")
    parser.add_argument("--seed", type=int, default=2, help="of the sample [default: 2]; 1 was developed on")
    parser.add_argument("--cache", type=Path, help="folder that keeps the checker's answers")
    parser.add_argument("--misses", type=int, default=0, help="print so many sites that differ")
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    arguments = parser.parse_args()
    lines = [f"Sites drawn with seed {arguments.seed}.", "", *HEAD]
    for given in arguments.tree:
        name, _, folder = given.partition("=")
        for line in measure(name, Path(folder).resolve(), arguments):
            lines.append(line)
            print(line, flush=True)
    if arguments.record:
        record("Call edges against a type checker", "\n".join(lines))


if __name__ == "__main__":
    main()
