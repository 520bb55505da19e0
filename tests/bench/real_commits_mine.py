"""Choose bug-fix commits from clones by a mechanical rule and write them to the manifest. Knows nothing of repair.

    python tests/bench/real_commits_mine.py --mirror DIR [--work DIR] [--projects a,b]

Projects that the manifest lists are mined anew; the others keep their cases.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from real_commits_corpus import (
    MANIFEST,
    TEST_PATH,
    Case,
    CorpusError,
    Manifest,
    Project,
    Workplace,
    find_clone,
    git,
    load_manifest,
    save_manifest,
)

SINCE = "2018-01-01"
TITLE = re.compile(
    r"\b(fix(e[sd])?|bug(fix)?|regression|crash(es)?|incorrect(ly)?|wrong(ly)?)\b", re.IGNORECASE
)
MAX_SOURCE_FILES = 3
SMALL_LINES = 3
MAX_LINES = 30
SMALL_QUOTA = 2
LARGER_QUOTA = 1
TRIALS = 40
"""Commits per project whose tests are run, at most, for either size."""
MAX_FAILING = 20
FILES_LIMIT_S = 90
SUITE_LIMIT_S = 240

RULE = f"""\
Per project the newest non-merge commits since {SINCE} whose first line has a word of fixing (fix, fixes, fixed,
bug, bugfix, regression, crash, incorrect, wrong); that modify 1 to {MAX_SOURCE_FILES} Python files of the package
(adding, removing and renaming none) by at most {MAX_LINES} code lines in all, and add or modify a Python test file;
of them the first {SMALL_QUOTA} with at most {SMALL_LINES} changed code lines and the first {LARGER_QUOTA} with more
for which 1 to {MAX_FAILING} tests in the fix's test files fail on the parent's source and pass, twice, on the fix's,
the file being collected on both; the test files within {FILES_LIMIT_S} s and the suite on the parent within
{SUITE_LIMIT_S} s. A replaced line counts once; blank and comment lines do not count."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that the static part of the rule lets through."""

    sha: str
    parent: str
    date: str
    title: str
    changed_lines: int
    source_files: tuple[str, ...]
    test_files: tuple[str, ...]


def changed_code_lines(diff: str) -> int:
    """Lines that a `-U0` diff changes: per hunk the larger of removed and added, blank and comment lines apart."""
    total = removed = added = 0
    for line in diff.splitlines():
        if line.startswith(("@@", "diff ")):
            total += max(removed, added)
            removed = added = 0
        elif line.startswith(("---", "+++")) or not line[1:].strip() or line[1:].lstrip().startswith("#"):
            continue
        elif line.startswith("-"):
            removed += 1
        elif line.startswith("+"):
            added += 1
    return total + max(removed, added)


def eligible(clone: Path, project: Project) -> Iterator[Commit]:
    """Commits that pass the static part of the rule, newest first."""
    log = git(clone, "log", "--no-merges", f"--since={SINCE}", "--format=%H%x09%P%x09%cs%x09%s", "HEAD")
    for entry in log.splitlines():
        sha, parents, date, title = entry.split("\t", 3)
        if not TITLE.search(title) or " " in parents or not parents:
            continue
        status = git(clone, "diff", "--name-status", "--no-renames", parents, sha)
        changes = [tuple(line.split("\t", 1)) for line in status.splitlines()]
        source = [c for c in changes if _is_source(c[1], project)]
        tests = [path for kind, path in changes if kind in "AM" and TEST_PATH.search(path)]
        if not 1 <= len(source) <= MAX_SOURCE_FILES or any(kind != "M" for kind, _ in source):
            continue
        if not any(path.endswith(".py") for path in tests):
            continue
        paths = tuple(path for _, path in source)
        lines = changed_code_lines(git(clone, "diff", "-U0", parents, sha, "--", *paths))
        if 1 <= lines <= MAX_LINES:
            yield Commit(sha, parents, date, title, lines, paths, tuple(tests))


def _is_source(path: str, project: Project) -> bool:
    inside = path.startswith(f"{project.package}/")
    return inside and path.endswith(".py") and not TEST_PATH.search(path)


def verify(workplace: Workplace, project: Project, commit: Commit) -> Case | None:
    """Run the fix's test files on both sides and the suite on both sides; None if the rule does not hold."""
    selectors = [path for path in commit.test_files if path.endswith(".py") and _holds_tests(path)]
    if not selectors:
        return None
    workplace.lay_out(project, commit.parent, commit.sha, commit.test_files)
    before = workplace.run_tests(project, selectors, FILES_LIMIT_S)
    if not before.complete or not before.failed():
        return None
    suite = project.suite or tuple(sorted({str(Path(path).parent) for path in selectors}))
    suite_before = workplace.run_tests(project, suite, SUITE_LIMIT_S)
    workplace.take_from_fix(project, commit.sha, commit.source_files)
    after = workplace.run_tests(project, selectors, FILES_LIMIT_S)
    again = workplace.run_tests(project, selectors, FILES_LIMIT_S)
    failing = sorted(before.failed() & after.passed() & again.passed())
    if not 1 <= len(failing) <= MAX_FAILING or not suite_before.complete:
        return None
    return Case(
        id=f"{project.name}-{commit.sha[:8]}",
        project=project.name,
        fix=commit.sha,
        parent=commit.parent,
        date=commit.date,
        title=commit.title,
        changed_lines=commit.changed_lines,
        source_files=commit.source_files,
        test_files=commit.test_files,
        failing_tests=tuple(failing),
        suite=suite,
        suite_tests=len(suite_before.outcomes),
        suite_s=round(suite_before.seconds, 1),
    )


def _holds_tests(path: str) -> bool:
    return Path(path).name not in ("conftest.py", "__init__.py")


def mine(workplace: Workplace, project: Project) -> list[Case]:
    """Newest cases of a project up to the quotas."""
    clone = find_clone(workplace.mirror, project.repository)
    workplace.prepare(project)
    found: dict[bool, list[Case]] = {True: [], False: []}
    quota = {True: SMALL_QUOTA, False: LARGER_QUOTA}
    trials = {True: 0, False: 0}
    for commit in eligible(clone, project):
        small = commit.changed_lines <= SMALL_LINES
        if len(found[small]) >= quota[small] or trials[small] >= TRIALS:
            continue
        trials[small] += 1
        case = verify(workplace, project, commit)
        verdict = "kept" if case else "dropped"
        print(
            f"{project.name} {commit.sha[:8]} {commit.changed_lines:3} {verdict}: {commit.title}", flush=True
        )
        if case:
            found[small].append(case)
        if all(len(found[size]) >= quota[size] or trials[size] >= TRIALS for size in quota):
            break
    return found[True] + found[False]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mirror", type=Path, required=True, help="Folder with clones of the projects.")
    parser.add_argument("--work", type=Path, required=True, help="Where checkouts and environments are made.")
    parser.add_argument("--base-python", type=Path, default=Path(sys.executable))
    parser.add_argument("--projects", default="", help="Comma-separated names. [default: all]")
    parser.add_argument("--manifest", type=Path, default=MANIFEST)
    arguments = parser.parse_args()
    manifest = load_manifest(arguments.manifest)
    workplace = Workplace(arguments.work, arguments.mirror, arguments.base_python)
    names = arguments.projects.split(",") if arguments.projects else [p.name for p in manifest.projects]
    for name in names:
        project = manifest.project(name)
        try:
            cases = mine(workplace, project)
        except CorpusError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        kept = [case for case in manifest.cases if case.project != name]
        projects = [workplace.pinned(p) if p.name == name else p for p in manifest.projects]
        cases = sorted([*kept, *cases], key=lambda case: case.id)
        manifest = Manifest(RULE, tuple(projects), tuple(cases))
        save_manifest(manifest, arguments.manifest)
    return 0


if __name__ == "__main__":
    sys.exit(main())
