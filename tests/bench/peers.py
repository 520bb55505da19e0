"""Index one tree with Graft and with other tools: time, memory, size of the store, a one-file update, call edges.

Each peer lives in a virtual environment of its own (`pip install aider-chat`, `graphifyy`) and is skipped, with the
reason, where its interpreter is not given. Processor seconds count all processes, so that a busy machine changes them
little; memory is that of the largest process. Calls are judged at the sites of call_edges.py (its `--cache`).

Run: python tests/bench/peers.py --tree DIR --work DIR [--aider PYTHON] [--graphify PYTHON] [--sites FILE …]
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from call_edges import Claims, Oracle, index_tree, judge, score
from call_sites import Place, Target, Tree, read_tree
from results import record

HEAD = (
    "| tool | cold, s | cold, processor s | files/s of processor time | MiB | store / source | update, s | calls: "
    "precision | recall | F1 |",
    "|---|---|---|---|---|---|---|---|---|---|",
)
_GRAFT = """
import sys; sys.path.insert(0, sys.argv[1])
from index.graph import open_graph
open_graph(sys.argv[2]).update()
"""
_AIDER = """
import sys
from pathlib import Path
from aider.io import InputOutput
from aider.repomap import RepoMap
class Model:
    def token_count(self, text): return len(text) // 4
io = InputOutput(yes=True, pretty=False)
files = [str(path) for path in sorted(Path(sys.argv[1]).rglob("*.py"))]
print(len(RepoMap(1024, sys.argv[1], Model(), io, refresh="always").get_repo_map([], files) or ""))
"""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that indexes a tree: the same command fills its store and brings it up to date."""

    name: str
    command: tuple[str, ...]
    store: str
    """The file or folder that it keeps, in the tree; a pattern."""


@dataclass(frozen=True, slots=True)
class Cost:
    wall_s: float
    processor_s: float
    largest_mib: int


def tools(arguments: argparse.Namespace, tree: Path) -> Iterator[Tool]:
    here = str(Path(__file__).resolve().parents[2])
    yield Tool("Graft", (sys.executable, "-c", _GRAFT, here, str(tree)), ".graft/graph.db*")
    if arguments.aider:
        command = (str(arguments.aider), "-c", _AIDER, str(tree))
        yield Tool("aider, repository map", command, ".aider.tags.cache*/*")
    if arguments.graphify:
        update = (str(arguments.graphify), "-m", "graphify", "update", str(tree), "--no-cluster")
        yield Tool("graphify", update, "graphify-out/**/*")


def run(command: Sequence[str], limit_s: float, folder: Path) -> Cost:
    """Run a tool to its end. Raises subprocess.TimeoutExpired, CalledProcessError."""
    watch = (
        "import json, resource, subprocess, sys, time; started = time.monotonic(); "
        "code = subprocess.run(sys.argv[2:], stdout=sys.stderr).returncode; "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(json.dumps([time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss >> 10])); "
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", watch, "", *command],
        cwd=folder, capture_output=True, text=True, timeout=limit_s, check=True,
    )  # fmt: skip
    return Cost(*json.loads(done.stdout))


def store_bytes(tree: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in tree.glob(pattern) if path.is_file())


def graphify_claims(tree: Path, sites: Tree) -> Claims:
    """Its call edges stand once for each pair of functions: such an edge is taken for every site after the head of
    the calling function, up to the next head, whose callee has the target's name."""
    graph = json.loads((tree / "graphify-out" / "graph.json").read_text("utf-8"))
    nodes = {node["id"]: node for node in graph["nodes"]}
    heads: dict[str, list[int]] = defaultdict(list)
    lines: dict[tuple[str, int], Target] = {}
    for place, definition in sorted(sites.definitions.items()):
        heads[place.path].append(place.line)
        lines[place.path, place.line] = definition
    called: dict[tuple[str, int], set[tuple[str, str]]] = defaultdict(set)
    for edge in graph.get("links", graph.get("edges", [])):
        source, target = nodes.get(edge["source"]), nodes.get(edge["target"])
        if edge.get("relation") == "calls" and source and target:
            found = lines.get(_place(target, tree))
            if found is not None:
                called[_place(source, tree)].add(found[:2])
    claims: dict[Place, frozenset[tuple[str, str]]] = {}
    for site in sites.sites:
        name, above = sites.callee[site].rpartition(".")[2], heads[site.path]
        index = bisect_right(above, site.line) - 1
        candidates = called.get((site.path, above[index] if index >= 0 else 1), ())
        claims[site] = frozenset(each for each in candidates if each[1].rpartition(".")[2] == name)
    return claims


def _place(thing: dict[str, str], tree: Path) -> tuple[str, int]:
    """Where a node stands; its path is relative to the folder that the tree lies in."""
    path = tree.parent / (thing.get("source_file") or "")
    number = re.search(r"\d+", str(thing.get("source_location") or ""))
    inside = path.relative_to(tree) if path.is_relative_to(tree) else path
    return inside.as_posix(), int(number[0]) if number else 0


def measure(tool: Tool, tree: Path, limit_s: float, oracles: list[Oracle], sites: Tree) -> str:
    """One row: cold, then again after one file has changed."""
    source = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    files = len({place.path for place in sites.sites})
    cold = run(tool.command, limit_s, tree.parent)
    kept = store_bytes(tree, tool.store)
    claims: Claims | None = None
    if oracles and tool.name == "Graft":
        claims = index_tree(tree).claims
    elif oracles and tool.name == "graphify":
        claims = graphify_claims(tree, sites)
    changed = max((path for path in tree.rglob("*.py")), key=lambda path: path.stat().st_size)
    changed.write_text(changed.read_text("utf-8") + "\n\ndef added_by_the_benchmark():\n    pass\n", "utf-8")
    update = run(tool.command, limit_s, tree.parent)
    cells = [f"{cold.wall_s:.0f}", f"{cold.processor_s:.0f}", f"{files / cold.processor_s:.0f}"]
    cells += [str(cold.largest_mib), f"{kept / source:.2f}", f"{update.wall_s:.1f}"]
    cells += _calls(claims, oracles)
    return f"| {tool.name} | {' | '.join(cells)} |"


def _calls(claims: Claims | None, oracles: list[Oracle]) -> list[str]:
    if claims is None:
        return ["none"] * 3
    merged = Oracle()
    for oracle in oracles:
        merged.inside |= oracle.inside
        merged.outside |= oracle.outside
    found = score(claims, merged)
    return [f"{found.precision:.3f}", f"{found.recall:.3f}", f"{found.f1:.3f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, required=True, help="copied for each tool")
    parser.add_argument("--work", type=Path, required=True, help="folder for the copies")
    parser.add_argument("--aider", type=Path, help="interpreter with aider-chat")
    parser.add_argument("--graphify", type=Path, help="interpreter with graphifyy")
    parser.add_argument("--sites", type=Path, nargs="*", default=[], help="answers that call_edges.py kept")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds for each run [default: 900]")
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    arguments = parser.parse_args()
    sites = read_tree(arguments.tree.resolve())
    oracles = []
    for kept in arguments.sites:
        answers = {
            Place(*site): [Place(*place) for place in places] for site, places in json.loads(kept.read_text())
        }
        oracles.append(judge(answers, sites))
    lines = [f"{len({place.path for place in sites.sites})} Python files with calls.", "", *HEAD]
    for name in ("aider", "graphify"):
        if getattr(arguments, name) is None:
            print(f"{name} is skipped: give --{name}, an interpreter that has it", file=sys.stderr)
    for tool in tools(arguments, (arguments.work / arguments.tree.name).resolve()):
        copy = (arguments.work / arguments.tree.name).resolve()
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(arguments.tree, copy)
        try:
            lines.append(measure(tool, copy, arguments.limit, oracles, sites))
        except (subprocess.SubprocessError, OSError) as error:
            lines.append(f"| {tool.name} | stopped: {type(error).__name__} |")
        print(lines[-1], flush=True)
    if arguments.record:
        record("Other tools on the same tree", "\n".join(lines))


if __name__ == "__main__":
    main()
