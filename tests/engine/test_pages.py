"""The cache that follows a document: against a plain one, against PIE done by rotating keys, and against a list."""

import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import make_reference, positions_of, random_tokens

from engine.cache.page_table import PAGE, PageTable
from engine.cache.pages import PagedCache
from engine.cache.plain import PlainCache
from engine.models.rope import frequencies
from engine.weights.load import load_model

CASES = [
    "llama",
    "llama, llama3 rope",
    "qwen2",
    "qwen2, windows behind layer 1",
    "qwen2, yarn",
    "deepseek_v2, lite",
    "deepseek_v2, groups",
]
PROBE = random_tokens(1, 3, seed=99)


@pytest.fixture(scope="module", params=CASES)
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    make_reference(request.param).save_pretrained(folder)
    return load_model(folder)


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    make_reference("llama").save_pretrained(folder)
    return load_model(folder)


def read(model, cache, tokens, start):
    """Logits of tokens [1, n] that stand from `start` on."""
    with torch.inference_mode():
        return model.logits(model(tokens, positions_of(tokens, start), cache))


def probed(model, cache):
    """What the model says behind a document, without a trace in the cache."""
    with cache.branch(len(cache)):
        return read(model, cache, PROBE, len(cache))


def fresh(model, tokens):
    return read(model, PlainCache(model.config), torch.cat((tokens, PROBE), dim=1), 0)[:, -3:]


def edit(model, cache, start, removed, new):
    cache.splice(start, removed, new.shape[1])
    for first, stop in cache.unread(len(cache)):
        read(model, cache, new[:, first - start : stop - start], first)


def random_edits(length, count, seed):
    """(start, removed, inserted tokens [1, m]), each within what the ones before left."""
    draw = random.Random(seed)
    for step in range(count):
        start = draw.randrange(length + 1)
        removed = min(draw.choice([0, 0, 1, 3, 9, 70]), length - start)
        inserted = draw.choice([0, 1, 1, 4, 9, 80]) if removed else draw.choice([1, 4, 9, 80])
        length += inserted - removed
        yield start, removed, random_tokens(1, inserted, seed=seed * 100 + step)


class RotatedPie:
    """PIE as its paper has it: a list of planes for each layer, whose suffix's keys every edit rotates."""

    def __init__(self, model, tokens):
        self.model = model
        cache = PlainCache(model.config)
        read(model, cache, tokens, 0)
        self.planes = self._taken(cache)

    def _taken(self, cache):
        return [tuple(plane[..., : len(cache), :].clone() for plane in layer) for layer in cache._layers]

    def _cache(self, length):
        """A plain cache of the first tokens."""
        cache = PlainCache(self.model.config)
        if length:
            cache._layers = [
                tuple(plane[..., :length, :].clone() for plane in layer) for layer in self.planes
            ]
            cache._positions = torch.arange(length)[None]
        return cache

    def __len__(self):
        return self.planes[0][0].shape[-2]

    def edit(self, start, removed, new):
        cache = self._cache(start)
        if new.shape[1]:
            read(self.model, cache, new, start)
        front = self._taken(cache) if len(cache) else [None] * len(self.planes)
        for layer, before in enumerate(front):
            keys, *rest = (plane[..., start + removed :, :] for plane in self.planes[layer])
            behind = (self._rotated(keys, new.shape[1] - removed), *rest)
            joined = zip(before, behind, strict=True) if before else [(part,) for part in behind]
            self.planes[layer] = tuple(torch.cat(parts, dim=-2) for parts in joined)

    def _rotated(self, keys, by):
        rope = self.model.config.rope
        still, turning = keys.split((keys.shape[-1] - rope.width, rope.width), dim=-1)
        turn = torch.polar(torch.ones(rope.width // 2), by * frequencies(rope))
        if rope.interleaved:
            pairs = torch.view_as_complex(torch.unflatten(turning, -1, (-1, 2)).contiguous())
            turned = torch.view_as_real(pairs * turn).flatten(-2)
        else:
            pairs = torch.complex(*turning.chunk(2, dim=-1)) * turn
            turned = torch.cat((pairs.real, pairs.imag), dim=-1)
        return torch.cat((still, turned), dim=-1)

    def probed(self):
        return read(self.model, self._cache(len(self)), PROBE, len(self))


def test_without_edits_it_says_what_a_plain_cache_says(model):
    tokens, cache = random_tokens(1, 150), PagedCache(model.config)
    parts = [read(model, cache, tokens[:, :100], 0)]
    parts += [read(model, cache, tokens[:, n : n + 1], n) for n in range(100, 150)]
    expected = read(model, PlainCache(model.config), tokens, 0)
    torch.testing.assert_close(torch.cat(parts, dim=1), expected, atol=1e-4, rtol=0)


def test_edits_are_those_of_pie_by_rotating_every_key_behind_them(model):
    tokens = random_tokens(1, 200, seed=5)
    cache, reference = PagedCache(model.config), RotatedPie(model, tokens)
    read(model, cache, tokens, 0)
    differed = 0.0
    for start, removed, new in random_edits(200, 9, seed=6):
        tokens = torch.cat((tokens[:, :start], new, tokens[:, start + removed :]), dim=1)
        edit(model, cache, start, removed, new)
        reference.edit(start, removed, new)
        torch.testing.assert_close(probed(model, cache), reference.probed(), atol=1e-4, rtol=0)
        differed = max(differed, float((probed(model, cache) - fresh(model, tokens)).abs().max()))
    assert cache.shifts > 3  # else nothing was tested
    assert differed > 1e-2  # PIE is an approximation, and this is one


def test_reading_again_what_stands_behind_the_edits_makes_it_exact(model):
    tokens, cache = random_tokens(1, 200, seed=7), PagedCache(model.config)
    read(model, cache, tokens, 0)
    for start, removed, new in random_edits(200, 8, seed=8):
        tokens = torch.cat((tokens[:, :start], new, tokens[:, start + removed :]), dim=1)
        edit(model, cache, start, removed, new)
    while (start := cache.exact_length) < len(cache):
        read(model, cache, tokens[:, start : start + 40], start)
    torch.testing.assert_close(probed(model, cache), fresh(model, tokens), atol=1e-4, rtol=0)
    assert int(cache.staleness().max()) == 0


def test_repacking_takes_the_shifts_away_and_changes_nothing(model):
    tokens, cache = random_tokens(1, 200, seed=9), PagedCache(model.config)
    read(model, cache, tokens, 0)
    for start, removed, new in random_edits(200, 8, seed=10):
        edit(model, cache, start, removed, new)
    before = probed(model, cache)
    assert cache.shifts > 1
    cache.repack()
    assert (cache.shifts, cache.pages) == (1, -(-len(cache) // PAGE))
    torch.testing.assert_close(probed(model, cache), before, atol=1e-4, rtol=0)


def test_in_bfloat16_it_takes_half_the_memory_and_stays_near(llama):
    tokens = random_tokens(1, 200)
    whole, half = PagedCache(llama.config), PagedCache(llama.config, dtype=torch.bfloat16)
    for cache in (whole, half):
        read(llama, cache, tokens, 0)
        edit(llama, cache, 50, 3, random_tokens(1, 5))
    assert half.cache_bytes * 2 == whole.cache_bytes > 0
    near = torch.nn.functional.cosine_similarity(probed(llama, half), probed(llama, whole), dim=-1)
    assert near.min() > 0.999


def test_a_branch_leaves_no_trace(llama):
    tokens, cache = random_tokens(1, 150), PagedCache(llama.config)
    read(llama, cache, tokens, 0)
    edit(llama, cache, 30, 0, random_tokens(1, 2))
    before, stale, pages = probed(llama, cache), cache.staleness(), cache.pages
    with cache.branch(75):
        detour = read(llama, cache, random_tokens(1, 90, seed=3), 75)
        with pytest.raises(ValueError, match="outside"):
            cache.splice(10, 1, 0)
        cache.crop(75)
        again = read(llama, cache, random_tokens(1, 90, seed=3), 75)
    torch.testing.assert_close(detour, again, atol=1e-5, rtol=0)
    torch.testing.assert_close(probed(llama, cache), before, atol=1e-5, rtol=0)
    assert (cache.staleness().tolist(), cache.pages) == (stale.tolist(), pages)


def test_a_branch_of_a_much_edited_beginning_keeps_what_is_hidden(llama):
    cache = PagedCache(llama.config)
    read(llama, cache, random_tokens(1, 1500), 0)
    for place in range(0, 60, 2):  # thirty pages of two tokens
        edit(llama, cache, 3 * place // 2 + 2, 0, random_tokens(1, 1, seed=place))
    assert (cache.repacks, cache.shifts) == (0, 31)
    before = probed(llama, cache)
    with cache.branch(80):
        read(llama, cache, random_tokens(1, 300, seed=1), 80)
        with pytest.raises(ValueError, match="branch"):
            cache.repack()
    torch.testing.assert_close(probed(llama, cache), before, atol=1e-5, rtol=0)


def test_repacking_with_much_text_unread_keeps_what_was_read(llama):
    cache = PagedCache(llama.config)
    tokens = random_tokens(1, 100)
    read(llama, cache, tokens, 0)
    cache.splice(50, 0, 3000)
    cache.repack()
    cache.splice(50, 3000, 0)
    torch.testing.assert_close(probed(llama, cache), fresh(llama, tokens), atol=1e-4, rtol=0)


def test_staleness_counts_the_tokens_that_changed_before_a_token(llama):
    cache = PagedCache(llama.config)
    read(llama, cache, random_tokens(1, 10), 0)
    edit(llama, cache, 2, 1, random_tokens(1, 3))
    assert cache.staleness().tolist() == [0] * 5 + [3] * 7
    edit(llama, cache, 8, 2, random_tokens(1, 0))
    assert cache.staleness().tolist() == [0] * 5 + [3] * 3 + [5] * 2
    assert cache.exact_length == 5
    cache.splice(1, 0, 2)
    assert cache.staleness().tolist() == [0, -1, -1, *[2] * 4, *[5] * 3, *[7] * 2]
    assert cache.unread(len(cache)) == [(1, 3)]
    assert cache.exact_length == 1
    read(llama, cache, random_tokens(1, 4), 1)
    assert cache.staleness().tolist() == [0] * 5 + [2] * 2 + [5] * 3 + [7] * 2
    assert cache.exact_length == 5


def test_what_was_not_read_yet_is_not_seen(llama):
    tokens, cache = random_tokens(1, 20), PagedCache(llama.config)
    cache.splice(0, 0, 20)
    found = read(llama, cache, tokens[:, :12], 0)
    torch.testing.assert_close(
        found, read(llama, PlainCache(llama.config), tokens[:, :12], 0), atol=1e-4, rtol=0
    )
    assert cache.unread(20) == [(12, 20)]


def out_of_memory(x):
    raise MemoryError


def test_a_forward_that_fails_leaves_its_tokens_unread(llama, monkeypatch):
    tokens, cache = random_tokens(1, 90), PagedCache(llama.config)
    read(llama, cache, tokens[:, :70], 0)
    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(llama.layers[1].mlp, "forward", out_of_memory)
        read(llama, cache, tokens[:, 70:], 70)
    assert (cache.unread(90), cache.exact_length) == ([(70, 90)], 70)
    read(llama, cache, tokens[:, 70:], 70)
    torch.testing.assert_close(probed(llama, cache), fresh(llama, tokens), atol=1e-4, rtol=0)


def test_many_edits_keep_the_pages_and_the_memory_bounded(llama):
    cache, draw = PagedCache(llama.config), random.Random(0)
    read(llama, cache, random_tokens(1, 400), 0)
    edits = 0
    for _ in range(400):
        start = draw.randrange(390)
        edit(llama, cache, start, draw.choice([0, 2]), random_tokens(1, draw.choice([1, 2])))
        cache.crop(min(len(cache), 400))
        edits += 1
        assert cache.pages <= 2 * -(-len(cache) // PAGE) + 16
    assert 1 <= cache.repacks < edits / 10
    assert cache.cache_bytes <= 3 * 2 * 2 * 8 * 4 * PAGE * 60  # layers, planes, heads, width, bytes, slots


def test_typing_splits_one_page_and_taking_it_back_joins_it_again(llama):
    cache = PagedCache(llama.config)
    read(llama, cache, random_tokens(1, 256), 0)
    for typed in range(30):
        edit(llama, cache, 100 + typed, 0, random_tokens(1, 1))
    assert cache.pages <= 6
    cache.splice(100, 30, 0)
    assert (cache.pages, cache.shifts) == (4, 1)


def test_a_rope_that_cannot_be_shifted_is_refused_with_a_reason(llama):
    config = replace(llama.config, rope=replace(llama.config.rope, kind="dynamic"))
    tokens, cache = random_tokens(1, 60), PagedCache(config)
    read(llama, cache, tokens, 0)
    cache.splice(20, 1, 2)
    assert "'dynamic'" in cache.refusal
    assert cache.unread(len(cache)) == [(20, 61)]
    tokens = torch.cat((tokens[:, :20], random_tokens(1, 2, seed=4), tokens[:, 21:]), dim=1)
    read(llama, cache, tokens[:, 20:], 20)
    assert cache.shifts == 1
    torch.testing.assert_close(probed(llama, cache), fresh(llama, tokens), atol=1e-4, rtol=0)


@pytest.mark.parametrize(("start", "removed"), [(-1, 0), (0, 11), (11, 0), (9, 2)])
def test_an_edit_outside_of_the_tokens_is_refused(llama, start, removed):
    cache = PagedCache(llama.config)
    read(llama, cache, random_tokens(1, 10), 0)
    with pytest.raises(ValueError, match="outside"):
        cache.splice(start, removed, 0)


@pytest.mark.parametrize("positions", [[[11, 12]], [[-1, 0]], [[3, 5]], [[0, 1], [0, 1]]])
def test_tokens_that_do_not_follow_are_refused(llama, positions):
    cache = PagedCache(llama.config)
    read(llama, cache, random_tokens(1, 10), 0)
    with pytest.raises(ValueError, match="paged cache"):
        cache.begin(torch.tensor(positions), llama.rope)


STEP = st.tuples(st.floats(0, 1), st.integers(0, 100), st.integers(0, 100), st.booleans())


@settings(deadline=None, max_examples=100)
@given(st.lists(STEP, max_size=30))
def test_a_page_table_follows_a_list_under_any_edits(steps):
    table, model, memory, names = PageTable(), [], {}, iter(range(10**6))

    def carry_out(moves):
        for move in moves:
            copied = [memory.get(move.source + n) for n in range(move.count)]
            memory.update({move.target + n: what for n, what in enumerate(copied)})

    def write(start, count):
        for slot, at, length in table.runs(start, start + count):
            memory.update({slot + n: (next(names), at + n) for n in range(length)})

    def held():
        slots = [(slot + n, at + n) for slot, at, count in table.runs(0, len(table)) for n in range(count)]
        assert len({slot for slot, _ in slots}) == len(slots)
        assert all(memory[slot][1] == at for slot, at in slots)  # a key is where it was rotated
        return [memory[slot][0] for slot, _ in slots]

    for where, removed, inserted, branch in steps:
        start = int(where * len(model))
        if branch:
            with table.branch(start):
                carry_out(table.insert(start, inserted))
                write(start, inserted)
                assert held()[:start] == model[:start]
        else:
            removed = min(removed, len(model) - start)
            carry_out(table.remove(start, removed))
            carry_out(table.insert(start, inserted))
            first = next(names) + 1
            write(start, inserted)
            model[start : start + removed] = range(first, first + inserted)
        assert held() == model
        assert len(table) == len(model)
