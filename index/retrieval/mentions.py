"""Read from an issue's text what it names: traceback frames, paths, identifiers, words. Knows no repository."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.retrieval.issue_text import IssueText, part
from index.retrieval.traces import TraceFrame, read_frames
from index.words import terms

_MIN_TITLE_WEIGHT, _MAX_TITLE_WEIGHT, _BODY_WORDS_PER_WEIGHT = 2.0, 10.0, 10
"""How often a word of the first line counts: ten times beside a long body, as issue titles name the place (design
figure of 80 public issues), but twice beside a short one, which is as much to the point (fix commits, 2026-11-24).
On issue texts 5, 15 and 20 times, and half or less for words in quoted blocks, did no better (2026-11-24)."""
_BLOCK_SHARE = 0.3
"""How surely names in a quoted block are meant, beside those in prose (issue texts, 2026-11-24)."""
_MAX_WORDS, _MAX_NAMES, _MAX_TEXT_CHARS = 200, 120, 100_000
_FRAME_LINE = re.compile(r'File "[^"\n]+", line \d+(?:, in [\w.<>]+)?')
_PATH = re.compile(
    r"(?<![\w/.-])((?:[\w.@+-]{1,100}[/\\]){0,30}[\w@-][\w.@+-]{0,100}\."
    r"(?:pyi?|pyx|[cm]?[jt]sx?|vue|svelte|java|kts?|scala|groovy|gradle|go|rs|cc|cpp|cxx|c|hh|hpp|hxx|h|inl|cs|csproj"
    r"|rb|rake|erb|php|twig|swift|lua|sh|bash|sql|proto|md|rst|txt|cfg|toml|ini|ya?ml|json|xml|html?|css|scss))\b"
)
_NODE = re.compile(r"([\w./\\-]+\.py)::([\w:]+)")
_QUOTED = re.compile(r"`+([^`\n]{2,120})`+")
_DOTTED = re.compile(r"(?<![\w.])[^\W\d][\w$]*(?:\.[^\W\d][\w$]*)*[?!]?")
_CALLED = re.compile(r"(?<![\w.])([^\W\d][\w$]*(?:\.[^\W\d][\w$]*)*)[?!]?\(")
_SEPARATOR = re.compile(r"(?<=[\w)])(?:::|->|#|\\)(?=[^\W\d])")
"""What other languages write between the parts of a name: Rust, C++, PHP, Ruby, Java's documentation."""
_ISSUE_NUMBER = re.compile(
    r"\(?(?:\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?|refs?|see|issue|pull request|pr)\b:?[ \t]{0,3})?"
    r"(?:[\w.-]{1,40}/[\w.-]{1,40}|(?<!\w))(?:#|gh-)\d+\b\)?",
    re.IGNORECASE,
)
"""`fixes #12`, `(#12)`, `owner/name#12`: says nothing of the place, and `closes` is a word of much code."""
_ENDLESS = re.compile(r"\S{300,}")
"""Runs that no name or path is: without them every pattern here takes linear time."""
_CODE_SHAPE = re.compile(r"_[a-zA-Z]|[a-z0-9][A-Z]|^[A-Z][a-z]+[A-Z]|\.")
_STOP_WORDS = frozenset(
    """a about after all also an and any are as at be because been before being but by can cannot could did do does
    doing don e.g. else for from get gets given had has have how however i if in instead into is it its just like may
    me my no not now of on only or other our out over please same see should so some such than that the their them
    then there these they this those through to too under up us use used using very was we were what when where
    which while who why will with would you your
    call def error expected false file import issue last line most none python raise recent return self traceback
    true""".split()  # noqa: SIM905 - prose is easier to keep as prose
)


@dataclass(frozen=True, slots=True)
class Mentions:
    """What a text names, each in order of appearance without repetitions."""

    frames: tuple[TraceFrame, ...]
    paths: tuple[str, ...]
    test_ids: tuple[tuple[str, str], ...]
    """(path, qualified name) of pytest node ids."""
    names: tuple[tuple[str, float], ...]
    """Identifiers and dotted names, with how surely they are code (0 to 1)."""
    words: dict[str, float]
    """Search words with their weights."""


def read_mentions(text: str) -> Mentions:
    """Everything that a text names. Only its first 100,000 characters are read."""
    text = _ISSUE_NUMBER.sub(" ", _ENDLESS.sub(" ", text[:_MAX_TEXT_CHARS]))
    frames = read_frames(text)
    node_ids = [(path.replace("\\", "/"), name.replace("::", ".")) for path, name in _NODE.findall(text)]
    issue = part(text)
    paths = [match.replace("\\", "/") for match in _PATH.findall(issue.whole)]
    return Mentions(
        frames,
        tuple(dict.fromkeys(paths)),
        tuple(dict.fromkeys(node_ids)),
        tuple(_names(issue).items())[:_MAX_NAMES],
        _words(issue),
    )


def content_words(line: str) -> list[str]:
    """The different search words of a short text, without those that say nothing of the place."""
    return _content(_ISSUE_NUMBER.sub(" ", line))


def _content(text: str) -> list[str]:
    return [word for word in dict.fromkeys(terms(text)) if word not in _STOP_WORDS]


def _names(issue: IssueText) -> dict[str, float]:
    """Names that look like code: quoted, called, dotted, in snake or camel case; less surely in a block."""
    names: dict[str, float] = {}
    for text, share in ((f"{issue.title}\n{issue.prose}", 1.0), (issue.blocks, _BLOCK_SHARE)):
        plain = _SEPARATOR.sub(".", _FRAME_LINE.sub(" ", text))
        for quoted in _QUOTED.findall(plain):
            for name in _DOTTED.findall(quoted):
                _keep(names, name, share)
        for name in _CALLED.findall(plain):
            _keep(names, name, 0.9 * share)
        for name in _DOTTED.findall(plain):
            if _CODE_SHAPE.search(name):
                _keep(names, name, 0.8 * share)
    for name in _DOTTED.findall(_SEPARATOR.sub(".", issue.title)):
        if name.lower() not in _STOP_WORDS:
            _keep(names, name, 0.3)
    return dict(sorted(names.items(), key=lambda item: -item[1]))


def _keep(names: dict[str, float], name: str, sureness: float) -> None:
    if len(name) > 2 and name.lower() not in _STOP_WORDS:
        names[name] = max(sureness, names.get(name, 0.0))


def _words(issue: IssueText) -> dict[str, float]:
    in_title, in_body = _content(issue.title), _content(f"{issue.prose}\n{issue.blocks}")
    weight = min(max(len(in_body) / _BODY_WORDS_PER_WEIGHT, _MIN_TITLE_WEIGHT), _MAX_TITLE_WEIGHT)
    words = dict.fromkeys(in_title[:_MAX_WORDS], weight)
    for word in in_body[: _MAX_WORDS - len(words)]:
        words.setdefault(word, 1.0)
    return words
