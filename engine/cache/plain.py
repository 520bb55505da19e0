"""A contiguous cache: tokens lie in the order they came, keys rotated as they are written. Knows no edits."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine.models.config import ModelConfig
from engine.models.latent import attend_rotated
from engine.models.rope import Rope, Rotation

Planes = tuple[Tensor, ...]  # what one layer remembers; the slots are the last axis but one


class PlainCache:
    """Implements `engine.cache.types.Cache`. B rows, T slots in use; grows by doubling.

    A row's tokens may stand at any positions, padding (negative) included; `crop` forgets the last slots.
    """

    def __init__(self, config: ModelConfig, rows: int = 1, *, capacity: int = 256) -> None:
        self._config = config
        self._capacity = max(capacity, 1)
        self._layers: list[Planes | None] = [None] * config.layers
        self._positions = torch.empty(rows, 0, dtype=torch.int64)  # [B, T]
        self._start = 0
        self._in_order = True  # every row holds the positions 0 … T - 1
        self._masks: dict[int | None, Tensor | None] = {}
        self._rotation: Rotation

    def __len__(self) -> int:
        return self._positions.shape[1]

    def crop(self, length: int) -> None:
        """Keep the first `length` slots of every row."""
        self._positions = self._positions[:, :length]

    def begin(self, positions: Tensor, rope: Rope) -> None:
        """See `Cache.begin`."""
        self._start = len(self)
        if self._start == 0:
            self._in_order = True
        new = torch.arange(self._start, self._start + positions.shape[1], device=positions.device)
        self._in_order = self._in_order and bool((positions == new).all())
        self._positions = torch.cat((self._positions.to(positions.device), positions), dim=1)
        self._masks = {}
        self._rotation = rope.rotation(positions)
        if len(self) > self._capacity:
            self._capacity = max(2 * self._capacity, len(self))

    def attend(
        self, layer: int, queries: Tensor, keys: Tensor, values: Tensor, *, scale: float, window: int | None
    ) -> Tensor:
        """See `Cache.attend`."""
        queries, keys = self._rotation.apply(queries), self._rotation.apply(keys)
        all_keys, all_values = self._remember(layer, keys, values)
        mask = self._mask(window)
        if queries.shape[2] == 1:
            # One token: the heads that share keys become the queries of one head, which reads each key once.
            grouped = queries.reshape(queries.shape[0], keys.shape[1], -1, queries.shape[3])
            attended = functional.scaled_dot_product_attention(
                grouped, all_keys, all_values, attn_mask=mask, scale=scale
            )
            return attended.reshape(queries.shape)
        return functional.scaled_dot_product_attention(
            queries,
            all_keys,
            all_values,
            attn_mask=mask,
            is_causal=mask is None,
            scale=scale,
            enable_gqa=queries.shape[1] != keys.shape[1],
        )

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
        rotated = self._rotation.apply(key_pe[:, None])[:, 0]
        (memory,) = self._remember(layer, torch.cat((latents, rotated), dim=-1))
        mask = self._mask(None, implied=False)
        return attend_rotated(nope, self._rotation.apply(pe), memory, up, mask, scale)

    def _remember(self, layer: int, *new: Tensor) -> Planes:
        """Write the new tokens' planes behind the old and return all that are in use."""
        planes = self._layers[layer]
        if planes is None or planes[0].shape[-2] < len(self):
            planes = self._grown(planes, new)
            self._layers[layer] = planes
        for plane, part in zip(planes, new, strict=True):
            plane[..., self._start : len(self), :] = part
        return tuple(plane[..., : len(self), :] for plane in planes)

    def _grown(self, old: Planes | None, new: Planes) -> Planes:
        grown = tuple(part.new_empty(*part.shape[:-2], self._capacity, part.shape[-1]) for part in new)
        if old is not None:
            for plane, before in zip(grown, old, strict=True):
                plane[..., : self._start, :] = before[..., : self._start, :]
        return grown

    def _mask(self, window: int | None, *, implied: bool = True) -> Tensor | None:
        """Who sees whom, [B or 1, 1, N, T]. None where all is seen, or (`implied`) where it is plain causal."""
        count = len(self) - self._start
        if self._in_order and (window is None or window >= len(self)):
            if count == 1 or (implied and self._start == 0):
                return None
            window = None
        if window not in self._masks:
            rows = slice(0, 1) if self._in_order else slice(None)
            keys, queries = self._positions[rows, None, :], self._positions[rows, self._start :, None]
            seen = (keys >= 0) & (keys <= queries)
            if window is not None:
                seen &= keys > queries - window
            # A padded query must see something: over nothing, softmax is not a number and would spread.
            seen[:, torch.arange(count), torch.arange(self._start, len(self))] = True
            self._masks[window] = seen[:, None]
        return self._masks[window]
