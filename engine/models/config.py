"""The hyper-parameters of a decoder, one frozen dataclass. Knows no file format and no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RopeKind = Literal["default", "linear", "yarn", "llama3"]


@dataclass(frozen=True, slots=True)
class RopeConfig:
    """Rotary positions over the first `width` values of a head.

    `interleaved` pairs neighbours (0, 1), (2, 3), … as DeepSeek does; otherwise value i goes with i + width / 2.
    `table_scale` multiplies cosine and sine (YaRN's attention factor).
    """

    width: int
    theta: float
    kind: RopeKind = "default"
    interleaved: bool = False
    factor: float = 1.0
    original_context: int = 0
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    truncate: bool = True
    low_frequency_factor: float = 1.0
    high_frequency_factor: float = 4.0
    table_scale: float = 1.0


@dataclass(frozen=True, slots=True)
class LatentConfig:
    """Multi-head latent attention: widths of the compressed and of the per-head parts."""

    rank: int
    query_rank: int | None
    nope_width: int
    rope_width: int
    value_width: int


@dataclass(frozen=True, slots=True)
class ExpertsConfig:
    """A mixture of experts in the layers from `first_layer` on, except `dense_layers`.

    `shared_width` is the width of the experts that always run (0: none). Group-limited routing first keeps
    the best `active_groups` of `groups`, by their best expert or, with `correction`, by their best two.
    """

    count: int
    active: int
    width: int
    shared_width: int = 0
    first_layer: int = 0
    dense_layers: frozenset[int] = frozenset()
    scoring: Literal["softmax", "sigmoid"] = "softmax"
    renormalise: bool = False
    scale: float = 1.0
    correction: bool = False
    groups: int = 1
    active_groups: int = 1

    def runs_in(self, layer: int) -> bool:
        return layer >= self.first_layer and layer not in self.dense_layers


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """All that shapes a decoder. `windows` holds per layer how many tokens back it sees (None: all)."""

    family: str
    vocabulary: int
    width: int
    layers: int
    heads: int
    kv_heads: int
    head_width: int
    mlp_width: int
    context_length: int
    rope: RopeConfig
    attention_scale: float
    norm_epsilon: float
    windows: tuple[int | None, ...]
    norm: Literal["rms", "layer"] = "rms"
    activation: Literal["silu", "gelu", "gelu_tanh"] = "silu"
    gated_mlp: bool = True
    qkv_bias: bool = False
    output_bias: bool = False
    mlp_bias: bool = False
    qk_norm: Literal["none", "head", "full"] = "none"
    clip_qkv: float | None = None
    tied_head: bool = False
    embedding_multiplier: float = 1.0
    residual_multiplier: float = 1.0
    logits_divisor: float = 1.0
    latent: LatentConfig | None = None
    experts: ExpertsConfig | None = None
