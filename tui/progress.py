"""Show a run's events on stderr while it goes on: moving on a terminal, one line at a time elsewhere.

Knows the events, not the run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from agent.events import Event, Note, Observer, RunFinished, RunStarted, StepProgress, StepStarted
from tui.console import console, is_lively

if TYPE_CHECKING:
    from rich.console import Console

REPEAT_S = 5.0
"""A step that comes round again, or only goes on, is told again after this many seconds."""


@contextmanager
def shown_progress() -> Iterator[Observer]:
    """Yield an observer that shows what it is told; the screen is tidy again on leaving."""
    target = console("stderr")
    if is_lively(target):
        with _LiveProgress(target) as live:
            yield live
    else:
        yield _PlainProgress(target)


def graph_progress(observe: Observer, step: str) -> _GraphProgress:
    """The observer as what `RepositoryGraph.update` calls."""
    return _GraphProgress(observe, step)


class _GraphProgress:
    def __init__(self, observe: Observer, step: str) -> None:
        self._observe = observe
        self._step = step

    def __call__(self, what: str, done: int, total: int) -> None:
        self._observe(StepProgress(self._step, what, done, total))


class _PlainProgress:
    """Lines with the time of day, few enough for a log."""

    def __init__(self, target: Console) -> None:
        self._target = target
        self._told: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case RunStarted(run=run):
                self._say(f"run {run}")
            case StepStarted(step=step, text=text) if self._is_due(step):
                self._say(f"{step}: {text}")
            case StepProgress(step=step, text=text) if self._is_due(step):
                self._say(f"{step}: {text} {_count(event)}".rstrip())
            case Note(text=text):
                self._say(f"note: {text}")
            case _:
                pass

    def _is_due(self, step: str) -> bool:
        now = time.monotonic()
        if now - self._told.get(step, -REPEAT_S) < REPEAT_S:
            return False
        self._told[step] = now
        return True

    def _say(self, text: str) -> None:
        self._target.print(f"{datetime.now():%H:%M:%S} {text}")


class _LiveProgress:
    """A line for each finished step, and one that moves for the step in progress."""

    def __init__(self, target: Console) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[step]:<10}", markup=False),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[count]}", markup=False),
            TimeElapsedColumn(),
            console=target,
            transient=True,
        )
        self._task = self._bars.add_task("", step="", count="", total=None, visible=False)
        self._step: str | None = None
        self._began = time.monotonic()
        self._text = ""
        self._seen: set[str] = set()

    def __enter__(self) -> _LiveProgress:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def __call__(self, event: Event) -> None:
        match event:
            case StepStarted(step=step, text=text):
                self._finish_step()
                self._begin_step(step, text)
            case StepProgress(step=step, text=text):
                if step != self._step:
                    self._finish_step()
                    self._begin_step(step, text)
                self._bars.update(
                    self._task,
                    description=text,
                    completed=event.done,
                    total=event.total,
                    count=_count(event),
                )
            case Note(text=text):
                self._print(f"  {text}", "yellow")
            case RunFinished():
                self._finish_step()
            case _:
                pass

    def _begin_step(self, step: str, text: str) -> None:
        self._step, self._text, self._began = step, text, time.monotonic()
        self._bars.reset(self._task, description=text, step=step, count="", total=None, visible=True)

    def _finish_step(self) -> None:
        if self._step is None or self._step in self._seen:
            return
        self._seen.add(self._step)
        seconds = time.monotonic() - self._began
        self._print(f"✓ {self._step:<10} {self._text}  {seconds:.1f} s", "dim")

    def _print(self, text: str, style: str) -> None:
        """A line above the moving one, which a style given to `print` would colour too."""
        from rich.text import Text

        self._bars.console.print(Text(text, style=style))


def _count(event: StepProgress) -> str:
    return f"{event.done}/{event.total}" if event.total else str(event.done or "")
