"""What the hostile programs share. Runs inside a sandbox, put into the tree beside the program."""

import ctypes
import os
import sys

SCRATCH = os.environ.get("TMPDIR", "/tmp")
LIBC = ctypes.CDLL(None, use_errno=True)
ARM = os.uname().machine == "aarch64"
CALLS = {
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "unshare": (272, 97), "setns": (308, 268),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "bpf": (321, 280), "keyctl": (250, 219),
    "add_key": (248, 217), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "clone": (56, 220), "clone3": (435, 435), "reboot": (169, 142),
    "init_module": (175, 105), "open_tree": (428, 428), "memfd_create": (319, 279), "kcmp": (312, 272),
    "open_by_handle_at": (304, 265), "shmget": (29, 194), "mq_open": (240, 180), "swapon": (167, 224),
    "clock_settime": (227, 112), "settimeofday": (164, 170), "sethostname": (170, 161),
}  # fmt: skip


def call(name, *arguments):
    """Make a raw system call; OSError as the kernel says."""
    number = CALLS[name][1 if ARM else 0]
    result = LIBC.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), name)
    return result


def attempt(what, action):
    """Try something that must not work, and say what came of it."""
    print("TRIED", what, flush=True)
    try:
        result = action()
    except (OSError, ValueError, RuntimeError) as error:
        print("  refused:", type(error).__name__, error, flush=True)
        return None
    print("ESCAPED", what, repr(result)[:200], flush=True)
    return result


def others():
    """Processes that the program can see or was told of, beside itself."""
    told = [int(setting("PID"))] if setting("PID") else []
    try:
        seen = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        seen = [os.getppid()]
    return sorted({*told, *seen} - {os.getpid()})


def fill(what, folder):
    """Write until it is refused; more than a gibibyte is too much."""
    say("TRIED fill " + what)
    written = 0
    try:
        for number in range(1000):
            with open("%s/fill%d" % (folder, number), "wb") as file:
                for _ in range(64):
                    written += file.write(b"x" * (1 << 20))
    except OSError as error:
        say("refused after %d MiB: %s" % (written >> 20, error))
    if written > 1 << 30:
        say("ESCAPED the disk limit")


def setting(name):
    """What the test tells the program: ports, paths."""
    return os.environ.get("HOSTILE_" + name, "")


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
