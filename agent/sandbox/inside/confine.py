"""Turn a bare process into a sandbox's supervisor: give up root, enter namespaces, show the first view."""

from __future__ import annotations

import os

from .copied import CopiedView, WorkspaceView
from .filter import filter_program
from .kernel import MS_NODEV, MS_NOSUID, PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE, Kernel
from .landlock import SCOPES_SINCE, landlock_version, make_ruleset, restrict_self
from .processes import Confinement, threads_of
from .trees import make_layer
from .view import LAYER, TREE, View

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one costs a tenth of the start
    from typing import Any

HARMLESS_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
READABLE_DEVICES = ("/dev/random", "/dev/urandom")
READABLE_PROC = ("cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "uptime", "version")


def confine(config: dict[str, Any]) -> tuple[Kernel, View, Confinement]:
    """Do as the host's configuration says. Raises OSError, naming the call, where the kernel refuses."""
    kernel = Kernel()
    kernel.ignore_interrupts()
    layered = _leave_root(kernel, config)
    kernel.enter_namespaces(os.getuid(), os.getgid())
    kernel.bind("/proc/sys", "/proc/sys", read_only=True)
    view = View(kernel, config)
    view.start(layered, allow_overlay="overlay" not in config["avoid"])
    kernel.prctl(PR_SET_DUMPABLE, 0)
    return kernel, view, Confinement(kernel, config["limits"], filter_program(os.uname().machine))


def _leave_root(kernel: Kernel, config: dict[str, Any]) -> bool:
    """Become the configured user, the tree's owner in its own eyes. Returns whether LAYER had to be filled."""
    uid = config["uid"]
    if uid is None:
        return False
    mapped = "idmap" not in config["avoid"] and kernel.map_owner(TREE, uid, uid)
    if not mapped:
        kernel.mount("none", LAYER, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
        make_layer(TREE, LAYER, config["hidden"], uid, uid)
    kernel.drop_to(uid, uid)
    return not mapped


def confine_in_container(config: dict[str, Any]) -> tuple[Kernel, CopiedView, Confinement]:
    """The same where a container's engine has made the namespaces and dropped the capabilities."""
    kernel = Kernel()
    kernel.ignore_interrupts()
    view = CopiedView(
        TREE, config["repo"], ["/tmp", "/var/tmp"], config["hidden"], config["limits"]["disk_bytes"]
    )
    view.start()
    kernel.prctl(PR_SET_DUMPABLE, 0)
    return kernel, view, Confinement(kernel, config["limits"], filter_program(os.uname().machine))


def confine_by_landlock(config: dict[str, Any]) -> tuple[Kernel, CopiedView, Confinement]:
    """The same without namespaces: a copy of the tree, Landlock, and a stricter filter.

    Raises OSError where the kernel's Landlock is too old.
    """
    kernel = Kernel()
    kernel.ignore_interrupts()
    if landlock_version(kernel) < SCOPES_SINCE:
        raise OSError("Landlock %d or later is needed (Linux 6.12)" % SCOPES_SINCE)
    limits = dict(config["limits"])
    view = WorkspaceView(config["workspace"], config["repo"], config["hidden"], limits["disk_bytes"])
    view.take_base(config["uid"])
    if config["uid"] is None:
        limits["others"] = threads_of(os.getuid())
    else:
        kernel.drop_to(config["uid"], config["uid"])
    kernel.prctl(PR_SET_CHILD_SUBREAPER, 1)
    kernel.prctl(PR_SET_DUMPABLE, 0)
    view.start()
    # Where jobs run as the user, what Landlock leaves open (chmod and the like) would reach the user's files.
    feign = config["uid"] is None
    program = filter_program(os.uname().machine, sockets=False, feign=feign)
    confinement = Confinement(kernel, limits, program)
    readable = [*config["readable"], *READABLE_DEVICES, *("/proc/" + name for name in READABLE_PROC)]
    rules = make_ruleset(kernel, readable, [*view.writable, *HARMLESS_DEVICES])
    confinement.lock = lambda: restrict_self(kernel, rules)
    return kernel, view, confinement
