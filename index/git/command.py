"""Run git over a repository's objects without ever reading that repository's configuration. Knows no commit.

A repository's own configuration can name programs that git then runs (monitors, external diffs, text conversions,
content filters, signature checkers, remote helpers). So git is given a throw-away folder as its repository, which has
nothing but a head and an empty configuration, and borrows the objects of the real one. What is not there is not
fetched. Discovery and the head are read by gitpython, which starts no process for them.
"""

from __future__ import annotations

import configparser
import os
import selectors
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self, cast

from index.errors import HistoryUnavailable

if TYPE_CHECKING:
    from git import Git, Repo

_CHUNK_BYTES = 1 << 16
_POLL_S = 0.2
_COMPLAINT_BYTES = 1_000
_CONFIGURATION = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tfsmonitor = false\n"
_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "0", "GIT_CONFIG_PARAMETERS": "",
    "GIT_ATTR_NOSYSTEM": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat", "GIT_EXTERNAL_DIFF": "",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "", "GIT_LITERAL_PATHSPECS": "1", "LC_ALL": "C",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GitTree:
    """Where a tree's history lies."""

    top: Path
    """The work tree's top folder."""
    prefix: str
    """The indexed folder inside it, as `services/api/`; empty at the top."""
    objects: Path
    head: str
    """The commit that is checked out; empty where none is yet."""
    shallow: frozenset[str]
    """Commits whose parents were not cloned: what they changed is not known."""
    line_endings: str = "false"
    """Git's `core.autocrlf` here."""


class Interrupted(Exception):
    """Raised when reading git's output was stopped by the caller or by its deadline."""


def find_git(root: Path) -> GitTree:
    """The work tree that `root` lies in. Raises HistoryUnavailable with the reason."""
    try:
        from git import Repo
        from git.exc import GitError, InvalidGitRepositoryError, NoSuchPathError
    except ImportError as error:  # gitpython looks for the program when it is imported
        raise HistoryUnavailable(
            f"No history of {root}: the program git was not found. Install it, or put it on PATH."
        ) from error
    try:
        with Repo(root, search_parent_directories=True, expand_vars=False) as repo:
            return _describe(root, repo)
    except (InvalidGitRepositoryError, NoSuchPathError) as error:
        raise HistoryUnavailable(
            f"No history of {root}: not in a git repository. `git init` makes one."
        ) from error
    except (GitError, OSError, ValueError, AssertionError, configparser.Error) as error:
        raise HistoryUnavailable(
            f"No history of {root}: its git repository cannot be read ({error}). `git fsck` tells more."
        ) from error


def _describe(root: Path, repo: Repo) -> GitTree:
    top = Path(repo.working_tree_dir).resolve() if repo.working_tree_dir else None
    resolved = root.resolve()
    if (
        top is None
        or not resolved.is_relative_to(top)
        or resolved.is_relative_to(Path(repo.git_dir).resolve())
    ):
        raise HistoryUnavailable(f"No history of {root}: not in the work tree of its git repository.")
    prefix = resolved.relative_to(top).as_posix()
    common = Path(repo.common_dir)
    shallow = common / "shallow"
    return GitTree(
        top=top,
        prefix="" if prefix == "." else prefix + "/",
        objects=(common / "objects").resolve(),
        head=_head(repo, common),
        shallow=frozenset(shallow.read_text("ascii").split()) if shallow.is_file() else frozenset(),
        line_endings=str(repo.config_reader().get_value("core", "autocrlf", "false")).lower(),
    )


def _head(repo: Repo, common: Path) -> str:
    """The sha of HEAD, read from files; empty where its branch has no commit yet."""
    from git import SymbolicReference

    if (common / "reftable").is_dir():
        raise ValueError("its references are kept as reftable, which Graft does not read")
    try:
        return SymbolicReference.dereference_recursive(repo, repo.head.path)
    except ValueError:
        named = (Path(repo.git_dir) / "HEAD").read_text("utf-8", "replace").removeprefix("ref:").strip()
        if not named.startswith("refs/") or (common / named).exists():
            raise
        return ""


class GitCommand:
    """Git, ready to run over the objects of a tree. Use as a context: its folder goes at the end."""

    def __init__(self, tree: GitTree, cancelled: Callable[[], bool] = lambda: False) -> None:
        self._tree = tree
        self._cancelled = cancelled
        self._folder = tempfile.TemporaryDirectory(prefix="graft-git-", ignore_cleanup_errors=True)

    def __enter__(self) -> Self:
        folder = Path(self._folder.name)
        (folder / "refs").mkdir()
        (folder / "HEAD").write_text(f"{self._tree.head}\n")
        endings = f"\tautocrlf = {self._tree.line_endings}\n"
        known = self._tree.line_endings in ("true", "input")
        (folder / "config").write_text(_CONFIGURATION + (endings if known else ""))
        if self._tree.shallow:
            (folder / "shallow").write_text("".join(f"{sha}\n" for sha in sorted(self._tree.shallow)))
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def read(self, *arguments: str, limit_s: float) -> bytes:
        """A command's whole output. Raises HistoryUnavailable, Interrupted."""
        return b"".join(self.stream(*arguments, limit_s=limit_s))

    def stream(
        self, *arguments: str, limit_s: float, lines: Iterable[str] = ()
    ) -> Generator[bytes, None, None]:
        """A command's output as it comes; `lines` are its input. Raises HistoryUnavailable, Interrupted."""
        deadline_s = time.monotonic() + limit_s
        complaints = b""
        with (
            self._started(arguments, lines) as process,
            process.stdout as output,
            process.stderr as errors,
            selectors.DefaultSelector() as selector,
        ):
            selector.register(output, selectors.EVENT_READ)
            selector.register(errors, selectors.EVENT_READ)
            while selector.get_map():
                if self._cancelled() or time.monotonic() > deadline_s:
                    raise Interrupted
                for ready, _ in selector.select(_POLL_S):
                    chunk = os.read(ready.fd, _CHUNK_BYTES)
                    if not chunk:
                        selector.unregister(ready.fileobj)
                    elif ready.fileobj is output:
                        yield chunk
                    else:
                        complaints = (complaints + chunk)[-_COMPLAINT_BYTES:]
            if process.proc is not None and process.proc.wait() != 0:
                reason = complaints.decode("utf-8", "replace").strip().removeprefix("fatal: ")
                raise HistoryUnavailable(
                    f"No history of {self._tree.top}: git {arguments[0]} failed ({reason}). `git fsck` tells more."
                )

    @contextmanager
    def _started(self, arguments: tuple[str, ...], lines: Iterable[str]) -> Iterator[Git.AutoInterrupt]:
        """A running git; ended with the block, whatever it does then."""
        from git import Git
        from git.exc import GitError

        folder = Path(self._folder.name)
        own = {
            "GIT_DIR": str(folder), "GIT_COMMON_DIR": str(folder), "GIT_INDEX_FILE": str(folder / "index"),
            "GIT_OBJECT_DIRECTORY": str(self._tree.objects), "GIT_WORK_TREE": str(self._tree.top),
        }  # fmt: skip
        with tempfile.TemporaryFile() as feed:
            feed.write("".join(f"{line}\n" for line in lines).encode())
            feed.seek(0)
            try:
                process = Git(self._tree.top).execute(
                    ["git", "--no-pager", *arguments],
                    istream=cast("BinaryIO", feed),
                    as_process=True,
                    env=_ENVIRONMENT | own,
                )
            except (GitError, OSError) as error:
                raise HistoryUnavailable(
                    f"No history of {self._tree.top}: git did not start ({error}). Is it still installed?"
                ) from error
        try:
            yield process
        finally:
            if process.proc is not None and process.proc.poll() is None:
                process.proc.kill()
                process.proc.wait()
