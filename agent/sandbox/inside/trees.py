"""Copy and remove whole trees, hostile ones included. Knows nothing of mounts or jobs."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one costs a tenth of the start
    from collections.abc import Callable, Collection

SMALL_FILE_BYTES = CHUNK_BYTES = 1 << 20
BULKY = frozenset({".git/objects", "node_modules"})
"""Folders whose files nothing inside needs to own."""
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def copy_tree(source: str, target: str, hidden: Collection[str], link_environments: bool = False) -> None:
    """Copy folders, files and links, with modes and times, into the existing folder `target`.

    What cannot be read is left out, and so are `hidden` paths, sockets, pipes and devices. With
    `link_environments`, virtual environments are linked to instead.
    """

    def chosen(path: str, status: os.stat_result) -> bool:
        if path in hidden:
            return False
        origin = os.path.join(source, path)
        if link_environments and os.path.exists(os.path.join(origin, "pyvenv.cfg")):
            os.symlink(origin, os.path.join(target, path))
            return False
        return True

    _copy(source, target, chosen)


def make_layer(source: str, target: str, hidden: Collection[str], uid: int, gid: int) -> None:
    """Copy folders and small files into `target`, to belong to `uid`; the rest is to show through from below.

    A folder that others may not read is copied whole and marked to hide what is below it.
    """
    whole: list[str] = []

    def chosen(path: str, status: os.stat_result) -> bool:
        if path in hidden:
            return False
        if any(path.startswith(folder) for folder in whole):
            return True
        if stat.S_ISDIR(status.st_mode):
            if status.st_mode & 0o005 != 0o005:
                whole.append(path + "/")
            return not _is_bulky(source, path)
        return status.st_size <= SMALL_FILE_BYTES or not status.st_mode & 0o004

    _copy(source, target, chosen)
    for folder, _, files in os.walk(target, topdown=False):
        for path in [folder, *(os.path.join(folder, name) for name in files)]:
            os.chown(path, uid, gid, follow_symlinks=False)
    for path in whole:
        os.setxattr(os.path.join(target, path), "user.overlay.opaque", b"y")


def tree_bytes(path: str) -> int:
    """What a copy of the tree takes on a tmpfs, roughly."""
    total = 0
    for folder, names, files in os.walk(path):
        total += 4096 * (len(names) + len(files))
        total += sum(os.lstat(os.path.join(folder, name)).st_size for name in files)
    return total


def write_file(full: str, content: bytes | None, changed_s: int) -> None:
    """Write or delete (None) a file, with a time that is at least `changed_s` and newer than it had."""
    if content is None:
        if os.path.lexists(full):
            os.unlink(full)
        return
    try:
        base_s = int(os.stat(full).st_mtime)
    except FileNotFoundError:
        base_s = 0
        os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as file:
        file.write(content)
    changed_s = max(changed_s, base_s + 1)
    os.utime(full, (changed_s, changed_s))


def used_space(path: str, least_bytes: int) -> int:
    """Bytes on disk, each entry counting at least `least_bytes`; of any depth. What cannot be entered is left out."""
    try:
        current = os.open(path, FOLDER_FLAGS)
    except PermissionError:
        return 0
    total, folders = _measure(current, least_bytes)
    way = [folders]
    try:
        while way:
            if way[-1]:
                below = _enter(way[-1].pop(), current)
                if below is None:
                    continue
                used_bytes, folders = _measure(below, least_bytes)
                total += used_bytes
                way.append(folders)
            else:
                way.pop()
                below = os.open("..", FOLDER_FLAGS, dir_fd=current)
            os.close(current)
            current = below
    finally:
        os.close(current)
    return total


def _enter(name: str, parent: int) -> int | None:
    try:
        return os.open(name, FOLDER_FLAGS, dir_fd=parent)
    except OSError:
        return None


def _measure(folder: int, least_bytes: int) -> tuple[int, list[str]]:
    """What the entries of one folder take, and which of them are folders."""
    total, folders = 0, []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                used_bytes = 512 * entry.stat(follow_symlinks=False).st_blocks
            except OSError:
                continue
            total += max(least_bytes, used_bytes)
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
    return total, folders


def remove_tree(path: str, keep_root: bool = False) -> None:
    """Remove a tree of any depth and mode, following no link and holding one descriptor at a time."""
    current = os.open(path, FOLDER_FLAGS)
    way: list[str] = []
    try:
        while True:
            child = _unlink_files(current)
            if child is not None:
                below = _open_folder(child, current)
                way.append(child)
            elif way:
                below = os.open("..", FOLDER_FLAGS, dir_fd=current)
                os.rmdir(way.pop(), dir_fd=below)
            else:
                break
            os.close(current)
            current = below
    finally:
        os.close(current)
    if not keep_root:
        os.rmdir(path)


def _unlink_files(folder: int) -> str | None:
    """Unlink what is no folder, up to the first folder, whose name is returned."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                return entry.name
            os.unlink(entry.name, dir_fd=folder)
    return None


def _open_folder(name: str, parent: int) -> int:
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if status.st_mode & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(name, stat.S_IRWXU, dir_fd=parent)
    return os.open(name, FOLDER_FLAGS, dir_fd=parent)


def _is_bulky(source: str, path: str) -> bool:
    return (
        path in BULKY
        or os.path.basename(path) in BULKY
        or os.path.exists(os.path.join(source, path, "pyvenv.cfg"))
    )


def _copy(source: str, target: str, chosen: Callable[[str, os.stat_result], bool]) -> None:
    for folder, names, files in os.walk(source):
        inner = os.path.relpath(folder, source)
        kept = []
        for name in [*names, *files]:
            path = os.path.normpath(os.path.join(inner, name))
            origin = os.path.join(folder, name)
            try:
                status = os.lstat(origin)
            except FileNotFoundError:
                continue
            if not chosen(path, status):
                continue
            if stat.S_ISDIR(status.st_mode):
                os.makedirs(os.path.join(target, path), exist_ok=True)
                kept.append(name)
            else:
                _copy_file(origin, os.path.join(target, path), status)
        names[:] = kept
    for folder, _, _ in os.walk(target, topdown=False):
        _copy_status(os.path.join(source, os.path.relpath(folder, target)), folder)


def _copy_file(origin: str, target: str, status: os.stat_result) -> None:
    try:
        if stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(origin), target)
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)
        elif stat.S_ISREG(status.st_mode):
            _copy_content(origin, target)
            _copy_status(origin, target)
    except (PermissionError, FileExistsError):
        return


def _copy_content(origin: str, target: str) -> None:
    with open(origin, "rb") as source, open(target, "wb") as file:
        while True:
            chunk = source.read(CHUNK_BYTES)
            if not chunk:
                return
            file.write(chunk)


def _copy_status(origin: str, target: str) -> None:
    """Give `target` the mode and times of `origin`, if it is ours."""
    status = os.stat(origin)
    try:
        os.chmod(target, stat.S_IMODE(status.st_mode) | stat.S_IRUSR)
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    except PermissionError:
        return
