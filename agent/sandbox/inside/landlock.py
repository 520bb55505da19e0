"""Confine a process by Landlock: which paths it may read and write, no TCP, no signals or sockets out of it."""

from __future__ import annotations

import os
import stat
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one costs a tenth of the start
    from collections.abc import Sequence

    from .kernel import Kernel

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1
SCOPES_SINCE = 6
"""The first version that keeps signals and abstract sockets in."""

EXECUTE, READ_FILE, READ_FOLDER = 1 << 0, 1 << 2, 1 << 3
WRITE_FILE, TRUNCATE, DEVICE_CONTROL = 1 << 1, 1 << 14, 1 << 15
ALL_FILE_SYSTEM = (1 << 16) - 1
MAKE_CHARACTER_DEVICE, MAKE_BLOCK_DEVICE = 1 << 6, 1 << 11
ALL_NETWORK = 1 | 2
ALL_SCOPES = 1 | 2

READ = EXECUTE | READ_FILE | READ_FOLDER
READ_WRITE = ALL_FILE_SYSTEM & ~(MAKE_CHARACTER_DEVICE | MAKE_BLOCK_DEVICE | DEVICE_CONTROL)
OF_A_FILE = EXECUTE | READ_FILE | WRITE_FILE | TRUNCATE | DEVICE_CONTROL


def landlock_version(kernel: Kernel) -> int:
    """The kernel's Landlock version; 0 where it has none."""
    try:
        return kernel.syscall(CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)
    except OSError:
        return 0


def make_ruleset(kernel: Kernel, readable: Sequence[str], writable: Sequence[str]) -> int:
    """A descriptor of the rules: all is refused but reading `readable` and writing beneath `writable`."""
    attributes = struct.pack("QQQ", ALL_FILE_SYSTEM, ALL_NETWORK, ALL_SCOPES)
    rules = kernel.syscall(CREATE_RULESET, attributes, len(attributes), 0)
    for paths, rights in ((readable, READ), (writable, READ_WRITE)):
        for path in paths:
            _allow(kernel, rules, path, rights)
    return rules


def _allow(kernel: Kernel, rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= OF_A_FILE
        rule = struct.pack("=Qi", rights, place)
        kernel.syscall(ADD_RULE, rules, RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(place)


def restrict_self(kernel: Kernel, rules: int) -> None:
    """Put this process and all it starts under the rules. Needs no_new_privs."""
    kernel.syscall(RESTRICT_SELF, rules, 0)
