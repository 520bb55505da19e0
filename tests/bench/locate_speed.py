"""Measure how long `locate` takes on an indexed tree, asked with the texts of the development cases.

    python tests/bench/locate_speed.py --tree DIR --mirror DIR --store URL [--texts 120] [--record]

Exit: 0 measured, 2 bad usage.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import chain, zip_longest
from pathlib import Path
from statistics import quantiles

from localisation_corpus import CorpusError, load_projects, read_case
from real_commits_corpus import find_clone
from results import record

from index.graph import WorkTreeGraph, open_graph


def texts_of(mirror: Path, count: int) -> list[str]:
    """The first texts of every development project in turn, so that each has its share."""
    projects = [project for project in load_projects() if project.split == "development"]
    clones = [find_clone(mirror, project.repository) for project in projects]
    asked = [
        [read_case(project, clone, fix).text for fix in project.fixes[: count // len(projects) + 1]]
        for project, clone in zip(projects, clones, strict=True)
    ]
    return [text for text in chain.from_iterable(zip_longest(*asked)) if text is not None][:count]


def time_locate(graph: WorkTreeGraph, texts: list[str]) -> list[tuple[float, float]]:
    """Wall and processor milliseconds of each call, in order."""
    taken = []
    for text in texts:
        wall_s, processor_s = time.perf_counter(), time.process_time()
        graph.locate(text)
        taken.append((1_000 * (time.perf_counter() - wall_s), 1_000 * (time.process_time() - processor_s)))
    return taken


def report(name: str, files: int, symbols: int, taken: list[tuple[float, float]]) -> str:
    """One row; processor time in brackets. The first call is told apart: it fills caches."""
    (first_wall, first_processor), *rest = taken
    cuts = [quantiles(column, n=20, method="inclusive") for column in zip(*rest, strict=True)]
    cells = [f"{cuts[0][n]:.0f} ({cuts[1][n]:.0f})" for n in (9, 18)]
    return (
        "| tree | files | symbols | texts | first ms | p50 ms | p95 ms |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        f"| {name} | {files:,} | {symbols:,} | {len(taken)} | {first_wall:.0f} ({first_processor:.0f}) | "
        + " | ".join(cells)
        + " |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how long `locate` takes on an indexed tree.")
    parser.add_argument("--tree", type=Path, required=True, help="folder to index, e.g. Django's source")
    parser.add_argument("--mirror", type=Path, required=True, help="folder with clones, as `owner+name`")
    parser.add_argument("--store", required=True, help="store to use, e.g. sqlite:/tmp/django.db")
    parser.add_argument("--texts", type=int, default=120, help="how many texts to ask [default: 120]")
    parser.add_argument("--record", action="store_true", help="write the table to RESULTS.md")
    arguments = parser.parse_args()
    try:
        texts = texts_of(arguments.mirror, arguments.texts)
    except CorpusError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    graph = open_graph(arguments.tree, arguments.store)
    graph.update()
    counts = graph.store.counts()
    text = report(arguments.tree.name, counts.files, counts.symbols, time_locate(graph, texts))
    graph.close()
    print(text)
    if arguments.record:
        record("Speed of locate", f"Wall time, and processor time in brackets.\n\n{text}")


if __name__ == "__main__":
    main()
