"""The tree-sitter grammars, one wheel per language, loaded when first asked for. Knows no symbols."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from tree_sitter import Language

from index.errors import GraphError

_GRAMMARS = {
    "bash": ("tree_sitter_bash", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "css": ("tree_sitter_css", "language"),
    "go": ("tree_sitter_go", "language"),
    "html": ("tree_sitter_html", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "json": ("tree_sitter_json", "language"),
    "kotlin": ("tree_sitter_kotlin", "language"),
    "lua": ("tree_sitter_lua", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "python": ("tree_sitter_python", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "scala": ("tree_sitter_scala", "language"),
    "sql": ("tree_sitter_sql", "language"),
    "swift": ("tree_sitter_swift", "language"),
    "toml": ("tree_sitter_toml", "language"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "yaml": ("tree_sitter_yaml", "language"),
}
"""Language → the module of its wheel, and the function in it that gives the grammar. `javascript` reads JSX too."""


class UnknownLanguage(GraphError):
    """Raised when no grammar parses that language."""


def grammar_names() -> tuple[str, ...]:
    return tuple(_GRAMMARS)


@lru_cache(maxsize=len(_GRAMMARS))
def grammar(language: str) -> Language:
    """The grammar of a language. Raises UnknownLanguage."""
    if language not in _GRAMMARS:
        raise UnknownLanguage(f"No grammar parses {language!r}. Known: {', '.join(_GRAMMARS)}.")
    module, function = _GRAMMARS[language]
    return Language(getattr(import_module(module), function)())
