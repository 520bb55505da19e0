"""Choose fix commits from clones by a mechanical rule and write them to the manifest. Knows nothing of ranking.

    python tests/bench/localisation_mine.py --mirror DIR [--projects owner/name,…] [--texts DIR]

Projects that are not named keep their cases. With `--texts`, the manifest of issues is written instead: for every
issue text the first commit of the clone that closes it and that the rule allows.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from localisation_corpus import (
    ISSUES_MANIFEST,
    MANIFEST,
    Project,
    is_source,
    load_projects,
    missing_paths,
    question_of,
    read_texts,
    save_projects,
)
from real_commits_corpus import find_clone, git

SINCE = "2014-01-01"
CASES_PER_PROJECT = 16
MAX_FILES = 5
MAX_LINES = 150
MIN_WORDS = 5
MIN_SOURCE_FILES = 15
MAX_TRIED = 12
CLOSES = re.compile(r"\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)\b:?[^\n#]{0,12}#(\d+)", re.IGNORECASE)
NAMES_ISSUE = re.compile(r"#\d+")
BUG_WORD = re.compile(
    r"\b(?:fix(?:e[sd]|ing)?|bug(?:fix)?|regressions?|crash(?:es|ed)?|incorrect(?:ly)?|wrong(?:ly)?|broken)\b",
    re.IGNORECASE,
)
OTHER_WORK = re.compile(
    r"^\W*(?:feat|docs?|chore|build|ci|style|refactor|tests?|perf|release|deps|bump|revert|merge|update|upgrade"
    r"|changelog|readme|lint|typos?)\b|\b(?:typos?|changelog|readme|docstrings?|documentation)\b",
    re.IGNORECASE,
)
RULE = f"""\
Per project {CASES_PER_PROJECT} commits, spread evenly over its history since {SINCE}, among those
with one parent whose message names an issue (closes, fixes, resolves #N; or #N and a word of faults) and whose first
line is not one of other work (feat, docs, chore, refactor, test, revert, release, typo, changelog …); that modify 1
to {MAX_FILES} source files by at most {MAX_LINES} lines in all and add, remove or rename none; with at least
{MIN_WORDS} words of three letters in the message; where the parent's tree has at least {MIN_SOURCE_FILES} source
files. Source files are those of known suffixes outside tests, documentation, examples, benchmarks, scripts and
vendored folders, version files apart. Left out are the repositories of SWE-bench, SWE-bench Multilingual and
Multimodal, and Multi-SWE-bench, and test runners, whose sources look like tests."""

# Repositories: (language, split). Languages lie on both sides where two repositories of one are there.
PROJECTS = {
    "celery/celery": ("Python", "development"),
    "tornadoweb/tornado": ("Python", "development"),
    "scrapy/scrapy": ("Python", "development"),
    "typeorm/typeorm": ("TypeScript", "development"),
    "hapijs/hapi": ("JavaScript", "development"),
    "labstack/echo": ("Go", "development"),
    "junegunn/fzf": ("Go", "test"),
    "hyperium/hyper": ("Rust", "development"),
    "jhy/jsoup": ("Java", "development"),
    "composer/composer": ("PHP", "development"),
    "puma/puma": ("Ruby", "development"),
    "libuv/libuv": ("C", "development"),
    "AutoMapper/AutoMapper": ("C#", "development"),
    "beetbox/beets": ("Python", "test"),
    "pypa/pip": ("Python", "test"),
    "borgbackup/borg": ("Python", "test"),
    "sqlalchemy/sqlalchemy": ("Python", "test"),
    "rollup/rollup": ("TypeScript", "test"),
    "Automattic/mongoose": ("JavaScript", "test"),
    "fastify/fastify": ("JavaScript", "test"),
    "rust-lang/cargo": ("Rust", "test"),
    "netty/netty": ("Java", "test"),
    "mybatis/mybatis-3": ("Java", "test"),
    "twigphp/Twig": ("PHP", "test"),
    "sidekiq/sidekiq": ("Ruby", "test"),
    "curl/curl": ("C", "test"),
}

ISSUE_PROJECTS = PROJECTS | {
    "alacritty/alacritty": ("Rust", "development"),
    "apple/swift-argument-parser": ("Swift", "development"),
    "mitmproxy/mitmproxy": ("Python", "development"),
    "ruby-grape/grape": ("Ruby", "development"),
    "diesel-rs/diesel": ("Rust", "test"),
    "guzzle/guzzle": ("PHP", "test"),
    "Kong/kong": ("Lua", "test"),
    "python-attrs/attrs": ("Python", "test"),
    "restic/restic": ("Go", "test"),
}
ISSUES_RULE = f"""\
Issues whose text could be had, each with the first commit since {SINCE} that says that it closes, fixes or
resolves it and that the rule of localisation.json allows, without its spread over the history. The texts are title
and first description as copied from excerpts of about 1,400 characters, some cut sooner, pictures and some repeated
lines of logs left out; they are not kept here. Issues were searched for by topics and by titles of commits."""


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    parents: tuple[str, ...]
    message: str
    changes: tuple[tuple[str, str], ...]
    """(status letter, path)."""

    @property
    def source(self) -> list[tuple[str, str]]:
        return [(status, path) for status, path in self.changes if is_source(path)]


def log(clone: Path) -> Iterator[Commit]:
    """Commits whose message names an issue, oldest first."""
    output = git(
        clone, "log", "--reverse", "--no-merges", "--no-renames", f"--since={SINCE}", "-E", "--grep=#[0-9]+", "--raw",
        "--format=%x01%H%x02%P%x02%B%x03",
    )  # fmt: skip
    for entry in output.split("\x01")[1:]:
        head, _, tail = entry.partition("\x03")
        sha, parents, message = head.split("\x02", 2)
        raw = [line.split("\t", 1) for line in tail.split("\n") if line.startswith(":")]
        changes = tuple((meta.rsplit(" ", 1)[1], path) for meta, path in raw)
        yield Commit(sha, tuple(parents.split()), message, changes)


def is_fix(commit: Commit) -> bool:
    """Whether the rule lets a commit's message and paths through."""
    title = commit.message.strip().partition("\n")[0]
    text = question_of(commit.message)
    if len(commit.parents) != 1 or OTHER_WORK.search(title):
        return False
    if not (CLOSES.search(text) or (NAMES_ISSUE.search(text) and BUG_WORD.search(text))):
        return False
    if len(re.findall(r"[A-Za-z]{3,}", text)) < MIN_WORDS:
        return False
    return 1 <= len(commit.source) <= MAX_FILES and all(status == "M" for status, _ in commit.source)


def choose(clone: Path, wanted: int) -> tuple[str, ...]:
    """Fixes spread evenly over the history, oldest first: of each stretch the first that the whole rule allows."""
    fixes = [commit for commit in log(clone) if is_fix(commit)]
    chosen = []
    for part in range(wanted):
        stretch = fixes[part * len(fixes) // wanted : (part + 1) * len(fixes) // wanted]
        found = next((each for each in stretch[:MAX_TRIED] if _suits(clone, each)), None)
        if found is not None:
            chosen.append(found.sha)
    return tuple(chosen)


def _suits(clone: Path, commit: Commit) -> bool:
    """Whether few enough lines change, the tree is large enough, and the clone has all of its source files."""
    paths = [path for _, path in commit.source]
    numbers = git(clone, "diff", "--numstat", "--no-renames", commit.parents[0], commit.sha, "--", *paths)
    counts = [line.split("\t")[:2] for line in numbers.splitlines()]
    if not 0 < sum(int(a) + int(r) for a, r in counts if a.isdigit() and r.isdigit()) <= MAX_LINES:
        return False
    tree = git(clone, "ls-tree", "-r", "--name-only", commit.parents[0]).splitlines()
    if sum(map(is_source, tree)) < MIN_SOURCE_FILES:
        return False
    return not any(map(is_source, missing_paths(clone, commit.parents[0])))


def closing(clone: Path, issues: set[int]) -> dict[int, str]:
    """The first commit that closes each of the issues and that the rule allows, by issue, in order of history."""
    found: dict[int, str] = {}
    for commit in log(clone):
        closed = {int(number) for number in CLOSES.findall(question_of(commit.message))} & issues
        wanted = sorted(closed - found.keys())
        if wanted and commit.sha not in found.values() and is_fix(commit) and _suits(clone, commit):
            found[wanted[0]] = commit.sha
    return found


def mine_issues(mirror: Path, texts: Path) -> list[Project]:
    """The projects of the issues whose texts lie in a folder, each with its cases."""
    by_repository: dict[str, set[int]] = defaultdict(set)
    for issue in read_texts(texts):
        repository, _, number = issue.rpartition("#")
        by_repository[repository].add(int(number))
    projects = []
    for repository, issues in sorted(by_repository.items()):
        language, split = ISSUE_PROJECTS[repository]
        found = closing(find_clone(mirror, repository), issues)
        print(f"{repository}: {len(found)} of {len(issues)} issues ({language}, {split})", flush=True)
        if found:
            projects.append(Project(repository, language, split, tuple(found.values()), tuple(found)))
    return projects


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Choose fix commits from clones and write them to the manifest."
    )
    parser.add_argument("--mirror", type=Path, required=True, help="folder with clones, as `owner+name`")
    parser.add_argument("--projects", help="repositories to mine anew, by comma [default: all]")
    parser.add_argument("--cases", type=int, default=CASES_PER_PROJECT)
    parser.add_argument("--texts", type=Path, help="folder with issue texts: write the manifest of issues")
    arguments = parser.parse_args()
    if arguments.texts:
        save_projects(ISSUES_RULE, mine_issues(arguments.mirror, arguments.texts), ISSUES_MANIFEST)
        return
    known = {project.repository: project for project in load_projects()} if MANIFEST.exists() else {}
    wanted = arguments.projects.split(",") if arguments.projects else list(PROJECTS)
    for repository in wanted:
        language, split = PROJECTS[repository]
        fixes = choose(find_clone(arguments.mirror, repository), arguments.cases)
        known[repository] = Project(repository, language, split, fixes)
        print(f"{repository}: {len(fixes)} cases ({language}, {split})", flush=True)
    projects = [replace(known[name]) for name in PROJECTS if name in known]
    save_projects(RULE, projects)
    print(f"{sum(len(p.fixes) for p in projects)} cases in {len(projects)} projects")


if __name__ == "__main__":
    main()
