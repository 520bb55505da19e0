"""A copy of the repository in a folder of our own, made afresh for every job: slow, but needs no namespace."""

from __future__ import annotations

import os
import stat
import time

from .trees import copy_tree, remove_tree, used_space, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one costs a tenth of the start
    from collections.abc import Collection

INODE_BYTES = 4096
"""A file counts as at least this much."""


class CopiedView:
    """The tree at `root`, copied from `base`, beside scratch folders that are emptied."""

    mode = "copy"

    def __init__(
        self, base: str, root: str, scratch: list[str], hidden: Collection[str], disk_bytes: int
    ) -> None:
        self.root = root
        self.environment: dict[str, str] = {}
        """What a process must be told to find the tree."""
        self.writable = [root, *scratch]
        self._base = base
        self._hidden = hidden
        self._disk_bytes = disk_bytes
        self._base_bytes = 0
        self._epoch_s = int(time.time())
        self._jobs = 0

    def start(self) -> None:
        self._base_bytes = used_space(self._base, INODE_BYTES)
        self._fill()

    def _fill(self) -> None:
        copy_tree(self._base, self.root, self._hidden)

    def put(self, files: dict[str, bytes | None]) -> None:
        self._jobs += 1
        for path, content in sorted(files.items()):
            write_file(os.path.join(self.root, path), content, self._epoch_s + self._jobs)

    def full_disk(self) -> bool:
        """Whether jobs wrote too much, or left the machine's own disk less than they may write."""
        status = os.statvfs(self._base)
        if status.f_bavail * status.f_frsize < self._disk_bytes:
            return True
        used_bytes = sum(used_space(path, INODE_BYTES) for path in self.writable)
        return used_bytes - self._base_bytes > self._disk_bytes

    def restore(self) -> bool:
        for path in self.writable:
            status = os.stat(path)
            if status.st_uid == os.getuid():
                os.chmod(path, stat.S_IMODE(status.st_mode) | stat.S_IRWXU)
            self._empty(path)
        self._fill()
        return False

    def _empty(self, folder: str) -> None:
        """Remove what lies in a folder, save the tree itself where it is mounted in there."""
        if not self.root.startswith(folder + "/"):
            remove_tree(folder, keep_root=True)
            return
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if (self.root + "/").startswith(path + "/"):
                if path != self.root:
                    self._empty(path)
            elif os.path.isdir(path) and not os.path.islink(path):
                remove_tree(path)
            else:
                os.unlink(path)

    def close(self) -> None:
        """Nothing to do: the folders are somebody else's."""


class WorkspaceView(CopiedView):
    """A copied view within one folder of the host, told to jobs by GRAFT_TREE."""

    def __init__(self, workspace: str, repo: str, hidden: list[str], disk_bytes: int) -> None:
        base, root, scratch = (os.path.join(workspace, name) for name in ("base", "tree", "tmp"))
        super().__init__(base, root, [scratch], (), disk_bytes)
        self.environment = {"GRAFT_TREE": root, "GRAFT_REPO": repo, "TMPDIR": scratch}
        self._origin = repo
        self._hidden_at_origin = hidden

    def take_base(self, uid: int | None) -> None:
        """Copy the repository once, for `uid` to own."""
        for folder in (self._base, *self.writable):
            os.mkdir(folder, 0o700)
        copy_tree(self._origin, self._base, self._hidden_at_origin, link_environments=True)
        if uid is not None:
            for folder, names, files in os.walk(os.path.dirname(self._base)):
                for path in [folder, *(os.path.join(folder, name) for name in [*names, *files])]:
                    os.chown(path, uid, uid, follow_symlinks=False)

    def close(self) -> None:
        """Leave nothing behind but the empty workspace, which is the host's."""
        for path in (self._base, *self.writable):
            remove_tree(path)
