"""Serve a host's requests from inside the sandbox: one job at a time, each over a throw-away view.

The first process of the sandbox, and the only one that keeps capabilities in its namespace. Knows nothing of
tests but their clocks: a channel line {"begin": id} starts one, {"test": id} ends it.

A process with a payload gets a socket (GRAFT_JOB_FD) and the writing end of its channel (GRAFT_CHANNEL_FD). A
fresh process reads one line {"token", "payload", "cwd", "environment"}. A zygote first reads its own payload and
answers {"ready": …} or {"failed": …}; for every line of the former kind it forks, answers {"pid": N} and, when
that child ended, {"exit": code} or {"signal": number}. It must be single-threaded, keep its working directory out
of the tree, and should be undumpable (PR_SET_DUMPABLE 0, undone in the child), so that no child reads its memory.
Children write lines {"token": T, …} on the channel; lines with another token are dropped.
"""

from __future__ import annotations

import os
import select
import time

from .confine import confine, confine_by_landlock, confine_in_container
from .processes import Population, Process, available_bytes, cpu_seconds, start
from .streams import END, FATAL, LINE, READY, ZYGOTE, HostLink, Lines

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one costs a tenth of the start
    from typing import Any

    from .copied import CopiedView
    from .view import View

FIRST_LOOK_S, LOOK_S = 0.01, 0.025
"""When a running job's memory, processes and disk are looked at."""
LOOK_SHARE, LATEST_LOOK_S = 10, 0.5
"""Looking takes at most one part in this many of the processor's time, but is not put off for longer."""
BACKLOG_BYTES = 8 << 20
"""No channel is read while this much waits for the host."""
LOW_MEMORY_BYTES = 128 << 20
FAREWELL_S = 5.0
"""How long a zygote may take to report a child that was killed."""


class Run:
    """A job in progress."""

    def __init__(self, request: dict[str, Any], process: Process, is_zygote: bool) -> None:
        self.process = process
        self.is_zygote = is_zygote
        self.token = os.urandom(12).hex()
        self.started_s = time.monotonic()
        self.deadline_s = self.started_s + request["limit_s"]
        self.limits_s: dict[str, float] = request["test_limits_s"]
        self.cpu_limits_s: dict[str, float] = request["test_cpu_s"]
        self.cpu_limit_s: float | None = None
        self.cpu_begun_s: float | None = None
        self.test_deadline_s = self.deadline_s
        self.killed: str | None = None
        self.exit_code: int | None = None
        self.signal: int | None = None
        self.peak_bytes: int | None = None
        self.child = 0

    @property
    def ended(self) -> bool:
        return self.exit_code is not None or self.signal is not None

    def begin_test(self, test: object) -> None:
        limit_s = self.limits_s.get(str(test), self.limits_s.get("*"))
        if limit_s is not None:
            self.test_deadline_s = time.monotonic() + limit_s
        self.cpu_limit_s, self.cpu_begun_s = self.cpu_limits_s.get(str(test)), None

    def end_test(self) -> None:
        self.test_deadline_s = self.deadline_s
        self.cpu_limit_s = None

    def overspent(self) -> bool:
        """Whether the running test has used up its processor time, which starts to count when first asked."""
        if self.cpu_limit_s is None:
            return False
        spent_s = cpu_seconds(self.child if self.is_zygote else self.process.pid)
        if self.cpu_begun_s is None:
            self.cpu_begun_s = spent_s
        return spent_s - self.cpu_begun_s >= self.cpu_limit_s


class Supervisor:
    """The loop. Raises nothing that a job can cause, save TimeoutError, which ends the sandbox."""

    def __init__(self, host: HostLink, config: dict[str, Any]) -> None:
        self._host = host
        self._config = config
        self._view: View | CopiedView
        if config["mode"] == "landlock":
            self._kernel, self._view, self._confinement = confine_by_landlock(config)
        elif config["mode"] == "container":
            self._kernel, self._view, self._confinement = confine_in_container(config)
        else:
            self._kernel, self._view, self._confinement = confine(config)
        self._population = Population(everything=config["mode"] != "landlock")
        self._zygotes: dict[str, Process] = {}
        self._limits: dict[str, int] = config["limits"]

    def serve(self) -> None:
        self._host.send(READY, self._view.mode.encode())
        while True:
            request = self._host.receive()
            if request is None:
                return
            if request["op"] == "run":
                self._run(request)
            elif request["op"] == "zygote":
                self._start_zygote(request)
            elif request["op"] == "stop":
                self._lose(request["name"])

    def close(self) -> None:
        """End all that runs and take the view down."""
        self._population.end(())
        self._view.close()

    def _start(self, request: dict[str, Any], private: bool) -> Process:
        environment = {**self._config["environment"], **self._view.environment, **request["environment"]}
        cwd = os.path.normpath(os.path.join(self._view.root, request["cwd"]))
        return start(
            request["argv"], environment, cwd, self._confinement, self._kernel,
            self._limits["output_bytes"], private,
        )  # fmt: skip

    # -- zygotes

    def _start_zygote(self, request: dict[str, Any]) -> None:
        import json

        name: str = request["name"]
        self._lose(name)
        process = self._start(request, private=True)
        process.write(json.dumps(request["payload"]).encode() + b"\n")
        answer = self._first_answer(process, request["limit_s"])
        if "ready" in answer and self._holds_tree(process.pid):
            answer = {"failed": "the zygote's working directory lies in the tree"}
        if "ready" in answer:
            self._zygotes[name] = process
        kept = [zygote.pid for zygote in self._zygotes.values()]
        if not self._population.end(kept):
            self._zygotes.clear()
            answer = {"failed": "the zygote left processes behind that do not end"}
        while process.output.read():
            continue
        if "ready" not in answer:
            answer["output"] = process.output.take().decode("utf-8", "replace")
            process.close()
        self._view.restore()
        self._host.send(ZYGOTE, json.dumps(answer).encode())

    def _first_answer(self, process: Process, limit_s: float) -> dict[str, Any]:
        import json

        assert process.job is not None and process.channel is not None
        deadline_s = time.monotonic() + limit_s
        while time.monotonic() < deadline_s:
            select.select([process.job.descriptor, process.output.descriptor], [], [], 0.05)
            process.output.read()
            process.channel.read()
            for line in process.job.read():
                answer = json.loads(line)
                return answer if isinstance(answer, dict) else {"failed": "it answered nonsense"}
            if process.job.ended:
                return {"failed": "it ended"}
            if self._overused(None):
                return {"failed": "it used too much memory, disk or too many processes"}
            request = self._host.poll()
            if self._host.ended or (request and request["op"] == "cancel"):
                return {"failed": "cancelled"}
        return {"failed": "it was not ready within %g s" % limit_s}

    def _holds_tree(self, pid: int) -> bool:
        try:
            where = os.readlink("/proc/%d/cwd" % pid)
        except PermissionError:  # undumpable already, and we are without capabilities
            return False
        return where == self._view.root or where.startswith(self._view.root + "/")

    def _lose(self, name: str) -> None:
        process = self._zygotes.pop(name, None)
        if process is not None:
            self._population.end([zygote.pid for zygote in self._zygotes.values()])
            process.close()

    # -- jobs

    def _run(self, request: dict[str, Any]) -> None:
        started_s = time.monotonic()
        name = request["zygote"]
        process = self._zygotes.get(name) if name else None
        if name and process is None:
            self._end_unstarted("died", b"", started_s)
            return
        try:
            self._view.put(request["files"])
        except OSError as error:
            self._view.restore()
            self._end_unstarted("disk", ("cannot write the candidate: %s" % error).encode(), started_s)
            return
        private = bool(request["payload"])
        run = Run(request, process or self._start(request, private), is_zygote=bool(name))
        if private or run.is_zygote:
            self._hand_over(run, request)
        self._watch(run)
        self._finish(run, name)

    def _hand_over(self, run: Run, request: dict[str, Any]) -> None:
        import json

        line = {
            "token": run.token,
            "payload": request["payload"],
            "cwd": os.path.normpath(os.path.join(self._view.root, request["cwd"])),
            "environment": request["environment"],
        }
        if not run.process.write(json.dumps(line).encode() + b"\n") and run.is_zygote:
            run.killed, run.signal = "died", 9

    def _end_unstarted(self, killed: str, output: bytes, started_s: float) -> None:
        import json

        end: dict[str, Any] = {
            "exit": None,
            "signal": 9,
            "killed": killed,
            "peak": None,
            "lost": sorted(self._lost_zygotes()),
        }
        end["seconds"] = time.monotonic() - started_s
        self._host.send(END, json.dumps(end).encode() + b"\n" + output)

    def _watch(self, run: Run) -> None:
        """Serve the job's streams until it ends or must be ended."""
        poll = select.poll()
        streams = run.process.channel, run.process.job, run.process.output
        for stream in streams:
            if stream is not None:
                poll.register(stream.descriptor, select.POLLIN)
        poll.register(self._host.descriptor, select.POLLIN)
        poll.register(run.process.pidfd, select.POLLIN)
        look_s = time.monotonic() + FIRST_LOOK_S
        self._hear_host(run)
        while not run.ended and not run.killed:
            now_s = time.monotonic()
            if now_s >= min(run.deadline_s, run.test_deadline_s):
                run.killed = "time"
            elif now_s >= look_s:
                spent_s = time.process_time()
                run.killed = "time" if run.overspent() else self._overused(run)
                spent_s = time.process_time() - spent_s
                look_s = now_s + min(max(LOOK_S, LOOK_SHARE * spent_s), LATEST_LOOK_S)
            if run.killed:
                return
            wait_s = min(look_s, run.deadline_s, run.test_deadline_s) - now_s
            for descriptor, _ in poll.poll(max(0, int(wait_s * 1000) + 1)):
                self._serve(run, descriptor)
                if descriptor not in (self._host.descriptor,) and self._has_ended(run, descriptor):
                    poll.unregister(descriptor)
            self._host.flush(wait=self._host.unsent_bytes > BACKLOG_BYTES)

    def _has_ended(self, run: Run, descriptor: int) -> bool:
        process = run.process
        return any(
            stream is not None and stream.descriptor == descriptor and stream.ended
            for stream in (process.channel, process.job, process.output)
        )

    def _serve(self, run: Run, descriptor: int) -> None:
        process = run.process
        if descriptor == process.output.descriptor:
            process.output.read()
        elif process.channel is not None and descriptor == process.channel.descriptor:
            self._forward(run, process.channel)
        elif process.job is not None and descriptor == process.job.descriptor:
            self._hear_zygote(run, process.job)
        elif descriptor == process.pidfd:
            self._note_exit(run)
        elif descriptor == self._host.descriptor:
            self._hear_host(run)

    def _hear_host(self, run: Run) -> None:
        request = self._host.poll()
        if self._host.ended or (request and request["op"] == "cancel"):
            run.killed = "cancelled"

    def _forward(self, run: Run, channel: Lines) -> bool:
        """Pass the job's lines on to the host; False if there were none."""
        import json

        lines = channel.read()
        for raw in lines:
            try:
                line = json.loads(raw)
            except ValueError:
                continue
            if not isinstance(line, dict) or line.get("token") != run.token:
                continue
            if "begin" in line:
                run.begin_test(line["begin"])
            elif "test" in line:
                run.end_test()
            self._host.send(LINE, raw)
        return bool(lines)

    def _hear_zygote(self, run: Run, job: Lines) -> None:
        import json

        for raw in job.read():
            if not run.is_zygote:
                continue
            answer = json.loads(raw)
            run.child = answer.get("pid", run.child)
            run.exit_code = answer.get("exit", run.exit_code)
            run.signal = answer.get("signal", run.signal)

    def _note_exit(self, run: Run) -> None:
        """The process that we started ended: the job itself, or the zygote that should have outlived it."""
        self._population.reap()
        status = self._population.ended.get(run.process.pid)
        if status is None:
            return
        if run.is_zygote:
            run.killed, run.signal = run.killed or "died", 9
        elif os.WIFSIGNALED(status):
            run.signal = os.WTERMSIG(status)
        else:
            run.exit_code = os.WEXITSTATUS(status)

    def _overused(self, run: Run | None) -> str | None:
        """Which bound the sandbox's processes exceed together."""
        self._population.reap()
        pids = self._population.others(())
        if len(pids) > self._limits["processes"]:
            return "processes"
        used_bytes = self._population.resident(pids)
        if used_bytes > self._limits["memory_bytes"]:
            used_bytes = self._population.proportional(pids)
        if run is not None:
            run.peak_bytes = max(run.peak_bytes or 0, used_bytes)
        if used_bytes > self._limits["memory_bytes"] or available_bytes() < LOW_MEMORY_BYTES:
            return "memory"
        return "disk" if self._view.full_disk() else None

    def _finish(self, run: Run, name: str | None) -> None:
        """End what is left of the job, show the base again, tell the host."""
        import json

        seconds = time.monotonic() - run.started_s
        process = run.process
        kept = [zygote.pid for zygote in self._zygotes.values()]
        spared = self._population.end(kept)
        if run.is_zygote and spared and not run.ended:
            self._await_farewell(run)
        if not run.ended:
            run.signal = 9
        while process.channel is not None and self._forward(run, process.channel):
            continue
        while process.output.read():
            continue
        output = process.output.take()
        if process.channel is not None:
            process.channel.forget()
        if not run.is_zygote:
            process.close()
        lost = self._lost_zygotes()
        if name in lost and run.killed is None:
            run.killed = "died"
        self._population.ended.clear()
        self._view.restore()
        end = {
            "exit": None if run.signal is not None else run.exit_code,
            "signal": run.signal,
            "killed": run.killed,
            "seconds": seconds,
            "peak": run.peak_bytes,
            "lost": sorted(lost),
        }
        self._host.send(END, json.dumps(end).encode() + b"\n" + output)

    def _await_farewell(self, run: Run) -> None:
        """Hear from the zygote that the killed child is gone, or lose the zygote too."""
        assert run.process.job is not None
        deadline_s = time.monotonic() + FAREWELL_S
        while not run.ended and not run.process.job.ended and time.monotonic() < deadline_s:
            select.select([run.process.job.descriptor], [], [], 0.05)
            self._hear_zygote(run, run.process.job)
        if not run.ended:
            self._population.end([z.pid for z in self._zygotes.values() if z is not run.process])

    def _lost_zygotes(self) -> set[str]:
        """Forget the zygotes that are no more."""
        self._population.reap()
        lost = {name for name, zygote in self._zygotes.items() if zygote.pid in self._population.ended}
        for name in lost:
            self._zygotes.pop(name).close()
        return lost


def main() -> None:
    """Read the configuration from descriptor 0, confine, serve until the host goes away.

    Descriptor 0 is a socket that takes the answers too, save in a container, where they go to descriptor 1.
    """
    host = HostLink(os.dup(0), os.dup(1))
    config = host.receive()
    if config is None:
        return
    if config["mode"] != "container":
        host.answer_on(host.descriptor)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    supervisor = None
    try:
        supervisor = Supervisor(host, config)
        supervisor.serve()
    except Exception as error:
        host.send(FATAL, ("%s: %s" % (type(error).__name__, error)).encode("utf-8", "replace"))
        host.flush(wait=True)
    try:
        if supervisor is not None:
            supervisor.close()
    finally:
        os._exit(0)
