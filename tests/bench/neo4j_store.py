"""How fast a tree comes into Neo4j, and how fast it answers from there.

Run: python tests/bench/neo4j_store.py --tree DIR [--store URL] [--queries N] [--record]
Without --store a server is started and ended here. Processor time is told beside wall time, because a busy machine
only stretches the latter.
"""

import argparse
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from results import record

from index.graph import WorkTreeGraph
from index.layer.store import open_layered
from index.neo4j.server import Server, free_port, running
from index.neo4j.snapshot import open_first
from index.store import open_store
from index.types import Symbol
from index.update import update_store

TITLE = "Neo4j store"


@contextmanager
def server_of(given: str | None) -> Iterator[tuple[str, Callable[[], float]]]:
    """The URL of a server, and what tells its processor time, 0 where it is not ours."""
    if given:
        yield given, lambda: 0.0
        return
    with tempfile.TemporaryDirectory() as home, running(Server(Path(home), free_port())) as server:
        yield server.uri, server.processor_s


def quantiles_ms(action: Callable[[Symbol], object], symbols: list[Symbol]) -> tuple[float, float]:
    """p50 and p95 of what one question takes."""
    times = []
    for symbol in symbols:
        started_s = time.perf_counter()
        action(symbol)
        times.append(1_000 * (time.perf_counter() - started_s))
    cuts = statistics.quantiles(times, n=20)
    return statistics.median(times), cuts[-1]


def ask(graph: WorkTreeGraph, count: int, server_s: Callable[[], float]) -> Iterator[str]:
    """One row of the table for each kind of question."""
    rng = random.Random(1)
    called = sorted({edge.target for edge in graph.edges() if edge.type in ("CALLS", "INSTANTIATES")})
    known = graph.store.symbols_by_uid(rng.sample(called, min(2 * count, len(called))))
    symbols = [known[uid] for uid in sorted(known)]
    warm_up, symbols = symbols[:count], symbols[count:]

    def two_hops(symbol: Symbol) -> None:
        graph.callers_of([caller.uid for caller in graph.callers(symbol.uid)[:50]])

    questions: dict[str, Callable[[Symbol], object]] = {
        "definition": lambda symbol: graph.symbols(name=symbol.name),
        "callers": lambda symbol: graph.callers(symbol.uid),
        "two hops of callers": two_hops,
        "file map": lambda symbol: graph.symbols(path=symbol.path),
        "full text": lambda symbol: graph.store.search({symbol.name.lower(): 1.0}, "symbols", limit=20),
        "locate": lambda symbol: graph.locate(
            f"{symbol.name} fails in {symbol.path}: {symbol.docstring[:200]}"
        ),
    }
    for name, question in questions.items():
        quantiles_ms(question, warm_up)
        own_before_s, server_before_s = own_s(), server_s()
        p50, p95 = quantiles_ms(question, symbols)
        own_ms = 1_000 * (own_s() - own_before_s) / len(symbols)
        server_ms = 1_000 * (server_s() - server_before_s) / len(symbols)
        yield f"| {name} | {p50:.1f} ms | {p95:.1f} ms | {own_ms:.1f} + {server_ms:.1f} ms |"


def ask_over_snapshot(
    graph: WorkTreeGraph, url: str, count: int, folder: Path, server_s: Callable[[], float]
) -> Iterator[str]:
    """The same of a checkout that differs from the stored graph by twenty files, which lie in a layer."""
    base = open_first(url, [graph.store.repository])
    assert base is not None
    checkout = WorkTreeGraph(graph.root, open_layered(base, folder / "layer.db"))
    with checkout.store.change() as change:
        change.set_indexed_at(graph.store.indexed_at())
    paths = [r.path for r in graph.files() if r.language == "python" and r.skipped is None]
    before = {path: (graph.root / path).read_bytes() for path in random.Random(3).sample(paths, 20)}
    for path, content in before.items():
        (graph.root / path).write_bytes(content + b"\n\ndef added_by_the_benchmark(): pass\n")
    started_s = time.perf_counter()
    checkout.update(paths=before)
    yield f"| update of a checkout, 20 files differ | {1_000 * (time.perf_counter() - started_s):.0f} ms | | |"
    for line in ask(checkout, count, server_s):
        yield line.replace("| ", "| in the checkout: ", 1)
    for path, content in before.items():
        (graph.root / path).write_bytes(content)
    checkout.close()


def fill(graph: WorkTreeGraph, server_s: Callable[[], float]) -> str:
    """Bring the tree in, and say how long it took."""
    started_s, own_before_s, server_before_s = time.perf_counter(), own_s(), server_s()
    report = update_store(graph.store, graph.root, batch_files=sys.maxsize)  # as a snapshot is written
    wall_s = time.perf_counter() - started_s
    counts = graph.store.counts()
    return (
        f"Cold index: {report.files_parsed} parsed files of {report.files_seen} in {wall_s:.1f} s, "
        f"{report.files_parsed / wall_s:.0f} files/s; {counts.symbols} symbols, {counts.edges} edges, "
        f"{counts.references} unresolved references. Processor time: Graft {own_s() - own_before_s:.1f} s, "
        f"the server {server_s() - server_before_s:.1f} s."
    )


def change_one(graph: WorkTreeGraph, count: int) -> str:
    """Touch single files and bring the graph up to them."""
    paths = [r.path for r in graph.files() if r.language == "python" and r.skipped is None]
    times = []
    for path in random.Random(2).sample(paths, min(count, len(paths))):
        file = graph.root / path
        before = file.read_bytes()
        file.write_bytes(before + b"\n\ndef added_by_the_benchmark(): pass\n")
        started_s = time.perf_counter()
        graph.update()
        times.append(1_000 * (time.perf_counter() - started_s))
        file.write_bytes(before)
        graph.update()
    cuts = statistics.quantiles(times, n=20)
    return f"| update after one file changed | {statistics.median(times):.0f} ms | {cuts[-1]:.0f} ms | |"


def own_s() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--tree", type=Path, required=True, help="the tree to index; changed and restored file by file"
    )
    parser.add_argument("--store", help="a Neo4j that runs, as neo4j://localhost:7687")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server_of(arguments.store) as (url, server_s):
        graph = WorkTreeGraph(arguments.tree, open_store(url, arguments.tree.as_posix()))
        lines = [
            fill(graph, server_s),
            "",
            "| question | p50 | p95 | processor, Graft + server, mean |",
            "|---|---|---|---|",
        ]
        print(lines[0], flush=True)
        for line in chain(
            ask(graph, arguments.queries, server_s),
            ask_over_snapshot(graph, url, arguments.queries, Path(folder), server_s),
            (change_one(graph, 20) for _ in range(1)),
        ):
            lines.append(line)
            print(line, flush=True)
        graph.close()
    if arguments.record:
        record(TITLE, "\n".join(lines))


if __name__ == "__main__":
    main()
