"""Choose the mechanism that holds untrusted programs on this machine, or say why none does."""

from __future__ import annotations

import sys

from agent.errors import SandboxUnavailable
from agent.sandbox.bubblewrap import Bubblewrap
from agent.sandbox.container import Container
from agent.sandbox.landlock import Landlock
from agent.sandbox.types import Sandbox

NAMES = ("auto", "bubblewrap", "landlock", "container:IMAGE")
CONTAINER = "container:"


def choose_sandbox(backend: str = "auto") -> Sandbox:
    """The named mechanism, or with "auto" the first that works. Raises SandboxUnavailable."""
    reasons = []
    for sandbox in _candidates(backend):
        reason = sandbox.unavailable()
        if reason is None:
            return sandbox
        reasons.append(f"{sandbox.name}: {reason}")
    reasons.append('Anywhere, with docker or podman: sandbox.backend = "container:IMAGE".')
    raise SandboxUnavailable("No sandbox works here, and nothing runs without one.\n" + "\n".join(reasons))


def describe() -> list[tuple[str, str | None]]:
    """Each mechanism of this platform with the reason why it cannot be used, None if it can."""
    return [(sandbox.name, sandbox.unavailable()) for sandbox in _candidates("auto")]


def _candidates(backend: str) -> list[Sandbox]:
    match backend:
        case "auto":
            return [Bubblewrap(), Landlock()] if sys.platform == "linux" else []
        case "bubblewrap":
            return [Bubblewrap()]
        case "landlock":
            return [Landlock()]
        case str() if backend.startswith(CONTAINER) and backend != CONTAINER:
            return [Container(backend.removeprefix(CONTAINER))]
        case _:
            raise SandboxUnavailable(f"{backend!r} is not a known sandbox. Use one of: {', '.join(NAMES)}.")
