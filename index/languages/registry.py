"""Find the language of a file by its name. Loads no grammar; to add a language, name its file here."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from index.languages.spec import LanguageSpec

_MODULES = (
    "bash",
    "c",
    "cpp",
    "csharp",
    "go",
    "java",
    "javascript",
    "kotlin",
    "lua",
    "outline",
    "php",
    "project_files",
    "python",
    "ruby",
    "rust",
    "scala",
    "sql",
    "swift",
    "typescript",
    "web",
)
"""Files of this folder that declare languages: each has `SPECS`, a tuple of them."""


@lru_cache(maxsize=1)
def languages() -> tuple[LanguageSpec, ...]:
    """Every language that is parsed. Its modules are imported when this is first asked, not before."""
    found: list[LanguageSpec] = []
    for name in _MODULES:
        specs: tuple[LanguageSpec, ...] = import_module(f"index.languages.{name}").SPECS
        found += specs
    return tuple(found)


def spec_of(path: str) -> LanguageSpec | None:
    """The language that parses a file, None where none does."""
    name = path.rpartition("/")[2]
    named, by_suffix = _tables()
    stem, _, suffix = name.rpartition(".")
    return named.get(name) or (by_suffix.get(f".{suffix.lower()}") if stem.strip(".") else None)


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, LanguageSpec], dict[str, LanguageSpec]]:
    named = {name: spec for spec in languages() for name in spec.file_names}
    return named, {suffix: spec for spec in languages() for suffix in spec.suffixes}
