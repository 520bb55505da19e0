"""A document that a model reads once and follows while it is edited. Knows no editor and no server.

How much is read again before a completion is its *mode*:

- `exact`: all from the first token that an edit came before: the answer is that of reading the document afresh;
- `pie`: only new tokens; those behind an edit are moved and keep what they remember of the old text;
- `repair`: also the 64 tokens behind each edit and the last 64 before the cursor where they are stale, the nearest to
  the cursor first, at most `REPAIR_TOKENS`; and where more than `STALENESS_BOUND` tokens changed before a token,
  all from there to the cursor.

The prompt is the text before the cursor, healed (engine.text.healing). What stands behind it stays in the cache
unseen. `idle` uses a pause to bring the document to exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

import torch
from torch import Tensor

from engine.cache.pages import PagedCache
from engine.models.transformer import Transformer
from engine.text.fim import PromptTooLong
from engine.text.healing import Spelling, Vocabulary, heal_prefix
from engine.text.retokenise import Splice, TokenisedText, common
from engine.text.stop_rules import StopStrings
from engine.text.stops import Stopper
from engine.text.tokenizer import Tokenizer
from engine.types import SamplingParams

Mode = Literal["exact", "pie", "repair"]
Run = tuple[int, int]

AROUND = 64  # papers: re-encoding 64 tokens behind an edit and the last 64 takes most of the error away
REPAIR_TOKENS = 256
STALENESS_BOUND = 256  # not tuned: papers measured 0.04 nats after 40 one-line edits, some hundred tokens
CHUNK = 256  # tokens of one forward, so that scores stay small
IDLE_CHUNK = 64  # tokens between two questions whether the pause is over


@dataclass(frozen=True, slots=True)
class Reading:
    """What a completion's prompt cost. `staleness`: the most tokens that changed before one that was kept.

    `exact`: the prompt is as reading it afresh would have it; `refusal`: why tokens were not kept, if so.
    """

    tokens_reused: int
    tokens_encoded: int
    staleness: int
    exact: bool
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class SessionCompletion:
    """What was written at the cursor, its tokens (healed ones included), why it ended, and the prompt's cost."""

    text: str
    tokens: tuple[int, ...]
    reason: str
    reading: Reading


class Session:
    """One document with one model's memory of it. Offsets are code points. Not safe for threads."""

    def __init__(
        self,
        model: Transformer,
        tokenizer: Tokenizer,
        text: str = "",
        *,
        cache_dtype: torch.dtype | None = None,
    ) -> None:
        self._model, self._tokenizer = model, tokenizer
        # A model that expects nothing in front of a text was trained on texts with an end token between them.
        self._opening = tokenizer.opening_ids or tuple(sorted(tokenizer.end_ids)[:1])
        self._document = TokenisedText(tokenizer, text)
        self._prefix = TokenisedText(tokenizer)
        self._vocabulary: Vocabulary | None = None
        self.cache = PagedCache(model.config, dtype=cache_dtype)
        self._due: list[bool] = []  # tokens that `repair` is to read again
        self._splice(Splice(0, 0, tuple(self.tokens)), first=0)

    @property
    def text(self) -> str:
        return self._document.text

    @property
    def tokens(self) -> list[int]:
        """What the model is given: what opens a text, then the document's tokens."""
        return [*self._opening, *self._document.tokens]

    def edit(self, start: int, end: int, text: str) -> None:
        """Replace the code points `start` to `end`. Raises ValueError when they are not in the text."""
        self._splice(self._document.edit(start, end, text), first=len(self._opening))

    def sync(self, text: str) -> None:
        """Make this the text, by edits of the lines that differ."""
        old, new = self.text.splitlines(keepends=True), text.splitlines(keepends=True)
        for step, i, j, k, m in reversed(SequenceMatcher(None, old, new, autojunk=False).get_opcodes()):
            if step != "equal":
                start = sum(map(len, old[:i]))
                self.edit(start, start + sum(map(len, old[i:j])), "".join(new[k:m]))

    def complete(self, cursor: int, params: SamplingParams, mode: Mode = "repair") -> SessionCompletion:
        """Write on from the cursor. Raises ValueError outside of the text, PromptTooLong beyond the context."""
        if not 0 <= cursor <= len(self._document):
            raise ValueError(
                f"A cursor at {cursor} lies outside of a text of {len(self._document)} code points."
            )
        self._vocabulary = self._vocabulary or Vocabulary(self._tokenizer)
        self._prefix.sync(self.text[:cursor])
        healed = heal_prefix(self._tokenizer, self._vocabulary, self._prefix)
        wanted = [*self._opening, *self._prefix.tokens[: healed.tokens]]
        if not wanted:
            return SessionCompletion("", (), "no text before the cursor", Reading(0, 0, 0, True))
        room = self._model.config.context_length - params.max_tokens
        if len(wanted) > room:
            raise PromptTooLong(
                f"{len(wanted)} tokens before the cursor do not fit the {room} that the model's context leaves.\n"
                "Use a model with a longer context, or ask for fewer tokens."
            )
        # Equal by what a cut is, unless the text has none before the cursor.
        same = min(common(wanted, self.tokens), len(self.cache))
        hidden, reading = self.prepare(same, mode)
        with self.cache.branch(same), torch.inference_mode():
            if same < len(wanted):
                hidden = self._forward(wanted[same:], same)
            return self._write(hidden, healed.forced, params, reading)

    def prepare(self, length: int, mode: Mode) -> tuple[Tensor, Reading]:
        """Read what the mode asks for among the first `length` tokens. Returns the last's hidden state [width]."""
        tokens = self.tokens
        runs = _joined([*self._runs(length, mode), (length - 1, length)])
        for run in runs:
            hidden = self._read(tokens, run)
        encoded = sum(stop - start for start, stop in runs)
        stale = int(self.cache.staleness()[:length].max())
        exact = self.cache.exact_length >= length
        return hidden, Reading(length - encoded, encoded, stale, exact, self.cache.refusal)

    def idle(self, cancelled: Callable[[], bool]) -> bool:
        """Read again what is not exact, until all is or `cancelled` says so. Returns whether all is exact."""
        tokens = self.tokens[: self._model.config.context_length]
        while self.cache.exact_length < len(tokens):
            if cancelled():
                return False
            start = self.cache.exact_length
            self._read(tokens, (start, min(start + IDLE_CHUNK, len(tokens))))
        if self.cache.shifts > 1 and not cancelled():
            self.cache.repack()
        return True

    def _splice(self, splice: Splice, first: int) -> None:
        start, inserted = splice.start + first, len(splice.inserted)
        if not splice.removed and not inserted:
            return
        self.cache.splice(start, splice.removed, inserted)
        self._due[start : start + splice.removed] = [False] * inserted
        behind = range(start + inserted, min(start + inserted + AROUND, len(self._due)))
        self._due[behind.start : behind.stop] = [True] * len(behind)

    def _runs(self, length: int, mode: Mode) -> list[Run]:
        if mode == "exact":
            return [(min(self.cache.exact_length, length - 1), length)]
        unread = self.cache.unread(length)
        if mode == "pie":
            return unread
        staleness = self.cache.staleness()[:length]
        past = (staleness > STALENESS_BOUND).nonzero()[:, 0].tolist()
        if past:
            return [*unread, (past[0], length)]
        stale = (staleness > 0).nonzero()[:, 0].tolist()
        due = [token for token in stale if self._due[token] or token >= length - AROUND]
        return [*unread, *((token, token + 1) for token in due[-REPAIR_TOKENS:])]

    def _read(self, tokens: Sequence[int], run: Run) -> Tensor:
        start, stop = run
        with torch.inference_mode():
            for first in range(start, stop, CHUNK):
                hidden = self._forward(tokens[first : min(first + CHUNK, stop)], first)
        self._due[start:stop] = [False] * (stop - start)
        return hidden

    def _forward(self, tokens: Sequence[int], start: int) -> Tensor:
        """The last token's hidden state [width]."""
        device = self._model.embedding.weight.device
        positions = torch.arange(start, start + len(tokens), device=device)[None]
        found: Tensor = self._model(torch.tensor([tokens], device=device), positions, self.cache)[0, -1]
        return found

    def _write(
        self, hidden: Tensor, forced: bytes, params: SamplingParams, reading: Reading
    ) -> SessionCompletion:
        """Write tokens behind what the cache holds; `forced` is what they begin with and the text does not."""
        assert self._vocabulary is not None
        spelling = Spelling(self._vocabulary, forced)
        stopper = Stopper([StopStrings(params.stop)], self._tokenizer.end_ids)
        random = torch.Generator().manual_seed(params.seed)
        tokens: list[int] = []
        spelled = b""
        while stopper.reason is None:
            token = _choose(self._model.logits(hidden), spelling.allowed(spelled), params, random)
            text = self._tokenizer.token_bytes(token)
            new = text[max(0, len(forced) - len(spelled)) :]
            tokens.append(token)
            spelled += text
            stopper.token(token, new)
            if len(tokens) >= params.max_tokens:
                stopper.finish()
            elif stopper.reason is None:
                hidden = self._forward([token], len(self.cache))
        return SessionCompletion(stopper.text, tuple(tokens), stopper.reason, reading)


def _choose(
    logits: Tensor, allowed: Sequence[int] | None, params: SamplingParams, random: torch.Generator
) -> int:
    """logits: [vocabulary]. Greedy at temperature 0, else from the likeliest tokens that make up `top_p`."""
    logits = logits.float().cpu()
    if allowed is not None and len(allowed):
        only = torch.full_like(logits, float("-inf"))
        only[list(allowed)] = logits[list(allowed)]
        logits = only
    if params.temperature <= 0:
        return int(logits.argmax())
    chances, order = (logits / params.temperature).softmax(-1).sort(descending=True)
    chances[chances.cumsum(-1) - chances >= params.top_p] = 0
    return int(order[torch.multinomial(chances, 1, generator=random)])


def _joined(runs: Iterable[Run]) -> list[Run]:
    """Runs in order, those that touch as one."""
    found: list[Run] = []
    for start, stop in sorted(runs):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found
