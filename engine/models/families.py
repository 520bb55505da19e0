"""The families that the engine runs, as a table: what sets each apart and how its tensors are called.

Knows no files. A family is one row; what the rows have in common is `engine.models.transformer`.
Bias switches are a fact, or the key of a Hugging Face configuration that says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Names = Mapping[str, str]
"""Our tensors' names to a checkpoint's, `{layer}` and `{expert}` left open; `.weight` or `.bias` follows."""

_LAYER = "model.layers.{layer}"

HUGGING_FACE_NAMES: Names = {
    "embedding": "model.embed_tokens",
    "norm": "model.norm",
    "head": "lm_head",
    "attention_norm": f"{_LAYER}.input_layernorm",
    "mlp_norm": f"{_LAYER}.post_attention_layernorm",
    "attention.query": f"{_LAYER}.self_attn.q_proj",
    "attention.key": f"{_LAYER}.self_attn.k_proj",
    "attention.value": f"{_LAYER}.self_attn.v_proj",
    "attention.output": f"{_LAYER}.self_attn.o_proj",
    "attention.query_norm": f"{_LAYER}.self_attn.q_norm",
    "attention.key_norm": f"{_LAYER}.self_attn.k_norm",
    "mlp.gate": f"{_LAYER}.mlp.gate_proj",
    "mlp.up": f"{_LAYER}.mlp.up_proj",
    "mlp.down": f"{_LAYER}.mlp.down_proj",
    "mlp.router": f"{_LAYER}.mlp.gate",
    "mlp.experts.gate": f"{_LAYER}.mlp.experts.{{expert}}.gate_proj",
    "mlp.experts.up": f"{_LAYER}.mlp.experts.{{expert}}.up_proj",
    "mlp.experts.down": f"{_LAYER}.mlp.experts.{{expert}}.down_proj",
}

_MIXTRAL_NAMES: Names = {
    "mlp.router": f"{_LAYER}.block_sparse_moe.gate",
    "mlp.experts.gate": f"{_LAYER}.block_sparse_moe.experts.{{expert}}.w1",
    "mlp.experts.up": f"{_LAYER}.block_sparse_moe.experts.{{expert}}.w3",
    "mlp.experts.down": f"{_LAYER}.block_sparse_moe.experts.{{expert}}.w2",
}

_GRANITE_MOE_NAMES: Names = {
    "mlp.router": f"{_LAYER}.block_sparse_moe.router.layer",
    "mlp.experts.gate_up": f"{_LAYER}.block_sparse_moe.input_linear",
    "mlp.experts.down": f"{_LAYER}.block_sparse_moe.output_linear",
}

_STARCODER2_NAMES: Names = {"mlp.up": f"{_LAYER}.mlp.c_fc", "mlp.down": f"{_LAYER}.mlp.c_proj"}

_DEEPSEEK_NAMES: Names = {
    "attention.query_down": f"{_LAYER}.self_attn.q_a_proj",
    "attention.query_norm": f"{_LAYER}.self_attn.q_a_layernorm",
    "attention.query_up": f"{_LAYER}.self_attn.q_b_proj",
    "attention.latent_down": f"{_LAYER}.self_attn.kv_a_proj_with_mqa",
    "attention.latent_norm": f"{_LAYER}.self_attn.kv_a_layernorm",
    "attention.latent_up": f"{_LAYER}.self_attn.kv_b_proj",
    "mlp.router.correction": f"{_LAYER}.mlp.gate.e_score_correction_bias",
    "mlp.shared.gate": f"{_LAYER}.mlp.shared_experts.gate_proj",
    "mlp.shared.up": f"{_LAYER}.mlp.shared_experts.up_proj",
    "mlp.shared.down": f"{_LAYER}.mlp.shared_experts.down_proj",
}

GGUF_NAMES: Names = {
    "embedding": "token_embd",
    "norm": "output_norm",
    "head": "output",
    "attention_norm": "blk.{layer}.attn_norm",
    "mlp_norm": "blk.{layer}.ffn_norm",
    "attention.query": "blk.{layer}.attn_q",
    "attention.key": "blk.{layer}.attn_k",
    "attention.value": "blk.{layer}.attn_v",
    "attention.output": "blk.{layer}.attn_output",
    "attention.query_norm": "blk.{layer}.attn_q_norm",
    "attention.key_norm": "blk.{layer}.attn_k_norm",
    "mlp.gate": "blk.{layer}.ffn_gate",
    "mlp.up": "blk.{layer}.ffn_up",
    "mlp.down": "blk.{layer}.ffn_down",
    "mlp.router": "blk.{layer}.ffn_gate_inp",
    "mlp.experts.gate": "blk.{layer}.ffn_gate_exps",
    "mlp.experts.up": "blk.{layer}.ffn_up_exps",
    "mlp.experts.down": "blk.{layer}.ffn_down_exps",
}

GGUF_DEEPSEEK_NAMES: Names = {
    **GGUF_NAMES,
    "attention.query_down": "blk.{layer}.attn_q_a",
    "attention.query_norm": "blk.{layer}.attn_q_a_norm",
    "attention.query_up": "blk.{layer}.attn_q_b",
    "attention.latent_down": "blk.{layer}.attn_kv_a_mqa",
    "attention.latent_norm": "blk.{layer}.attn_kv_a_norm",
    "attention.latent_up": "blk.{layer}.attn_kv_b",
    "mlp.router.correction": "blk.{layer}.exp_probs_b.bias",
    "mlp.shared.gate": "blk.{layer}.ffn_gate_shexp",
    "mlp.shared.up": "blk.{layer}.ffn_up_shexp",
    "mlp.shared.down": "blk.{layer}.ffn_down_shexp",
}


@dataclass(frozen=True, slots=True)
class Family:
    """What sets a family apart. `name` is Hugging Face's `model_type`, `gguf` GGUF's `general.architecture`.

    `gguf_interleaves` says that GGUF files of the family hold the rows of query and key projections in the
    order of interleaved rotary pairs, so that they must be put back.
    """

    name: str
    gguf: str
    gguf_interleaves: bool = False
    norm: Literal["rms", "layer"] = "rms"
    qk_norm: Literal["none", "head", "full"] = "none"
    gated_mlp: bool = True
    qkv_bias: bool | str = "attention_bias"
    output_bias: bool | str = "attention_bias"
    mlp_bias: bool | str = "mlp_bias"
    window: Literal["none", "sliding_window", "use_sliding_window"] = "none"
    experts: bool = False
    renormalise: bool | str = "norm_topk_prob"
    sigmoid_router: bool = False
    latent: bool = False
    names: Names = field(default_factory=dict)


FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family("llama", "llama", gguf_interleaves=True),
        Family("qwen2", "qwen2", qkv_bias=True, output_bias=False, window="use_sliding_window"),
        Family("qwen3", "qwen3", qk_norm="head", window="use_sliding_window"),
        Family("qwen3_moe", "qwen3moe", qk_norm="head", window="use_sliding_window", experts=True),
        Family(
            "starcoder2",
            "starcoder2",
            norm="layer",
            gated_mlp=False,
            qkv_bias="use_bias",
            output_bias="use_bias",
            mlp_bias="use_bias",
            window="sliding_window",
            names=_STARCODER2_NAMES,
        ),
        Family("granite", "granite", gguf_interleaves=True),
        Family(
            "granitemoe",
            "granitemoe",
            gguf_interleaves=True,
            experts=True,
            renormalise=True,
            names=_GRANITE_MOE_NAMES,
        ),
        Family("olmoe", "olmoe", qk_norm="full", experts=True),
        Family(
            "mixtral",
            "llama",
            gguf_interleaves=True,
            qkv_bias=False,
            output_bias=False,
            window="sliding_window",
            experts=True,
            renormalise=True,
            names=_MIXTRAL_NAMES,
        ),
        Family("deepseek_v2", "deepseek2", latent=True, experts=True, names=_DEEPSEEK_NAMES),
        Family(
            "deepseek_v3",
            "deepseek2",
            latent=True,
            experts=True,
            sigmoid_router=True,
            names=_DEEPSEEK_NAMES,
        ),
    )
}
