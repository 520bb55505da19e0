"""Non-blocking pipes and sockets: lines, tails of output, frames to and from the host. Knows nothing of jobs."""

from __future__ import annotations

import marshal
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one costs a tenth of the start
    from typing import Any

CHUNK_BYTES = 1 << 16
LINE_LIMIT_BYTES = 32 << 20
HEADER = struct.Struct(">IB")

READY, LINE, END, ZYGOTE, FATAL = range(5)
"""Kinds of frame to the host."""


class Lines:
    """Whole lines from a descriptor. A line longer than LINE_LIMIT_BYTES is dropped."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.ended = False
        self._rest = b""
        os.set_blocking(descriptor, False)

    def read(self) -> list[bytes]:
        """What has arrived, at most CHUNK_BYTES; `ended` is set at the end."""
        try:
            chunk = os.read(self.descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            chunk = b""
        if not chunk:
            self.ended = True
            return []
        if b"\n" not in chunk:
            self._rest = self._rest + chunk if len(self._rest) < LINE_LIMIT_BYTES else b""
            return []
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        return lines

    def forget(self) -> None:
        """Drop the beginning of a line whose end will never come."""
        self._rest = b""


class Tail:
    """The end of what arrives on a descriptor."""

    def __init__(self, descriptor: int, keep_bytes: int) -> None:
        self.descriptor = descriptor
        self.ended = False
        self._keep_bytes = keep_bytes
        self._kept = bytearray()
        os.set_blocking(descriptor, False)

    def read(self) -> bool:
        """Take one chunk; False if there was none."""
        try:
            chunk = os.read(self.descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            chunk = b""
        if not chunk:
            self.ended = True
            return False
        self._kept += chunk
        if len(self._kept) > 2 * self._keep_bytes + CHUNK_BYTES:
            del self._kept[: -self._keep_bytes]
        return True

    def take(self) -> bytes:
        """Hand over what was kept, and begin again."""
        kept = bytes(self._kept[-self._keep_bytes :]) if self._keep_bytes else b""
        self._kept.clear()
        return kept


class HostLink:
    """The way to the host: marshalled requests in, frames out. The host is trusted; frames out are JSON or raw."""

    def __init__(self, descriptor: int, answers: int) -> None:
        self.descriptor = descriptor
        self.ended = False
        self._answers = answers
        self._in = bytearray()
        self._out = bytearray()

    def answer_on(self, descriptor: int) -> None:
        """Send frames there from now on."""
        os.close(self._answers)
        self._answers = descriptor

    @property
    def unsent_bytes(self) -> int:
        return len(self._out)

    def receive(self) -> dict[str, Any] | None:
        """The next request, waiting for it; None at the end."""
        while True:
            request = self._take()
            if request is not None or self.ended:
                return request
            self.flush(wait=True)
            os.set_blocking(self.descriptor, True)
            self._read()

    def poll(self) -> dict[str, Any] | None:
        """A request if one is there. Sets `ended` at the end."""
        os.set_blocking(self.descriptor, False)
        self._read()
        return self._take()

    def _read(self) -> None:
        try:
            chunk = os.read(self.descriptor, 1 << 20)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.ended = True
        self._in += chunk

    def _take(self) -> dict[str, Any] | None:
        if len(self._in) < 4:
            return None
        length = int.from_bytes(self._in[:4], "big")
        if len(self._in) < 4 + length:
            return None
        request: dict[str, Any] = marshal.loads(bytes(self._in[4 : 4 + length]))
        del self._in[: 4 + length]
        return request

    def send(self, kind: int, payload: bytes) -> None:
        self._out += HEADER.pack(len(payload), kind)
        self._out += payload
        self.flush(wait=False)

    def flush(self, wait: bool) -> None:
        os.set_blocking(self._answers, wait)
        while self._out:
            try:
                sent = os.write(self._answers, self._out)
            except BlockingIOError:
                return
            except OSError:
                self.ended = True
                self._out.clear()
                return
            del self._out[:sent]
