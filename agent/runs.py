"""The folder of one run and the list of all: `.graft/runs/<id>/`. Knows nothing of how a run works."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.errors import RunFolderError, UsageError

STATE_FOLDER = ".graft"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of `graft runs list`."""

    id: str
    started: datetime
    status: str
    """As in result.json; `running` or `interrupted` where there is none yet."""
    seconds: float | None
    tests: tuple[str, ...]
    folder: Path


class RunFolder:
    """Files of one run. Writes are atomic: a reader sees the old file or the new one, never a half."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name
        self._lock: int | None = None
        self._appended: set[str] = set()

    @classmethod
    def create(cls, repo: Path) -> RunFolder:
        """Make a new folder, locked by this process. Raises RunFolderError."""
        run_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        folder = cls(runs_folder(repo) / run_id)
        with _explained(folder.path, "create"):
            prepare_state_folder(repo)
            folder.path.mkdir(parents=True)
        folder.lock()
        return folder

    @classmethod
    def open(cls, repo: Path, run_id: str) -> RunFolder:
        """Raises UsageError where there is no such run."""
        path = runs_folder(repo) / run_id
        if not run_id or Path(run_id).name != run_id or not path.is_dir():
            known = ", ".join(run.id for run in list_runs(repo)[:3]) or "none yet"
            raise UsageError(f"No run {run_id!r} in {repo}. Latest: {known}. See `graft runs list`.")
        return cls(path)

    def lock(self) -> None:
        """Claim the run for this process until it ends. Raises RunFolderError if another one has it."""
        with _explained(self.path, "lock"):
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise RunFolderError(
                f"Run {self.id} is in progress in another process. Wait for it, or stop it first."
            ) from error
        self._lock = descriptor

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def is_locked(self) -> bool:
        """Whether some process works on this run now."""
        if self._lock is not None:
            return True
        try:
            self.lock()
        except RunFolderError:
            return True
        self.unlock()
        return False

    def write(self, name: str, content: str | bytes) -> Path:
        """Raises RunFolderError, as when the disk is full."""
        data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
        target = self.path / name
        with _explained(target, "write"):
            write_atomically(target, data)
        return target

    def write_json(self, name: str, value: object) -> Path:
        return self.write(name, json.dumps(value, indent=1, sort_keys=True) + "\n")

    def read_json(self, name: str) -> Any:
        """Raises RunFolderError where the file is missing or damaged."""
        target = self.path / name
        with _explained(target, "read"):
            try:
                return json.loads(target.read_bytes())
            except ValueError as error:
                raise RunFolderError(f"{target} is damaged ({error}). Start a new run.") from error

    def has(self, name: str) -> bool:
        return (self.path / name).exists()

    def append(self, name: str, record: Mapping[str, object]) -> None:
        """Add one line of JSON; the line is in the kernel's hands when this returns."""
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        if name not in self._appended:
            self._appended.add(name)
            line = self._missing_newline(name) + line
        with _explained(self.path / name, "write"):
            descriptor = os.open(
                self.path / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644
            )
            try:
                written = os.write(descriptor, line)
                if written != len(line):
                    raise OSError("the disk is full")
            finally:
                os.close(descriptor)

    def _missing_newline(self, name: str) -> bytes:
        """What to write first where a crash or a full disk tore the last line."""
        try:
            data = (self.path / name).read_bytes()
        except OSError:
            return b""
        return b"" if not data or data.endswith(b"\n") else b"\n"

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Every whole line of a file that `append` wrote; a torn last line is left out."""
        try:
            data = (self.path / name).read_bytes()
        except FileNotFoundError:
            return []
        records: list[dict[str, Any]] = []
        for line in data.split(b"\n"):
            with contextlib.suppress(ValueError):
                record = json.loads(line)
                if isinstance(record, dict):
                    records.append(record)
        return records


def runs_folder(repo: Path) -> Path:
    return repo / STATE_FOLDER / "runs"


def prepare_state_folder(repo: Path) -> Path:
    """Make `.graft/`, which git is told to ignore from inside."""
    folder = repo / STATE_FOLDER
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        write_atomically(ignore, b"*\n")
    return folder


def write_atomically(target: Path, data: bytes, mode: int | None = None) -> None:
    """Replace a file's content whole or not at all."""
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), 0o644 if mode is None else mode)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def list_runs(repo: Path) -> list[RunSummary]:
    """Newest first; folders that are no run are passed over."""
    folder = runs_folder(repo)
    if not folder.is_dir():
        return []
    names = sorted((path.name for path in folder.iterdir() if (path / "run.json").is_file()), reverse=True)
    return [_summary(RunFolder(folder / name)) for name in names]


def read_run(repo: Path, run_id: str) -> RunSummary:
    """Raises UsageError where there is no such run."""
    return _summary(RunFolder.open(repo, run_id))


def clean_runs(repo: Path, older_than_days: float) -> list[str]:
    """Delete finished and interrupted runs that are older; running ones stay. Returns their ids."""
    limit = datetime.now(UTC) - timedelta(days=older_than_days)
    removed = []
    for run in list_runs(repo):
        if run.started <= limit and run.status != "running":
            shutil.rmtree(run.folder)
            removed.append(run.id)
    return removed


def _summary(folder: RunFolder) -> RunSummary:
    try:
        head = folder.read_json("run.json")
        started = datetime.fromisoformat(head["started"])
        tests = tuple(head.get("tests", ()))
    except (RunFolderError, KeyError, ValueError, TypeError):
        started, tests = datetime.fromtimestamp(folder.path.stat().st_mtime, UTC), ()
    status, seconds = "interrupted", None
    if folder.has("result.json"):
        with contextlib.suppress(RunFolderError, KeyError):
            result = folder.read_json("result.json")
            status, seconds = str(result["status"]), float(result["seconds"])
            tests = tests or tuple(result["tests"]["fixed"])
    elif folder.is_locked():
        status, seconds = "running", time.time() - started.timestamp()
    return RunSummary(folder.id, started, status, seconds, tests, folder.path)


@contextlib.contextmanager
def _explained(path: Path, verb: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunFolderError(
            f"Cannot {verb} {path} ({reason}). Free some space or make the folder writable, then try again."
        ) from error
