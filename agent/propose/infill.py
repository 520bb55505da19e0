"""Candidates from a local model: mask a suspected line and let the model fill the hole (cloze repair)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agent.types import Candidate, FileEdit, ProposalContext
from engine.types import Generator, SamplingParams
from index.parse import new_errors

MAX_LINES = 40
SAMPLES = 4
FIRST_COST = 2.0
"""After the one-token templates: a model's line is dearer to draw and to trust."""
CONTEXT_BYTES = 6000


class InfillProposer:
    """Fills in for single lines, the most suspected first; also a new line before it, for what is missing."""

    name = "infill"

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    def propose(self, context: ProposalContext) -> Iterator[Candidate]:
        ranked = sorted(
            (
                (score, file.path, line)
                for file in context.suspects
                for line, score in file.line_scores.items()
            ),
            key=lambda each: (-each[0], each[1:]),
        )
        for score, path, line in ranked[:MAX_LINES]:
            source = context.sources[path]
            start, end = _line_bounds(source, line)
            if source[start:end].strip():
                yield from self._fill(context, path, start, end, FIRST_COST + 1.5 * (1 - score))
                yield from self._fill(context, path, start, start, FIRST_COST + 0.5 + 1.5 * (1 - score))

    def propose_pairs(
        self, context: ProposalContext, singles: Sequence[Candidate], progress: Mapping[str, float]
    ) -> Iterator[Candidate]:
        return iter(())

    def _fill(
        self, context: ProposalContext, path: str, start: int, end: int, cost: float
    ) -> Iterator[Candidate]:
        source = context.sources[path]
        old = source[start:end]
        indent = source[start : start + len(source[start:]) - len(source[start:].lstrip(b" \t"))]
        newline = b"\r\n" if b"\r\n" in source else b"\n"
        prefix = source[max(0, start - CONTEXT_BYTES) : start].decode("utf-8", "replace") + indent.decode()
        suffix = source[end : end + CONTEXT_BYTES].decode("utf-8", "replace")
        params = SamplingParams(max_tokens=64, temperature=0.6, seed=context.seed, stop=("\n",))
        seen = {old.strip()}
        for completion in self._generator.infill(prefix, suffix, params, n=SAMPLES, path=path):
            text = completion.text.split("\n", 1)[0].strip().encode()
            if not text or text in seen:
                continue
            seen.add(text)
            after = indent + text + newline
            if not new_errors(source, source[:start] + after + source[end:]):
                edit = FileEdit(path, start, end, after)
                verb = "replaced" if end > start else "added"
                line = source.count(b"\n", 0, start) + 1
                note = f"line {line} of {path} {verb} by a model"
                yield Candidate((edit,), "infill", f"line {verb}", note, cost)


def _line_bounds(source: bytes, line: int) -> tuple[int, int]:
    """Byte range of a 1-based line, its newline included."""
    start = 0
    for _ in range(line - 1):
        start = source.find(b"\n", start) + 1
        if start == 0:
            return len(source), len(source)
    end = source.find(b"\n", start)
    return start, len(source) if end < 0 else end + 1
