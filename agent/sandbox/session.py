"""Keep one sandbox running for a host: send it jobs, hear its frames, start it again after its death.

Knows the supervisor's protocol; knows nothing of the mechanism that holds the supervisor.
"""

from __future__ import annotations

import json
import marshal
import os
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from agent.errors import SandboxDied, SandboxUnavailable
from agent.sandbox.inside.streams import END, FATAL, HEADER, LINE, READY, ZYGOTE
from agent.sandbox.types import Job, JobEnd, Line, OnLine

MARSHAL_VERSION = 2
"""The newest that Python 3.8 and all later ones agree on."""
START_LIMIT_S = 60.0
GRACE_S = 60.0
"""How long past a job's limit the supervisor may take to clean up before the sandbox is ended from outside."""
STDERR_BYTES = 8192
PATIENCE_S = 10.0


@dataclass
class Launch:
    """How to start one supervisor: a command line and the configuration it reads first."""

    argv: Sequence[str]
    config: Mapping[str, Any]
    tools: str
    """Where inside the sandbox the harness's programs lie."""
    pass_fds: Sequence[int] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    answers_on_stdout: bool = False
    """Whether a program in between carries standard input and output apart, as container engines do."""
    started: Callable[[int], None] = lambda pid: None
    """Called with the process id once the supervisor is ready and nothing else runs yet."""
    close: Callable[[], None] = lambda: None
    """Gives back what the launch holds; called once the processes have ended."""


class _Ended(Exception):
    """Raised when the supervisor is gone; the text says what it left."""


class _Keeper:
    """The thread that starts the outermost process and lives exactly as long: the kernel ends one with the other.

    When that process ends, the link is shut, so that neither side waits for the other.
    """

    def __init__(self, launch: Launch, theirs: socket.socket, ours: socket.socket) -> None:
        self._launch = launch
        self._theirs = theirs
        self._ours = ours
        self._started = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._error: OSError | None = None
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._thread = threading.Thread(target=self._keep, name="sandbox", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            raise self._error

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _keep(self) -> None:
        try:
            self._process = subprocess.Popen(
                list(self._launch.argv),
                stdin=self._theirs.fileno(),
                stdout=self._theirs.fileno() if self._launch.answers_on_stdout else subprocess.DEVNULL,
                stderr=self._said.fileno(),
                env=dict(self._launch.environment),
                pass_fds=tuple(self._launch.pass_fds),
                start_new_session=True,
            )
        except OSError as error:
            self._error = error
            return
        finally:
            self._theirs.close()
            for descriptor in self._launch.pass_fds:
                os.close(descriptor)
            self._started.set()
        self._process.wait()
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)
        self._launch.close()

    def end(self, patience_s: float) -> str:
        """Wait for the process, kill it when patience ends; returns the end of what it said on stderr."""
        self._thread.join(patience_s)
        if self._thread.is_alive() and self._process is not None:
            self._process.kill()
            self._thread.join(patience_s)
        with self._said as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - STDERR_BYTES))
            return file.read().decode(errors="replace").strip()


class Session:
    """A SandboxSession over any mechanism that can launch the supervisor."""

    def __init__(self, launcher: Callable[[], Launch]) -> None:
        self.generation = 0
        self.mode = ""
        self.tools = ""
        self._launcher = launcher
        self._jobs = threading.Lock()
        self._sending = threading.Lock()
        self._closed = False
        self._cancelled = False
        self._link: socket.socket | None = None
        self._keeper: _Keeper | None = None
        self._received = bytearray()
        self._zygotes: dict[str, tuple[Sequence[str], Mapping[str, Any], float]] = {}
        self._alive: set[str] = set()
        self._start()

    # -- SandboxSession

    def start_zygote(
        self, name: str, argv: Sequence[str], payload: Mapping[str, Any], limit_s: float
    ) -> Line:
        with self._jobs:
            self._ensure_started()
            self._zygotes[name] = (list(argv), dict(payload), limit_s)
            return self._start_zygote(name)

    def stop_zygote(self, name: str) -> None:
        with self._jobs:
            self._zygotes.pop(name, None)
            if name in self._alive:
                self._alive.discard(name)
                with suppress(_Ended):
                    self._send({"op": "stop", "name": name})

    def run(self, job: Job, on_line: OnLine | None = None) -> JobEnd:
        with self._jobs:
            self._cancelled = False
            self._ensure_started()
            if job.zygote is not None and job.zygote not in self._alive:
                self._start_zygote(job.zygote)
            started_s = time.monotonic()
            try:
                self._send(_run_request(job))
                return self._follow(job, on_line or _ignore)
            except _Ended:
                self._died()
                killed = "cancelled" if self._cancelled or self._closed else "died"
                return JobEnd(None, None, killed, time.monotonic() - started_s, b"")  # type: ignore[arg-type]

    def cancel(self) -> None:
        self._cancelled = True
        with suppress(_Ended):
            self._send({"op": "cancel"})

    def close(self) -> None:
        self._closed = True
        link = self._link
        if link is not None:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        with self._jobs:
            self._stop()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # -- start and end

    def _ensure_started(self) -> None:
        if self._closed:
            raise SandboxDied("The sandbox was closed. Open another one.")
        if self._link is None:
            self._start()

    def _start(self) -> None:
        launch = self._launcher()
        ours, theirs = socket.socketpair()
        try:
            self._keeper = _Keeper(launch, theirs, ours)
        except OSError as error:
            ours.close()
            launch.close()
            raise SandboxUnavailable(f"Cannot start {launch.argv[0]}: {error}.") from error
        self._link = ours
        self._received.clear()
        self._alive.clear()
        self.tools = launch.tools
        try:
            self._send(dict(launch.config))
            kind, payload = self._receive(START_LIMIT_S)
            if kind != READY:
                raise _Ended(payload.decode(errors="replace"))
        except _Ended as error:
            said = self._stop()
            raise SandboxUnavailable(f"The sandbox did not start: {said or error}.") from None
        self.mode = payload.decode()
        launch.started(self._keeper.pid)

    def _stop(self) -> str:
        """End the sandbox; returns what it said on stderr."""
        link, self._link = self._link, None
        keeper, self._keeper = self._keeper, None
        self._alive.clear()
        if link is not None:
            link.close()
        return keeper.end(PATIENCE_S) if keeper is not None else ""

    def _died(self) -> None:
        self._stop()
        self.generation += 1

    # -- frames

    def _send(self, request: Mapping[str, Any]) -> None:
        body = marshal.dumps(dict(request), MARSHAL_VERSION)
        link = self._link
        if link is None:
            raise _Ended("it is not running")
        try:
            with self._sending:
                link.sendall(struct.pack(">I", len(body)) + body)
        except OSError as error:
            raise _Ended(str(error)) from error

    def _receive(self, limit_s: float) -> tuple[int, bytes]:
        """The next frame. Raises _Ended at the end, or when it does not come in time."""
        link = self._link
        if link is None:
            raise _Ended("it is not running")
        deadline_s = time.monotonic() + limit_s
        buffer = self._received
        needed = HEADER.size
        while len(buffer) < needed or len(buffer) < (needed := HEADER.size + HEADER.unpack_from(buffer)[0]):
            try:
                link.settimeout(max(0.001, deadline_s - time.monotonic()))
                chunk = link.recv(1 << 18)
            except OSError as error:
                raise _Ended(str(error)) from error
            if not chunk:
                raise _Ended("it ended")
            buffer += chunk
        kind = int(HEADER.unpack_from(buffer)[1])
        payload = bytes(buffer[HEADER.size : needed])
        del buffer[:needed]
        if kind == FATAL:
            raise _Ended(payload.decode(errors="replace"))
        return kind, payload

    def _start_zygote(self, name: str) -> Line:
        if name not in self._zygotes:
            raise SandboxDied(f"No zygote {name!r} was started in this sandbox. Call start_zygote first.")
        argv, payload, limit_s = self._zygotes[name]
        try:
            self._send(
                {"op": "zygote", "name": name, "argv": list(argv), "payload": dict(payload),
                 "limit_s": limit_s, "cwd": ".", "environment": {}}
            )  # fmt: skip
            kind, body = self._receive(limit_s + GRACE_S)
            while kind != ZYGOTE:
                kind, body = self._receive(limit_s + GRACE_S)
        except _Ended as error:
            self._died()
            raise SandboxDied(f"The sandbox died while zygote {name!r} started: {error}.") from None
        answer: dict[str, Any] = json.loads(body)
        if "ready" not in answer:
            output = str(answer.get("output", "")).strip()
            raise SandboxDied(
                f"Zygote {name!r} did not start: {answer.get('failed')}. {output[-2000:]}".strip()
            )
        self._alive.add(name)
        ready: Line = answer["ready"]
        return ready

    def _follow(self, job: Job, on_line: OnLine) -> JobEnd:
        """Hear a job out. What `on_line` raises ends the job and is raised once the sandbox is ready again."""
        failure: BaseException | None = None
        deadline_s = time.monotonic() + job.limit_s + GRACE_S
        while True:
            kind, payload = self._receive(deadline_s - time.monotonic())
            if kind == LINE and failure is None:
                line = json.loads(payload)
                line.pop("token", None)
                try:
                    on_line(line)
                except BaseException as error:  # noqa: BLE001 - raised again below
                    failure = error
                    self._send({"op": "cancel"})
            elif kind == END:
                end = self._job_end(payload)
                if failure is not None:
                    raise failure
                return end

    def _job_end(self, payload: bytes) -> JobEnd:
        head, _, output = payload.partition(b"\n")
        end = json.loads(head)
        if end["lost"]:
            self._alive.difference_update(end["lost"])
            self.generation += 1
        return JobEnd(end["exit"], end["signal"], end["killed"], end["seconds"], output, end["peak"])


def _ignore(line: Line) -> None:
    """Take no notice."""


def _run_request(job: Job) -> dict[str, Any]:
    return {
        "op": "run",
        "argv": [os.fspath(part) for part in job.argv],
        "zygote": job.zygote,
        "payload": dict(job.payload),
        "files": dict(job.files),
        "environment": dict(job.environment),
        "cwd": job.cwd,
        "limit_s": float(job.limit_s),
        "test_limits_s": dict(job.test_limits_s),
        "test_cpu_s": dict(job.test_cpu_s),
    }
