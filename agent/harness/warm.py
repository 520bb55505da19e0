"""Work out what a warm process may load before it forks: only what cannot reach a file that may change.

Pure functions over what a reconnaissance run recorded. Knows nothing of processes or sandboxes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from agent.types import Verdict

START = "pytest"
"""What the warm process names as culprit where pytest's own start reaches a file that may change."""


@dataclass(frozen=True, slots=True)
class Recon:
    """What the tests' processes loaded. Paths are the repository's where they lie in it, else absolute."""

    modules: tuple[tuple[str, str], ...]
    """(name, path), in the order in which loading began."""
    edges: Mapping[str, tuple[str, ...]]
    """Name → names of what it imported."""
    path: tuple[str, ...]
    """`sys.path` at the end."""
    plans: tuple[Mapping[str, Any], ...] = ()
    """How to call each test that is plain enough for screening; opaque here."""
    conftests: tuple[str, ...] = ()
    obstacle: str = ""
    """Why no test may be screened."""


@dataclass(frozen=True, slots=True)
class WarmPlan:
    """What one warm process loads, compiles and must never read."""

    preload: tuple[str, ...]
    path: tuple[str, ...]
    compile: tuple[str, ...]
    forbidden: tuple[str, ...]
    start: Mapping[str, Any] | None = None
    """The job with which pytest is brought up to its collection of tests, if it can be."""

    def payload(self) -> dict[str, Any]:
        return {
            "preload": self.preload,
            "path": self.path,
            "compile": self.compile,
            "forbidden": self.forbidden,
            "start": None if self.start is None else dict(self.start),
        }


def recon_from(record: Mapping[str, Any]) -> Recon:
    """Read a runner's `recon` line."""
    return Recon(
        modules=tuple((str(name), str(path)) for name, path in record["modules"]),
        edges={str(name): tuple(targets) for name, targets in record["edges"].items()},
        path=tuple(record["path"]),
        plans=tuple(record.get("plans", ())),
        conftests=tuple(record.get("conftests", ())),
        obstacle=str(record.get("obstacle", "")),
    )


def tainted(recon: Recon, names: Iterable[str]) -> set[str]:
    """Modules that reach any of these, by imports or as a part of its package, themselves included."""
    importers: dict[str, set[str]] = {}
    for importer, targets in recon.edges.items():
        for target in targets:
            importers.setdefault(target, set()).add(importer)
    for name, _ in recon.modules:
        parent = name.rpartition(".")[0]
        if parent:
            importers.setdefault(parent, set()).add(name)
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += importers.get(name, ())
    return found


def plan_warm(recon: Recon, changed_paths: Collection[str], test_paths: Collection[str]) -> WarmPlan:
    """What to load before the fork if `changed_paths` may change. Test modules are never loaded there.

    Files that are not loaded, since they reach a changed one, may then change as well: they are forbidden too.
    """
    unsafe = tainted(recon, (name for name, path in recon.modules if path in changed_paths))
    preload = []
    forbidden = set(changed_paths)
    compile_paths = [path for path in test_paths if path.endswith(".py") and path not in changed_paths]
    for name, path in recon.modules:
        own = PurePosixPath(path).name == "conftest.py" or path in test_paths or not _importable(name)
        if not own and name not in unsafe:
            preload.append(name)
        elif not path.startswith("/") and path.endswith(".py") and path not in changed_paths:
            compile_paths.append(path)
            if not own:
                forbidden.add(path)
    return WarmPlan(
        preload=tuple(preload),
        path=recon.path,
        compile=tuple(dict.fromkeys(compile_paths)),
        forbidden=tuple(sorted(forbidden)),
    )


def without(plan: WarmPlan, recon: Recon, culprit: str) -> WarmPlan:
    """The plan less a module that could not be loaded in the warm process, and all that reach it."""
    if culprit == START:
        return replace(plan, start=None)
    unsafe = tainted(recon, [culprit])
    return replace(plan, preload=tuple(name for name in plan.preload if name not in unsafe))


def same_verdicts(ours: Sequence[Verdict], theirs: Sequence[Verdict]) -> list[str]:
    """Tests that came out alike: outcome, exception's type and innermost frame."""
    known = {verdict.test: _essence(verdict) for verdict in theirs}
    return [verdict.test for verdict in ours if known.get(verdict.test) == _essence(verdict)]


def _essence(verdict: Verdict) -> tuple[bool, str, object]:
    return verdict.outcome.ok, verdict.error, verdict.frames[-1] if verdict.frames else None


def _importable(name: str) -> bool:
    return name not in ("__main__", "__mp_main__", "graft_runner")
