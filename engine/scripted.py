"""A model that speaks from a file, for offline runs and tests. Knows no tokens and no network.

The file is JSON, or TOML when its name ends in `.toml`:

    [[replies]]
    text = "def area(r): ..."       # required
    when = "area of a circle"       # a regular expression that the last message must match
    repeat = true                   # may be given any number of times; default: once
    input_tokens = 120              # usage to report; default: none
    output_tokens = 9
    cost_usd = 0.001

Each text that is asked for takes the first reply, in the file's order, that is still unspent and whose
`when` is found in the last message (for infilling: in the prefix). A reply without `when` fits anything.
"""

from __future__ import annotations

import json
import re
import threading
import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.types import ChatReply, Completion, Message, SamplingParams, ScriptError, Usage

EXCERPT_CHARS = 80


class ScriptedReply(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    text: str
    when: re.Pattern[str] | None = None
    repeat: bool = False
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cost_usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)

    @property
    def usage(self) -> Usage:
        return Usage(self.input_tokens, self.output_tokens, self.cost_usd)


class _Script(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    replies: list[ScriptedReply]


class ScriptedModel:
    """Both a `ChatModel` and a `Generator`. The same calls in the same order get the same texts.

    Of the sampling parameters only `stop` has an effect. May be called from several threads.
    Raises ScriptError when the file is unusable or no reply is left for a call.
    """

    def __init__(self, path: Path) -> None:
        self.name = f"scripted:{path}"
        self._path = path
        self._replies = _read(path)
        self._spent = [False] * len(self._replies)
        self._calls = 0
        self._lock = threading.Lock()

    def chat(self, messages: Sequence[Message], params: SamplingParams, *, n: int = 1) -> list[ChatReply]:
        last = messages[-1].content if messages else ""
        return [ChatReply(_stopped(reply.text, params), reply.usage) for reply in self._take(last, n)]

    def infill(
        self, prefix: str, suffix: str, params: SamplingParams, *, n: int = 1, path: str | None = None
    ) -> list[Completion]:
        return [
            Completion(_stopped(reply.text, params), usage=reply.usage) for reply in self._take(prefix, n)
        ]

    def _take(self, asked: str, count: int) -> list[ScriptedReply]:
        with self._lock:
            self._calls += 1
            return [self._next(asked) for _ in range(count)]

    def _next(self, asked: str) -> ScriptedReply:
        for number, reply in enumerate(self._replies):
            if not self._spent[number] and (reply.when is None or reply.when.search(asked)):
                self._spent[number] = not reply.repeat
                return reply
        raise ScriptError(
            f"{self._path}: no reply is left for call {self._calls}, which ends in "
            f"{asked[-EXCERPT_CHARS:]!r} ({sum(self._spent)} of {len(self._replies)} replies spent).\n"
            "Add a reply whose `when` matches it, or set `repeat = true` on one."
        )


def _read(path: Path) -> list[ScriptedReply]:
    try:
        content = path.read_text(encoding="utf-8")
        data = tomllib.loads(content) if path.suffix == ".toml" else json.loads(content)
    except OSError as error:
        raise ScriptError(
            f"Cannot read the scripted replies {path} ({error.strerror}).\n"
            "Name a JSON or TOML file of replies."
        ) from error
    except ValueError as error:
        kind = "TOML" if path.suffix == ".toml" else "JSON"
        raise ScriptError(f"{path}: not valid {kind} ({error}).\nCorrect the file.") from error
    try:
        return _Script.model_validate(data).replies
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ScriptError(
            f"{path}: bad entry at {where} ({first['msg']}).\n"
            'Give {"replies": [{"text": "…"}]}; each may have when, repeat, input_tokens, output_tokens, '
            "cost_usd."
        ) from error


def _stopped(text: str, params: SamplingParams) -> str:
    ends = [position for stop in params.stop if stop and (position := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text
