"""Jobs that record the inputs of functions and probe their behaviour; the host's side of probe.py."""

from __future__ import annotations

import math
from collections.abc import Mapping

from agent.harness.transcript import Transcript
from agent.harness.types import RecordedInputs
from agent.harness.worker import TestJob, TestLimits

PROBES = 80
"""How many inputs are wanted at least; mutated copies of the recorded ones make them up."""
LEAST_MUTATIONS = 4
"""Mutated copies of each recorded input."""
MAX_PROBES = 200
PROBE_LIMIT_S = 8.0
NOT_RUN = "not run"
"""The result of a probe that was not reached, as after a crash."""


def recorded_inputs(transcript: Transcript) -> RecordedInputs:
    calls = [dict(line["call"]) for line in transcript.extra if isinstance(line.get("call"), Mapping)]
    path: tuple[str, ...] = ()
    for line in transcript.extra:
        if isinstance(line.get("path"), list):
            path = tuple(map(str, line["path"]))
    return RecordedInputs(tuple(calls), path)


def mutations_of(inputs: RecordedInputs) -> int:
    """Mutated copies that each recorded input gets."""
    return max(LEAST_MUTATIONS, math.ceil(PROBES / max(1, inputs.recorded)))


def probe_count(inputs: RecordedInputs) -> int:
    return min(MAX_PROBES, inputs.recorded * (1 + mutations_of(inputs)))


def probe_job(files: Mapping[str, bytes | None], inputs: RecordedInputs, seed: int) -> TestJob:
    options = {
        "calls": list(inputs.calls),
        "path": list(inputs.path),
        "mutations": mutations_of(inputs),
        "probes": MAX_PROBES,
        "seed": seed,
    }
    limits = TestLimits(default_s=PROBE_LIMIT_S, loading_s=PROBE_LIMIT_S, whole_s=PROBE_LIMIT_S)
    return TestJob("probe", (), limits, files, options, ("probe.py", "probe"))


def probe_results(transcript: Transcript, inputs: RecordedInputs) -> tuple[str, ...]:
    results = [str(line["result"]) for line in transcript.extra if "result" in line]
    count = probe_count(inputs)
    return tuple([*results, *[NOT_RUN] * count][:count])
