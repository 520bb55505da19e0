"""Open the kernel's switches for writing."""

import os

from kit import attempt

for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname",
             "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger", "/proc/1/oom_score_adj",
             "/proc/1/uid_map", "/sys/kernel/mm/ksm/run"):  # fmt: skip
    attempt("write " + path, lambda path=path: os.open(path, os.O_WRONLY))
