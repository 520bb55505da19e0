"""A copy of the repository in a folder of our own, made afresh for every job: slow, but needs no namespace."""

from __future__ import annotations

import os
import time

from .trees import copy_tree, remove_tree, used_space, write_file

INODE_BYTES = 4096
"""A file counts as at least this much."""


class CopiedView:
    """The tree at `workspace`/tree, copied from `workspace`/base, which no job can reach."""

    mode = "copy"

    def __init__(self, workspace: str, repo: str, hidden: list[str], disk_bytes: int) -> None:
        self.root = os.path.join(workspace, "tree")
        self._base = os.path.join(workspace, "base")
        self._scratch = os.path.join(workspace, "tmp")
        self._repo = repo
        self._hidden = hidden
        self._disk_bytes = disk_bytes
        self._base_bytes = 0
        self._epoch_s = int(time.time())
        self._jobs = 0

    @property
    def environment(self) -> dict[str, str]:
        """Where the tree is, where it should be, and where temporary files go."""
        return {"GRAFT_TREE": self.root, "GRAFT_REPO": self._repo, "TMPDIR": self._scratch}

    @property
    def writable(self) -> list[str]:
        return [self.root, self._scratch]

    def take_base(self, uid: int | None) -> None:
        """Copy the repository once, for `uid` to own."""
        for folder in (self._base, self.root, self._scratch):
            os.mkdir(folder, 0o700)
        copy_tree(self._repo, self._base, self._hidden, link_environments=True)
        if uid is not None:
            for folder, names, files in os.walk(os.path.dirname(self._base)):
                for path in [folder, *(os.path.join(folder, name) for name in [*names, *files])]:
                    os.chown(path, uid, uid, follow_symlinks=False)

    def start(self) -> None:
        self._base_bytes = used_space(self._base, INODE_BYTES)
        self._fill()

    def _fill(self) -> None:
        copy_tree(self._base, self.root, ())

    def put(self, files: dict[str, bytes | None]) -> None:
        self._jobs += 1
        for path, content in sorted(files.items()):
            write_file(os.path.join(self.root, path), content, self._epoch_s + self._jobs)

    def full_disk(self) -> bool:
        used_bytes = sum(used_space(path, INODE_BYTES) for path in self.writable)
        return used_bytes - self._base_bytes > self._disk_bytes

    def restore(self) -> bool:
        for path in self.writable:
            os.chmod(path, 0o700)
            remove_tree(path, keep_root=True)
        self._fill()
        return False

    def close(self) -> None:
        """Leave nothing behind but the empty workspace, which is the host's."""
        for path in (self._base, *self.writable):
            remove_tree(path)
