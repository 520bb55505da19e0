"""Spread the reading of many files over processes of our own interpreter. Knows nothing of stores.

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
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import IO

from index.errors import GraphError
from index.reading import ReadFile, ReadTask, read_file

_MIN_TASKS = 80
"""Below this, starting processes (about 0.2 s each) costs more than it saves."""
_MAX_WORKERS = 8
_BATCH = 8
_BATCHES_AHEAD = 3
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from index.workers import serve; serve()"


class WorkerDied(GraphError):
    """Raised when a reading process ended early. The update is rolled back."""


def read_all(tasks: Sequence[ReadTask]) -> Generator[ReadFile, None, None]:
    """Read every file, in order, in several processes where that is faster. Close the iterator to stop them."""
    workers = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, _MAX_WORKERS)
    if len(tasks) < _MIN_TASKS or workers < 2:
        yield from map(read_file, tasks)
        return
    yield from _read_in_processes(tasks, workers)


def _read_in_processes(tasks: Sequence[ReadTask], workers: int) -> Iterator[ReadFile]:
    processes = [_start() for _ in range(workers)]
    idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
    for process in processes:
        idle.put(process)
    batches = [tasks[start : start + _BATCH] for start in range(0, len(tasks), _BATCH)]
    waiting: deque[Future[list[ReadFile]]] = deque()
    executor = ThreadPoolExecutor(workers, thread_name_prefix="graft-read")
    try:
        for batch in batches:
            waiting.append(executor.submit(_ask, idle, batch))
            if len(waiting) > workers * _BATCHES_AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        for process in processes:
            process.kill()
            process.wait()
        executor.shutdown(cancel_futures=True)
        for process in processes:
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    _stream(stream).close()


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # an interrupt from the terminal is for the caller, who then stops its workers
    )


def _ask(idle: SimpleQueue[subprocess.Popen[bytes]], batch: Sequence[ReadTask]) -> list[ReadFile]:
    """Have an idle process read a batch."""
    process = idle.get()
    try:
        pickle.dump(list(batch), _stream(process.stdin))
        _stream(process.stdin).flush()
        found: list[ReadFile] = pickle.load(_stream(process.stdout))
    except (OSError, EOFError, pickle.UnpicklingError) as error:
        raise WorkerDied(
            f"A reading process ended while it read {batch[0].found.path} or one of the next {len(batch) - 1} files. "
            "Is memory short? Run `graft index` again; the index is as before."
        ) from error
    finally:
        idle.put(process)
    return found


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise WorkerDied("A reading process has no pipe to speak through.")
    return stream


def serve() -> None:
    """Answer batches on stdin until it ends: what a reading process runs."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    gc.freeze()
    gc.disable()  # and collect between batches, when little is alive: a tenth of the time
    try:
        while True:
            batch: list[ReadTask] = pickle.load(requests)
            pickle.dump([read_file(task) for task in batch], answers)
            answers.flush()
            gc.collect()
    except (EOFError, BrokenPipeError):
        os._exit(0)  # the caller is gone: nothing to flush, nobody to tell
