"""Read, write, trace and bridle every other process."""

import ctypes
import os
import resource

from kit import attempt, call, others

here = (ctypes.c_ulong * 2)(0, 0)
for pid in others():
    attempt("ptrace %d" % pid, lambda pid=pid: call("ptrace", 16, pid, 0, 0))
    attempt("mem of %d" % pid, lambda pid=pid: os.open("/proc/%d/mem" % pid, os.O_RDWR))
    attempt("process_vm_readv %d" % pid, lambda pid=pid: call("process_vm_readv", pid, here, 1, here, 1, 0))
    attempt("kcmp %d" % pid, lambda pid=pid: call("kcmp", pid, os.getpid(), 2, 0, 0))
    attempt("descriptors of %d" % pid, lambda pid=pid: os.listdir("/proc/%d/fd" % pid))
    attempt("limit of %d" % pid, lambda pid=pid: resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0)))
    attempt("affinity of %d" % pid, lambda pid=pid: os.sched_setaffinity(pid, {0}))
    attempt("priority of %d" % pid, lambda pid=pid: os.setpriority(os.PRIO_PROCESS, pid, 19) or "done")
