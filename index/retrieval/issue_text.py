"""Part an issue's text into title, prose and quoted blocks, without what its form says. Knows no repository.

Boxes, comments, tables and headings that a form brings along say nothing of the place, nor do web addresses, but for
the path of a file that one leads to. Names in the programs, settings and logs that a user pastes say less than those
that the user speaks of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_BOX = re.compile(r"^[ \t]*(?:[-*+]|\d+\.)?[ \t]*\[(?P<mark>[ xX])\](?P<rest>.*)$", re.MULTILINE)
_MAX_BOX_WORDS = 3
"""A ticked box of more words is a promise (`I have read …`), one of fewer is a choice (`sqlite`)."""
_NO_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*(?:no|n/a)?[ \t]*\|[ \t]*$", re.MULTILINE | re.IGNORECASE)
_HEADING = re.compile(
    r"^[ \t]{0,3}(?:#{1,6}[ \t].*|\*\*[^*\n]{1,120}\*\*:?[ \t]*|[^\n]{3,120}\n[ \t]*[-=]{3,}[ \t]*)$",
    re.MULTILINE,
)
_FILE_ADDRESS = re.compile(
    r"https?://(?:[\w.-]{1,80}/){3}(?:blob|tree|raw)/[\w.-]{1,80}/(?P<path>[\w./@+-]{1,250})\S*"
)
"""Host, owner, repository, branch, then the path."""
_ADDRESS = re.compile(r"\bhttps?://\S{1,2000}")
_FENCED = re.compile(
    r"^[ \t]{0,3}(?P<mark>`{3,}|~{3,})[^\n]*\n(?P<block>.*?)(?:^[ \t]{0,3}(?P=mark)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?:(?:[ ]{4}|\t)[^\n]*(?:\n|\Z)|[ \t]*\n(?=[ ]{4}|\t))+")


@dataclass(frozen=True, slots=True)
class IssueText:
    """What a user writes, and what the user quotes."""

    title: str
    prose: str
    blocks: str
    """The programs, settings and logs, one after the other."""

    @property
    def whole(self) -> str:
        return f"{self.title}\n{self.prose}\n{self.blocks}"


def part(text: str) -> IssueText:
    """Part a text whose first line is its title. Takes time in proportion to the text."""
    title, _, body = text.strip().partition("\n")
    body = _COMMENT.sub(" ", body.replace("\r\n", "\n"))
    body = _NO_ROW.sub(" ", _BOX.sub(_choice, body))
    body = _ADDRESS.sub(" ", _FILE_ADDRESS.sub(r" \g<path> ", body))
    blocks: list[str] = []

    def keep(match: re.Match[str]) -> str:
        blocks.append(match.groupdict().get("block") or match[0])
        return "\n\n"

    prose = _INDENTED.sub(keep, _FENCED.sub(keep, body))
    return IssueText(_ADDRESS.sub(" ", title), _HEADING.sub(" ", prose), "\n".join(blocks))


def _choice(match: re.Match[str]) -> str:
    rest = match["rest"].strip()
    return rest if match["mark"] != " " and len(rest.split()) <= _MAX_BOX_WORDS else ""
