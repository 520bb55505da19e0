"""A decoder of any supported family, put together by its configuration. Knows no files and owns no cache."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.cache.types import Cache
from engine.models.attention import GroupedQueryAttention
from engine.models.config import ModelConfig
from engine.models.latent import LatentAttention
from engine.models.moe import DenseMLP, MixtureOfExperts
from engine.models.rope import Rope


class Transformer(nn.Module):
    """Tokens to hidden states, hidden states to logits. B batch, N new tokens."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.rope = Rope(config.rope)
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.layers = nn.ModuleList(Layer(config, layer) for layer in range(config.layers))
        self.norm = make_norm(config)
        if not config.tied_head:
            self.head = nn.Linear(config.width, config.vocabulary, bias=False)

    def forward(self, tokens: Tensor, positions: Tensor, cache: Cache) -> Tensor:
        """tokens, positions: [B, N] int64 -> hidden states after the last norm [B, N, width].

        The tokens join what `cache` holds already. Rows may stand at different positions; a negative
        position is padding, whose hidden state means nothing.
        """
        cache.begin(positions, self.rope)
        hidden: Tensor = self.embedding(tokens)
        if self.config.embedding_multiplier != 1.0:
            hidden = hidden * self.config.embedding_multiplier
        for layer in self.layers:
            hidden = layer(hidden, cache)
        normed: Tensor = self.norm(hidden)
        return normed

    def logits(self, hidden: Tensor) -> Tensor:
        """hidden: [..., width] -> [..., vocabulary]."""
        weight = self.embedding.weight if self.config.tied_head else self.head.weight
        logits = functional.linear(hidden, weight)
        return logits if self.config.logits_divisor == 1.0 else logits / self.config.logits_divisor


class Layer(nn.Module):
    """Attention and feed-forward, each behind a norm and added to the stream."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.multiplier = config.residual_multiplier
        self.attention_norm = make_norm(config)
        self.attention: nn.Module
        if config.latent is None:
            self.attention = GroupedQueryAttention(config, layer)
        else:
            self.attention = LatentAttention(config, config.latent, layer)
        self.mlp_norm = make_norm(config)
        self.mlp: nn.Module
        if config.experts is not None and config.experts.runs_in(layer):
            self.mlp = MixtureOfExperts(config, config.experts)
        else:
            self.mlp = DenseMLP(config, config.mlp_width)

    def forward(self, x: Tensor, cache: Cache) -> Tensor:
        """x: [B, N, width] -> [B, N, width]."""
        x = torch.add(x, self.attention(self.attention_norm(x), cache), alpha=self.multiplier)
        return torch.add(x, self.mlp(self.mlp_norm(x)), alpha=self.multiplier)


def make_norm(config: ModelConfig) -> nn.Module:
    """The family's norm over the model's width."""
    if config.norm == "layer":
        return nn.LayerNorm(config.width, eps=config.norm_epsilon)
    return nn.RMSNorm(config.width, eps=config.norm_epsilon)
