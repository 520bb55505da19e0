"""Ask the Linux kernel for namespaces, mounts, capabilities and process handles. Knows nothing of jobs."""

from __future__ import annotations

import ctypes
import errno
import os
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2

PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 4, 22, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 36, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x20080522

# The same on every architecture.
SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_PIDFD_OPEN, SYS_MOUNT_SETATTR = 428, 429, 434, 442
AT_FDCWD, AT_EMPTY_PATH = -100, 0x1000
OPEN_TREE_CLONE, MOVE_MOUNT_FROM_EMPTY_PATH = 1, 4
MOUNT_ATTR_IDMAP = 0x00100000
IDMAPPED_OVERLAY_SINCE = (5, 19)
"""First kernel whose overlays take an id-mapped mount as a layer."""


class Kernel:
    """System calls that Python does not wrap. Every method raises OSError as the kernel says."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)

    def _check(self, result: int, what: str) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), what)
        return result

    def mount(self, source: str, target: str, kind: str, flags: int, options: str = "") -> None:
        self._check(
            self._libc.mount(
                os.fsencode(source),
                os.fsencode(target),
                kind.encode() or None,
                ctypes.c_ulong(flags),
                os.fsencode(options) or None,
            ),
            "mount " + target,
        )

    def bind(self, source: str, target: str, read_only: bool = False) -> None:
        self.mount(source, target, "", MS_BIND | MS_REC)
        if read_only:
            locked = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)
            self.mount("none", target, "", MS_BIND | MS_REMOUNT | MS_RDONLY | locked)

    def unmount(self, target: str, lazily: bool = False) -> None:
        self._check(self._libc.umount2(os.fsencode(target), MNT_DETACH if lazily else 0), "unmount " + target)

    def unshare(self, flags: int) -> None:
        self._check(self._libc.unshare(flags), "unshare")

    def prctl(self, option: int, value: int, more: int = 0) -> None:
        self._check(self._libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(more), 0, 0), "prctl")

    def syscall(self, number: int, *arguments: object) -> int:
        return self._check(self._libc.syscall(ctypes.c_long(number), *arguments), "syscall %d" % number)

    def ignore_interrupts(self) -> None:
        """Give SIGINT its default again, which the first process of a PID namespace never feels."""
        self._libc.signal(2, None)

    def pidfd(self, pid: int) -> int:
        return self.syscall(SYS_PIDFD_OPEN, ctypes.c_int(pid), ctypes.c_uint(0))

    def enter_namespaces(self, uid: int, gid: int) -> None:
        """Become the owner of a fresh user and mount namespace in which only `uid` and `gid` exist."""
        self.prctl(PR_SET_DUMPABLE, 1)
        self.unshare(CLONE_NEWUSER | CLONE_NEWNS)
        for name, content in (
            ("setgroups", "deny"),
            ("gid_map", "%d %d 1" % (gid, gid)),
            ("uid_map", "%d %d 1" % (uid, uid)),
        ):
            with open("/proc/self/" + name, "w") as file:
                file.write(content)
        self.mount("none", "/", "", MS_REC | MS_PRIVATE)

    def drop_to(self, uid: int, gid: int) -> None:
        """Leave root for good."""
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)

    def give_up_privileges(self) -> None:
        """Drop every capability, for now and for whatever is executed later."""
        for capability in range(64):
            try:
                self.prctl(PR_CAPBSET_DROP, capability)
            except OSError as error:
                if error.errno == errno.EINVAL:
                    break
                if error.errno != errno.EPERM:
                    raise
        self.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
        header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
        self._check(self._libc.capset(header, bytes(24)), "capset")
        self.prctl(PR_SET_NO_NEW_PRIVS, 1)

    def install_filter(self, program: bytes) -> None:
        """Install a seccomp filter, a sequence of 8-byte BPF instructions, in this process."""
        buffer = ctypes.create_string_buffer(program, len(program))
        description = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
        self._check(
            self._libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), description, 0, 0),
            "seccomp",
        )

    def map_owner(self, path: str, uid: int, gid: int) -> bool:
        """Show the tree at `path` as if its owner were `uid`; False where the kernel or file system cannot.

        Needs CAP_SYS_ADMIN in the first user namespace.
        """
        release = os.uname().release.split(".")
        if (int(release[0]), int(release[1].split("-")[0])) < IDMAPPED_OVERLAY_SINCE:
            return False
        owner = os.stat(path)
        try:
            namespace = self._mapping(owner.st_uid, owner.st_gid, uid, gid)
        except OSError:
            return False
        tree = -1
        try:
            tree = self.syscall(
                SYS_OPEN_TREE, AT_FDCWD, os.fsencode(path), ctypes.c_uint(OPEN_TREE_CLONE | os.O_CLOEXEC)
            )
            attributes = struct.pack("QQQQ", MOUNT_ATTR_IDMAP, 0, 0, namespace)
            self.syscall(SYS_MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH, attributes, ctypes.c_size_t(32))
            self.syscall(SYS_MOVE_MOUNT, tree, b"", AT_FDCWD, os.fsencode(path), MOVE_MOUNT_FROM_EMPTY_PATH)
        except OSError:
            return False
        finally:
            os.close(namespace)
            if tree >= 0:
                os.close(tree)
        return True

    def _mapping(self, from_uid: int, from_gid: int, uid: int, gid: int) -> int:
        """A descriptor of a user namespace that maps one owner to another."""
        ready_in, ready_out = os.pipe()
        done_in, done_out = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                self.unshare(CLONE_NEWUSER)
                os.write(ready_out, b"1")
                os.close(done_out)
                os.read(done_in, 1)
            finally:
                os._exit(0)
        os.close(ready_out)
        try:
            if os.read(ready_in, 1) != b"1":
                raise OSError(errno.EPERM, "user namespaces are refused")
            for name, content in (
                ("uid_map", "%d %d 1" % (from_uid, uid)),
                ("gid_map", "%d %d 1" % (from_gid, gid)),
            ):
                with open("/proc/%d/%s" % (pid, name), "w") as file:
                    file.write(content)
            return os.open("/proc/%d/ns/user" % pid, os.O_RDONLY | os.O_CLOEXEC)
        finally:
            os.close(ready_in)
            os.close(done_out)
            os.close(done_in)
            os.waitpid(pid, 0)
