"""Every family against transformers, on a checkpoint that transformers saved."""

import pytest
import torch
from tiny_models import CASES, make_reference, positions_of, random_tokens

from engine.cache.plain import PlainCache
from engine.weights.load import load_model


@pytest.fixture(scope="module", params=CASES)
def pair(request, tmp_path_factory):
    """(ours, the reference), the same weights."""
    reference = make_reference(request.param)
    folder = tmp_path_factory.mktemp("checkpoint")
    reference.save_pretrained(folder)
    return load_model(folder), reference


def logits(model, tokens):
    with torch.inference_mode():
        return model.logits(model(tokens, positions_of(tokens), PlainCache(model.config, len(tokens))))


def greedy(model, prompts, count):
    """Continue prompts of different lengths in one batch. Padding stands on the left, at position -1."""
    longest = max(map(len, prompts))
    tokens = torch.stack([torch.cat((torch.zeros(longest - len(p), dtype=torch.int64), p)) for p in prompts])
    lengths = torch.tensor([len(p) for p in prompts])[:, None]
    positions = (torch.arange(longest) - (longest - lengths)).clamp(min=-1)
    cache, found = PlainCache(model.config, len(prompts), capacity=8), []
    for _ in range(count):
        with torch.inference_mode():
            hidden = model(tokens, positions, cache)
            tokens = model.logits(hidden[:, -1]).argmax(-1, keepdim=True)
        positions = positions[:, -1:] + 1
        found.append(tokens)
    return torch.cat(found, dim=1)


def reference_greedy(reference, prompt, count):
    generated = reference.generate(prompt[None], max_new_tokens=count, do_sample=False, pad_token_id=0)
    return generated[0, len(prompt) :]


def test_logits_are_those_of_transformers(pair):
    ours, reference = pair
    tokens = random_tokens(4, 45)
    expected = reference(tokens).logits
    assert expected.std() > 0.3  # flat logits would prove nothing
    torch.testing.assert_close(logits(ours, tokens), expected, atol=1e-4, rtol=0)


def test_64_greedy_tokens_of_one_prompt_are_those_of_transformers(pair):
    ours, reference = pair
    prompt = random_tokens(17, seed=1)
    assert greedy(ours, [prompt], 64)[0].tolist() == reference_greedy(reference, prompt, 64).tolist()


def test_four_prompts_of_different_lengths_in_one_batch_continue_as_each_alone_in_transformers(pair):
    ours, reference = pair
    prompts = [random_tokens(length, seed=length) for length in (5, 23, 1, 14)]
    together = greedy(ours, prompts, 64)
    for row, prompt in zip(together, prompts, strict=True):
        assert row.tolist() == reference_greedy(reference, prompt, 64).tolist()


def test_reading_in_pieces_gives_the_logits_of_reading_at_once(pair):
    ours, _ = pair
    tokens = random_tokens(2, 40, seed=2)
    cache, parts, start = PlainCache(ours.config, 2, capacity=3), [], 0
    for size in (7, 1, 1, 12, 19):
        piece = tokens[:, start : start + size]
        with torch.inference_mode():
            parts.append(ours.logits(ours(piece, positions_of(piece, start), cache)))
        start += size
    torch.testing.assert_close(torch.cat(parts, dim=1), logits(ours, tokens), atol=1e-4, rtol=0)


def test_a_cropped_cache_goes_on_as_if_the_forgotten_tokens_had_never_been(pair):
    ours, _ = pair
    tokens, detour = random_tokens(1, 20, seed=3), random_tokens(1, 9, seed=4)
    cache = PlainCache(ours.config)
    with torch.inference_mode():
        ours(tokens[:, :12], positions_of(tokens[:, :12]), cache)
        ours(detour, positions_of(detour, 12), cache)
        cache.crop(12)
        hidden = ours(tokens[:, 12:], positions_of(tokens[:, 12:], 12), cache)
    torch.testing.assert_close(ours.logits(hidden), logits(ours, tokens)[:, 12:], atol=1e-4, rtol=0)
