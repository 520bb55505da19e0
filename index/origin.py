"""Name a commit of a repository the same on every machine: its origin's address and its hash. Reads no file of it."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from index.errors import OriginUnknown

_SCP_FORM = re.compile(
    r"(?:[^/@:]+(?::[^/@]*)?@)?(?P<host>\[[^\]]+\]|[^/:@]{2,}):(?!//)(?P<path>.*)", re.DOTALL
)


def snapshot_key(root: Path | str) -> str:
    """`host/path@commit` of the commit that is checked out at `root`, the key of its snapshot in a shared store.

    Where `root` is a folder inside the work tree, `:folder` follows, because its graph holds that folder only.

    Raises OriginUnknown where there is no git repository, no remote or no commit.
    """
    from git import Repo
    from git.exc import GitError

    try:
        with Repo(root, search_parent_directories=True) as repository:
            names = [remote.name for remote in repository.remotes]
            if not names:
                raise OriginUnknown(
                    f"Cannot name {root} in a shared store: it has no remote. "
                    "Add one (git remote add origin URL), or keep its index in a sqlite: store."
                )
            name = "origin" if "origin" in names else names[0]
            # Git's own answer honours `url.….insteadOf`.
            address = str(repository.git.remote("get-url", name))
            key = f"{normalised_origin(address)}@{repository.head.commit.hexsha}"
            top = Path(repository.working_tree_dir or root).resolve()
            inside = Path(root).resolve().relative_to(top).as_posix()
            return key if inside == "." else f"{key}:{inside}"
    except (GitError, ValueError, OSError) as error:
        cause = " ".join(str(error).split())[:200] or type(error).__name__
        raise OriginUnknown(
            f"Cannot name {root} in a shared store: it is no git repository with a commit ({cause}). "
            "Commit first, or keep its index in a sqlite: store."
        ) from error


def normalised_origin(address: str) -> str:
    """One name for all addresses of a repository: `host/path`, without scheme, user, password, port or `.git`.

    Lower case, because hosts disagree about it; two repositories that fall together so would also need the same
    commit to be taken for each other. A path on this machine keeps its case, and stays absolute.
    """
    address = address.strip()
    scp = None if "://" in address else _SCP_FORM.fullmatch(address)
    if scp is not None:
        host, path = scp["host"], scp["path"]
    elif "://" in address and not address.startswith("file:"):
        parts = urlsplit(address)
        host, path = parts.netloc.rpartition("@")[2], parts.path
        host = re.sub(r":\d*$", "", host)
    else:
        local = unquote(urlsplit(address).path) if address.startswith("file:") else address
        return f"file:{_trimmed(Path(local).expanduser().resolve().as_posix())}"
    return f"{host}/{_trimmed(unquote(path)).strip('/')}".lower()


def _trimmed(path: str) -> str:
    trimmed = PurePosixPath(path.replace("\\", "/")).as_posix()
    return trimmed.removesuffix("/.git").removesuffix(".git") or "/"


def branch_of(root: Path | str) -> str:
    """The branch that is checked out at `root`, empty where none is (a build often checks out a commit alone)."""
    from git import Repo
    from git.exc import GitError

    try:
        with Repo(root, search_parent_directories=True) as repository:
            return "" if repository.head.is_detached else repository.active_branch.name
    except (GitError, ValueError, OSError):
        return ""
