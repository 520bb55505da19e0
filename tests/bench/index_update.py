"""How fast the repository graph follows a large tree: cold, after one edit, while typing; and how large it is.

    pip download --no-binary :all: --no-deps django && tar xf django-*.tar.gz
    python tests/bench/index_update.py --tree django-5.2.19 --record

Edits are undone one by one; the tree is as before at the end. Beside wall time stands the processor time of this
process, which other programs on the machine lengthen less.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from results import record

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from index.graph import WorkTreeGraph, open_graph  # noqa: E402
from index.types import FileRecord, Symbol, SymbolKind  # noqa: E402

TITLE = "Repository graph: cold index, one-file update, keystroke"
_CALLABLE = (SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.TEST)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--tree", type=Path, required=True, help="an unpacked source tree, which nobody else edits"
    )
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument(
        "--dependants", type=int, default=10_000, help="files that use one, in a made-up tree"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="write the table to RESULTS.md")
    options = parser.parse_args()
    lines = ["| what | measured |", "|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        graph = open_graph(options.tree, f"sqlite:{folder}/graph.db")
        lines += cold(graph, Path(folder) / "graph.db")
        rng = random.Random(options.seed)
        lines += updates(graph, rng, options.edits)
        lines += typing(graph, rng, options.edits)
        graph.close()
        lines += dependants(Path(folder) / "many", options.dependants)
    text = "\n".join(lines)
    print(text)
    if options.record:
        record(TITLE, text)


def cold(graph: WorkTreeGraph, database: Path) -> list[str]:
    wall, processor = time.monotonic(), cpu_s()
    report = graph.update()
    wall, processor = time.monotonic() - wall, cpu_s() - processor
    memory = sum(
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    source = sum(f.size_bytes for f in graph.files() if f.language and not f.skipped)
    size = database.stat().st_size
    return [
        f"| cold index: {report.files_parsed} parsed of {report.files_seen} files | {wall:.1f} s wall, "
        f"{processor:.1f} s processor: {report.files_parsed / wall:.0f} parsed files/s; "
        f"two cores kept busy would do {2 * report.files_parsed / processor:.0f} |",
        f"| memory, this process and its largest child | {memory / 1024:.0f} MB |",
        f"| store | {size / 1e6:.1f} MB = {size / source:.2f} × the {source / 1e6:.1f} MB of indexed source |",
    ]


def cpu_s() -> float:
    """Processor seconds of this process and its ended children."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


# Edits: text, symbols of the file, a generator → the new text, None where the file has no place for it


def add_function(text: str, symbols: list[Symbol], rng: random.Random) -> str | None:
    return f"{text.rstrip()}\n\n\ndef added_{rng.randrange(1_000)}(value):\n    return value\n"


def rename(text: str, symbols: list[Symbol], rng: random.Random) -> str | None:
    found = [s for s in symbols if s.kind in _CALLABLE or s.kind is SymbolKind.CLASS]
    if not found:
        return None
    name = rng.choice(found).name
    return text.replace(name, f"{name}_renamed")


def change_signature(text: str, symbols: list[Symbol], rng: random.Random) -> str | None:
    lines = text.splitlines(keepends=True)
    places = [n for n, line in enumerate(lines) if line.lstrip().startswith("def ") and "):" in line]
    if not places:
        return None
    place = rng.choice(places)
    lines[place] = lines[place].replace("):", ", *, extra: str = '') -> int:", 1).replace("(, ", "(")
    return "".join(lines)


def touch_import(text: str, symbols: list[Symbol], rng: random.Random) -> str | None:
    lines = text.splitlines(keepends=True)
    places = [n for n, line in enumerate(lines) if line.startswith(("import ", "from ")) and "(" not in line]
    if not places:
        return None
    del lines[rng.choice(places)]
    return "".join(lines)


def change_body(text: str, symbols: list[Symbol], rng: random.Random) -> str | None:
    lines = text.splitlines(keepends=True)
    places = [n for n, line in enumerate(lines) if line.strip().startswith("return ")]
    if not places:
        return None
    place = rng.choice(places)
    indentation = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
    lines.insert(place, f"{indentation}checked = repr(len([]))\n")
    return "".join(lines)


EDITS = (add_function, rename, change_signature, touch_import, change_body)


def drawn(graph: WorkTreeGraph, rng: random.Random, number: int, by_size: bool) -> list[FileRecord]:
    files = [f for f in graph.files() if f.language == "python" and not f.skipped and f.size_bytes > 100]
    return rng.choices(files, [f.size_bytes if by_size else 1 for f in files], k=number)


def updates(graph: WorkTreeGraph, rng: random.Random, number: int) -> list[str]:
    lines = []
    for by_size in (False, True):
        times: list[tuple[float, float]] = []
        walked: list[tuple[float, float]] = []
        for count, each in enumerate(drawn(graph, rng, number, by_size)):
            place = graph.root / each.path
            before = place.read_bytes()
            edit = EDITS[count % len(EDITS)]
            after = edit(before.decode(), graph.symbols(path=each.path), rng)
            if after is None:
                continue
            place.write_text(after)
            if count % 10 == 9:
                walked.append(timed(graph.update))
            else:
                times.append(timed(lambda path=each.path: graph.update(paths=[path])))
            place.write_bytes(before)
            graph.update(paths=[each.path])
        drawn_by = "drawn by size" if by_size else "drawn evenly"
        lines.append(f"| one-file update, files {drawn_by} ({len(times)} edits) | {percentiles(times)} |")
        lines.append(f"| the same, found by a walk ({len(walked)} edits) | {percentiles(walked)} |")
    return lines


def typing(graph: WorkTreeGraph, rng: random.Random, number: int) -> list[str]:
    lines = []
    for by_size in (False, True):
        keys: list[tuple[float, float]] = []
        asked: list[tuple[float, float]] = []
        opened: list[tuple[float, float]] = []
        resolved: list[tuple[float, float]] = []
        settled: list[tuple[float, float]] = []
        for each in drawn(graph, rng, max(1, number // 10), by_size):
            text = (graph.root / each.path).read_text()
            graph.overlay(each.path, text)  # an editor opens a file before anybody types in it
            opened.append(timed(lambda path=each.path: graph.symbols(path=path)))
            line = rng.choice(range(text.count("\n") + 1))
            head, tail = "\n".join(text.split("\n")[:line]), "\n".join(text.split("\n")[line:])
            for end in range(1, 11):
                typed = f"{head}\ndef typed(a):"[: len(head) + end + 4] + "\n" + tail
                keys.append(timed(lambda path=each.path, text=typed: graph.overlay(path, text)))
                asked.append(timed(lambda path=each.path: graph.symbols(path=path)))
                resolved.append(timed(lambda: graph.references(name="typed")))
            settled.append(timed(graph.settle))
            graph.close_overlay(each.path)
        drawn_by = "drawn by size" if by_size else "drawn evenly"
        lines.append(f"| keystroke, files {drawn_by} ({len(keys)}) | {percentiles(keys)} |")
        lines.append(f"| first query after opening ({len(opened)}) | {percentiles(opened)} |")
        lines.append(f"| first query after a keystroke, for symbols | {percentiles(asked)} |")
        lines.append(f"| then the first one that needs edges | {percentiles(resolved)} |")
        lines.append(f"| settling after ten | {percentiles(settled)} |")
    return lines


def dependants(root: Path, number: int) -> list[str]:
    root.mkdir()
    (root / "a.py").write_text("def f(): pass\n")
    for count in range(number):
        folder = root / f"p{count // 100}"
        folder.mkdir(exist_ok=True)
        (folder / f"m{count}.py").write_text("from a import f\n\nf().go()\n")
    graph = open_graph(root, f"sqlite:{root}.db")
    graph.update()
    keys = []
    for end in range(30):
        text = (
            f"class C:\n    def go(self): pass\n\ndef f() -> C: pass\n# {'x' * end}\n"
            if end % 3
            else "x = 1\n"
        )
        keys.append(timed(lambda text=text: graph.overlay("a.py", text)))
        graph.settle(budget_s=0.01)
    settled = timed(graph.settle)
    graph.close()
    return [
        f"| keystroke in a file with {number} dependants ({len(keys)}) | {percentiles(keys)} |",
        f"| settling all of them | {settled[0]:.1f} s wall, {settled[1]:.1f} s processor |",
    ]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """(wall, processor) seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def percentiles(times: list[tuple[float, float]]) -> str:
    parts = []
    for name, column in (("wall", 0), ("processor", 1)):
        values = sorted(each[column] for each in times)
        p95 = values[min(len(values) - 1, int(len(values) * 0.95))]
        parts.append(f"{name} p50 {statistics.median(values) * 1e3:.1f} ms, p95 {p95 * 1e3:.1f} ms")
    return "; ".join(parts)


if __name__ == "__main__":
    main()
