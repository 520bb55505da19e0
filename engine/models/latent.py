"""Multi-head latent attention (DeepSeek-V2 2405.04434, §2.1), absorbed and expanded. Owns no cache.

B batch, H heads, N new tokens, T remembered tokens, R rank, P unrotated width, E rotated width, V value width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.cache.types import Cache
from engine.models.config import LatentConfig, ModelConfig

NORM_EPSILON = 1e-6  # of the norms on latents, whatever the model's other norms have


class LatentAttention(nn.Module):
    """One layer's projections around `cache.attend_latent`."""

    def __init__(self, config: ModelConfig, latent: LatentConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.scale, self.heads, self.latent = layer, config.attention_scale, config.heads, latent
        query_width = config.heads * (latent.nope_width + latent.rope_width)
        if latent.query_rank is None:
            self.query = nn.Linear(config.width, query_width, bias=False)
        else:
            self.query_down = nn.Linear(config.width, latent.query_rank, bias=config.qkv_bias)
            self.query_norm = nn.RMSNorm(latent.query_rank, eps=NORM_EPSILON)
            self.query_up = nn.Linear(latent.query_rank, query_width, bias=False)
        self.latent_down = nn.Linear(config.width, latent.rank + latent.rope_width, bias=config.qkv_bias)
        self.latent_norm = nn.RMSNorm(latent.rank, eps=NORM_EPSILON)
        up_width = config.heads * (latent.nope_width + latent.value_width)
        self.latent_up = nn.Linear(latent.rank, up_width, bias=False)
        self.output = nn.Linear(config.heads * latent.value_width, config.width, bias=config.output_bias)

    def forward(self, x: Tensor, cache: Cache) -> Tensor:
        """x: [B, N, width] -> [B, N, width]."""
        widths = self.latent
        queries = self.query(x) if widths.query_rank is None else self._compressed_query(x)
        queries = torch.unflatten(queries, -1, (self.heads, -1)).transpose(1, 2)
        nope, pe = queries.split_with_sizes((widths.nope_width, widths.rope_width), dim=-1)
        latents, key_pe = self.latent_down(x).split_with_sizes((widths.rank, widths.rope_width), dim=-1)
        up = torch.unflatten(self.latent_up.weight, 0, (self.heads, -1))
        attended = cache.attend_latent(
            self.layer, nope, pe, self.latent_norm(latents), key_pe, up, scale=self.scale
        )
        mixed: Tensor = self.output(attended.transpose(1, 2).flatten(-2))
        return mixed

    def _compressed_query(self, x: Tensor) -> Tensor:
        queries: Tensor = self.query_up(self.query_norm(self.query_down(x)))
        return queries


def attend_rotated(
    nope: Tensor, pe: Tensor, memory: Tensor, up: Tensor, mask: Tensor | None, scale: float
) -> Tensor:
    """Attend the way that costs less for this many queries.

    nope: [B, H, N, P], pe: [B, H, N, E] rotated, memory: [B, T, R + E] latents beside rotated keys,
    up: [H, P + V, R], mask: [B or 1, 1, N, T], true where a query sees a token -> [B, H, N, V].
    """
    rank, made = up.shape[2], up.shape[1]
    # Per head and token: expanding costs made · rank once; absorbed, each query costs 2 · rank - made more.
    if nope.shape[2] * (2 * rank - made) > made * rank:
        return _expanded(nope, pe, memory, up, mask, scale)
    return _absorbed(nope, pe, memory, up, mask, scale)


def _absorbed(
    nope: Tensor, pe: Tensor, memory: Tensor, up: Tensor, mask: Tensor | None, scale: float
) -> Tensor:
    """Carry queries into the latent space: no key or value of a head is ever built."""
    heads, count, unrotated = nope.shape[1], nope.shape[2], nope.shape[3]
    queries = torch.cat((nope @ up[:, :unrotated], pe), dim=-1).flatten(1, 2)
    scores = torch.unflatten((queries @ memory.transpose(1, 2)).float(), 1, (heads, count)) * scale
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1).to(memory.dtype).flatten(1, 2)
    summed = torch.unflatten(weights @ memory[..., : up.shape[2]], 1, (heads, count))
    return summed @ up[:, unrotated:].transpose(1, 2)


def _expanded(
    nope: Tensor, pe: Tensor, memory: Tensor, up: Tensor, mask: Tensor | None, scale: float
) -> Tensor:
    """Build every head's keys and values of the latents, then attend as usual."""
    heads, unrotated, rank = nope.shape[1], nope.shape[3], up.shape[2]
    made = torch.unflatten(
        functional.linear(memory[..., :rank], up.flatten(0, 1)), -1, (heads, -1)
    ).transpose(1, 2)
    key_pe = memory[:, None, :, rank:].expand(-1, heads, -1, -1)
    keys = torch.cat((made[..., :unrotated], key_pe), dim=-1)
    queries = torch.cat((nope, pe), dim=-1)
    return functional.scaled_dot_product_attention(
        queries, keys, made[..., unrotated:], attn_mask=mask, scale=scale
    )
