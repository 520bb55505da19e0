"""Turn a bare process into a sandbox's supervisor: give up root, enter namespaces, show the first view."""

from __future__ import annotations

import os

from .filter import filter_program
from .kernel import MS_NODEV, MS_NOSUID, PR_SET_DUMPABLE, Kernel
from .processes import Confinement
from .trees import make_layer
from .view import LAYER, TREE, View

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one costs a tenth of the start
    from typing import Any


def confine(config: dict[str, Any]) -> tuple[Kernel, View, Confinement]:
    """Do as the host's configuration says. Raises OSError, naming the call, where the kernel refuses."""
    kernel = Kernel()
    kernel.ignore_interrupts()
    layered = _leave_root(kernel, config)
    kernel.enter_namespaces(os.getuid(), os.getgid())
    kernel.bind("/proc/sys", "/proc/sys", read_only=True)
    view = View(kernel, config["repo"], config["hidden"], config["limits"]["disk_bytes"], config["shown"])
    view.start(layered, allow_overlay="overlay" not in config["avoid"])
    kernel.prctl(PR_SET_DUMPABLE, 0)
    return (
        kernel,
        view,
        Confinement(kernel, config["limits"], filter_program(os.uname().machine, sockets=True)),
    )


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
