"""A model behind any OpenAI-compatible server, as `ChatModel` and as `Generator`. Knows no tokens.

Servers differ in what they take. A field that a server refuses by name (`seed`, `n`, `logprobs`, …) is left out from
then on; where it gives fewer texts than asked for, it is asked again with other seeds; stop strings hold whether it
knows them or not. For infilling, in this order, the first that it does not refuse, unless the URL says `#infill=…`:

1. `suffix`: the completions endpoint with a suffix;
2. the name of a model family: a prompt with that family's tokens (engine.text.fim_formats), which most servers read;
3. `chat`: the text around the cursor in a message, and an answer that is cleaned of fences and of the suffix.

What is sent of a long document is the neighbourhood of the cursor.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.remote_address import read_address
from engine.remote_answers import Answer, answer_of, total, usage_of, without_fence
from engine.text.fim_formats import FORMATS, format_of_name
from engine.text.stop_rules import StopStrings, SuffixOverlap
from engine.text.stops import Stopper
from engine.transport import BACKOFF_S, EventStream, Json, RemoteError, Transport
from engine.types import ChatReply, Completion, Message, SamplingParams, Usage

PREFIX_CHARS, SUFFIX_CHARS = 24_000, 8_000
MAX_STOPS = 4
"""OpenAI's bound; the others are applied here."""
_REFUSED = frozenset({400, 404, 405, 422, 501})
_OPTIONAL = ("seed", "n", "logprobs", "stop", "top_p", "stream_options")
_INSTRUCTION = (
    "You complete code. The user shows a file with a cursor, marked <CURSOR>. Answer with the text that belongs in "
    "the place of the mark and nothing else: no explanation, no fence, nothing of what stands around it."
)


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request. `suffix`: text that an answer may run into; `clean`: what else is taken off an answer."""

    path: str
    body: Json
    suffix: str = ""
    clean: Callable[[str], str] = str


class RemoteModel:
    """Both a `ChatModel` and a `Generator`. May be called from several threads. Raises RemoteError.

    `name` and messages never hold the key. Opening makes no request.
    """

    def __init__(
        self, url: str, *, environment: Mapping[str, str] = os.environ, backoff_s: float = BACKOFF_S
    ) -> None:
        self._address = read_address(url, environment)
        self._transport = Transport(self._address, backoff_s)
        self._model = self._address.model
        self._refused: frozenset[str] = frozenset()
        self._way = "" if self._address.infill == "auto" else self._address.infill
        self.name = self._address.base + (f"#model={self._model}" if self._model else "")

    def __repr__(self) -> str:
        return f"RemoteModel({self.name!r})"

    def chat(self, messages: Sequence[Message], params: SamplingParams, *, n: int = 1) -> list[ChatReply]:
        answers, usage = self._texts(self._chat_ask(messages), params, n)
        return [
            ChatReply(answer.text, usage if not number else Usage()) for number, answer in enumerate(answers)
        ]

    def infill(
        self, prefix: str, suffix: str, params: SamplingParams, *, n: int = 1, path: str | None = None
    ) -> list[Completion]:
        answers, usage = self._first_accepted(prefix, suffix, path, lambda ask: self._texts(ask, params, n))
        return [
            Completion(answer.text, answer.confidence, usage if not number else Usage())
            for number, answer in enumerate(answers)
        ]

    def stream_chat(self, messages: Sequence[Message], params: SamplingParams) -> TextStream:
        """The text of a reply as it comes."""
        return TextStream(lambda stream: self._streamed(self._chat_ask(messages), params, stream))

    def stream_infill(
        self, prefix: str, suffix: str, params: SamplingParams, *, path: str | None = None
    ) -> TextStream:
        """The text of a completion as it comes; nothing that was given is taken back."""
        return TextStream(
            lambda stream: self._first_accepted(
                prefix, suffix, path, lambda ask: _begun(self._streamed(ask, params, stream))
            )
        )

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def _first_accepted(self, prefix: str, suffix: str, path: str | None, ask: Callable[[_Ask], Any]) -> Any:
        ways = [self._way] if self._way else ["suffix", *self._family(), "chat"]
        for way in ways:
            try:
                found = ask(self._infill_ask(way, prefix[-PREFIX_CHARS:], suffix[:SUFFIX_CHARS], path))
            except RemoteError as error:
                if error.status not in _REFUSED or way == ways[-1]:
                    raise
            else:
                self._way = way if suffix else self._way  # without a suffix nothing was refused that could be
                return found
        raise AssertionError("the last way returns or raises")

    def _family(self) -> list[str]:
        fim = format_of_name(self._model_name())
        return [fim.family] if fim else []

    def _chat_ask(self, messages: Sequence[Message]) -> _Ask:
        sent = [{"role": message.role, "content": message.content} for message in messages]
        return _Ask("/chat/completions", {"messages": sent})

    def _infill_ask(self, way: str, prefix: str, suffix: str, path: str | None) -> _Ask:
        if way == "suffix":
            body = {"prompt": prefix, "logprobs": 1} | ({"suffix": suffix} if suffix else {})
            return _Ask("/completions", body)
        if way == "chat":
            where = f"File {path}\n" if path else ""
            sent = [("system", _INSTRUCTION), ("user", f"{where}{prefix}<CURSOR>{suffix}")]
            messages = [{"role": role, "content": content} for role, content in sent]
            last_line = prefix.rpartition("\n")[2]
            return _Ask(
                "/chat/completions",
                {"messages": messages},
                suffix,
                lambda text: without_fence(text, last_line),
            )
        fim = next(each for each in FORMATS if each.family == way)
        return _Ask("/completions", {"prompt": fim.text(prefix, suffix), "logprobs": 1}, suffix)

    def _texts(self, ask: _Ask, params: SamplingParams, n: int) -> tuple[list[Answer], Usage]:
        """So many answers, by as many requests as it takes."""
        answers: list[Answer] = []
        usage = Usage()
        while len(answers) < n:
            found = self._post(ask, params, n - len(answers), params.seed + len(answers))
            texts = [answer_of(choice) for choice in found.get("choices") or []]
            if not texts:
                raise RemoteError(f"{self.name} answered without any text.\nIs it a model server?")
            answers += [Answer(_ended(ask.clean(text.text), ask, params), text.confidence) for text in texts]
            usage = total(usage, usage_of(found))
        return answers[:n], usage

    def _post(self, ask: _Ask, params: SamplingParams, n: int, seed: int) -> Json:
        while True:
            body = self._body(ask, params, n, seed)
            try:
                return self._transport.post(ask.path, body)
            except RemoteError as error:
                self._learn(error, body)

    def _streamed(self, ask: _Ask, params: SamplingParams, stream: TextStream) -> Iterator[str]:
        """The pieces of one answer. Answers that need cleaning come in one piece."""
        rules = [StopStrings(params.stop), SuffixOverlap(ask.suffix)]
        stopper, raw = Stopper(rules), ""
        for found in self._events(ask, params, stream):
            for choice in (found.get("choices") or [])[:1]:
                raw += (piece := answer_of(choice).text)
                if ask.clean is str and (shown := stopper.add(piece)):
                    yield shown
            if stopper.reason is not None:
                return
        if ask.clean is not str:
            yield _ended(ask.clean(raw), ask, params)
        elif shown := stopper.finish():
            yield shown

    def _events(self, ask: _Ask, params: SamplingParams, stream: TextStream) -> Iterator[Json]:
        while True:
            body = dict(self._body(ask, params, 1, params.seed)) | {"stream": True}
            begun = False
            try:
                for found in stream.reading(self._transport.stream(ask.path, body)):
                    begun = True
                    yield found
                return
            except RemoteError as error:
                if begun:
                    raise
                self._learn(error, body)

    def _learn(self, error: RemoteError, body: Json) -> None:
        """Note the field that a server refuses by name. Raises the error if it named none."""
        text = str(error)
        named = [field for field in _OPTIONAL if field in body and re.search(rf"\b{field}\b", text)]
        if "max_completion_tokens" in text and "max_tokens" in body:
            named = ["max_tokens"]
        if error.status not in (400, 422) or not named:
            raise error
        self._refused |= {*named}

    def _body(self, ask: _Ask, params: SamplingParams, n: int, seed: int) -> Json:
        limit = "max_completion_tokens" if "max_tokens" in self._refused else "max_tokens"
        body = {"model": self._model_name(), **ask.body, limit: params.max_tokens}
        body |= {"temperature": params.temperature}
        wanted = {
            "top_p": params.top_p if params.top_p < 1 else None,
            "seed": seed if params.temperature > 0 else None,
            "stop": list(params.stop[:MAX_STOPS]) or None,
            "n": n if n > 1 else None,
        }
        body |= {name: value for name, value in wanted.items() if value is not None}
        return {name: value for name, value in body.items() if name not in self._refused}

    def _model_name(self) -> str:
        """The model that the URL names, else the first that the server lists."""
        if not self._model:
            listed = self._transport.get("/models").get("data") or []
            names = [one["id"] for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str)]
            if not names:
                raise RemoteError(f"{self.name} lists no model.\nName one: …/v1#model=NAME.")
            self._model = names[0]
        return self._model


class TextStream:
    """Pieces of a text as they come. `cancel` ends it at once, from any thread, and tells the server to stop."""

    def __init__(self, pieces: Callable[[TextStream], Iterator[str]]) -> None:
        self._pieces = pieces
        self._lock = threading.Lock()
        self._events: EventStream | None = None
        self._cancelled = False

    def __iter__(self) -> Iterator[str]:
        """The pieces. Raises RemoteError. Leaving the loop early ends the connection too."""
        try:
            yield from self._pieces(self)
        finally:
            self.cancel()

    def cancel(self) -> None:
        """No more text is wanted."""
        with self._lock:
            self._cancelled = True
            if self._events is not None:
                self._events.cancel()

    def reading(self, events: EventStream) -> EventStream:
        """These events make the text now."""
        with self._lock:
            self._events = events
            if self._cancelled:
                events.cancel()
        return events


def _begun(pieces: Iterator[str]) -> Iterator[str]:
    """The same pieces, the first of them already asked for, so that a refusal shows now."""
    first = next(pieces, "")

    def rest() -> Iterator[str]:
        if first:
            yield first
        yield from pieces

    return rest()


def _ended(text: str, ask: _Ask, params: SamplingParams) -> str:
    stopper = Stopper([StopStrings(params.stop), SuffixOverlap(ask.suffix)])
    stopper.add(text)
    stopper.finish()
    return stopper.text
