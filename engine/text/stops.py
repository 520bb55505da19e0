"""Decide, while a completion is streamed, where it ends. Knows no tokens but their ids, and no syntax of its own.

The rules (engine.text.stop_rules) read the text one character at a time, so that the outcome does not depend on how
the text was cut into tokens; and nothing is shown that is taken back later.

- `StopStrings`: cut before the first of some strings.
- `SuffixOverlap`: cut where the text runs into what stands behind the cursor anyway.
- `Dedent`: cut before the first line that leaves the scope in which the completion began.
- `NodeEnd`: asks a callback, at each line's end, where the syntax node at the cursor ends.
- `Repetition`: cut behind the first copy of lines that come again and again.
"""

from __future__ import annotations

import codecs
from collections.abc import Collection, Sequence

from engine.text.stop_rules import StopRule


class Stopper:
    """Turns streamed tokens into text that is never taken back. `reason` is None until the text has ended."""

    def __init__(self, rules: Sequence[StopRule] = (), end_ids: Collection[int] = ()) -> None:
        self._rules = rules
        self._end_ids = frozenset(end_ids)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._shown = 0
        self.text = ""
        self.reason: str | None = None

    def token(self, token: int, spelled: bytes) -> str:
        """Take the next token. Returns the text that can be shown now."""
        if token in self._end_ids:
            return self.finish("end token")
        return self.add(self._decoder.decode(spelled))

    def add(self, text: str) -> str:
        """Take more text. Returns the text that can be shown now; nothing once the text has ended."""
        for char in text if self.reason is None else "":
            self.text += char
            for rule in self._rules:
                stays = rule.push(char, self.text)
                if stays is not None:
                    return self._end(rule.name, stays)
        return self._show(min((rule.sure for rule in self._rules), default=len(self.text)))

    def finish(self, reason: str = "length") -> str:
        """No more will come. Returns the rest of the text."""
        shown = self.add(self._decoder.decode(b"", True))
        if self.reason is not None:
            return shown
        return shown + self._end(
            reason, min([len(self.text), *(rule.at_end(self.text) for rule in self._rules)])
        )

    def _end(self, reason: str, stays: int) -> str:
        self.reason = reason
        self.text = self.text[:stays]
        return self._show(stays)

    def _show(self, sure: int) -> str:
        new = self.text[self._shown : sure]
        self._shown = max(self._shown, sure)
        return new
