"""Run a repair in this process and kill it, as a power cut would, when a given step has begun the nth time."""

import os
import signal
import sys
from pathlib import Path

from agent.config import load_config
from agent.events import StepStarted
from agent.fix import FixOptions, fix


def main() -> None:
    repo, step, nth, python = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    seen = 0

    def observe(event: object) -> None:
        nonlocal seen
        if isinstance(event, StepStarted) and event.step == step:
            seen += 1
            if seen == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    fix(FixOptions(repo, python=python, budget_s=120), load_config(repo, {}), observe)


main()
