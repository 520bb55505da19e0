"""Mount, remount, unmount, pivot, chroot: every way to another view of the file system."""

import os

from kit import attempt, call

MS_REMOUNT, MS_BIND = 32, 4096
attempt("remount / writable", lambda: call("mount", b"none", b"/", None, MS_REMOUNT | MS_BIND, None))
attempt("remount /usr writable", lambda: call("mount", b"none", b"/usr", None, MS_REMOUNT | MS_BIND, None))
attempt("mount tmpfs", lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None))
attempt("mount proc", lambda: call("mount", b"proc", b"/tmp", b"proc", 0, None))
attempt("unmount the tree", lambda: call("umount2", os.getcwd().encode(), 2))
attempt("unmount the cover", lambda: call("umount2", b"/graft/tree", 2))
attempt("pivot_root", lambda: call("pivot_root", b".", b"."))
attempt("open_tree", lambda: call("open_tree", -100, b"/", 1))
attempt("chroot", lambda: os.chroot("/tmp"))
