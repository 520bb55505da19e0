"""JSON and event streams over HTTP, with retries and cancellation. Knows no models; shows no keys.

A request is repeated where repeating may help: the connection failed before an answer began, or the server said that
it is busy (429) or broken (500, 502, 503, 504). Waiting doubles from try to try, with jitter, or is what the server
asks for, up to a bound. A time-out is not repeated: the next would take as long.
"""

from __future__ import annotations

import ipaddress
import json
import random
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import httpx

from engine.remote_address import ModelAddress
from engine.types import EngineError

ATTEMPTS = 4
BACKOFF_S = 0.5
MAX_WAIT_S = 30.0
CONNECT_S = 10.0
MAX_REPLY_BYTES = 64 << 20
EXCERPT_CHARS = 300
_BUSY_OR_BROKEN = frozenset({429, 500, 502, 503, 504})

Json = Mapping[str, Any]


class RemoteError(EngineError):
    """Raised when a server cannot be reached, refuses or answers nonsense. `status`: its HTTP status, if any."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Transport:
    """Talks to one server. May be called from several threads."""

    def __init__(self, address: ModelAddress, backoff_s: float = BACKOFF_S) -> None:
        self._address = address
        self._backoff_s = backoff_s
        self._timeout = httpx.Timeout(address.timeout_s, connect=min(CONNECT_S, address.timeout_s))
        self._is_local = _is_this_machine(httpx.URL(address.base).host)
        self._tls = httpx.create_ssl_context(trust_env=not self._is_local)  # for every client: it takes 20 ms
        self._client = self._new_client()

    def get(self, path: str) -> Json:
        """Ask for an object. Raises RemoteError."""
        return self._object("GET", path, None)

    def post(self, path: str, body: Json) -> Json:
        """Send an object and get one. Raises RemoteError."""
        return self._object("POST", path, body)

    def stream(self, path: str, body: Json) -> EventStream:
        """Send an object, once the result is read, and get a stream of them."""
        return EventStream(self, self._new_client(), path, body)

    def close(self) -> None:
        self._client.close()

    def open(
        self,
        client: httpx.Client,
        method: str,
        path: str,
        body: Json | None,
        stream: EventStream | None = None,
    ) -> httpx.Response:
        """Send a request until it is answered; the answer's body is not yet read. Raises RemoteError."""
        extensions = {"trace": stream.watch} if stream else {}
        request = client.build_request(method, self._address.base + path, json=body, extensions=extensions)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = client.send(request, stream=True)
            except httpx.TimeoutException as error:
                raise self.failure(error) from None
            except httpx.RequestError as error:
                is_cancelled = stream is not None and stream.cancelled
                if attempt == ATTEMPTS or is_cancelled or not isinstance(error, httpx.TransportError):
                    raise self.failure(error) from None
                self._wait(attempt, None)
                continue
            if response.status_code < 300:
                return response
            refusal = self._refusal(response)
            if attempt == ATTEMPTS or response.status_code not in _BUSY_OR_BROKEN:
                raise refusal
            self._wait(attempt, response.headers.get("retry-after"))
        raise AssertionError("the last attempt returns or raises")

    def read(self, response: httpx.Response, most_bytes: int = MAX_REPLY_BYTES) -> bytes:
        """The body of an answer, up to a bound. Raises RemoteError."""
        content = b""
        try:
            for part in response.iter_bytes():
                content += part
                if len(content) > most_bytes:
                    raise RemoteError(
                        f"{self._address.base} answered more than {most_bytes} bytes.\nIs it a model server?"
                    )
        except httpx.RequestError as error:
            raise self.failure(error) from None
        finally:
            response.close()
        return content

    def parse(self, content: bytes | str) -> Json:
        """An object of an answer. Raises RemoteError."""
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            text = content if isinstance(content, str) else content.decode("utf-8", "replace")
            raise RemoteError(
                f"{self._address.base} answered no JSON object but {self._excerpt(text)!r}.\nIs it a model server?"
            )
        if found.get("error"):
            raise RemoteError(f"{self._address.base} reports: {self._reason(found, '')}.")
        return found

    def failure(self, error: Exception) -> RemoteError:
        """What a failed connection means."""
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            return RemoteError(
                f"The model at {self._address.base} did not answer within {self._address.timeout_s:g} s.\n"
                "Ask for fewer tokens, or allow more time: …#timeout_s=300."
            )
        reason = self._excerpt(str(error)) or type(error).__name__
        return RemoteError(
            f"Cannot reach the model at {self._address.base} ({reason}).\nIs the server running?"
        )

    def _object(self, method: str, path: str, body: Json | None) -> Json:
        return self.parse(self.read(self.open(self._client, method, path, body)))

    def _new_client(self) -> httpx.Client:
        key = self._address.key
        return httpx.Client(
            timeout=self._timeout,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            verify=self._tls,
            trust_env=not self._is_local,
        )

    def _refusal(self, response: httpx.Response) -> RemoteError:
        status = response.status_code
        try:
            content = self.read(response, 1 << 20).decode("utf-8", "replace")
            found = json.loads(content)
        except (RemoteError, ValueError):
            found = {}
        reason = self._reason(found if isinstance(found, dict) else {}, response.reason_phrase)
        hint = {
            401: "\nName the environment variable of its key: …#key=VARIABLE.",
            403: "\nName the environment variable of its key: …#key=VARIABLE.",
            404: "\nCheck the URL's path and the model's name: …/v1#model=NAME.",
            429: "\nTry again later.",
        }.get(status, "")
        return RemoteError(f"{self._address.base} refuses with {status}: {reason}.{hint}", status)

    def _reason(self, found: Json, otherwise: str) -> str:
        error = found.get("error", found)
        for name in ("message", "detail", "error"):
            if isinstance(error, dict) and error.get(name):
                error = error[name]
                break
        text = error if isinstance(error, str) else json.dumps(error) if error else otherwise
        return self._excerpt(text).rstrip(".") or "no reason given"

    def _excerpt(self, text: str) -> str:
        """A short text of the server's, without the key that a server may quote."""
        key = self._address.key
        return (text.replace(key, "…") if key else text)[:EXCERPT_CHARS].strip()

    def _wait(self, attempt: int, asked: str | None) -> None:
        wait_s = self._backoff_s * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
        if asked is not None and asked.isdecimal():
            wait_s = float(asked)
        time.sleep(min(wait_s, MAX_WAIT_S))


def _is_this_machine(host: str) -> bool:
    """Whether a host is the loopback; what goes there goes through no proxy that the environment names."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class EventStream:
    """Objects of a stream of server-sent events, asked for when read. Cancelling ends the connection at once."""

    def __init__(self, transport: Transport, client: httpx.Client, path: str, body: Json) -> None:
        self._transport = transport
        self._client = client
        self._path, self._body = path, body
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self.cancelled = False

    def __iter__(self) -> Iterator[Json]:
        """The objects; none after `cancel`. Raises RemoteError."""
        try:
            yield from self._objects()
        except (RemoteError, httpx.RequestError, OSError, ValueError) as error:
            # A connection that is shut down under a reader fails in many ways.
            if not self.cancelled:
                raise error if isinstance(error, RemoteError) else self._transport.failure(error) from None
        finally:
            self._client.close()

    def cancel(self) -> None:
        """End the connection, so that the server stops. Safe from any thread, at any time, more than once."""
        with self._lock:
            self.cancelled = True
            self._shut_down()

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Learn of the socket as soon as there is one."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                if self.cancelled:
                    self._shut_down()

    def _objects(self) -> Iterator[Json]:
        if self.cancelled:
            return
        response = self._transport.open(self._client, "POST", self._path, self._body, self)
        try:
            if "event-stream" in response.headers.get("content-type", ""):
                yield from self._events(response)
            else:
                yield self._transport.parse(self._transport.read(response))
        finally:
            response.close()

    def _events(self, response: httpx.Response) -> Iterator[Json]:
        is_complete = False
        for line in response.iter_lines():
            name, _, value = line.partition(":")
            if name != "data":
                continue
            if value.strip() == "[DONE]" or self.cancelled:
                return
            found = self._transport.parse(value)
            choices = found.get("choices") or []
            is_complete = is_complete or any(
                isinstance(one, dict) and one.get("finish_reason") for one in choices
            )
            yield found
        if not is_complete:
            raise ConnectionError("the stream broke off")

    def _shut_down(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # it is closed already
                self._socket.shutdown(socket.SHUT_RDWR)
