"""What a sandbox takes and gives. Knows nothing of tests, candidates or any one mechanism."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

GIB = 1 << 30

Killed = Literal["time", "memory", "processes", "disk", "cancelled", "died"]
"""Why a job was ended from outside; "died" means that the sandbox itself was brought down."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on everything that runs in one sandbox, all of its processes together."""

    memory_bytes: int = 4 * GIB
    processes: int = 256
    disk_bytes: int = 1 * GIB
    """What may be written in the tree and in /tmp, in all."""
    output_bytes: int = 64 * 1024
    """How much of the end of a job's output is kept."""


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """One sandbox: a repository at its own path, over which every job writes into the void."""

    repo: Path
    python: Path
    """The interpreter that runs the supervisor (Python 3.8 or later, standard library only) and the tests."""
    readable: tuple[Path, ...] = ()
    """Further paths shown read-only, as interpreter prefixes and editable installs outside the repository."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The whole environment of what runs inside; nothing is inherited."""
    limits: Limits = field(default_factory=Limits)
    hidden: tuple[str, ...] = (".graft",)
    """Paths in the repository that what runs inside must not see."""


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to run over a throw-away view of the repository.

    With `argv` a fresh process; with `zygote` a fork of that warm process, which gets `payload`. A fresh
    process with an empty payload is a plain command: it gets neither the private socket nor the channel.
    `files` are put into the view first: content by repository path, None deletes.
    """

    argv: Sequence[str] = ()
    zygote: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "."
    """Relative to the repository."""
    limit_s: float = 60.0
    """For the whole job."""
    test_limits_s: Mapping[str, float] = field(default_factory=dict)
    """Per test id, counted from the test's `begin` line on the channel; the key `*` is the default."""
    test_cpu_s: Mapping[str, float] = field(default_factory=dict)
    """The same in processor time of the job's first process, for ids that are named; to within 0.05 s."""


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended. Exactly one of `exit_code` and `signal` is set, unless the sandbox died."""

    exit_code: int | None
    signal: int | None
    killed: Killed | None
    seconds: float
    output: bytes
    """The end of what it printed, both streams together."""
    peak_bytes: int | None = None

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and self.killed is None


Line = Mapping[str, Any]
OnLine = Callable[[Line], None]


class SandboxSession(Protocol):
    """A running sandbox. One job at a time; `cancel` and `close` may be called from any thread.

    A session outlives hostile jobs: where one brings the sandbox down, the job ends with
    `killed="died"` and the session has started anew before the next one (zygotes must then be
    started again: `generation` grows). A zygote that died alone makes `generation` grow too; a job for it
    starts it again from what `start_zygote` was last told.
    """

    generation: int
    tools: str
    """Folder inside the sandbox that holds our own programs, as in `[python, "-I", f"{tools}/runner.py"]`."""

    def start_zygote(
        self, name: str, argv: Sequence[str], payload: Mapping[str, Any], limit_s: float
    ) -> Line:
        """Start a warm process and return what it says once ready. Raises SandboxDied with its output's end."""

    def stop_zygote(self, name: str) -> None: ...

    def run(self, job: Job, on_line: OnLine | None = None) -> JobEnd:
        """Run a job to its end; `on_line` gets each line of its private channel as it arrives."""

    def cancel(self) -> None:
        """End the job in progress, if any, with `killed="cancelled"`."""

    def close(self) -> None: ...


class Sandbox(Protocol):
    """A mechanism that can hold hostile programs."""

    name: str

    def unavailable(self) -> str | None:
        """Why this mechanism cannot be used here, in one sentence with the remedy; None if it can."""

    def open(self, spec: SandboxSpec) -> SandboxSession:
        """Start a sandbox. Raises SandboxUnavailable."""
