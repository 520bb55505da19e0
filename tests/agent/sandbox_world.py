"""A host with secrets, listeners and a repository, and sandboxes over it. Shared by the sandbox's tests."""

import atexit
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from agent.sandbox.bubblewrap import Bubblewrap
from agent.sandbox.landlock import Landlock
from agent.sandbox.session import Session
from agent.sandbox.types import Job, JobEnd, Limits, Line, Sandbox, SandboxSpec

PYTHON = Path(sys.executable)
SMALL = Limits(memory_bytes=384 << 20, processes=64, disk_bytes=64 << 20, output_bytes=16 << 10)
MODES: dict[str, Callable[[], Sandbox]] = {
    "overlay": Bubblewrap,
    "layer": lambda: Bubblewrap(avoid=("idmap",)),
    "copy": lambda: Bubblewrap(avoid=("overlay",)),
    "landlock": Landlock,
}
DEPTHS = {"overlay": 5000, "layer": 2000, "copy": 2000, "landlock": 1500}
"""How deep folders are dug; Landlock walks up to the root at every step."""


def git(repo: Path, *arguments: str) -> None:
    names = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *names, *arguments], cwd=repo, check=True, capture_output=True)


def make_repository(repo: Path) -> Path:
    """A small git repository with what trees contain: packages, links, odd names, an uncommitted file."""
    files = {
        "module.py": "VALUE = 1\n",
        "package/__init__.py": "from module import VALUE\n",
        "package/data.txt": "some data\n",
        "tests/test_module.py": "from module import VALUE\n\ndef test_value():\n    assert VALUE == 2\n",
        "ünï cödé.txt": "é\n",
        "run.sh": "#!/bin/sh\nexit 0\n",
    }
    for name, content in files.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(content)
    (repo / "run.sh").chmod(0o755)
    (repo / "private.txt").write_text("mine\n")
    (repo / "private.txt").chmod(0o600)
    (repo / "link.py").symlink_to("module.py")
    git(repo, "init", "-q")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "start")
    (repo / "uncommitted.txt").write_text("not yet\n")
    (repo / ".graft").mkdir()
    (repo / ".graft/secret").write_text("canary of the run folder\n")
    return repo


def digest(root: Path) -> dict[str, object]:
    """Everything about a tree on the host that a hostile job might change."""
    found: dict[str, object] = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        entry: list[object] = [status.st_mode, status.st_uid, status.st_nlink, status.st_mtime_ns]
        if path.is_symlink():
            entry.append(str(path.readlink()))
        elif path.is_file():
            entry.append(hashlib.sha256(path.read_bytes()).hexdigest())
        found[str(path.relative_to(root))] = entry
    return found


def python_for(mode: str) -> Path:
    """An interpreter that the mode can run: under Landlock, root's programs run as nobody in particular."""
    if mode == "landlock" and os.geteuid() == 0 and not _all_may_reach(PYTHON):
        return Path("/usr/bin/python3")
    return PYTHON


def _all_may_reach(file: Path) -> bool:
    places = [place for name in (file.absolute(), file.resolve()) for place in name.parents]
    return all(place.stat().st_mode & 1 for place in places)


@cache
def hostile_programs() -> Path:
    """Where they can be read: a copy, where this checkout lies in a private folder of root's. See `python_for`."""
    own = Path(__file__).parent / "hostile"
    if os.geteuid() != 0 or _all_may_reach(own / "zygote.py"):
        return own
    folder = Path(tempfile.mkdtemp(prefix="graft-hostile-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    return shutil.copytree(own, folder / "hostile", ignore=shutil.ignore_patterns("__pycache__"))


class Host:
    """What a hostile job would like to reach, and whether it did."""

    def __init__(self, folder: Path) -> None:
        self.visits: list[str] = []
        self.repo = make_repository(folder / "re po")
        self.secret = folder / "host" / "secret.txt"
        self.secret.parent.mkdir()
        self.secret.write_text("canary of the host\n")
        self.secret.chmod(0o666)
        self.secret.parent.chmod(0o777)
        self._sockets: list[socket.socket] = []
        self.port = self._internet()
        self.abstract = f"graft-test-{os.getpid()}-{id(self)}"
        self._listen(socket.AF_UNIX, "\0" + self.abstract)
        self.socket_path = str(folder / "host" / "listener.sock")
        self._listen(socket.AF_UNIX, self.socket_path)
        self._listen(socket.AF_UNIX, str(self.repo / "listener.sock"))
        (self.repo / "listener.sock").chmod(0o777)
        Path(self.socket_path).chmod(0o777)
        self._victim = subprocess.Popen(["sleep", "3600"])
        self.before = digest(self.repo), digest(self.secret.parent)

    def _internet(self) -> int:
        """A port on which streams and datagrams are heard; another program may have the one of a kind only."""
        for _ in range(50):
            port = self._listen(socket.AF_INET, ("0.0.0.0", 0))[1]
            with suppress(OSError):
                self._datagrams(port)
                return port
        raise OSError("no port is free for both TCP and UDP")

    def _listen(self, family: int, address: object) -> tuple[str, int]:
        listener = socket.socket(family)
        listener.bind(address)  # type: ignore[arg-type]
        listener.listen()
        self._sockets.append(listener)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                self.visits.append(repr(address))
                connection.close()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname() if family == socket.AF_INET else ("", 0)

    def _datagrams(self, port: int) -> None:
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("0.0.0.0", port))
        self._sockets.append(receiver)

        def receive() -> None:
            while True:
                try:
                    self.visits.append(f"udp {receiver.recv(100)!r}")
                except OSError:
                    return

        threading.Thread(target=receive, daemon=True).start()

    @property
    def hints(self) -> dict[str, str]:
        """What a hostile program is told, to make it easy."""
        return {
            "HOSTILE_PORT": str(self.port),
            "HOSTILE_ADDRESS": own_address(),
            "HOSTILE_ABSTRACT": self.abstract,
            "HOSTILE_SOCKET": self.socket_path,
            "HOSTILE_SECRET": str(self.secret),
            "HOSTILE_REPO": str(self.repo),
            "HOSTILE_PID": str(self._victim.pid),
            "HOSTILE_PYTHON": str(PYTHON),
        }

    def check_intact(self) -> None:
        assert self.visits == []
        assert self._victim.poll() is None
        assert (digest(self.repo), digest(self.secret.parent)) == self.before

    def close(self) -> None:
        self._victim.kill()
        self._victim.wait()
        for listener in self._sockets:
            listener.close()


def own_address() -> str:
    """An address of this machine beside the loopback, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


class World:
    """A sandbox of one mode over a host, and what a job in it sees when nothing has happened yet."""

    def __init__(self, mode: str, host: Host, limits: Limits = SMALL) -> None:
        self.host = host
        self.mode = mode
        self.python = python_for(mode)
        self.sandbox = MODES[mode]()
        self.spec = SandboxSpec(
            repo=host.repo,
            python=self.python,
            readable=(hostile_programs(),),
            environment={
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
                "HOSTILE_DEPTH": str(DEPTHS[mode]),
                **host.hints,
            },
            limits=limits,
        )
        self.session: Session = self.sandbox.open(self.spec)  # type: ignore[assignment]
        self.session.start_zygote(
            "small", [str(self.python), str(hostile_programs() / "zygote.py")], {}, limit_s=20
        )
        self.fresh_report = self.report()
        self.warm_report = self.report("small")

    def hostile(self, program: str, *, zygote: bool, limit_s: float) -> tuple[JobEnd, list[Line]]:
        """Run one of the hostile programs, put into the tree."""
        files: dict[str, bytes | None] = {
            name: (hostile_programs() / name).read_bytes() for name in ("kit.py", f"{program}.py")
        }
        lines: list[Line] = []
        if zygote:
            job = Job(zygote="small", payload={"program": f"{program}.py"}, files=files, limit_s=limit_s)
        else:
            job = Job(argv=[str(self.python), f"{program}.py"], files=files, limit_s=limit_s)
        return self.session.run(job, lines.append), lines

    def report(self, zygote: str | None = None) -> object:
        """All that the next job can see."""
        arguments = ["part" if self.mode == "landlock" else "whole"]
        program = str(hostile_programs() / "report.py")
        if zygote is None:
            end = self.session.run(Job(argv=[str(self.python), program, *arguments]))
        else:
            payload = {"program": program, "arguments": arguments}
            end = self.session.run(Job(zygote=zygote, payload=payload))
        assert end.exit_code == 0, end
        return json.loads(re.sub(rb"graft-landlock-\w+", b"graft-landlock", end.output))

    def check_as_new(self) -> None:
        """Nothing of the last job is left: neither for a fresh process nor for a warm one."""
        self.host.check_intact()
        assert (warm := self.report("small")) == self.warm_report, (warm, self.warm_report)
        assert (fresh := self.report()) == self.fresh_report, (fresh, self.fresh_report)

    def close(self) -> None:
        self.session.close()
