"""Rotary positions: frequencies of each kind of scaling, and the rotation itself. Knows no cache."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models.config import RopeConfig


@dataclass(frozen=True, slots=True)
class Rotation:
    """Tables of one set of positions. cosine, sine: [batch, 1, n, width], the sine's sign as `apply` needs it."""

    cosine: Tensor
    sine: Tensor
    interleaved: bool

    def apply(self, x: Tensor) -> Tensor:
        """Rotate x [batch, heads, n, width]; computed in float32, returned in x's type."""
        if self.interleaved:
            partner = torch.unflatten(x, -1, (-1, 2)).flip(-1).flatten(-2)
        else:
            half = x.shape[-1] // 2
            partner = torch.cat((x[..., half:], x[..., :half]), dim=-1)
        return torch.addcmul(x * self.cosine, partner, self.sine).to(x.dtype)


class Rope:
    """The rotations of one model. Positions may be negative, as when a query is moved back by a key's shift:
    `(R(p) q) · (R(j + shift) k) = (R(p - shift) q) · (R(j) k)`."""

    def __init__(self, config: RopeConfig) -> None:
        self.config = config
        self.frequencies = frequencies(config)

    def rotation(self, positions: Tensor) -> Rotation:
        """The tables for positions [batch, n]."""
        if self.frequencies.device != positions.device:
            self.frequencies = self.frequencies.to(positions.device)
        angles = positions[:, None, :, None].float() * self.frequencies
        cosine = angles.cos() * self.config.table_scale
        sine = angles.sin() * self.config.table_scale
        if self.config.interleaved:
            return Rotation(
                cosine.repeat_interleave(2, dim=-1), torch.stack((-sine, sine), dim=-1).flatten(-2), True
            )
        return Rotation(torch.cat((cosine, cosine), dim=-1), torch.cat((-sine, sine), dim=-1), False)


def frequencies(config: RopeConfig) -> Tensor:
    """Radians per position for each pair, [width / 2], float32. Real even where a model is made without storage."""
    exponents = torch.arange(0, config.width, 2, dtype=torch.float32, device="cpu") / config.width
    plain: Tensor = 1.0 / config.theta**exponents
    match config.kind:
        case "default":
            return plain
        case "linear":
            return plain / config.factor
        case "yarn":
            return _yarn(config, plain)
        case "llama3":
            return _llama3(config, plain)


def yarn_magnitude(factor: float, multiplier: float = 1.0) -> float:
    """YaRN's growth of the attention's magnitude with the context's stretch. (YaRN, eq. 22)"""
    return 1.0 if factor <= 1 else 0.1 * multiplier * math.log(factor) + 1.0


def _yarn(config: RopeConfig, plain: Tensor) -> Tensor:
    """Stretch the pairs that turn fewer than `beta_slow` times, keep those above `beta_fast`. (YaRN, §3.2)"""

    def pair_that_turns(times: float) -> float:
        stretch = config.original_context / (times * 2 * math.pi)
        return config.width * math.log(stretch) / (2 * math.log(config.theta))

    low, high = pair_that_turns(config.beta_fast), pair_that_turns(config.beta_slow)
    if config.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, config.width - 1)
    if low == high:
        high += 0.001
    pairs = torch.arange(config.width // 2, dtype=torch.float32, device="cpu")
    stretched = ((pairs - low) / (high - low)).clamp(0, 1)
    return plain / config.factor * stretched + plain * (1 - stretched)


def _llama3(config: RopeConfig, plain: Tensor) -> Tensor:
    """Stretch long waves by `factor`, keep short ones, and pass smoothly between them."""
    wavelength = 2 * math.pi / plain
    long_wave = config.original_context / config.low_frequency_factor
    short_wave = config.original_context / config.high_frequency_factor
    smooth = config.original_context / wavelength - config.low_frequency_factor
    smooth = smooth / (config.high_frequency_factor - config.low_frequency_factor)
    between = (1 - smooth) * plain / config.factor + smooth * plain
    scaled = torch.where(wavelength > long_wave, plain / config.factor, between)
    return torch.where(wavelength < short_wave, plain, scaled)
