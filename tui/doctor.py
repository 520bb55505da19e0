"""Look at every part that a run needs: is it here, which version, how to get it. Changes nothing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from agent.config import Config, load_config, repository_root, user_file
from agent.errors import AgentError

Status = Literal["ok", "off", "warning", "missing"]
"""`off` is an optional part that is not in use; `missing` is one without which nothing works."""

DISTRIBUTION = "graft-agent"
GRAMMARS = {"Python": "tree_sitter_python"}
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Check:
    """What was found about one part. `remedy` says how to get it, where it is not `ok`."""

    name: str
    status: Status
    detail: str
    version: str = ""
    remedy: str = ""


def examine(folder: Path) -> Iterator[Check]:
    """Every check, in the order of a run; those on the repository look at the one around `folder`."""
    yield Check("graft", "ok", str(Path(__file__).resolve().parents[1]), version(DISTRIBUTION))
    yield Check("python", "ok", sys.executable, platform.python_version())
    yield _git()
    yield from _packages()
    yield from _grammars()
    yield _vectors()
    yield _sqlite()
    root = repository_root(folder)
    yield _repository(folder, root)
    config, check = _configuration(folder)
    yield check
    yield _shared_store(config)
    yield from _sandboxes(config)
    yield from _models(config)
    yield _interpreter(root or folder, config)
    yield _disk(root or folder, config)
    yield _state_folder(root or folder)


def _git() -> Check:
    program = shutil.which("git")
    remedy = "Install git, as in `apt install git`."
    if program is None:
        return Check("git", "missing", "not on the PATH", remedy=remedy)
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check("git", "missing", f"{program} does not answer ({error})", remedy=remedy)
    return Check("git", "ok", program, answer.stdout.strip().removeprefix("git version "))


def _shared_store(config: Config) -> Check:
    """Whether a Neo4j that the settings name answers."""
    from index.errors import GraphError
    from index.neo4j.address import masked
    from index.snapshots import is_shared
    from index.store import open_store

    url = config.index.store
    if not is_shared(url):
        return Check(
            "neo4j", "off", 'the graph is kept in a file; index.store = "neo4j://HOST:7687" shares one'
        )
    try:
        store = open_store(url, "")
        try:
            store.indexed_at()
        finally:
            store.close()
    except GraphError as error:
        return Check("neo4j", "missing", masked(url), remedy=str(error))
    return Check("neo4j", "ok", masked(url))


def _packages() -> Iterator[Check]:
    """Every package that the distribution itself declares, optional extras left out."""
    from packaging.requirements import Requirement

    for requirement in map(Requirement, requires(DISTRIBUTION) or []):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        remedy = f"pip install '{requirement}'"
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            yield Check(requirement.name, "missing", "not installed", remedy=remedy)
            continue
        if requirement.specifier.contains(found, prereleases=True):
            yield Check(requirement.name, "ok", "package", found)
        else:
            yield Check(requirement.name, "warning", f"{requirement} is wanted", found, remedy)


def _grammars() -> Iterator[Check]:
    for language, module in GRAMMARS.items():
        name = f"grammar {language}"
        remedy = f"pip install --force-reinstall tree-sitter {module.replace('_', '-')}"
        try:
            tree_sitter = import_module("tree_sitter")
            parser = tree_sitter.Parser(tree_sitter.Language(import_module(module).language()))
            broken = parser.parse(b"x = 1\n").root_node.has_error
        except (ImportError, ValueError, TypeError) as error:
            yield Check(name, "missing", f"does not load ({error})", remedy=remedy)
            continue
        yield Check(name, "missing" if broken else "ok", module, remedy=remedy if broken else "")


def _vectors() -> Check:
    """Whether the model that `graft index --vectors` embeds with is here, and works."""
    from index.errors import ModelUnusable
    from index.retrieval.embed import INSTALL, open_embedder

    try:
        embedder = open_embedder()
    except ModelUnusable as error:
        return Check("vectors", "warning", "the installed model cannot be used", remedy=str(error))
    if embedder is None:
        return Check("vectors", "off", "no embedding model; `graft locate` goes by words", remedy=INSTALL)
    return Check("vectors", "ok", f"{embedder.name}; `graft index --vectors` uses it")


def _sqlite() -> Check:
    remedy = "Use a Python whose sqlite3 has FTS5, as python.org's and Debian's have."
    try:
        import sqlite3

        with sqlite3.connect(":memory:") as connection:
            connection.execute("CREATE VIRTUAL TABLE words USING fts5(word)")
    except (ImportError, Exception) as error:  # noqa: BLE001  # sqlite3.Error is unknown where the import fails
        return Check("sqlite", "missing", f"no full-text search ({error})", remedy=remedy)
    return Check("sqlite", "ok", "with FTS5", sqlite3.sqlite_version)


def _sandboxes(config: Config) -> Iterator[Check]:
    """One line per mechanism of this platform; only if none works, or the chosen one, is anything missing."""
    from agent.sandbox.open import choose_sandbox, describe

    if config.sandbox.backend != "auto":
        name = f"sandbox {config.sandbox.backend}"
        try:
            choose_sandbox(config.sandbox.backend)
        except AgentError as error:
            yield Check(name, "missing", str(error))
        else:
            yield Check(name, "ok", "works here; chosen by sandbox.backend")
        return
    found = describe()
    none_works = all(reason is not None for _, reason in found)
    for name, reason in found:
        if reason is None:
            yield Check(f"sandbox {name}", "ok", "works here")
        else:
            yield Check(f"sandbox {name}", "missing" if none_works else "off", reason)


def _repository(folder: Path, root: Path | None) -> Check:
    if root is None:
        remedy = "Go to one, or make one: `git init && git add -A && git commit -m start`."
        return Check("repository", "warning", f"{folder} is in no git repository", remedy=remedy)
    return Check("repository", "ok", str(root))


def _configuration(folder: Path) -> tuple[Config, Check]:
    try:
        config = load_config(folder)
    except AgentError as error:
        return Config(), Check("configuration", "missing", str(error))
    return config, Check("configuration", "ok", f"user file: {user_file()}")


def _models(config: Config) -> Iterator[Check]:
    from engine.open import open_chat_model, open_generator
    from engine.types import ChatModel, EngineError, Generator

    roles: tuple[tuple[str, str, Callable[[str], ChatModel | Generator]], ...] = (
        ("chat", config.model.chat, open_chat_model),
        ("infill", config.model.infill, open_generator),
    )
    for role, url, opened in roles:
        name = f"model {role}"
        if not url:
            remedy = f"To use one, set model.{role}; not needed."
            yield Check(name, "off", "none configured; patches come from templates", remedy=remedy)
            continue
        try:
            yield Check(name, "ok", opened(url).name)
        except EngineError as error:
            yield Check(name, "missing", str(error))


def _interpreter(root: Path, config: Config) -> Check:
    from agent.harness.interpreter import find_interpreter

    try:
        found = find_interpreter(root, config.tests.python)
    except AgentError as error:
        return Check("interpreter", "missing", str(error))
    number = ".".join(map(str, found.version))
    if not found.has_pytest and config.tests.framework == "pytest":
        remedy = f"{found.path} -m pip install pytest"
        return Check("interpreter", "missing", f"{found.path} has no pytest", number, remedy)
    return Check("interpreter", "ok", f"{found.path} ({found.reason})", number)


def _disk(folder: Path, config: Config) -> Check:
    try:
        free_mib = shutil.disk_usage(folder).free // MIB
    except OSError as error:
        return Check("disk", "missing", f"cannot be read ({error.strerror})")
    if free_mib < config.sandbox.disk_mb:
        remedy = f"Free some, or lower sandbox.disk_mb ({config.sandbox.disk_mb})."
        return Check("disk", "warning", f"{free_mib} MiB free at {folder}", remedy=remedy)
    return Check("disk", "ok", f"{free_mib} MiB free at {folder}")


def _state_folder(root: Path) -> Check:
    state = root / ".graft"
    place = state if state.exists() else root
    if not os.access(place, os.W_OK | os.X_OK):
        return Check("state", "missing", f"{place} is not writable", remedy=f"Run `chmod u+rwx {place}`.")
    return Check("state", "ok", f"{state} can be written")
