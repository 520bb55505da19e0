"""Measure `locate` without any model: is the changed file, are the changed functions among the first?

    python tests/bench/localisation.py --mirror DIR --work DIR [--texts DIR] [--split development|test] [--vectors]
        [--record] [--json FILE]

The commits' messages ask; with `--texts`, the issues that they close, from files `{id: {"title", "body"}}` there.
Every stage is also left out, and tried alone beside the plain word search, on the same cases; those that compare
meanings find something only with `--vectors`, which embeds files and definitions first. Totals only are printed for
the test split. Exit: 0 measured, 2 bad usage.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from localisation_corpus import (
    ISSUES_MANIFEST,
    MANIFEST,
    Case,
    CorpusError,
    Project,
    Trees,
    is_fair,
    load_projects,
    read_texts,
)
from results import record

from index.graph import WorkTreeGraph
from index.retrieval.embed import Embedder, need_embedder
from index.retrieval.retrieve import ALL_STAGES, Retriever
from index.vectors import update_vectors

LENGTH = 50
BASELINE = "words"
FULL = "all stages"
FILE_CUTS, FUNCTION_CUTS = (1, 3, 5, 10), (5, 10)
Value = Callable[["Answer"], float]


@dataclass(frozen=True, slots=True)
class Answer:
    """How one variant did on one case; ranks count from 1, 0 stands for beyond the first 50."""

    repository: str
    language: str
    split: str
    fix: str
    variant: str
    file_ranks: tuple[int, ...]
    function_ranks: tuple[int, ...]

    @property
    def first(self) -> int:
        return min((rank for rank in self.file_ranks if rank), default=0)


def variants() -> dict[str, frozenset[str]]:
    """Stages by the variant's name."""
    named = {FULL: ALL_STAGES, BASELINE: frozenset({BASELINE})}
    others = sorted(ALL_STAGES - {BASELINE})
    named |= {f"without {stage}": ALL_STAGES - {stage} for stage in sorted(ALL_STAGES)}
    return named | {f"words and {stage}": frozenset({BASELINE, stage}) for stage in others}


def answer_case(
    case: Case, graph: WorkTreeGraph, functions: frozenset[str], chosen: dict[str, frozenset[str]]
) -> list[Answer]:
    retriever = Retriever(graph.store)
    found = retriever.gather(case.text)
    answers = []
    for variant, stages in chosen.items():
        part = {name: evidence for name, evidence in found.items() if name in stages}
        result = retriever.join(part, top=LENGTH)
        paths = [hit.path for hit in result.files]
        uids = [hit.symbol.uid for hit in result.symbols]
        answers.append(
            Answer(
                case.project.repository, case.project.language, case.project.split, case.fix, variant,
                _ranks(case.files, paths), _ranks(functions, uids),
            )
        )  # fmt: skip
    return answers


def _ranks(wanted: Iterable[str], ranked: Sequence[str]) -> tuple[int, ...]:
    place = {key: rank for rank, key in enumerate(ranked, 1)}
    return tuple(sorted(place.get(key, 0) for key in wanted))


def measure(
    trees: Trees, projects: list[Project], chosen: dict[str, frozenset[str]], embedder: Embedder | None
) -> list[Answer]:
    answers: list[Answer] = []
    for project in projects:
        began, unfair, cases = time.monotonic(), 0, 0
        for case, graph, functions in trees.cases(project):
            cases += 1
            if embedder is not None:
                update_vectors(graph.store, embedder)
            unfair += not is_fair(case, graph)
            answers += answer_case(case, graph, functions, chosen)
        print(
            f"{project.repository}: {cases} cases, {unfair} whose answer is not indexed, "
            f"{time.monotonic() - began:.0f} s",
            file=sys.stderr, flush=True,
        )  # fmt: skip
    return answers


# Figures


def _share(answers: Sequence[Answer], holds: Callable[[Answer], bool]) -> str:
    return f"{100 * sum(map(holds, answers)) / len(answers):.1f}" if answers else "–"


def _within(ranks: tuple[int, ...], cut: int) -> bool:
    return all(0 < rank <= cut for rank in ranks)


def figures(answers: Sequence[Answer]) -> list[str]:
    """Shares of cases in percent: any file in top k, MRR; all files in top 5; all, then any functions in top k."""
    with_functions = [answer for answer in answers if answer.function_ranks]
    cells = [_share(answers, lambda answer, k=k: 0 < answer.first <= k) for k in FILE_CUTS]
    mrr = sum(1 / answer.first for answer in answers if answer.first) / max(1, len(answers))
    cells.append(f"{mrr:.3f}")
    cells.append(_share(answers, lambda answer: _within(answer.file_ranks, 5)))
    cells += [_share(with_functions, lambda a, k=k: _within(a.function_ranks, k)) for k in FUNCTION_CUTS]
    cells += [
        _share(with_functions, lambda a, k=k: any(0 < rank <= k for rank in a.function_ranks))
        for k in FUNCTION_CUTS
    ]
    return cells


def wins_and_losses(answers: Sequence[Answer], variant: str, base: str) -> tuple[int, int, int, int]:
    """Cases where `variant` has the first right file higher, lower; has one in the top 5 alone, only `base` has."""
    by_fix = {(answer.variant, answer.fix): answer.first or LENGTH + 1 for answer in answers}
    pairs = [(by_fix[variant, fix], by_fix[base, fix]) for name, fix in by_fix if name == base]
    return (
        sum(one < other for one, other in pairs),
        sum(one > other for one, other in pairs),
        sum(one <= 5 < other for one, other in pairs),
        sum(other <= 5 < one for one, other in pairs),
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def report(answers: list[Answer]) -> str:
    """Everything that RESULTS.md keeps."""
    parts = []
    for split in ("development", "test"):
        here = [answer for answer in answers if answer.split == split]
        if not here:
            continue
        repositories = len({answer.repository for answer in here})
        cases = [answer for answer in here if answer.variant == FULL]
        functions = sum(1 for answer in cases if answer.function_ranks)
        languages = len({answer.language for answer in here})
        parts.append(
            f"### {split}: {len(cases)} cases of {repositories} repositories in {languages} languages, "
            f"{functions} with functions"
        )
        parts.append(_split_table(here))
        parts.append(_paired_table(here))
    return "\n\n".join(parts)


HEAD = (
    "file top 1",
    "3",
    "5",
    "10",
    "MRR",
    "all files top 5",
    "all functions top 5",
    "10",
    "any function top 5",
    "10",
)


def _split_table(answers: list[Answer]) -> str:
    rows: list[list[object]] = []
    for name, cases in _by(answers, lambda answer: answer.variant, [BASELINE, FULL]):
        rows.append([name, len(cases), *figures(cases)])
    full = [answer for answer in answers if answer.variant == FULL]
    single = [answer for answer in full if len(answer.file_ranks) == 1]
    rows.append([f"{FULL}, one file changed", len(single), *figures(single)])
    languages = sorted({answer.language for answer in full})
    for name, cases in _by(full, lambda answer: answer.language, languages):
        rows.append([f"{FULL}, {name}", len(cases), *figures(cases)])
    return _table(["", "cases", *HEAD], rows)


def _by(
    answers: list[Answer], key: Callable[[Answer], str], names: Iterable[str]
) -> list[tuple[str, list[Answer]]]:
    return [(name, [answer for answer in answers if key(answer) == name]) for name in names]


def _paired_table(answers: list[Answer]) -> str:
    rows = []
    for stage in sorted(ALL_STAGES):
        better, worse, gained, lost = wins_and_losses(answers, FULL, f"without {stage}")
        row: list[object] = [stage, f"{better} : {worse}", f"{gained} : {lost}"]
        if stage != BASELINE:
            better, worse, gained, lost = wins_and_losses(answers, f"words and {stage}", BASELINE)
            row += [f"{better} : {worse}", f"{gained} : {lost}"]
        rows.append(row + ["–"] * (5 - len(row)))
    head = ["stage", "kept against left out: higher : lower", "only then in top 5 : only without",
            "beside plain words: higher : lower", "only then in top 5 : only without"]  # fmt: skip
    return _table(head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure `locate` on fix commits of public projects.")
    parser.add_argument("--mirror", type=Path, required=True, help="folder with clones, as `owner+name`")
    parser.add_argument("--work", type=Path, required=True, help="folder for trees and stores")
    parser.add_argument("--texts", type=Path, help="folder with issue texts, to be asked instead of messages")
    parser.add_argument("--split", choices=["development", "test", "both"], default="both")
    parser.add_argument("--projects", help="only these repositories, by comma")
    parser.add_argument("--vectors", action="store_true", help="embed what definitions mean, too")
    parser.add_argument("--keep", action="store_true", help="keep a store per case and reuse the kept ones")
    parser.add_argument("--json", type=Path, help="also write every answer of the development split there")
    parser.add_argument("--record", action="store_true", help="write the tables to RESULTS.md")
    arguments = parser.parse_args()
    manifest = ISSUES_MANIFEST if arguments.texts else MANIFEST
    projects = [p for p in load_projects(manifest) if arguments.split in (p.split, "both")]
    if arguments.projects:
        projects = [p for p in projects if p.repository in arguments.projects.split(",")]
    try:
        texts = read_texts(arguments.texts) if arguments.texts else None
        trees = Trees(arguments.work, arguments.mirror, keep=arguments.keep, texts=texts)
        answers = measure(trees, projects, variants(), need_embedder() if arguments.vectors else None)
    except CorpusError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    text = report(answers)
    print(text)
    if arguments.json:
        shown = [asdict(answer) for answer in answers if answer.split == "development"]
        arguments.json.write_text(json.dumps(shown, indent=1), encoding="utf-8")
    if arguments.record:
        record("Localisation from issue texts" if texts else "Localisation without a model", text)


if __name__ == "__main__":
    main()
