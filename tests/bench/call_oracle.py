"""Ask a type checker's language server which definition each call site means. Knows nothing of Graft.

The server is basedpyright's (PyPI), started from an environment of its own: it is no dependency of Graft.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import unquote, urlparse

from call_sites import Place, Tree

Answers = dict[Place, list[Place]]
"""Call site → places of the definitions; a path outside the tree is absolute."""


class ServerError(Exception):
    """Raised when the language server ended."""


class RequestRefused(Exception):
    """Raised when the language server answers a request with an error."""


class LanguageServer:
    """A language server over pipes, one request at a time."""

    def __init__(self, command: list[str], root: Path, python: Path) -> None:
        self._root, self._python, self._next = root, python, 0
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
        self._input = cast(IO[bytes], self._process.stdin)
        self._output = cast(IO[bytes], self._process.stdout)
        capabilities = {"workspace": {"configuration": True, "workspaceFolders": True}}
        folder = {"uri": root.as_uri(), "name": root.name}
        self.request(
            "initialize",
            {"processId": None, "rootUri": root.as_uri(), "workspaceFolders": [folder],
             "capabilities": capabilities},
        )  # fmt: skip
        self.notify("initialized", {})

    def request(self, method: str, params: dict[str, Any]) -> Any:
        self._next += 1
        self._send({"id": self._next, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": self._answer(message)})
            elif message.get("id") == self._next and "method" not in message:
                if "error" in message:
                    raise RequestRefused(f"{method}: {message['error']}")
                return message.get("result")

    def notify(self, method: str, params: dict[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _answer(self, message: dict[str, Any]) -> Any:
        if message["method"] != "workspace/configuration":
            return None
        analysis = {"diagnosticMode": "openFilesOnly", "typeCheckingMode": "off", "autoSearchPaths": True}
        settings = {"python": {"pythonPath": str(self._python)}, "basedpyright": {"analysis": analysis}}
        return [_section(settings, item.get("section", "")) for item in message["params"]["items"]]

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._input.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._input.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while line := self._output.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        if not length:
            raise ServerError(f"The language server ended (exit {self._process.poll()}).")
        return cast(dict[str, Any], json.loads(self._output.read(length)))


def _section(settings: Any, name: str) -> Any:
    for part in name.split("."):
        settings = settings.get(part, {}) if isinstance(settings, dict) else {}
    return settings


def ask(
    server: LanguageServer, tree: Tree, sites: Iterable[Place], progress: Callable[[int], None]
) -> Answers:
    """The definitions of every site; sites are in order of place."""
    answers: Answers = {}
    for path, group in groupby(sites, key=lambda site: site.path):
        uri, text = (tree.root / path).as_uri(), (tree.root / path).read_text("utf-8")
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        server.notify("textDocument/didOpen", {"textDocument": item})
        lines = text.split("\n")
        for site in group:
            before = lines[site.line - 1][: site.column - 1]
            position = {"line": site.line - 1, "character": len(before.encode("utf-16-le")) // 2}
            params = {"textDocument": {"uri": uri}, "position": position}
            try:
                found = server.request("textDocument/definition", params) or []
            except RequestRefused as error:
                print(f"  {path}:{site.line} is left out: {error}", file=sys.stderr)
                continue
            answers[site] = _places(found if isinstance(found, list) else [found], tree)
            progress(len(answers))
        server.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    return answers


def _places(locations: list[dict[str, Any]], tree: Tree) -> list[Place]:
    places = []
    for location in locations:
        uri = location.get("targetUri") or location["uri"]
        start = (location.get("targetSelectionRange") or location["range"])["start"]
        path = Path(unquote(urlparse(uri).path))
        name = path.relative_to(tree.root).as_posix() if path.is_relative_to(tree.root) else path.as_posix()
        places.append(Place(name, start["line"] + 1, start["character"] + 1))
    return sorted(set(places))
