"""Hold programs in a container of an image that the user names, by docker or podman.

The interpreter and the project's dependencies are the image's own. The tree is copied to its own path for every job.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from agent.errors import SandboxUnavailable
from agent.sandbox.launch import base_config, own_programs, supervisor_command
from agent.sandbox.session import Launch, Session
from agent.sandbox.shown import refuse_repository
from agent.sandbox.types import SandboxSpec

ENGINES = ("podman", "docker")
FOLDER = "/graft"
ENGINE_ENVIRONMENT = ("HOME", "PATH", "XDG_RUNTIME_DIR", "DOCKER_HOST")
"""What the engine's own command needs; nothing of it reaches the container."""
CHECK_LIMIT_S = 60.0


class Container:
    """`container:IMAGE`. The image must be there already: nothing is pulled."""

    def __init__(self, image: str) -> None:
        self.name = f"container:{image}"
        self._image = image
        self._verdict: tuple[str | None] | None = None

    def unavailable(self) -> str | None:
        if self._verdict is None:
            self._verdict = (self._missing(),)
        return self._verdict[0]

    def open(self, spec: SandboxSpec) -> Session:
        refuse_repository(spec.repo)
        reason = self.unavailable()
        if reason is not None:
            raise SandboxUnavailable(reason)
        return Session(lambda: _launch(_engine(), self._image, spec))

    def _missing(self) -> str | None:
        engine = _engine()
        if engine is None:
            return "Neither podman nor docker is installed. Install one."
        try:
            done = subprocess.run(
                [engine, "image", "inspect", self._image], capture_output=True, timeout=CHECK_LIMIT_S
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{engine} does not answer ({error}). Start it."
        if done.returncode == 0:
            return None
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return f"{engine} has no image {self._image} ({said[-1] if said else 'no reason given'}). Pull or build it."


def _engine() -> str | None:
    return next((path for name in ENGINES if (path := shutil.which(name))), None)


def _launch(engine: str | None, image: str, spec: SandboxSpec) -> Launch:
    assert engine is not None
    repo = spec.repo.resolve()
    limits = spec.limits
    owner = repo.stat()
    container = f"graft-{secrets.token_hex(8)}"
    space = f"rw,exec,nosuid,nodev,mode=1777,size={limits.disk_bytes}"
    argv = [
        engine, "run", "--rm", "--name", container, "--interactive",
        "--pull", "never", "--network", "none", "--read-only",
        "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--ipc", "private",
        "--memory", str(limits.memory_bytes + limits.disk_bytes), "--pids-limit", str(4 * limits.processes),
        "--ulimit", "nofile=1024:1024",
        "--user", f"{owner.st_uid}:{owner.st_gid}", "--workdir", "/", "--entrypoint", "",
        "--tmpfs", f"/tmp:{space}", "--tmpfs", f"/var/tmp:{space}", "--tmpfs", f"{repo}:{space}",
        "--volume", f"{repo}:{FOLDER}/tree:ro",
    ]  # fmt: skip
    for name, source in own_programs(None).items():
        argv += ["--volume", f"{source}:{FOLDER}/{name}:ro"]
    empty = tempfile.mkdtemp(prefix="graft-empty-")
    for hidden in spec.hidden:
        if (repo / hidden).exists():
            cover = empty if (repo / hidden).is_dir() else os.devnull
            argv += ["--volume", f"{cover}:{FOLDER}/tree/{hidden}:ro"]
    for path in spec.readable:
        argv += ["--volume", f"{path.resolve()}:{path.absolute()}:ro"]

    def close() -> None:
        """End the container, should its client have been killed and it go on."""
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run([engine, "rm", "--force", container], capture_output=True, timeout=CHECK_LIMIT_S)
        with suppress(OSError):
            Path(empty).rmdir()

    config = base_config(spec, repo, mode="container", uid=None, shown=[])
    return Launch(
        argv=[*argv, image, *supervisor_command(spec.python, FOLDER)],
        config=config,
        tools=FOLDER,
        environment={name: os.environ[name] for name in ENGINE_ENVIRONMENT if name in os.environ},
        answers_on_stdout=True,
        close=close,
    )
