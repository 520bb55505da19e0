"""Compile what a user asks of syntax trees into a query of one grammar, and say what is wrong with it and where.

A pattern is a tree-sitter query, or the bare name of a node type. A query's pattern without a capture gives its
outermost node as `match`. Captures whose name begins with `_` only serve the predicates. Knows no files.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache

from tree_sitter import Query, QueryError

from index.errors import PatternError
from index.grammars import grammar

WHOLE = "match"
"""The capture's name where the pattern names none."""
_NODE_TYPE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PLACE = re.compile(r"(.+?) at row (\d+), column (\d+)(?:: (.*))?\Z", re.DOTALL)
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|;[^\n]*|(?P<predicate>#[\w.-]+[?!])|(?P<bracket>[()\[\]])', re.DOTALL)
_PREDICATES = frozenset(
    {"#eq?", "#not-eq?", "#any-eq?", "#any-not-eq?", "#match?", "#not-match?", "#any-match?", "#any-not-match?",
     "#any-of?", "#not-any-of?", "#is?", "#is-not?", "#set!"}
)  # fmt: skip
_PART = re.compile(rb'"(?:\\.|[^"\\])*"|;[^\n]*|@?[^\s;"@]+', re.DOTALL)
_MEANING = {
    "Invalid node type": "no node type is called",
    "Invalid field name": "no field is called",
}


def compile_pattern(pattern: str, language: str) -> Query:
    """The query of one grammar. Raises PatternError, which names the place in the pattern, and UnknownLanguage."""
    stripped = pattern.strip()
    if not stripped:
        raise PatternError(
            'The pattern is empty. Give a node type, or a query such as "(comment) @c".', language
        )
    if _NODE_TYPE.match(stripped):
        return _compiled(f"({stripped}) @{WHOLE}", stripped, language)
    _check_tokens(pattern, language)
    return _compiled(pattern, pattern, language)


@lru_cache(maxsize=64)
def node_types(language: str) -> frozenset[str]:
    """Every named node type of a grammar that may stand in a tree."""
    known = grammar(language)
    ids = range(known.node_kind_count)
    return frozenset(
        name for i in ids if known.node_kind_is_named(i) and (name := known.node_kind_for_id(i)) is not None
    )


def _compiled(query_text: str, shown: str, language: str) -> Query:
    try:
        query = Query(grammar(language), query_text)
        uncaptured = _uncaptured_ends(query, query_text, language)
        if not uncaptured:
            return query
        data = query_text.encode()
        for end in reversed(uncaptured):
            data = data[:end] + f"\n@{WHOLE}\n".encode() + data[end:]
        return Query(grammar(language), data.decode())
    except QueryError as error:
        raise _explained(str(error), query_text, shown, language) from None


def _uncaptured_ends(query: Query, text: str, language: str) -> list[int]:
    """Where each pattern ends that captures nothing. Raises PatternError for predicates outside of any."""
    ends = []
    data = text.encode()
    for pattern in range(query.pattern_count):
        start, end = query.start_byte_for_pattern(pattern), query.end_byte_for_pattern(pattern)
        if re.match(rb"\(\s*#", data[start:end]):
            place = _place(data[:start].decode())
            raise PatternError(
                f"The pattern is wrong at {place}: a predicate stands outside of what it is about. "
                'Put both into one pair of parentheses: ((identifier) @x (#eq? @x "name")).',
                language,
            )
        tokens = [token for token in _PART.finditer(data[start:end]) if not token[0].startswith(b";")]
        if not any(token[0].startswith(b"@") for token in tokens):
            ends.append(start + tokens[-1].end())
    return ends


def _check_tokens(pattern: str, language: str) -> None:
    """Name an open or stray bracket and an unknown predicate, which tree-sitter itself passes over."""
    opened: list[re.Match[str]] = []
    for token in _TOKEN.finditer(pattern):
        bracket = token["bracket"]
        if token["predicate"] and token["predicate"] not in _PREDICATES:
            raise PatternError(
                f"The pattern is wrong at {_place(pattern[: token.start()])}: "
                f"no predicate is called `{token['predicate']}`.{_near(token['predicate'], _PREDICATES)}",
                language,
            )
        if bracket in ("(", "["):
            opened.append(token)
        elif bracket and (not opened or opened.pop()[0] + bracket not in ("()", "[]")):
            raise PatternError(
                f"The pattern is wrong at {_place(pattern[: token.start()])}: "
                f"nothing is open that `{bracket}` closes. Count the brackets.",
                language,
            )
    if opened:
        raise PatternError(
            f"The pattern is wrong at {_place(pattern[: opened[-1].start()])}: "
            f"`{opened[-1][0]}` is never closed. Count the brackets.",
            language,
        )


def _explained(message: str, query_text: str, shown: str, language: str) -> PatternError:
    """tree-sitter's message in words, with the place in the user's own text and the near names."""
    found = _PLACE.match(message)
    if found is None:
        return PatternError(
            f"The pattern is wrong: {_lowered(message)}. See tree-sitter's query syntax.", language
        )
    row, column_bytes = int(found[2]), int(found[3])
    line = query_text.split("\n")[row].encode()
    before = "\n" * row + line[:column_bytes].decode("utf-8", "replace")
    place = f"at {_place(before)}" if shown == query_text else "at line 1, column 1"
    cause, name = found[1], found[4]
    if name and cause in _MEANING:
        names = node_types(language) if cause == "Invalid node type" else _field_names(language)
        said = f"{_MEANING[cause]} `{name}` in the grammar of {language}.{_near(name, names)}"
        nearness = max(SequenceMatcher(None, name, each).ratio() for each in names)
        return PatternError(f"The pattern is wrong {place}: {said}", language, nearness)
    if cause == "Invalid capture name":
        said = f"no capture is called `@{name}`. Name the node that it is about: (identifier) @{name}."
        return PatternError(f"The pattern is wrong {place}: {said}", language)
    said = _lowered(cause)
    if cause == "Impossible pattern":
        said = f"the grammar of {language} never puts that there. Look at a tree, or leave the inner node out"
    elif cause == "Invalid syntax":
        said = "that is no query. Write (node_type) @name, or a bare node type"
    return PatternError(f"The pattern is wrong {place}: {said}.", language)


def _field_names(language: str) -> frozenset[str]:
    known = grammar(language)
    return frozenset(
        name for i in range(1, known.field_count + 1) if (name := known.field_name_for_id(i)) is not None
    )


def _near(name: str, names: frozenset[str]) -> str:
    near = get_close_matches(name, sorted(names), n=3, cutoff=0.6)
    if not near:
        return " Check the name, or name the language with --language."
    return f" Did you mean {' or '.join(f'`{each}`' for each in near)}?"


def _place(before: str) -> str:
    row, column = before.count("\n"), len(before) - (before.rfind("\n") + 1)
    return f"line {row + 1}, column {column + 1}"


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]
