"""The two seams to models: chat for agents, generation for completion and infilling. Knows no back-end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol


class EngineError(Exception):
    """Raised when a model cannot be opened or does not answer. Base of every error of this folder."""


class UnknownModelURL(EngineError):
    """Raised when a model URL has a scheme that no back-end serves."""


class ScriptError(EngineError):
    """Raised when a scripted model's file is unreadable, malformed or has no reply left."""


class CheckpointError(EngineError):
    """Raised when a model's files are missing, damaged, or of a kind that the engine does not run."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that one call read and wrote, and what it cost in US dollars (0 for local models)."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How to sample. `temperature` 0 is greedy; `stop` ends a text before the first of its strings."""

    max_tokens: int = 1024
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatReply:
    text: str
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Completion:
    """One generated text; `confidence` is the mean token probability where the back-end knows it."""

    text: str
    confidence: float | None = None
    usage: Usage = field(default_factory=Usage)


class ChatModel(Protocol):
    """Answers a conversation. Raises EngineError when it cannot."""

    name: str

    def chat(self, messages: Sequence[Message], params: SamplingParams, *, n: int = 1) -> list[ChatReply]: ...


class Generator(Protocol):
    """Writes what stands between a prefix and a suffix. Raises EngineError when it cannot."""

    name: str

    def infill(
        self, prefix: str, suffix: str, params: SamplingParams, *, n: int = 1, path: str | None = None
    ) -> list[Completion]: ...
