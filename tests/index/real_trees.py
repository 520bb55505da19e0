"""Trees of real code in several languages, from package registries by their ordinary clients, kept in a cache.

The versions are fixed, so that a seed gives the same edits everywhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from platformdirs import user_cache_path

ROOT = Path(__file__).resolve().parents[2]
_MAX_FILE_BYTES = 24_000
"""Larger files are left out: a test edits many small ones sooner than one large one."""
_TIMEOUT_S = 300


def _packed(name: str) -> Callable[[Path], Path]:
    def fetch(folder: Path) -> Path:
        _run(folder, "npm", "pack", "--silent", name)
        (archive,) = folder.glob("*.tgz")
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
        return folder / "package"

    return fetch


def _sources_jar(artifact: str) -> Callable[[Path], Path]:
    def fetch(folder: Path) -> Path:
        _run(folder, "mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}:jar:sources",
             f"-DoutputDirectory={folder}")  # fmt: skip
        (archive,) = folder.glob("*.jar")
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder / "sources")
        return folder / "sources"

    return fetch


def _go_module(module: str) -> Callable[[Path], Path]:
    def fetch(folder: Path) -> Path:
        environment = {**os.environ, "GOMODCACHE": str(folder / "modules"), "GOFLAGS": "-modcacherw"}
        _run(folder, "go", "mod", "download", module, environment=environment)
        return folder / "modules" / module

    return fetch


TREES: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "python": ("agent/*.py", lambda folder: ROOT),
    "javascript": ("**/*.js", _packed("express@4.21.2")),
    "typescript": ("**/*.ts", _packed("immer@10.1.1")),
    "java": ("**/*.java", _sources_jar("commons-cli:commons-cli:1.9.0")),
    "go": ("**/*.go", _go_module("github.com/spf13/pflag@v1.0.5")),
}
"""Language → (files to take, how the tree is fetched)."""


def real_tree(language: str, target: Path, files: int) -> None:
    """Copy the first so many small files of a language's tree to `target`. Skips where it cannot be fetched."""
    pattern, fetch = TREES[language]
    source = fetch(Path()) if language == "python" else _cached(language, fetch)
    found = [
        path
        for path in sorted(source.glob(pattern))
        if path.stat().st_size <= _MAX_FILE_BYTES and "dist" not in path.parts
    ]
    assert len(found) >= 5, f"{source} holds no {pattern}"
    for path in found[:files]:
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)


def _cached(language: str, fetch: Callable[[Path], Path]) -> Path:
    cache = user_cache_path("graft") / "test-trees" / language
    if not cache.exists():
        with tempfile.TemporaryDirectory() as folder:
            try:
                source = fetch(Path(folder))
            except (OSError, subprocess.SubprocessError, ValueError) as error:
                if os.environ.get("CI"):
                    raise
                pytest.skip(f"real {language} code could not be fetched: {error}")
            cache.parent.mkdir(parents=True, exist_ok=True)
            fresh = cache.with_name(f"{language}.{os.getpid()}")
            shutil.copytree(source, fresh)
            try:
                fresh.rename(cache)
            except OSError:
                shutil.rmtree(fresh)  # another run was faster
    return cache


def _run(folder: Path, *command: str, environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, timeout=_TIMEOUT_S)
