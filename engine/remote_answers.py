"""Read what OpenAI-compatible servers answer, whatever they leave out. Knows no connections."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from engine.transport import Json
from engine.types import Usage

_FENCED = re.compile(r"\A\s*```[^\n]*\n(.*?)\n?```\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """One text, and the mean probability of its tokens if the server gave them."""

    text: str
    confidence: float | None


def answer_of(choice: Any) -> Answer:
    """One choice of an answer or of a piece of one, chat or completion."""
    if not isinstance(choice, dict):
        return Answer("", None)
    message = choice.get("message") or choice.get("delta") or {}
    text = (
        choice.get("text")
        if "text" in choice
        else message.get("content")
        if isinstance(message, dict)
        else ""
    )
    found = choice.get("logprobs") or {}
    logprobs = (found.get("token_logprobs") or []) if isinstance(found, dict) else []
    known = [value for value in logprobs if isinstance(value, int | float) and value <= 0]
    return Answer(
        text if isinstance(text, str) else "", sum(map(math.exp, known)) / len(known) if known else None
    )


def without_fence(text: str, last_line: str) -> str:
    """A chat's answer without its fence, and without the line before the cursor if it says that again."""
    fenced = _FENCED.match(text)
    text = fenced[1] if fenced else text
    line = last_line.strip()
    if len(line) > 2 and text.lstrip().startswith(line):
        return text.lstrip().removeprefix(line)
    return text


def usage_of(found: Json) -> Usage:
    """What a request cost, as far as the server says."""
    usage = found.get("usage")
    if not isinstance(usage, dict):
        return Usage()
    read, written, cost = (usage.get(name) for name in ("prompt_tokens", "completion_tokens", "cost"))
    return Usage(
        read if isinstance(read, int) else 0,
        written if isinstance(written, int) else 0,
        float(cost) if isinstance(cost, int | float) else 0.0,
    )


def total(left: Usage, right: Usage) -> Usage:
    """The usage of two requests."""
    return Usage(
        left.input_tokens + right.input_tokens,
        left.output_tokens + right.output_tokens,
        left.cost_usd + right.cost_usd,
    )
