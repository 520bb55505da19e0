"""A small OpenAI-compatible server over real HTTP: it speaks from a list, and misbehaves as it is told to."""

import json
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Behaviour:
    """What the server does. `statuses`: to answer the next requests with; `refuses`: fields it says no to by name."""

    replies: list[str] = field(default_factory=lambda: ["reply"])
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    key: str = ""
    most_choices: int = 99
    models: tuple[str, ...] = ("test-model",)
    raw: bytes | None = None
    wait_s: float = 0.0
    piece_chars: int = 3
    pause_s: float = 0.0
    drop_after: int | None = None
    ends_with_done: bool = True
    streams: bool = True


class OpenAIServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behaviour):
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = behaviour
        self.requests = []
        self.streamed_pieces = 0
        self.hung_up = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request, client_address):
        self.hung_up.set()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.answer(200, {"data": [{"id": name} for name in self.server.behaviour.models]})

    def do_POST(self):
        does = self.server.behaviour
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        kind = self.path.removeprefix("/v1/")
        self.server.requests.append({"kind": kind, "auth": self.headers.get("authorization"), **body})
        if does.wait_s:
            self.wait_for_hang_up(does.wait_s)
        if does.statuses and (status := does.statuses.pop(0)) != 200:
            if status == 0:
                self.close_connection = True
                return self.connection.close()
            return self.answer(
                status, {"error": {"message": f"status {status} for {self.headers['authorization']}"}}
            )
        if does.key and self.headers.get("authorization") != f"Bearer {does.key}":
            return self.answer(401, {"error": {"message": f"Bad key: {self.headers.get('authorization')}"}})
        if kind in does.missing:
            return self.answer(404, {"detail": "Not Found"})
        if refused := sorted(does.refuses & body.keys()):
            other = " Use 'max_completion_tokens' instead." if refused == ["max_tokens"] else ""
            return self.answer(400, {"error": {"message": f"Unsupported parameter: '{refused[0]}'.{other}"}})
        if does.raw is not None:
            return self.send(200, does.raw, "application/json")
        if body.get("stream") and does.streams:
            return self.stream(kind, body)
        texts = [self.reply(kind, body, number) for number in range(min(body.get("n", 1), does.most_choices))]
        choices = [self.choice(kind, text) | {"finish_reason": "stop"} for text in texts]
        usage = {"prompt_tokens": 7, "completion_tokens": 2 * len(texts)}
        return self.answer(200, {"choices": choices, "usage": usage})

    def reply(self, kind, body, number):
        text = self.server.behaviour.replies[number % len(self.server.behaviour.replies)]
        text = text.replace("{seed}", str(body.get("seed", 0) + number))
        ends = [text.find(stop) for stop in body.get("stop", []) if stop in text]
        return text[: min(ends)] if ends else text

    def choice(self, kind, text, *, part="message"):
        if kind == "chat/completions":
            return {part: {"content": text}}
        return {"text": text, "logprobs": {"token_logprobs": [-0.5, -0.5]}}

    def stream(self, kind, body):
        does = self.server.behaviour
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        pieces = re.findall(rf"(?s).{{1,{does.piece_chars}}}", self.reply(kind, body, 0))
        for number, piece in enumerate(pieces):
            if does.drop_after == number:
                return
            event = {"choices": [self.choice(kind, piece, part="delta")]}
            self.wfile.write(f": ping\n\ndata: {json.dumps(event)}\n\n".encode())
            self.server.streamed_pieces += 1
            time.sleep(does.pause_s)
        if does.drop_after is None:
            end = {"choices": [self.choice(kind, "", part="delta") | {"finish_reason": "stop"}]}
            self.wfile.write(f"data: {json.dumps(end)}\n\n".encode())
            if does.ends_with_done:
                self.wfile.write(b"data: [DONE]\n\n")

    def wait_for_hang_up(self, wait_s):
        """Wait, but notice a client that goes away meanwhile."""
        self.connection.settimeout(wait_s)
        try:
            if self.connection.recv(1) == b"":
                self.server.hung_up.set()
        except TimeoutError:
            pass
        finally:
            self.connection.settimeout(None)

    def answer(self, status, found):
        self.send(status, json.dumps(found).encode(), "application/json")

    def send(self, status, content, kind):
        self.send_response(status)
        for name, value in self.server.behaviour.headers.items():
            self.send_header(name, value)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(**behaviour):
    """A running server."""
    server = OpenAIServer(Behaviour(**behaviour))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
