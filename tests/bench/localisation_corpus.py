"""Fix commits of public projects as questions: a text asks, the changed source files and functions answer.

The text is the commit's message, or the issue that it closes where a folder of issue texts is given. The manifests
name repositories, commits and issue numbers only; messages, trees and answers are read from the clones in `--mirror`.
A tree is laid out without any reference to later commits. Knows nothing of ranking.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from real_commits_corpus import CorpusError, find_clone, git

from index.conventions import is_test_path
from index.graph import WorkTreeGraph, open_graph
from index.types import Symbol, SymbolKind

MANIFEST = Path(__file__).with_name("localisation.json")
ISSUES_MANIFEST = Path(__file__).with_name("localisation_issues.json")
SCHEMA = 1
_SOURCE = re.compile(
    r"\.(pyw?|pyx|[cm]?[jt]sx?|java|kt|scala|go|rs|c|cc|cpp|cxx|h|hh|hpp|cs|rb|php|swift|lua)$"
)
_NO_SOURCE = re.compile(
    r"(^|/)(docs?|documentation|examples?|demos?|samples?|bench(marks?)?|perf|vendor|third_party|dist|node_modules|website|extras?"
    r"|\.github|\.ci|scripts?|ci|packages/winbuild|testing?|fixtures)/"
    r"|(^|/)(_?version|__version__|setup|conftest|changelog|release)\.\w+$|\.d\.ts$|\.min\.js$",
    re.IGNORECASE,
)
_TRAILER = re.compile(
    r"^(signed-off-by|co-authored-by|reviewed-by|acked-by|tested-by|reported-by|cc|change-id|git-svn-id|"
    r"\(cherry picked from)\b.*$",
    re.IGNORECASE | re.MULTILINE,
)
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")
_FUNCTIONS = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD})


@dataclass(frozen=True, slots=True)
class Project:
    """A public repository. Its cases are all on one side: `development` or `test`."""

    repository: str
    language: str
    split: str
    fixes: tuple[str, ...]
    """Commits, oldest first; each is asked of its parent's tree."""
    issues: tuple[int, ...] = ()
    """The issue that each commit closes, in the manifest of issues."""


@dataclass(frozen=True, slots=True)
class Case:
    project: Project
    fix: str
    parent: str
    text: str
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """One changed line range of the tree before the fix; an insertion has no lines and an indent."""

    path: str
    first_line: int
    lines: int
    indent: int


def load_projects(path: Path = MANIFEST) -> list[Project]:
    """Read the manifest. Raises CorpusError if its schema is another one."""
    data = json.loads(path.read_text(encoding="utf-8"))
    if data["schema"] != SCHEMA:
        raise CorpusError(f"{path.name} has schema {data['schema']}, this program reads {SCHEMA}.")
    return [
        Project(**{**item, "fixes": tuple(item["fixes"]), "issues": tuple(item.get("issues", ()))})
        for item in data["projects"]
    ]


def save_projects(rule: str, projects: list[Project], path: Path = MANIFEST) -> None:
    data = {"schema": SCHEMA, "rule": rule, "projects": [asdict(project) for project in projects]}
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def read_texts(folder: Path) -> dict[str, str]:
    """Title and description of issues by `owner/name#number`, from files `{id: {"title": …, "body": …}}`."""
    texts: dict[str, str] = {}
    for path in sorted(folder.glob("*.json")):
        for issue, parts in json.loads(path.read_text(encoding="utf-8")).items():
            texts[issue] = f"{parts['title']}\n\n{parts['body']}"
    if not texts:
        raise CorpusError(f"No issue texts in {folder}: expected files {{id: {{title, body}}}}.")
    return texts


def is_source(path: str) -> bool:
    """Whether a changed file of this path is an answer: source, no test, no example, no version file."""
    return bool(_SOURCE.search(path)) and not _NO_SOURCE.search(path) and not is_test_path(path)


def question_of(message: str) -> str:
    """The text that is asked: the message without its trailers."""
    return _TRAILER.sub("", message).strip()


def read_case(project: Project, clone: Path, fix: str, text: str | None = None) -> Case:
    """A case as the clone has it; `text` is asked rather than the message where one is given."""
    parent, message = git(clone, "show", "-s", "--format=%P%n%B", fix).split("\n", 1)
    changed = git(clone, "diff", "--name-only", "--no-renames", "-z", parent, fix).split("\0")
    files = frozenset(path for path in changed if path and is_source(path))
    return Case(project, fix, parent, question_of(message) if text is None else text, files)


def changes_of(case: Case, clone: Path) -> list[Change]:
    """Where the fix touches the source files, in lines of the parent."""
    changes: list[Change] = []
    path = ""
    for line in git(clone, "diff", "-U0", "--no-renames", case.parent, case.fix, "--", *case.files).split(
        "\n"
    ):
        if line.startswith("--- "):
            path = line[6:].rstrip("\t")
        elif match := _HUNK.match(line):
            changes.append(Change(path, int(match[1]), int(match[2] or 1), 0))
        elif line.startswith("+") and not line.startswith("+++") and changes and changes[-1].lines == 0:
            last = changes[-1]
            if last.indent == 0 and line[1:].strip():
                indent = len(line) - len(line[1:].lstrip()) - 1
                changes[-1] = Change(path, last.first_line, 0, indent or -1)
    return changes


def functions_of(changes: list[Change], graph: WorkTreeGraph) -> frozenset[str]:
    """Uids of the innermost functions that the changes touch; code outside functions gives none."""
    touched: set[str] = set()
    for path in dict.fromkeys(change.path for change in changes):
        functions = [symbol for symbol in graph.symbols(path=path) if symbol.kind in _FUNCTIONS]
        for change in changes:
            if change.path == path:
                touched.update(symbol.uid for symbol in _touched(change, functions))
    return frozenset(touched)


def _touched(change: Change, functions: list[Symbol]) -> Iterator[Symbol]:
    if change.lines == 0:
        inside = [
            s for s in functions if _holds(s, change.first_line) and change.indent >= s.span.start_column
        ]
        if inside:
            yield max(inside, key=lambda symbol: symbol.span.start_byte)
        return
    for line in range(change.first_line, change.first_line + change.lines):
        holding = [symbol for symbol in functions if _holds(symbol, line)]
        if holding:
            yield max(holding, key=lambda symbol: symbol.span.start_byte)


def _holds(symbol: Symbol, line: int) -> bool:
    return symbol.span.start_line <= line <= symbol.span.end_line


class Trees:
    """One work tree and one store per project in `folder`, moved from case to case."""

    def __init__(
        self, folder: Path, mirror: Path, *, keep: bool = False, texts: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self._mirror, self._keep, self._texts = folder, mirror, keep, texts

    def cases(self, project: Project) -> Iterator[tuple[Case, WorkTreeGraph, frozenset[str]]]:
        """Each case with the graph of its parent's tree and the functions that its fix changes.

        With `keep`, every case has a store of its own, which a later run takes as it is.
        """
        clone = find_clone(self._mirror, project.repository).resolve()
        name = project.repository.replace("/", "+")
        tree, stores = self.folder / "trees" / name, self.folder / "stores" / name
        stores.mkdir(parents=True, exist_ok=True)
        last: Path | None = None
        for number, fix in enumerate(project.fixes):
            case = read_case(project, clone, fix, self._text(project, number))
            store = stores / (f"{case.parent}.db" if self._keep else "graph.db")
            fresh = not (self._keep and store.exists())
            if fresh:
                _check_out(tree, clone, case.parent)
                if self._keep and last is not None:
                    shutil.copyfile(last, store.with_suffix(".part"))
                    store.with_suffix(".part").rename(store)
            graph = open_graph(tree, f"sqlite:{store}")
            try:
                if fresh:
                    graph.update()
                    while not graph.store.history_state().complete:
                        graph.update()
                yield case, graph, functions_of(changes_of(case, clone), graph)
            finally:
                graph.close()
            last = store

    def _text(self, project: Project, number: int) -> str | None:
        """The issue of a project's case; none where messages are asked. Raises CorpusError where it is missing."""
        if self._texts is None:
            return None
        issue = f"{project.repository}#{project.issues[number]}"
        if issue not in self._texts:
            raise CorpusError(f"No text of {issue}: add it to the folder given as --texts.")
        return self._texts[issue]


def _check_out(tree: Path, clone: Path, commit: str) -> None:
    """Lay a commit out over the last one. The tree's repository borrows the clone's objects and has no references."""
    if not (tree / ".git").exists():
        tree.mkdir(parents=True, exist_ok=True)
        git(tree, "init", "-q")
        objects = Path(git(clone, "rev-parse", "--git-path", "objects").strip())
        alternates = tree / ".git" / "objects" / "info" / "alternates"
        alternates.write_text(f"{(clone / objects).resolve()}\n", encoding="utf-8")
    patterns = ["/*", *(f"!/{path}" for path in missing_paths(clone, commit))]
    (tree / ".git" / "info" / "sparse-checkout").write_text("\n".join(patterns) + "\n", encoding="utf-8")
    git(tree, "config", "core.sparseCheckout", "true")
    git(tree, "checkout", "-q", "--force", "--detach", commit)
    git(tree, "clean", "-qdffx", "-e", ".graft")


def missing_paths(clone: Path, commit: str) -> list[str]:
    """Files of a commit's tree whose content the clone lacks, as a copy without large files does."""
    entries = [entry.split("\t", 1) for entry in git(clone, "ls-tree", "-rz", commit).split("\0") if entry]
    paths = {meta.split()[2]: path for meta, path in entries if " blob " in meta}
    checked = git(clone, "cat-file", "--batch-check", text_input="\n".join(paths) + "\n")
    return [paths[line.split()[0]] for line in checked.splitlines() if line.endswith(" missing")]


def is_fair(case: Case, graph: WorkTreeGraph) -> bool:
    """Whether the index holds every answer: a file that it lists but skips cannot be found."""
    known = {record.path for record in graph.files() if record.skipped is None}
    return case.files <= known
