"""Attention over pages of keys, each rotated to where it once stood. Knows no document and stores nothing.

A key written at position j and since shifted by d stands at j + d, and
(R(p) q) · (R(j + d) k) = (R(p - d) q) · (R(j) k): queries are rotated once for each distinct shift, each page takes
those of its shift, and one batched product and one masked softmax do the rest. With one shift it is plain attention.

H query heads, K key heads, G = H / K, N queries, P pages of C slots, S = P · C, D head width, V shifts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from engine.cache.page_table import PAGE
from engine.models.latent import attend_rotated
from engine.models.rope import Rotation


@dataclass(frozen=True, slots=True)
class PagedQueries:
    """What one forward's queries need to know of the pages.

    rotation: tables [V, 1, N, D]; shift_of_page: [P] int64, None where there is one shift;
    queries_at: [N] and slots_at: [S] positions, negative where nothing is to be seen.
    """

    rotation: Rotation
    shift_of_page: Tensor | None
    queries_at: Tensor
    slots_at: Tensor
    masks: dict[int | None, Tensor] = field(default_factory=dict)

    def mask(self, window: int | None) -> Tensor:
        """Who sees whom, [N, S]."""
        if window not in self.masks:
            queries, keys = self.queries_at[:, None], self.slots_at
            seen = (keys >= 0) & (keys <= queries)
            if window is not None:
                seen &= keys > queries - window
            self.masks[window] = seen
        return self.masks[window]


def attend(
    step: PagedQueries, queries: Tensor, keys: Tensor, values: Tensor, scale: float, window: int | None
) -> Tensor:
    """queries: [1, H, N, D] unrotated, keys and values: [1, K, S, D] -> [1, H, N, D]."""
    rotated, mask = step.rotation.apply(queries), step.mask(window)
    key_heads, count = keys.shape[1], queries.shape[2]
    if step.shift_of_page is None and count > 1:
        return functional.scaled_dot_product_attention(
            rotated, keys, values, attn_mask=mask, scale=scale, enable_gqa=queries.shape[1] != key_heads
        )
    # [V, H, N, D] -> [V, K, G · N, D]: the heads that share keys become queries of one head.
    grouped = rotated.reshape(rotated.shape[0], key_heads, -1, rotated.shape[3])
    if step.shift_of_page is None:
        attended = functional.scaled_dot_product_attention(grouped, keys, values, attn_mask=mask, scale=scale)
        return attended.reshape(queries.shape)
    of_page = grouped[step.shift_of_page].transpose(0, 1)  # [K, P, G · N, D]
    pages = torch.unflatten(keys[0], 1, (-1, PAGE))  # [K, P, C, D]
    scores = (of_page @ pages.transpose(2, 3)).transpose(1, 2).flatten(2)  # [K, G · N, S]
    weights = _softmax(torch.unflatten(scores, 1, (-1, count)), mask, scale).to(values.dtype)
    return (weights.flatten(1, 2) @ values[0]).reshape(queries.shape)


def attend_latent(
    step: PagedQueries, nope: Tensor, pe: Tensor, memory: Tensor, up: Tensor, scale: float
) -> Tensor:
    """Only the last E of a memory's R + E values have a position, so only their product goes page by page.

    nope: [1, H, N, P'], pe: [1, H, N, E] unrotated, memory: [1, S, R + E], up: [H, P' + V', R] -> [1, H, N, V'].
    """
    rotated, mask = step.rotation.apply(pe), step.mask(None)
    if step.shift_of_page is None:
        return attend_rotated(nope, rotated, memory, up, mask[None, None], scale)
    heads, count, unrotated, rank = nope.shape[1], nope.shape[2], nope.shape[3], up.shape[2]
    latents, key_pe = memory[0, :, :rank], torch.unflatten(memory[0, :, rank:], 0, (-1, PAGE))
    of_page = rotated.flatten(1, 2)[step.shift_of_page]  # [P, H · N, E]
    scores = (of_page @ key_pe.transpose(1, 2)).transpose(0, 1).flatten(1)  # [H · N, S]
    scores = scores + (nope[0] @ up[:, :unrotated]).flatten(0, 1) @ latents.T
    weights = _softmax(torch.unflatten(scores, 0, (heads, count)), mask, scale).to(memory.dtype)
    summed = torch.unflatten(weights.flatten(0, 1) @ latents, 0, (heads, count))  # [H, N, R]
    return (summed @ up[:, unrotated:].transpose(1, 2))[None]


def _softmax(scores: Tensor, mask: Tensor, scale: float) -> Tensor:
    """scores: [..., N, S], mask: [N, S] -> weights in float32."""
    return (scores.float() * scale).masked_fill_(~mask, float("-inf")).softmax(dim=-1)
