"""The reduced form of session_edits.py: one edit of real code under real weights."""

import os
import random
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `engine` is not installed")

import session_edits as bench  # noqa: E402

torch.set_num_threads(1)  # threads that wait for a busy machine cost more than they help
MODEL = os.environ.get("GRAFT_TEST_SMOLLM2")


@pytest.mark.skipif(not MODEL, reason="GRAFT_TEST_SMOLLM2 names no SmolLM2-135M GGUF file")
def test_after_an_edit_of_real_code_pie_is_near_full_recomputation_and_repair_nearer():
    model, tokenizer = bench.opened(Path(MODEL))
    text = bench.document(tokenizer, 400)
    session = bench.Session(model, tokenizer, text)
    assert session.idle(lambda: False)
    session.sync(bench.one_line_edit(random.Random(1), text, "insert", "first half"))
    whole = bench.recomputed(model, session.tokens)
    pie, _, read_by_pie = bench.divergence(model, session, "pie", whole)
    repair, _, read_by_repair = bench.divergence(model, session, "repair", whole)
    exact, same, _ = bench.divergence(model, session, "exact", whole)
    assert 1e-6 < pie < 0.05 and repair < min(pie, 2e-3) and abs(exact) < 1e-5 and same == 1
    assert read_by_pie < 40 < read_by_repair < 220
