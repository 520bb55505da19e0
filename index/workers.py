"""Spread the reading and resolving of many files over processes of our own interpreter. Writes no store.

Plain child processes that speak pickle over pipes: unlike `multiprocessing` they neither fork threads away nor
import the caller's main module again.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import IO, Any, TypeVar

from index.collector import rare_collections
from index.errors import GraphError
from index.reading import ReadFile, ReadTask, read_file
from index.resolving import ResolveTask, TreeResolver
from index.store import ResolvedFile

MIN_TASKS = 80
"""Below this, starting processes (about 0.2 s each) costs more than it saves."""
_MAX_WORKERS = 8
_BATCH = 8
_BATCHES_AHEAD = 3
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from index.workers import serve; serve()"
Task = TypeVar("Task", ReadTask, ResolveTask)
Done = TypeVar("Done")


class WorkerDied(GraphError):
    """Raised when a process of a crew ended early. The change that it helped with is rolled back."""


class Crew:
    """Processes that do a part of one update, started when first needed. Close it to end them."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = min(available_processors(), _MAX_WORKERS) if workers is None else workers
        self._processes: list[subprocess.Popen[bytes]] = []
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, tasks: Sequence[ReadTask]) -> Generator[ReadFile, None, None]:
        """Read every file, in order, in several processes where that is faster. Close the iterator to stop."""
        return self._spread(tasks, Worker.read, "read")

    def resolve(self, tasks: Sequence[ResolveTask]) -> Generator[ResolvedFile, None, None]:
        """Resolve every file, in order, from what is committed in a store, likewise."""
        return self._spread(tasks, Worker.resolve, "resolved")

    def close(self) -> None:
        """End the processes, whatever they do."""
        processes, self._processes = self._processes, []
        for process in processes:
            process.kill()
            process.wait()
        for process in processes:
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    _stream(stream).close()

    def _spread(
        self,
        tasks: Sequence[Task],
        work: Callable[[Worker, list[Task]], list[Done]],
        verb: str,
    ) -> Generator[Done, None, None]:
        if self.workers < 2 or (len(tasks) < MIN_TASKS and not self._processes):
            worker = Worker()
            for task in tasks:
                yield from work(worker, [task])
            return
        self._start()
        waiting: deque[Future[list[Done]]] = deque()
        executor = ThreadPoolExecutor(self.workers, thread_name_prefix="graft-worker")
        finished = False
        try:
            for start in range(0, len(tasks), _BATCH):
                waiting.append(executor.submit(self._ask, work, list(tasks[start : start + _BATCH]), verb))
                if len(waiting) > self.workers * _BATCHES_AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
            finished = True
        finally:
            if not finished:  # their answers would be taken for those to the next questions
                self.close()
            executor.shutdown(cancel_futures=True)

    def _start(self) -> None:
        if self._processes:
            return
        self._idle = SimpleQueue()
        self._processes = [_start() for _ in range(self.workers)]
        for process in self._processes:
            self._idle.put(process)

    def _ask(
        self, work: Callable[[Worker, list[Task]], list[Done]], batch: list[Task], verb: str
    ) -> list[Done]:
        """Have an idle process do a batch."""
        process = self._idle.get()
        try:
            pickle.dump((work, batch), _stream(process.stdin))
            _stream(process.stdin).flush()
            found: list[Done] = pickle.load(_stream(process.stdout))
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise WorkerDied(
                f"A process ended while it {verb} {batch[0].path} or one of the next {len(batch) - 1} files. "
                "Is memory short? Run `graft index` again; what was committed is kept."
            ) from error
        finally:
            self._idle.put(process)
        return found


def available_processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # an interrupt from the terminal is for the caller, who then stops its workers
    )


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise WorkerDied("A reading process has no pipe to speak through.")
    return stream


class Worker:
    """What one process remembers between batches."""

    def __init__(self) -> None:
        self._resolver: TreeResolver | None = None

    def read(self, tasks: list[ReadTask]) -> list[ReadFile]:
        return [read_file(task) for task in tasks]

    def resolve(self, tasks: list[ResolveTask]) -> list[ResolvedFile]:
        if self._resolver is None:
            self._resolver = TreeResolver(tasks[0].source)
        return [self._resolver.resolve(task.path) for task in tasks]


def serve() -> None:
    """Answer batches on stdin until it ends: what a process of a crew runs."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    worker = Worker()
    gc.freeze()
    try:
        with rare_collections():
            while True:
                work: Callable[[Worker, Any], Any]
                work, batch = pickle.load(requests)
                pickle.dump(work(worker, batch), answers, pickle.HIGHEST_PROTOCOL)
                answers.flush()
    except (EOFError, BrokenPipeError):
        os._exit(0)  # the caller is gone: nothing to flush, nobody to tell
