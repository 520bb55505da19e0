"""Start, watch and end confined processes. Knows nothing of tests, trees or the host."""

from __future__ import annotations

import _socket
import fcntl
import os
import resource
import select
import time

from .kernel import Kernel
from .streams import Lines, Tail

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one costs a tenth of the start
    from collections.abc import Callable, Mapping, Sequence

OPEN_FILES = 1024
THREADS_PER_PROCESS = 4
"""RLIMIT_NPROC counts threads; processes themselves are counted by the watcher."""
NO_CORE = 1
"""A limit of one byte also stops kernels that pipe cores to a program, which zero does not."""
PATIENCE_S = 10.0
MILD_ATTEMPTS = 20
"""How often leftovers are killed before warm processes are suspected of keeping them, as zombies' parents."""
SIGKILL, SIGCONT, SIGSTOP = 9, 18, 19
KIB = 1024


class Confinement:
    """What every process is put under between fork and exec."""

    def __init__(self, kernel: Kernel, limits: Mapping[str, int], program: bytes) -> None:
        self._kernel = kernel
        self._program = program
        self._limits = (
            (resource.RLIMIT_CORE, NO_CORE),
            (resource.RLIMIT_DATA, limits["memory_bytes"]),
            (resource.RLIMIT_FSIZE, limits["disk_bytes"]),
            (resource.RLIMIT_NOFILE, OPEN_FILES),
            (resource.RLIMIT_NPROC, limits["processes"] * THREADS_PER_PROCESS + limits.get("others", 0)),
        )
        self.lock: Callable[[], None] | None = None
        """Further confinement (Landlock), where there are no namespaces."""

    def enter(self) -> None:
        for kind, value in self._limits:
            hard = resource.getrlimit(kind)[1]
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)
            resource.setrlimit(kind, (value, value))
        self._kernel.give_up_privileges()
        if self.lock is not None:
            self.lock()
        self._kernel.install_filter(self._program)


class Process:
    """One started process and our ends of its pipes. `job` is its private socket, None for a plain command."""

    def __init__(self, pid: int, output: Tail, job: Lines | None, channel: Lines | None, pidfd: int) -> None:
        self.pid = pid
        self.output = output
        self.job = job
        self.channel = channel
        self.pidfd = pidfd

    def write(self, line: bytes) -> bool:
        """Send one line on the job socket; False if nobody listens any more."""
        if self.job is None:
            return False
        view = memoryview(line)
        deadline = time.monotonic() + PATIENCE_S
        while view:
            try:
                view = view[os.write(self.job.descriptor, view) :]
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                select.select([], [self.job.descriptor], [], 0.1)
            except OSError:
                return False
        return True

    def close(self) -> None:
        for stream in (self.output, self.job, self.channel):
            if stream is not None:
                os.close(stream.descriptor)
        os.close(self.pidfd)


def start(
    argv: Sequence[str],
    environment: Mapping[str, str],
    cwd: str,
    confinement: Confinement,
    kernel: Kernel,
    output_bytes: int,
    private: bool,
) -> Process:
    """Start `argv` confined, with its output on a pipe and, if `private`, a job socket and a channel.

    A program that cannot be started ends with 127 (126 if it may not), its output saying why.
    """
    output_in, output_out = os.pipe()
    job: Lines | None = None
    channel: Lines | None = None
    environment = dict(environment)
    passed: list[int] = []
    if private:
        ours, theirs = _socket.socketpair()
        channel_in, channel_out = os.pipe()
        job, channel = Lines(ours.detach()), Lines(channel_in)
        passed = [theirs.detach(), channel_out]
        environment["GRAFT_JOB_FD"], environment["GRAFT_CHANNEL_FD"] = "3", "4"
    pid = os.fork()
    if pid == 0:
        try:
            _become(argv, environment, cwd, confinement, output_out, passed)
        finally:
            os._exit(127)
    for descriptor in (output_out, *passed):
        os.close(descriptor)
    return Process(pid, Tail(output_in, output_bytes), job, channel, kernel.pidfd(pid))


def _become(
    argv: Sequence[str],
    environment: Mapping[str, str],
    cwd: str,
    confinement: Confinement,
    output: int,
    passed: list[int],
) -> None:
    """In the child: arrange descriptors 0 to 4, confine, execute."""
    try:
        os.setsid()
        os.umask(0o022)
        nothing = os.open(os.devnull, os.O_RDONLY)
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 16) for fd in (nothing, output, output, *passed)]
        for place, descriptor in enumerate(high):
            os.dup2(descriptor, place)
        confinement.enter()
        os.chdir(cwd)
        os.execvpe(argv[0], list(argv), dict(environment))
    except BaseException as error:
        os.write(2, ("cannot start %s: %s\n" % (argv[0], error)).encode("utf-8", "replace"))
        os._exit(126 if isinstance(error, PermissionError) else 127)


class Population:
    """All processes in the sandbox: who they are, what they use, and their end."""

    def __init__(self, everything: bool) -> None:
        self._everything = everything
        """Whether a PID namespace makes all that is in /proc ours; else only descendants are."""
        self._own = os.getpid()
        self.ended: dict[int, int] = {}
        """Wait statuses of children that were reaped."""

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.ended[pid] = status

    def others(self, kept: Sequence[int]) -> list[int]:
        """Processes beside ourselves and `kept`."""
        pids = all_processes() if self._everything else self._descendants()
        return [pid for pid in pids if pid != self._own and pid not in kept]

    def _descendants(self) -> list[int]:
        """Who was started by us, however indirectly: orphans come back to us."""
        parents = {pid: parent_of(pid) for pid in all_processes()}
        ours = {self._own}
        grew = True
        while grew:
            more = {pid for pid, parent in parents.items() if parent in ours} - ours
            grew = bool(more)
            ours |= more
        return sorted(ours)

    def end(self, kept: Sequence[int]) -> bool:
        """Kill all but ourselves and `kept`, and wait for it. False if `kept` had to go as well.

        Raises TimeoutError if something does not die.
        """
        deadline_s = time.monotonic() + PATIENCE_S
        spared: Sequence[int] = kept
        for attempt in range(1 << 30):
            self.reap()
            left = self.others(spared)
            if not left:
                break
            if all(is_zombie(pid) for pid in left):
                for pid in spared:  # it is for the warm process to reap them, which it cannot while stopped
                    _signal(pid, SIGCONT)
            else:
                if attempt or len(left) > 1:
                    left = self._stop_all(spared)
                for pid in left:
                    _signal(pid, SIGKILL)
            if attempt > MILD_ATTEMPTS and spared:
                spared = ()
            if time.monotonic() > deadline_s:
                raise TimeoutError("processes %s do not end" % left)
            if attempt:
                time.sleep(min(0.0002 * (1 << min(attempt, 7)), 0.02))
        for pid in spared:
            _signal(pid, SIGCONT)
        return spared is kept

    def _stop_all(self, spared: Sequence[int]) -> list[int]:
        """Stop everybody before anybody is killed, so that nobody forks while we count; returns who must go."""
        if self._everything:
            _signal(-1, SIGSTOP)
            return self.others(spared)
        stopped: set[int] = set()
        while True:
            running = set(self.others(spared)) - stopped
            if not running:
                return sorted(stopped)
            for pid in running:
                _signal(pid, SIGSTOP)
            stopped |= running

    def resident(self, pids: Sequence[int]) -> int:
        """Bytes of memory in use, pages shared by processes counted for each."""
        return sum(resident_bytes(pid) for pid in pids)

    def proportional(self, pids: Sequence[int]) -> int:
        """The same with shared pages counted once; slower."""
        return sum(proportional_bytes(pid) for pid in pids)


def all_processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def threads_of(uid: int) -> int:
    """How many threads a user has on this machine, which RLIMIT_NPROC will count too."""
    total = 0
    for pid in all_processes():
        status = _read("/proc/%d/status" % pid)
        if b"\nUid:\t%d\t" % uid in status:
            total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith(b"Threads:"))
    return total


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _read(path: str) -> bytes:
    """A file of /proc, empty if its process has gone."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def parent_of(pid: int) -> int:
    fields = _read("/proc/%d/stat" % pid).rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def is_zombie(pid: int) -> bool:
    """Whether a process has ended, be it reaped or not."""
    return _read("/proc/%d/stat" % pid).rpartition(b")")[2][1:2] in (b"Z", b"")


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, in user and kernel mode; 0 once it has gone."""
    fields = _read("/proc/%d/stat" % pid).rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if len(fields) > 12 else 0.0


def _sum_kib(text: bytes, names: tuple[bytes, ...]) -> int:
    return KIB * sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(names))


def resident_bytes(pid: int) -> int:
    return _sum_kib(_read("/proc/%d/status" % pid), (b"RssAnon:", b"RssShmem:", b"VmSwap:"))


def proportional_bytes(pid: int) -> int:
    return _sum_kib(_read("/proc/%d/smaps_rollup" % pid), (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:"))


def available_bytes() -> int:
    """What the machine can still give."""
    return _sum_kib(_read("/proc/meminfo"), (b"MemAvailable:",))
