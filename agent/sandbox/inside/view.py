"""A throw-away view of a repository at its own path: an overlay, or a copy. Knows nothing of processes.

Whatever a job did, `restore` brings the base view back: exactly what a fresh view would show. Where a job
left little, that little is undone; otherwise everything is thrown away and mounted anew.
"""

from __future__ import annotations

import os
import stat
import time

from .kernel import MS_NODEV, MS_NOSUID, MS_RDONLY, Kernel
from .trees import copy_tree, remove_tree, tree_bytes, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one costs a tenth of the start
    from typing import Any

FOLDER = "/graft"
TREE = FOLDER + "/tree"
LAYER = FOLDER + "/layer"
SPACE = FOLDER + "/space"
SCRATCH = ("/tmp", "/var/tmp", "/dev/shm")

UNDO_LIMIT = 64
"""How many left-over files are removed one by one before everything is thrown away instead."""
PLAIN = MS_NOSUID | MS_NODEV


class Put:
    """One file that a job brought, with what was there before (None: nothing)."""

    __slots__ = ("before", "made_folders", "path", "status")

    def __init__(self, path: str) -> None:
        self.path = path
        self.made_folders: list[str] = []
        self.before: bytes | None = None
        self.status: os.stat_result | None = None


class View:
    """The repository as a job sees it, with its own /tmp, /var/tmp and /dev/shm on one bounded tmpfs."""

    def __init__(self, kernel: Kernel, config: dict[str, Any]) -> None:
        self.repo: str = config["repo"]
        self._kernel = kernel
        self._hidden: list[str] = config["hidden"]
        self._disk_bytes: int = config["limits"]["disk_bytes"]
        shown: list[str] = config["shown"]
        self._shown = [(path, os.open(path, os.O_PATH)) for path in shown if _in_scratch(path)]
        self._links = [(place, target) for place, target in config["links"] if _in_scratch(place)]
        places = [*shown, self.repo, *(place for place, _ in self._links)]
        self._kept = [path for path in places if _in_scratch(path)]
        self._tree = os.open(TREE, os.O_PATH)
        self._space = -1
        self._puts: list[Put] = []
        self._known: dict[str, bytes] = {}
        self._jobs = 0
        self._epoch_s = int(time.time())
        self._overlay = True
        self._base = "/proc/self/fd/%d" % self._tree
        self._upper = ""
        self._layer = ""

    @property
    def root(self) -> str:
        """Where the tree is shown."""
        return self.repo

    @property
    def environment(self) -> dict[str, str]:
        """What a process must be told to find the tree."""
        return {}

    @property
    def mode(self) -> str:
        return "overlay" if self._overlay else "copy"

    def start(self, layered: bool, allow_overlay: bool) -> None:
        """Mount the first view. `layered`: the tree belongs to somebody else, and our copies lie in LAYER."""
        self._kernel.mount("none", TREE, "tmpfs", PLAIN | MS_RDONLY, "size=4k,mode=755")
        if layered:
            self._layer = "/proc/self/fd/%d" % os.open(LAYER, os.O_PATH)
            self._kernel.mount("none", LAYER, "tmpfs", PLAIN | MS_RDONLY, "size=4k,mode=755")
        self._overlay = allow_overlay
        try:
            self._mount()
        except OSError:
            if not self._overlay:
                raise
            self._unmount()
            self._overlay = False
            self._mount()

    def _mount(self) -> None:
        disk_bytes = self._disk_bytes + (0 if self._overlay else tree_bytes(self._base))
        size = "size=%d,nr_inodes=%d,mode=755" % (disk_bytes, max(4096, disk_bytes // 4096))
        self._kernel.mount("none", SPACE, "tmpfs", PLAIN, size)
        for name in ("upper", "work", "mask", "scratch"):
            os.mkdir(os.path.join(SPACE, name), 0o755)
        self._space = os.open(SPACE, os.O_RDONLY | os.O_DIRECTORY)
        for place in SCRATCH:
            source = SPACE + "/scratch" + place.replace("/", "-")
            os.mkdir(source)
            os.chmod(source, 0o1777)
            self._kernel.bind(source, place)
        for path, descriptor in self._shown:
            _mount_point(path, os.path.isdir("/proc/self/fd/%d" % descriptor))
            self._kernel.bind("/proc/self/fd/%d" % descriptor, path)
        for place, target in self._links:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.symlink(target, place)
        if _in_scratch(self.repo):
            os.makedirs(self.repo, exist_ok=True)
        if self._overlay:
            self._mount_overlay()
        else:
            self._mount_copy()
        self._kernel.mount("none", SPACE, "tmpfs", PLAIN | MS_RDONLY, "size=4k,mode=755")
        self._known = {}

    def _mount_overlay(self) -> None:
        mask = os.path.join(SPACE, "mask")
        for path in self._hidden:
            folder = os.path.join(self._base, os.path.dirname(path))
            if os.path.isdir(folder):
                os.makedirs(os.path.join(mask, os.path.dirname(path)), exist_ok=True)
                os.mknod(os.path.join(mask, path), stat.S_IFCHR, 0)
        self._mirror_modes(mask)
        os.chmod(SPACE + "/upper", stat.S_IMODE(os.stat(mask).st_mode))
        self._upper = "/proc/self/fd/%d/upper" % self._space
        lower = ":".join(layer for layer in (mask, self._layer, self._base) if layer)
        options = "lowerdir=%s,upperdir=%s/upper,workdir=%s/work,userxattr" % (lower, SPACE, SPACE)
        self._kernel.mount("overlay", self.repo, "overlay", PLAIN, options)
        self._restore_times("")

    def _mirror_modes(self, mask: str) -> None:
        """Give the mask's folders, which the view shows in the place of the tree's, the tree's modes and times."""
        for folder, _, _ in os.walk(mask, topdown=False):
            status = os.stat(os.path.join(self._layer or self._base, os.path.relpath(folder, mask)))
            os.chmod(folder, stat.S_IMODE(status.st_mode) | stat.S_IRWXU)
            os.utime(folder, ns=(status.st_atime_ns, status.st_mtime_ns))

    def _mount_copy(self) -> None:
        target = SPACE + "/upper"
        if self._layer:
            copy_tree(self._layer, target, self._hidden)
        copy_tree(self._base, target, self._hidden)
        self._kernel.bind(target, self.repo)

    def _unmount(self) -> None:
        """Take every mount of this view down again, as far as it got."""
        places = [SPACE, self.repo, *(path for path, _ in reversed(self._shown)), *SCRATCH, SPACE]
        for place in places:
            try:
                self._kernel.unmount(place, lazily=place != self.repo)
            except OSError:
                self._unmount_busy(place)
        if self._space >= 0:
            os.close(self._space)
            self._space = -1

    def _unmount_busy(self, place: str) -> None:
        """A warm process holds on to the tree: empty it, so that what a job wrote does not stay in memory."""
        if place != self.repo:
            return
        if self._upper:
            remove_tree(self._upper, keep_root=True)
        try:
            self._kernel.unmount(place, lazily=True)
        except OSError:
            return

    def put(self, files: dict[str, bytes | None]) -> None:
        """Write a job's files. Their time differs from any base file's, so that no stale bytecode fits them."""
        self._jobs += 1
        for path in sorted(files):
            self._puts.append(self._remember(path))
            write_file(os.path.join(self.repo, path), files[path], self._epoch_s + self._jobs)

    def _remember(self, path: str) -> Put:
        put = Put(path)
        full = os.path.join(self.repo, path)
        try:
            put.status = os.stat(full)
            with open(full, "rb") as file:
                put.before = file.read()
        except FileNotFoundError:
            folder = os.path.dirname(full)
            while not os.path.isdir(folder):
                put.made_folders.append(folder)
                folder = os.path.dirname(folder)
        return put

    def close(self) -> None:
        """Nothing to do: the view ends with its namespace."""

    def full_disk(self) -> bool:
        status = os.fstatvfs(self._space)
        return status.f_bavail == 0 or status.f_favail == 0

    def restore(self) -> bool:
        """Show the base again. Returns whether a small undo was enough."""
        if self._overlay and self._undo():
            return True
        self._puts = []
        self._unmount()
        self._mount()
        return False

    def _undo(self) -> bool:
        """Undo what the last job did; False where that cannot be told or is not worth it."""
        puts, self._puts = self._puts, []
        try:
            for put in puts:
                self._take_back(put)
            left = UNDO_LIMIT
            for place in SCRATCH:
                left = self._clear(place, left)
            if any(os.readlink(place) != target for place, target in self._links):
                return False
            return left > 0 and self._same_as_base("", left) > 0
        except OSError:
            return False

    def _take_back(self, put: Put) -> None:
        full = os.path.join(self.repo, put.path)
        if put.before is None or put.status is None:
            if os.path.lexists(full):
                os.unlink(full)
            for folder in put.made_folders:
                if os.path.isdir(folder) and not os.listdir(folder):
                    os.rmdir(folder)
            return
        descriptor = os.open(full, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as file:
            file.write(put.before)
            os.fchmod(descriptor, stat.S_IMODE(put.status.st_mode))
        os.utime(full, ns=(put.status.st_atime_ns, put.status.st_mtime_ns))
        self._known[put.path] = put.before

    def _clear(self, folder: str, left: int) -> int:
        """Remove what lies in a scratch folder; returns how many more removals are worth it."""
        for entry in os.scandir(folder):
            left -= 1
            if left <= 0:
                return 0
            if entry.path in self._kept:
                continue
            if any(path.startswith(entry.path + "/") for path in self._kept):
                left = self._clear(entry.path, left)
            elif entry.is_dir(follow_symlinks=False):
                left = self._clear(entry.path, left)
                if left <= 0:
                    return 0
                os.rmdir(entry.path)
            else:
                os.unlink(entry.path)
        return left

    def _same_as_base(self, folder: str, left: int) -> int:
        """Walk what the overlay holds: additions are removed, known files compared. 0: not the base."""
        for entry in os.scandir(os.path.join(self._upper, folder)):
            left -= 1
            if left <= 0:
                return 0
            path = os.path.join(folder, entry.name) if folder else entry.name
            status = entry.stat(follow_symlinks=False)
            base = self._base_status(path)
            if base is None:
                left = self._remove_addition(os.path.join(self.repo, path), status, left)
            elif stat.S_ISDIR(status.st_mode) and stat.S_ISDIR(base.st_mode):
                if _plain_folder(entry.path) and status.st_mode == base.st_mode:
                    left = self._same_as_base(path, left)
                else:
                    return 0
            elif not self._is_base_file(path, entry.path, status, base):
                return 0
            if left <= 0:
                return 0
        self._restore_times(folder)
        return left

    def _restore_times(self, folder: str) -> None:
        base = os.stat(os.path.join(self._layer or self._base, folder))
        full = os.path.join(self.repo, folder)
        if os.stat(full).st_mtime_ns != base.st_mtime_ns:
            os.utime(full, ns=(base.st_atime_ns, base.st_mtime_ns))

    def _base_status(self, path: str) -> os.stat_result | None:
        if path in self._hidden:
            return None
        try:
            return os.lstat(os.path.join(self._base, path))
        except OSError:
            return None

    def _remove_addition(self, full: str, status: os.stat_result, left: int) -> int:
        if stat.S_ISDIR(status.st_mode):
            left = self._clear(full, left)
            if left > 0:
                os.rmdir(full)
        elif stat.S_ISCHR(status.st_mode):
            return 0
        else:
            os.unlink(full)
        return left

    def _is_base_file(self, path: str, real: str, status: os.stat_result, base: os.stat_result) -> bool:
        content = self._known.get(path)
        if content is None or not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            return False
        if status.st_mode != base.st_mode or status.st_mtime_ns != base.st_mtime_ns:
            return False
        if status.st_size != len(content) or not _no_marks(real):
            return False
        with open(real, "rb") as file:
            return file.read() == content


def _in_scratch(path: str) -> bool:
    return any(path == place or path.startswith(place + "/") for place in SCRATCH)


def _mount_point(path: str, is_folder: bool) -> None:
    os.makedirs(path if is_folder else os.path.dirname(path), exist_ok=True)
    if not is_folder and not os.path.exists(path):
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))


def _plain_folder(path: str) -> bool:
    """Whether the overlay merges this folder with the base, instead of hiding the base behind it."""
    return "user.overlay.opaque" not in os.listxattr(path) and _no_marks(path)


def _no_marks(path: str) -> bool:
    return all(name.startswith("user.overlay.") for name in os.listxattr(path, follow_symlinks=False))
