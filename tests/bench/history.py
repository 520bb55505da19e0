"""How long git's history takes to read, to bring up to date by a commit, to find unchanged; what it adds to a store.

Run: python tests/bench/history.py REPOSITORY... [--commits N] [--record]
A repository may be bare; it is cloned and left alone. The clone starts some first-parent commits back and is then
moved forward one at a time. Processor time, git's included, is told beside wall time, because a busy machine only
stretches the latter.
"""

import argparse
import resource
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from results import record

from index.git.history import update_history
from index.graph import WorkTreeGraph, open_graph
from index.update import update_store

COLUMNS = (
    "repository", "files", "commits", "first read ms", "one commit p50 / p95 ms", "unchanged p50 ms", "store KB",
    "history KB", "pairs",
)  # fmt: skip
TABLES = (
    "history_states",
    "history_segments",
    "file_histories",
    "commits",
    "touches",
    "co_changes",
    "co_changes_by_target",
)


@dataclass
class Times:
    """Wall and processor times of calls, in milliseconds."""

    walls: list[float] = field(default_factory=list)
    processors: list[float] = field(default_factory=list)

    def measure(self, action: Callable[[], object]) -> None:
        wall_s, processor_s = time.perf_counter(), _processor_s()
        action()
        self.walls.append(1000 * (time.perf_counter() - wall_s))
        self.processors.append(1000 * (_processor_s() - processor_s))

    def quantile(self, share: float) -> str:
        wall, processor = (_quantile(times, share) for times in (self.walls, self.processors))
        return f"{wall:.0f} ({processor:.0f})"


def _quantile(times: list[float], share: float) -> float:
    return statistics.quantiles(times, n=100)[round(100 * share) - 1] if len(times) > 1 else times[0]


def _processor_s() -> float:
    """Of this process and of those that it started and waited for."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _read_all(graph: WorkTreeGraph) -> None:
    while True:
        update_history(graph.store, graph.root)
        if graph.store.history_state().complete:
            return


def _sizes_kb(store: Path) -> tuple[float, float]:
    """(whole store, tables of history)."""
    with sqlite3.connect(store) as connection:
        sizes = dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall())
    connection.close()
    return sum(sizes.values()) / 1000, sum(sizes.get(table, 0) for table in TABLES) / 1000


def bench(repository: Path, folder: Path, commits: int) -> str:
    """One row of the table."""
    root = folder / "tree"
    _git(folder, "clone", "-q", "--shared", str(repository.resolve()), str(root))
    ahead = _git(root, "rev-list", "--first-parent", f"--max-count={commits + 1}", "HEAD").split()
    _git(root, "checkout", "-q", "--detach", ahead.pop())
    graph = open_graph(root, f"sqlite:{folder}/graph.db")
    first, step, unchanged = Times(), Times(), Times()
    told: list[str] = []
    update_store(graph.store, root, None, lambda: False)
    first.measure(lambda: _read_all(graph))
    for sha in reversed(ahead):
        _git(root, "checkout", "-q", "--detach", sha)
        update_store(graph.store, root, None, lambda: False)
        step.measure(lambda: told.append(update_history(graph.store, root)))
        unchanged.measure(lambda: update_history(graph.store, root))
    pairs = len(graph.store.edges(types=["CHANGED_WITH"]))
    files = sum(record.skipped is None for record in graph.files())
    graph.close()
    store_kb, history_kb = _sizes_kb(folder / "graph.db")
    return _row(
        (
            repository.name,
            f"{files:,}",
            told[-1].partition(" ")[0],
            first.quantile(0.5),
            f"{step.quantile(0.5)} / {step.quantile(0.95)}",
            unchanged.quantile(0.5),
            f"{store_kb:,.0f}",
            f"{history_kb:,.0f} ({history_kb / store_kb:.1%})",
            f"{pairs:,}",
        )
    )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--commits", type=int, default=30, help="how far back to start [default: 30]")
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    arguments = parser.parse_args()
    lines = [_row(COLUMNS), _row("---" for _ in COLUMNS)]
    print("\n".join(lines))
    for repository in arguments.repositories:
        with tempfile.TemporaryDirectory() as folder:
            lines.append(bench(repository, Path(folder), arguments.commits))
            print(lines[-1], flush=True)
    if arguments.record:
        record("History", "Wall time, and processor time in brackets.\n\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
