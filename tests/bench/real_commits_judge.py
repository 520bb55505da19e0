"""Judge a patch for a real bug-fix commit: by the fix's tests, by the suite, by where the real fix was made.

Knows nothing of how the patch came about.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from real_commits_corpus import TEST_PATH, Case, CorpusError, Project, Workplace, find_clone, git

FILES_LIMIT_S = 120
SUITE_LIMIT_S = 400
MODULE = "<module>"
HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@", re.MULTILINE)

Place = tuple[str, str]
"""A changed function as (path, qualified name); `<module>` outside any."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What holds for a case without any repair tool: the bar that a patch has to reach."""

    passing_before: frozenset[str]
    """Tests of the suite that pass on the parent's source with the fix's tests."""
    passing_with_fix: frozenset[str]
    """Tests of the fix's test files that pass on the fix's source."""
    places: frozenset[Place]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one patch."""

    applies: bool
    plausible: bool
    """The failing tests pass in a cold run."""
    correct: bool
    """Plausible; what passes in the test files with the real fix passes; nothing that passed before fails."""
    regressed: tuple[str, ...]
    same_file: bool
    same_function: bool
    identical: bool
    """The real fix's source files come out with the same syntax tree."""


NOTHING = Judgement(False, False, False, (), False, False, False)


def reference_for(workplace: Workplace, project: Project, case: Case) -> Reference:
    """Measure the case, or read what an earlier run measured. Leaves the checkout with the real fix in it."""
    cache = workplace.folder / project.name / f"{case.id}.reference.json"
    places = places_of_fix(workplace, project, case)
    if cache.exists():
        data = json.loads(cache.read_text(encoding="utf-8"))
        return Reference(frozenset(data["before"]), frozenset(data["with_fix"]), places)
    workplace.lay_out(project, case.parent, case.fix, case.test_files)
    before = workplace.run_tests(project, case.suite, SUITE_LIMIT_S)
    if not before.complete:
        raise CorpusError(f"{case.id}: the suite did not finish on the parent: {before.output[-400:]}")
    unexpected = set(case.failing_tests) & before.passed()
    workplace.take_from_fix(project, case.fix, case.source_files)
    after = workplace.run_tests(project, test_modules(case), FILES_LIMIT_S)
    missing = set(case.failing_tests) - after.passed()
    if unexpected or missing:
        raise CorpusError(f"{case.id} does not hold here: {sorted(unexpected or missing)[:3]}")
    data = {"before": sorted(before.passed()), "with_fix": sorted(after.passed())}
    cache.write_text(json.dumps(data), encoding="utf-8")
    return Reference(before.passed(), after.passed(), places)


def judge(workplace: Workplace, project: Project, case: Case, reference: Reference, patch: str) -> Judgement:
    """Lay the case out anew, apply the patch, run everything cold."""
    repo = workplace.lay_out(project, case.parent, case.fix, case.test_files)
    try:
        git(repo, "apply", "--whitespace=nowarn", "-", text_input=patch)
    except CorpusError:
        return NOTHING
    places = _places_of_work_tree(repo)
    modules = workplace.run_tests(project, test_modules(case), FILES_LIMIT_S)
    plausible = set(case.failing_tests) <= modules.passed()
    regressed: frozenset[str] = frozenset()
    if plausible:
        regressed = (
            reference.passing_before - workplace.run_tests(project, case.suite, SUITE_LIMIT_S).passed()
        )
        if regressed:
            regressed -= workplace.run_tests(project, case.suite, SUITE_LIMIT_S).passed()
    return Judgement(
        applies=True,
        plausible=plausible,
        correct=plausible and not regressed and reference.passing_with_fix <= modules.passed(),
        regressed=tuple(sorted(regressed)),
        same_file=bool({path for path, _ in places} & {path for path, _ in reference.places}),
        same_function=bool(places & reference.places),
        identical=_same_syntax(workplace, project, case),
    )


def test_modules(case: Case) -> list[str]:
    """The fix's test files that pytest can be pointed at."""
    names = ("conftest.py", "__init__.py")
    return [path for path in case.test_files if path.endswith(".py") and Path(path).name not in names]


def places_of_fix(workplace: Workplace, project: Project, case: Case) -> frozenset[Place]:
    """Functions of the parent's source that the real fix changes."""
    clone = find_clone(workplace.mirror, project.repository)
    places: set[Place] = set()
    for path in case.source_files:
        diff = git(clone, "diff", "-U0", case.parent, case.fix, "--", path)
        source = git(clone, "show", f"{case.parent}:{path}")
        places |= {(path, name) for name in functions_changed(source, diff)}
    return frozenset(places)


def _places_of_work_tree(repo: Path) -> frozenset[Place]:
    places: set[Place] = set()
    for path in git(repo, "diff", "--name-only", "HEAD").splitlines():
        if path.endswith(".py") and not TEST_PATH.search(path):
            diff = git(repo, "diff", "-U0", "HEAD", "--", path)
            places |= {(path, name) for name in functions_changed(git(repo, "show", f"HEAD:{path}"), diff)}
    return frozenset(places)


def functions_changed(source: str, diff: str) -> set[str]:
    """Qualified names of the innermost functions (else classes) whose lines a `-U0` diff of `source` touches."""
    definitions = list(_definitions(ast.parse(source).body, ""))
    names: set[str] = set()
    for start_text, count_text in HUNK.findall(diff):
        start, count = int(start_text), int(count_text or 1)
        for line in range(start, start + max(count, 1)):
            inside = [item for item in definitions if item[0] <= line <= item[1]]
            names.add(min(inside, key=lambda item: item[1] - item[0])[2] if inside else MODULE)
    return names


def _definitions(body: Iterable[ast.AST], prefix: str) -> Iterable[tuple[int, int, str]]:
    for node in body:
        name = prefix
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}.{node.name}" if prefix else node.name
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield first, node.end_lineno or node.lineno, name
        yield from _definitions(ast.iter_child_nodes(node), name)


def _same_syntax(workplace: Workplace, project: Project, case: Case) -> bool:
    clone = find_clone(workplace.mirror, project.repository)
    for path in case.source_files:
        ours = (workplace.checkout(project) / path).read_text(encoding="utf-8", errors="replace")
        try:
            if ast.dump(ast.parse(ours)) != ast.dump(ast.parse(git(clone, "show", f"{case.fix}:{path}"))):
                return False
        except SyntaxError:
            return False
    return True
