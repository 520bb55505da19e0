"""What an edit costs a session, and how far its answers are from reading everything again. Needs SmolLM2's GGUF file.

Documents are this repository's own modules, one after another; edits are drawn by a seed, never by their outcome:
a line inserted, a line deleted, a word of a line renamed, in the first half, the middle or the last tenth of the
text. Where answers are compared, each is on a document that was exact before. Full recomputation is a plain cache
that reads the prompt at once. Times are processor time on one thread.

    python tests/bench/session_edits.py --model FILE.gguf [--context 2048 4096] [--edits 36] [--record]
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from results import record  # noqa: E402

from engine.cache.plain import PlainCache  # noqa: E402
from engine.session import Session  # noqa: E402
from engine.text.gguf_vocabulary import tokenizer_from_gguf  # noqa: E402
from engine.types import SamplingParams  # noqa: E402
from engine.weights.gguf import read_gguf  # noqa: E402
from engine.weights.load import load_model  # noqa: E402

ONE = SamplingParams(max_tokens=1)
PLACES = {"first half": (0.0, 0.5), "middle": (0.5, 0.9), "last tenth": (0.9, 1.0)}
KINDS = ("insert", "delete", "rename")
COMPARED_TOKENS = 16


def opened(path):
    """The model and the tokenizer of a GGUF file."""
    settings = read_gguf(path).settings
    named = {key: settings[key] for key in settings if key.startswith("tokenizer.")}
    return load_model(path), tokenizer_from_gguf(named)


def document(tokenizer, tokens, skip=0):
    """Whole lines of this repository's code of about so many tokens."""
    paths = sorted([*(ROOT / "engine").rglob("*.py"), *(ROOT / "index").rglob("*.py")])
    text = "".join(path.read_text(encoding="utf-8") for path in paths[skip:] + paths[:skip])
    starts = tokenizer.encode(text[: tokens * 8]).starts
    return text[: text.rindex("\n", 0, starts[tokens]) + 1]


def one_line_edit(draw, text, kind, place):
    """The text with one line changed, and where the change begins."""
    lines = text.splitlines(keepends=True)
    low, high = (int(share * (len(lines) - 3)) for share in PLACES[place])
    wordy = [n for n in range(len(lines)) if len(lines[n].split()) > 1]
    line = draw.choice([n for n in wordy if low <= n < high] or wordy[-1:])
    if kind == "insert":
        new = [draw.choice([each for each in lines if each.strip()]), lines[line]]
    elif kind == "delete":
        new = []
    else:
        word = lines[line].split()[1]
        new = [lines[line].replace(word, "renamed", 1)]
    return "".join([*lines[:line], *new, *lines[line + 1 :]])


def log_probabilities(model, cache, tokens, start):
    """Of the tokens that follow each of these, which stand from `start` on: [n, vocabulary]."""
    with torch.inference_mode():
        positions = torch.arange(start, start + len(tokens))[None]
        return model.logits(model(torch.tensor([tokens]), positions, cache))[0].float().log_softmax(-1)


def recomputed(model, tokens):
    """What full recomputation says behind the last tokens: [COMPARED_TOKENS + 1, vocabulary]."""
    cache = PlainCache(model.config, capacity=len(tokens))
    return log_probabilities(model, cache, tokens, 0)[-COMPARED_TOKENS - 1 :]


def divergence(model, session, mode, whole):
    """KL of the session's answers over the last tokens of real code, how many choices are equal, and tokens read.

    whole: the log-probabilities of full recomputation, [COMPARED_TOKENS + 1, vocabulary].
    """
    length = len(session.tokens) - COMPARED_TOKENS
    _, reading = session.prepare(length, mode)
    with session.cache.branch(length - 1):
        found = log_probabilities(model, session.cache, session.tokens[length - 1 :], length - 1)
    kl = (whole.exp() * (whole - found)).sum(-1).mean().item()
    same = (whole.argmax(-1) == found.argmax(-1)).float().mean().item()
    return kl, same, reading.tokens_encoded


def agreement(model, tokenizer, context, edits, seed):
    """Rows (mode, kind, place): mean KL, equal choices, tokens read."""
    draw, measured = random.Random(seed), {}
    for number in range(edits):
        kind, place = KINDS[number % 3], list(PLACES)[number // 3 % 3]
        text = document(tokenizer, context, skip=number)
        session = Session(model, tokenizer, text)
        session.idle(lambda: False)
        session.sync(one_line_edit(draw, text, kind, place))
        whole = recomputed(model, session.tokens)
        for mode in ("pie", "repair"):  # repair starts where pie ends
            measured.setdefault((mode, kind, place), []).append(divergence(model, session, mode, whole))
    rows = []
    for (mode, kind, place), found in sorted(measured.items()):
        kl, same, encoded = (statistics.mean(each) for each in zip(*found, strict=True))
        rows.append(f"| {mode} | {kind} | {place} | {len(found)} | {kl:.1e} | {same:.1%} | {encoded:.0f} |")
    for mode in ("pie", "repair"):
        every = [each for key, found in measured.items() if key[0] == mode for each in found]
        kl, same, encoded = (statistics.mean(each) for each in zip(*every, strict=True))
        worst = max(each[0] for each in every)
        rows.append(
            f"| {mode} | all | all | {len(every)} | {kl:.1e} (worst {worst:.1e}) | {same:.1%} | {encoded:.0f} |"
        )
    return rows


def timed(work):
    """Processor seconds, on one thread: other people's work on the machine does not count."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def first_token(model, tokenizer, context, count, seed):
    """Rows of the time from an edit at a random place to the first token, over that of reading all again."""
    draw, text, rows = random.Random(seed), document(tokenizer, context), []
    session = Session(model, tokenizer, text)
    tokens = session.tokens
    whole, _ = timed(lambda: first_logits(model, PlainCache(model.config, capacity=len(tokens)), tokens))
    for mode in ("pie", "repair"):
        session.complete(len(session.text), ONE, mode)
        seconds, encoded = [], []
        for number in range(count):
            edited = one_line_edit(draw, session.text, KINDS[number % 3], draw.choice(list(PLACES)))

            def answer(edited=edited, mode=mode):
                session.sync(edited)
                return session.complete(len(edited), ONE, mode)

            took, found = timed(answer)
            seconds.append(took)
            encoded.append(found.reading.tokens_encoded)
        edit = statistics.median(seconds)
        rows.append(
            f"| {context} | {mode} | {count} | {edit * 1e3:.0f} ms | {whole * 1e3:.0f} ms | {edit / whole:.1%} "
            f"| {statistics.median(encoded):.0f} |"
        )
    return rows


def first_logits(model, cache, tokens):
    with torch.inference_mode():
        hidden = model(torch.tensor([tokens]), torch.arange(len(tokens))[None], cache)
        return model.logits(hidden[:, -1])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--context", type=int, nargs="+", default=[2048, 4096])
    options.add_argument("--edits", type=int, default=36, help="edits compared [default: 36]")
    options.add_argument("--compared", type=int, default=2048, help="tokens of their texts [default: 2048]")
    options.add_argument("--timed", type=int, default=5, help="edits timed for each mode [default: 5]")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--record", action="store_true")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = opened(chosen.model)
    rows = [
        "| context | mode | edits | first token | full recompute | ratio | tokens read |",
        "|---|---|---|---|---|---|---|",
    ]
    for context in chosen.context:
        rows += first_token(model, tokenizer, context, chosen.timed, chosen.seed)
        print(*rows[-2:], sep="\n", flush=True)
    rows += [
        "",
        "| mode | edit | place | edits | mean KL | same choice | tokens read |",
        "|---|---|---|---|---|---|---|",
    ]
    found = agreement(model, tokenizer, chosen.compared, chosen.edits, chosen.seed)
    print(*found, sep="\n")
    if chosen.record:
        record("Session under edits", "\n".join([*rows, *found]))


if __name__ == "__main__":
    main()
