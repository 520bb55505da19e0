"""Read the types that doc comments state: PHPDoc, and YARD in Ruby. Knows no syntax and no scopes."""

from __future__ import annotations

import re

_PHPDOC = re.compile(
    r"@(?:phpstan-|psalm-)?(?P<tag>var|return|param)\s+"
    r"(?P<type>(?:[^\s<({]|<[^>]*>|\([^)]*\)|\{[^}]*\})+)(?:[ \t]+[&.]*(?P<name>\$\w+))?"
)
_YARD = re.compile(
    r"@(?P<tag>return|param)[ \t]+(?:(?P<name>\w+)[ \t]+)?\[(?P<type>[^\]\n]+)\](?:[ \t]+(?P<after>\w+))?"
)


def php_doc_types(docstring: str) -> dict[str, str]:
    """Name of a parameter (`$x`) → its type; the empty name stands for what is documented: a result, a variable."""
    found: dict[str, str] = {}
    for match in _PHPDOC.finditer(docstring):
        name = match["name"] or "" if match["tag"] == "param" else ""
        if name or match["tag"] != "param":
            found.setdefault(name, match["type"])
    return found


def yard_types(docstring: str) -> dict[str, str]:
    """The same for YARD; of several types that may be meant the first is taken."""
    found: dict[str, str] = {}
    for match in _YARD.finditer(docstring):
        name = (match["name"] or match["after"] or "") if match["tag"] == "param" else ""
        if name or match["tag"] != "param":
            found.setdefault(name, match["type"].partition(",")[0])
    return found
