"""A cache that follows one document under edits: keys stay as they were written, beside a shift for each page.

(Positional Integrity Encoding, arXiv 2407.03157, without rotating keys again: see engine.cache.paged_attention.)

An edit is `splice`: it takes tokens out and makes room for others, which a forward at their positions then fills.
Tokens behind an edit keep what they remember of the text before it: that is the approximation. How many tokens
changed before a token since it was read is its *staleness*; the first `exact_length` tokens are as a fresh cache
would have them. Reading tokens again writes them in place. Knows no text and decides nothing about what to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from engine.cache import paged_attention
from engine.cache.page_table import PAGE, Move, PageTable
from engine.cache.paged_attention import PagedQueries
from engine.cache.plain import Planes
from engine.models.config import ModelConfig, RopeConfig
from engine.models.rope import Rope, Rotation

UNREAD = -1  # the staleness of a token that no forward has read
SPARE_PAGES = 16  # beyond twice what the tokens need, pages are packed anew
SHIFTABLE = frozenset({"default", "linear", "yarn", "llama3"})


class PagedCache:
    """Implements `engine.cache.types.Cache` for one row, whose tokens' positions are their numbers.

    `dtype`: what to keep keys and values in; what the model computes in, if None. `refusal` says why tokens behind
    an edit cannot be kept, where the model's rope does not allow it: then an edit forgets them.
    """

    def __init__(self, config: ModelConfig, *, dtype: torch.dtype | None = None) -> None:
        self.refusal = why_no_shift(config.rope)
        self.exact_length = 0
        self.repacks = 0
        self._dtype = dtype
        latent = config.latent
        self._rotated_width = config.head_width if latent is None else latent.rope_width
        self._table = PageTable()
        self._layers: list[Planes | None] = [None] * config.layers
        self._staleness = torch.empty(0, dtype=torch.int64)
        self._rope: Rope | None = None
        self._slots: Tensor
        self._finished: tuple[Tensor, int]  # staleness and exact length once the forward is through
        self._write: Rotation
        self._step: PagedQueries

    def __len__(self) -> int:
        return len(self._table)

    @property
    def pages(self) -> int:
        return len(self._table.pages)

    @property
    def shifts(self) -> int:
        """How many distinct shifts the pages have."""
        return len(set(self._shifts()))

    @property
    def cache_bytes(self) -> int:
        planes = [plane for layer in self._layers if layer for plane in layer]
        return sum(plane.numel() * plane.element_size() for plane in planes)

    def staleness(self) -> Tensor:
        """For each token how many tokens changed before it since it was read, UNREAD for none: [T] int64."""
        return self._staleness.clone()

    def unread(self, stop: int) -> list[tuple[int, int]]:
        """The runs among the first `stop` tokens that no forward has read."""
        flags = self._staleness[:stop] == UNREAD
        edges = torch.diff(flags.int(), prepend=torch.zeros(1), append=torch.zeros(1)).nonzero()[:, 0]
        return [(start, end) for start, end in edges.view(-1, 2).tolist()]

    @torch.inference_mode()
    def splice(self, start: int, removed: int, inserted: int) -> None:
        """Replace `removed` tokens by `inserted` ones, unread yet. Raises ValueError outside of the tokens."""
        self._table.check(start, removed)
        behind = self._staleness[start + removed :]
        if self.refusal and removed + inserted:
            inserted, removed, behind = inserted + len(behind), len(self) - start, behind[:0]
        changed = max(removed, inserted)
        behind = torch.where(behind == UNREAD, behind, behind + changed)
        self._staleness = torch.cat(
            (self._staleness[:start], torch.full((inserted,), UNREAD, dtype=torch.int64), behind)
        )
        if changed:
            self.exact_length = min(self.exact_length, start)
        same = min(removed, inserted)  # these are written over where they are
        if self.refusal:
            self._table.remove(start, removed)
            moves = self._table.insert(start, inserted)
        elif removed > same:
            moves = self._table.remove(start + same, removed - same)
        else:
            moves = self._table.insert(start + same, inserted - same)
        self._carry_out(moves)
        if self.pages > 2 * -(-len(self) // PAGE) + SPARE_PAGES and not self._table.branched:
            self.repack()

    def crop(self, length: int) -> None:
        """Keep the first `length` tokens."""
        self.splice(length, len(self) - length, 0)

    @contextmanager
    def branch(self, length: int) -> Iterator[None]:
        """Within, the cache holds the first `length` tokens, and what is added is forgotten at the end."""
        before = self._staleness, self.exact_length
        with self._table.branch(length):
            self._staleness, self.exact_length = (
                self._staleness[:length].clone(),
                min(length, self.exact_length),
            )
            try:
                yield
            finally:
                self._staleness, self.exact_length = before

    @torch.inference_mode()
    def repack(self) -> None:
        """Lay the tokens into as few pages as hold them, without shifts.

        This rotates the shifted keys once more, by their shift: in bfloat16 that rounds them once more.
        Raises ValueError in a branch, whose pages are not all there are.
        """
        if self._table.branched:
            raise ValueError("A cache cannot be packed anew within a branch.")
        runs = list(self._table.runs(0, len(self)))
        if self._rope is not None and runs:
            slots, written_at = _each(runs)
            shifts = torch.arange(len(self)) - written_at
            for planes in filter(None, map(self._fitted, range(len(self._layers)))):
                rotation = self._by(shifts.to(planes[0].device))
                for plane in planes:
                    plane[..., : len(self), :] = self._turned(plane, planes, slots, rotation)
        self._table.reset(len(self))
        self.repacks += 1

    @torch.inference_mode()
    def begin(self, positions: Tensor, rope: Rope) -> None:
        """See `Cache.begin`. Positions are those of tokens that stand in the cache, or follow them."""
        rows, count = positions.shape
        start = int(positions[0, 0])
        if rows != 1 or not 0 <= start <= len(self):
            raise ValueError(f"A paged cache of {len(self)} tokens cannot read {rows} rows from {start} on.")
        if positions[0].tolist() != list(range(start, start + count)):
            raise ValueError("A paged cache reads tokens that follow each other.")
        self._rope = rope
        if start + count > len(self):
            self.splice(len(self), 0, start + count - len(self))
        after, exact = self._staleness.clone(), self.exact_length
        after[start : start + count] = 0
        self._finished = after, max(exact, start + count) if start <= exact else exact
        # Until the last layer is through: a forward that fails leaves tokens unread, not half read.
        self._staleness[start : start + count] = UNREAD
        self.exact_length = min(exact, start)
        slots, written_at = _each(self._table.runs(start, start + count))
        device = positions.device
        self._slots = slots.to(device)
        self._write = rope.rotation(written_at[None].to(device))
        self._step = self._queries(positions, rope, after)

    def attend(
        self, layer: int, queries: Tensor, keys: Tensor, values: Tensor, *, scale: float, window: int | None
    ) -> Tensor:
        """See `Cache.attend`."""
        all_keys, all_values = self._remember(layer, self._write.apply(keys), values)
        found = paged_attention.attend(
            self._step, queries.to(all_keys.dtype), all_keys, all_values, scale, window
        )
        return found.to(queries.dtype)

    def attend_latent(
        self,
        layer: int,
        nope: Tensor,
        pe: Tensor,
        latents: Tensor,
        key_pe: Tensor,
        up: Tensor,
        *,
        scale: float,
    ) -> Tensor:
        """See `Cache.attend_latent`."""
        rotated = self._write.apply(key_pe[:, None])[:, 0]
        (memory,) = self._remember(layer, torch.cat((latents, rotated), dim=-1))
        kind = memory.dtype
        found = paged_attention.attend_latent(
            self._step, nope.to(kind), pe.to(kind), memory, up.to(kind), scale
        )
        return found.to(nope.dtype)

    def _shifts(self) -> list[int]:
        start, found = 0, []
        for page in self._table.pages:
            found.append(start - page.origin)
            start += page.count
        return found

    def _queries(self, positions: Tensor, rope: Rope, staleness: Tensor) -> PagedQueries:
        pages, pool, device = self._table.pages, self._table.pool, positions.device
        shifts = self._shifts()
        distinct = sorted(set(shifts))
        number = torch.tensor([page.number for page in pages])
        count, begin = torch.tensor([(page.count, page.begin) for page in pages]).T[:, :, None]
        first = (count.cumsum(0) - count) - begin
        offset = torch.arange(PAGE)
        at = torch.where((offset >= begin) & (offset < begin + count), first + offset, UNREAD)
        at = torch.where((at >= 0) & (staleness[at] == UNREAD), UNREAD, at)
        slots_at = torch.full((pool, PAGE), UNREAD).index_copy_(0, number, at).flatten()
        shift_of_page = None
        if len(distinct) > 1:
            found = torch.tensor([distinct.index(shift) for shift in shifts])
            shift_of_page = torch.zeros(pool, dtype=torch.int64).index_copy_(0, number, found).to(device)
        moved = positions - torch.tensor(distinct, device=device)[:, None]
        return PagedQueries(rope.rotation(moved), shift_of_page, positions[0], slots_at.to(device))

    def _remember(self, layer: int, *new: Tensor) -> Planes:
        """Write the new tokens' planes into their slots and return the pool's pages."""
        size = self._table.pool * PAGE
        planes = self._layers[layer]
        if planes is None or planes[0].shape[-2] < size:
            planes = self._grown(planes, new, size)
            self._layers[layer] = planes
        for plane, part in zip(planes, new, strict=True):
            plane.index_copy_(plane.dim() - 2, self._slots, part.to(plane.dtype))
        if layer == len(self._layers) - 1:
            self._staleness, self.exact_length = self._finished
        return tuple(plane[..., :size, :] for plane in planes)

    def _grown(self, old: Planes | None, new: Planes, size: int) -> Planes:
        """Zeros where nothing is written: what is masked still takes part in products, and must be a number."""
        had = old[0].shape[-2] if old else 0
        room = size if old is None else max(size, had + had // 2)
        grown = tuple(
            part.new_zeros(*part.shape[:-2], room, part.shape[-1], dtype=self._dtype or part.dtype)
            for part in new
        )
        for plane, before in zip(grown, old or (), strict=bool(old)):
            plane[..., :had, :] = before
        return grown

    def _fitted(self, layer: int) -> Planes | None:
        """A layer's planes, with a slot for every slot of the pool; None where nothing was read."""
        planes, size = self._layers[layer], self._table.pool * PAGE
        if planes is not None and planes[0].shape[-2] < size:
            planes = self._layers[layer] = self._grown(planes, planes, size)
        return planes

    def _carry_out(self, moves: list[Move]) -> None:
        for planes in map(self._fitted, range(len(self._layers))) if moves else ():
            for move in moves:
                for plane in planes or ():
                    source = plane[..., move.source : move.source + move.count, :].clone()
                    plane[..., move.target : move.target + move.count, :] = source

    def _by(self, shifts: Tensor) -> Rotation:
        """Rotations by shifts [T]. A table's scale is in the keys already, and must not come in twice."""
        assert self._rope is not None
        found, scale = self._rope.rotation(shifts[None]), self._rope.config.table_scale
        return Rotation(found.cosine / scale, found.sine / scale, found.interleaved)

    def _turned(self, plane: Tensor, planes: Planes, slots: Tensor, rotation: Rotation) -> Tensor:
        """A plane's tokens in order, their keys rotated; values and latents as they are."""
        ordered = plane.index_select(plane.dim() - 2, slots.to(plane.device))
        if plane is not planes[0]:
            return ordered
        still = ordered.shape[-1] - self._rotated_width
        keys = ordered[..., still:]
        turned = rotation.apply(keys.float() if keys.dim() == 4 else keys[:, None].float())
        return torch.cat((ordered[..., :still], turned.view(keys.shape).to(plane.dtype)), dim=-1)


def why_no_shift(rope: RopeConfig) -> str | None:
    """Why keys of this rope cannot be moved by rotating queries back; None where they can."""
    if rope.kind in SHIFTABLE:
        return None
    return (
        f"The model's rope of the kind {rope.kind!r} changes its frequencies with the text's length, "
        "so what stands behind an edit is read again."
    )


def _each(runs: Iterator[tuple[int, int, int]] | list[tuple[int, int, int]]) -> tuple[Tensor, Tensor]:
    """Runs of (first slot, first position, count), token by token: slots and positions, both [T]."""
    spans = [(torch.arange(slot, slot + count), torch.arange(at, at + count)) for slot, at, count in runs]
    return torch.cat([slots for slots, _ in spans]), torch.cat([positions for _, positions in spans])
