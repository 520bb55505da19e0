"""Ask the kernel for what widens its surface or outlives the job."""

from kit import SCRATCH, attempt, call

attempt("bpf", lambda: call("bpf", 0, bytes(64), 64))
attempt("perf_event_open", lambda: call("perf_event_open", bytes(128), 0, -1, -1, 0))
attempt("userfaultfd", lambda: call("userfaultfd", 1))
attempt("io_uring", lambda: call("io_uring_setup", 8, bytes(120)))
attempt("keyctl", lambda: call("keyctl", 0, -3, 1))
attempt("add_key", lambda: call("add_key", b"user", b"x", b"y", 1, -3))
attempt("memfd_create", lambda: call("memfd_create", b"x", 0))
attempt("shmget", lambda: call("shmget", 4711, 4096, 0o1600))
attempt("mq_open", lambda: call("mq_open", b"x", 0o102, 0o600, None))
attempt("reboot", lambda: call("reboot", 0, 0, 0, None))
attempt("init_module", lambda: call("init_module", b"", 0, b""))
attempt("swapon", lambda: call("swapon", SCRATCH.encode() + b"/x", 0))
attempt("sethostname", lambda: call("sethostname", b"evil", 4))
attempt("open_by_handle_at", lambda: call("open_by_handle_at", -100, bytes(136), 0))
