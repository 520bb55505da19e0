"""Grouped-query attention: projections and norms around a cache that does the attending. Owns no cache."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.cache.types import Cache
from engine.models.config import ModelConfig


class GroupedQueryAttention(nn.Module):
    """One layer's attention. B batch, N new tokens, H query heads, K key heads, D head width."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.scale, self.window = config.attention_scale, config.windows[layer]
        self.qk_norm, self.clip, self.head_width = config.qk_norm, config.clip_qkv, config.head_width
        query_width, key_width = config.heads * config.head_width, config.kv_heads * config.head_width
        self.widths = (query_width, key_width, key_width)
        self.qkv = nn.Linear(config.width, sum(self.widths), bias=config.qkv_bias)
        self.output = nn.Linear(query_width, config.width, bias=config.output_bias)
        if config.qk_norm != "none":
            whole = config.qk_norm == "full"
            self.query_norm = nn.RMSNorm(query_width if whole else config.head_width, eps=config.norm_epsilon)
            self.key_norm = nn.RMSNorm(key_width if whole else config.head_width, eps=config.norm_epsilon)

    def forward(self, x: Tensor, cache: Cache) -> Tensor:
        """x: [B, N, width] -> [B, N, width]."""
        queries, keys, values = self.qkv(x).split_with_sizes(self.widths, dim=-1)
        if self.qk_norm == "full":
            queries, keys = self.query_norm(queries), self.key_norm(keys)
        if self.clip is not None:
            queries, keys, values = (part.clamp(-self.clip, self.clip) for part in (queries, keys, values))
        queries, keys, values = (self._by_head(part) for part in (queries, keys, values))
        if self.qk_norm == "head":
            queries, keys = self.query_norm(queries), self.key_norm(keys)
        attended = cache.attend(self.layer, queries, keys, values, scale=self.scale, window=self.window)
        mixed: Tensor = self.output(attended.transpose(1, 2).flatten(-2))
        return mixed

    def _by_head(self, x: Tensor) -> Tensor:
        """[B, N, heads · D] -> [B, heads, N, D]."""
        return torch.unflatten(x, -1, (-1, self.head_width)).transpose(1, 2)
