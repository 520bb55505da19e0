"""Find the interpreter that has the project's dependencies, as pytest users expect. Runs nothing of the project.

Order: the configured one; the active environment; environments in the repository; those that poetry, pipenv,
hatch and pdm keep elsewhere; `python3` on the PATH; the one that runs Graft. An interpreter is asked with `-I`,
so that nothing in the repository can answer for it; and since asking runs it outside the sandbox, one that git
delivers with the repository is asked only if the user named it on the command line.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import InterpreterBroken
from agent.history import is_delivered

OLDEST = (3, 8)
QUERY_LIMIT_S = 20.0

QUERY = """
import importlib.util, json, os, site, sys, sysconfig
user_base = site.getuserbase() if sys.prefix == sys.base_prefix else ""
user_site = site.getusersitepackages() if user_base else ""
if user_site and os.path.isdir(user_site):
    site.addsitedir(user_site)
else:
    user_base = ""
mapped = []
for name, module in list(sys.modules.items()):
    if name.startswith("__editable__"):
        mapped += [str(path) for path in getattr(module, "MAPPING", {}).values()]
installed = set()
for entry in sys.path:
    try:
        names = os.listdir(entry)
    except OSError:
        continue
    installed.update(n.split("-")[0].lower().replace("_", "-").replace(".", "-")
                     for n in names if n.endswith((".dist-info", ".egg-info", ".egg-link")))
print(json.dumps({
    "executable": sys.executable,
    "version": list(sys.version_info[:3]),
    "implementation": sys.implementation.name,
    "prefixes": [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix,
                 sysconfig.get_path("stdlib")],
    "path": sys.path + mapped,
    "user_base": user_base,
    "pytest": importlib.util.find_spec("pytest") is not None,
    "installed": sorted(installed),
}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that works. `reason` says in a few words why it was taken."""

    path: Path
    """The interpreter itself, where a wrapper stood before it."""
    version: tuple[int, int, int]
    prefixes: tuple[Path, ...]
    """Folders that it needs to start: its own and that of the Python its environment was made from."""
    entries: tuple[Path, ...]
    """What `sys.path` and editable installs name outside the prefixes."""
    has_pytest: bool
    installed: frozenset[str]
    """Normalised names of the distributions that it sees."""
    reason: str
    user_base: Path | None = None
    """Where `pip install --user` put packages that it sees."""

    @property
    def words(self) -> str:
        return f"Python {'.'.join(map(str, self.version))} at {self.path} ({self.reason})"

    @property
    def environment_root(self) -> Path:
        """The environment's own folder, as in $VIRTUAL_ENV."""
        return self.prefixes[0]

    def readable(self, repo: Path) -> tuple[Path, ...]:
        """What a sandbox has to show of it. Never the home folder, nor one that holds the repository."""
        paths = [*self.prefixes, *self.entries, *([self.user_base] if self.user_base else [])]
        shown = [path for path in dict.fromkeys(paths) if path.exists() and not _too_wide(path, repo)]
        return tuple(shown)


def find_interpreter(
    repo: Path,
    configured: Path | None = None,
    *,
    named: Path | None = None,
    environment: Mapping[str, str] | None = None,
    needs_pytest: bool = True,
) -> Interpreter:
    """The interpreter for the tests of `repo`: the one the user `named`, else the `configured` one, else found.

    With `needs_pytest` one that has pytest is preferred. Raises InterpreterBroken where the configured one
    does not work, or where none does.
    """
    if named is not None:
        return ask(_executable(named), "as you named it")
    if configured is not None:
        executable = _executable(configured)
        if is_delivered(repo, executable):
            raise _broken(executable, "it comes with the repository; only --python may name such a program")
        return ask(executable, "as configured")
    wanted = declared_dependencies(repo) | ({"pytest"} if needs_pytest else set())
    tried: list[str] = []
    found: list[Interpreter] = []
    for path, reason in _candidates(repo, os.environ if environment is None else environment):
        if is_delivered(repo, path):
            tried.append(f"{path} was not asked, since it comes with the repository.")
            continue
        try:
            interpreter = ask(path, reason)
        except InterpreterBroken as error:
            tried.append(str(error))
            continue
        if wanted <= interpreter.installed and (interpreter.has_pytest or not needs_pytest):
            return interpreter
        found.append(interpreter)
    if found:
        return max(
            found, key=lambda each: (each.has_pytest or not needs_pytest, len(wanted & each.installed))
        )
    raise InterpreterBroken(
        "No Python interpreter works for the tests. " + " ".join(tried) + " Name one with --python."
    )


def ask(path: Path, reason: str) -> Interpreter:
    """What an interpreter says of itself. Raises InterpreterBroken."""
    try:
        done = subprocess.run(
            [str(path), "-I", "-B", "-c", QUERY],
            capture_output=True,
            timeout=QUERY_LIMIT_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _broken(path, f"it did not answer within {QUERY_LIMIT_S:g} s") from error
    except OSError as error:
        raise _broken(path, (error.strerror or str(error)).lower()) from error
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise _broken(path, last[0])
    try:
        answer = json.loads(done.stdout)
        version = (int(answer["version"][0]), int(answer["version"][1]), int(answer["version"][2]))
        executable = Path(answer["executable"])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise _broken(path, "it does not answer as a Python interpreter does") from error
    if version[:2] < OLDEST:
        raise InterpreterBroken(
            f"{path} is Python {version[0]}.{version[1]}, too old: 3.8 or later is needed. "
            "Name another with --python."
        )
    prefixes = tuple(dict.fromkeys(Path(each) for each in answer["prefixes"] if each))
    entries = tuple(
        entry
        for entry in dict.fromkeys(Path(each) for each in answer["path"] if each)
        if not any(entry.is_relative_to(prefix) for prefix in prefixes)
    )
    return Interpreter(
        path=executable if executable.is_absolute() and _is(executable) else path,
        version=version,
        prefixes=prefixes,
        entries=entries,
        has_pytest=bool(answer["pytest"]),
        installed=frozenset(answer["installed"]),
        reason=reason,
        user_base=Path(answer["user_base"]) if answer["user_base"] else None,
    )


def declared_dependencies(repo: Path) -> set[str]:
    """Normalised names that pyproject.toml and requirements.txt ask for unconditionally; empty if unreadable."""
    lines: list[str] = []
    try:
        project = tomllib.loads((repo / "pyproject.toml").read_text("utf-8"))
        lines += project.get("project", {}).get("dependencies", [])
        poetry = project.get("tool", {}).get("poetry", {}).get("dependencies", {})
        lines += [name for name, value in poetry.items() if isinstance(value, str)]
    except (OSError, ValueError, AttributeError, TypeError):
        lines = []
    with contextlib.suppress(OSError, ValueError):
        lines += (repo / "requirements.txt").read_text("utf-8").splitlines()
    names = (re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", line) for line in lines if ";" not in str(line))
    return {re.sub(r"[-_.]+", "-", match[1]).lower() for match in names if match} - {"python"}


def _candidates(repo: Path, environment: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Existing interpreters, best first, each once."""
    seen: set[Path] = set()
    for folder_or_path, reason in _places(repo, environment):
        path = folder_or_path
        if folder_or_path.is_dir():
            path = next(
                (folder_or_path / name for name in ENVIRONMENT_PYTHONS if _is(folder_or_path / name)), path
            )
        if path not in seen and _is(path):
            seen.add(path)
            yield path, reason


ENVIRONMENT_PYTHONS = ("bin/python", "bin/python3", "Scripts/python.exe")


def _places(repo: Path, environment: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    active = [
        (Path(environment[name]), f"${name}")
        for name in ("VIRTUAL_ENV", "CONDA_PREFIX")
        if environment.get(name)
    ]
    yield from (place for place in active if place[0].resolve() != Path(sys.prefix).resolve())
    for name in (".venv", "venv", "env", ".env"):
        yield repo / name, f"{name} in the repository"
    yield from _managed(repo)
    for pattern, tool in ((".tox/py*", "tox"), (".nox/*", "nox")):
        for folder in sorted(repo.glob(pattern), reverse=True):
            yield folder, f"{tool}'s environment {folder.name}"
    yield from active
    on_path = shutil.which("python3", path=environment.get("PATH"))
    if on_path is not None:
        yield Path(on_path), "python3 on the PATH"
    yield Path(sys.executable), "the one that runs Graft"


def _managed(repo: Path) -> Iterator[tuple[Path, str]]:
    """Environments that tools keep outside the repository, found by the tools' own naming rules."""
    home = Path.home()
    with contextlib.suppress(OSError, ValueError):
        yield Path((repo / ".pdm-python").read_text("utf-8").strip()), "pdm's"
    here = os.path.normcase(os.path.realpath(repo))
    digest = base64.urlsafe_b64encode(hashlib.sha256(here.encode("utf-8", "surrogateescape")).digest())
    poetry = home / ".cache/pypoetry/virtualenvs"
    for folder in sorted(poetry.glob(f"*-{digest.decode()[:8]}-py*"), reverse=True):
        yield folder, "poetry's environment"
    for note in sorted((home / ".local/share/virtualenvs").glob(f"{repo.name}-*/.project")):
        try:
            if Path(note.read_text("utf-8").strip()) == repo:
                yield note.parent, "pipenv's environment"
        except (OSError, ValueError):
            continue
    for folder in sorted((home / ".local/share/hatch/env/virtual" / repo.name).glob("*/*")):
        yield folder, f"hatch's environment {folder.name}"


def _executable(configured: Path) -> Path:
    """A path, a command's name or an environment's folder. Raises InterpreterBroken."""
    path = configured.expanduser()
    if path.is_dir():
        inside = [path / name for name in ENVIRONMENT_PYTHONS if _is(path / name)]
        if not inside:
            raise _broken(path, "the folder holds no Python environment")
        return inside[0].absolute()
    if path.exists():
        return path.absolute()
    on_path = shutil.which(str(configured))
    if on_path is None:
        raise _broken(configured, "no such file or command")
    return Path(on_path)


def _is(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _too_wide(path: Path, repo: Path) -> bool:
    return path == Path(path.anchor) or Path.home().is_relative_to(path) or repo.is_relative_to(path)


def _broken(path: Path, cause: str) -> InterpreterBroken:
    return InterpreterBroken(
        f"{path} cannot run the tests ({cause}). Repair it or name another with --python."
    )
