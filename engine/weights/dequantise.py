"""GGUF's quantised blocks into float32. Knows no files. N blocks; each type's block is `LAYOUTS` bytes long.

The arithmetic is in float32 and in the order of the reference, so that the results are equal to the bit.
Types of 32 values: a scale, at times a minimum, and packed numbers. The K types: 256 values in eight or
sixteen sub-blocks with scales of their own, which are scaled once more.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def dequantise(blocks: Tensor, layout: str) -> Tensor:
    """blocks: [N, bytes] uint8, layout: a quantised type such as "Q4_K" -> [N, values] float32."""
    return _TYPES[layout](blocks)


def _halves(blocks: Tensor, start: int) -> Tensor:
    """The float16 at byte `start` of each block, [N, 1] float32."""
    return blocks[:, start : start + 2].contiguous().view(torch.float16).float()


def _nibbles(packed: Tensor) -> Tensor:
    """[..., bytes] uint8 -> [..., 2, bytes]: the low halves, then the high ones."""
    return torch.stack((packed & 15, packed >> 4), dim=-2)


def _q8_0(blocks: Tensor) -> Tensor:
    return _halves(blocks, 0) * blocks[:, 2:].view(torch.int8).float()


def _q4_0(blocks: Tensor) -> Tensor:
    return _halves(blocks, 0) * (_nibbles(blocks[:, 2:]).flatten(1).float() - 8)


def _q4_1(blocks: Tensor) -> Tensor:
    return _halves(blocks, 0) * _nibbles(blocks[:, 4:]).flatten(1).float() + _halves(blocks, 2)


def _k_scales(blocks: Tensor) -> tuple[Tensor, Tensor]:
    """Scales and minima of the eight sub-blocks, [N, 8, 1] each: two halves, then 12 bytes of 6-bit numbers."""
    scales, minima, rest = (blocks[:, start : start + 4] for start in (4, 8, 12))
    factors = torch.cat((scales & 63, (rest & 15) | ((scales >> 2) & 48)), dim=1)
    offsets = torch.cat((minima & 63, (rest >> 4) | ((minima >> 2) & 48)), dim=1)
    scale = _halves(blocks, 0) * factors.float()
    minimum = _halves(blocks, 2) * offsets.float()
    return scale[..., None], minimum[..., None]


def _q4_k(blocks: Tensor) -> Tensor:
    scale, minimum = _k_scales(blocks)
    numbers = _nibbles(torch.unflatten(blocks[:, 16:], 1, (4, 32))).flatten(1, 2)  # [N, 8, 32]
    return (scale * numbers.float() - minimum).flatten(1)


def _q5_k(blocks: Tensor) -> Tensor:
    scale, minimum = _k_scales(blocks)
    low = _nibbles(torch.unflatten(blocks[:, 48:], 1, (4, 32))).flatten(1, 2)  # [N, 8, 32]
    shifts = torch.arange(8, dtype=torch.uint8, device=blocks.device)[:, None]
    high = (blocks[:, None, 16:48] >> shifts) & 1
    return (scale * (low | (high << 4)).float() - minimum).flatten(1)


def _q6_k(blocks: Tensor) -> Tensor:
    low = _nibbles(torch.unflatten(blocks[:, :128], 1, (2, 64)))  # [N, 2, 2, 64]
    shifts = torch.arange(0, 8, 2, dtype=torch.uint8, device=blocks.device)[:, None]
    high = (torch.unflatten(blocks[:, 128:192], 1, (2, 1, 32)) >> shifts) & 3  # [N, 2, 4, 32]
    numbers = (low.flatten(1) | (high.flatten(1) << 4)).float() - 32
    scale = _halves(blocks, 208) * blocks[:, 192:208].view(torch.int8).float()  # [N, 16]
    return (scale[..., None] * torch.unflatten(numbers, 1, (16, 16))).flatten(1)


_TYPES: dict[str, Callable[[Tensor], Tensor]] = {
    "Q8_0": _q8_0,
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q4_K": _q4_k,
    "Q5_K": _q5_k,
    "Q6_K": _q6_k,
}
