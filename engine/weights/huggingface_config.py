"""A Hugging Face `config.json` into a `ModelConfig`. Knows nothing of tensors."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

from engine.models.config import ExpertsConfig, LatentConfig, ModelConfig, RopeConfig
from engine.models.families import FAMILIES, Family
from engine.models.rope import yarn_magnitude
from engine.types import CheckpointError
from engine.weights.checks import checked
from engine.weights.settings import MOST_EXPERTS, MOST_HEADS, MOST_LAYERS, MOST_WIDTH, Settings

ACTIVATIONS: dict[str, Literal["silu", "gelu", "gelu_tanh"]] = {
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_new": "gelu_tanh",
}


def read_huggingface_config(path: Path) -> tuple[ModelConfig, Family]:
    """Read the file `path`. Raises CheckpointError where the engine could not run the model rightly."""
    settings = _read(path)
    family = _family(settings)
    heads = settings.size("num_attention_heads", most=MOST_HEADS)
    width = settings.size("hidden_size", most=MOST_WIDTH)
    latent = _latent(settings) if family.latent else None
    head_width = latent.rope_width if latent else settings.size("head_dim", default=width // heads)
    rope, magnitude = _rope(settings, family, head_width)
    config = ModelConfig(
        family=family.name,
        vocabulary=settings.size("vocab_size"),
        width=width,
        layers=settings.size("num_hidden_layers", most=MOST_LAYERS),
        heads=heads,
        kv_heads=settings.size("num_key_value_heads", default=heads),
        head_width=head_width,
        mlp_width=settings.size("intermediate_size", most=MOST_WIDTH),
        context_length=settings.size("max_position_embeddings"),
        rope=rope,
        attention_scale=_attention_scale(settings, latent, head_width, magnitude),
        norm_epsilon=settings.number("norm_epsilon" if family.norm == "layer" else "rms_norm_eps"),
        windows=_windows(settings, family),
        norm=family.norm,
        activation=_activation(settings),
        gated_mlp=family.gated_mlp,
        qkv_bias=_switch(settings, family.qkv_bias),
        output_bias=_switch(settings, family.output_bias),
        mlp_bias=_switch(settings, family.mlp_bias),
        qk_norm=family.qk_norm,
        clip_qkv=settings.number("clip_qkv") if settings.has("clip_qkv") else None,
        tied_head=settings.flag("tie_word_embeddings", default=family.name == "starcoder2"),
        embedding_multiplier=settings.number("embedding_multiplier", default=1.0),
        residual_multiplier=settings.number("residual_multiplier", default=1.0),
        logits_divisor=settings.number("logits_scaling", default=1.0),
        latent=latent,
        experts=_experts(settings, family) if family.experts else None,
    )
    return checked(config, path), family


def _family(settings: Settings) -> Family:
    name = settings.word("model_type")
    if name not in FAMILIES:
        raise CheckpointError(
            f"{settings.path}: the engine does not know the architecture {name!r}.\nIt runs {', '.join(FAMILIES)}."
        )
    if settings.has("quantization_config"):
        raise CheckpointError(
            f"{settings.path}: the weights are quantised in a way that the engine does not read.\n"
            "Take the unquantised checkpoint or a GGUF file."
        )
    return FAMILIES[name]


def _read(path: Path) -> Settings:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(
            f"Cannot read the model's configuration {path} ({error.strerror}).\n"
            "Name a directory with config.json and *.safetensors, or a GGUF file."
        ) from error
    except ValueError as error:
        raise CheckpointError(f"{path}: not valid JSON ({error}).\nDownload the checkpoint anew.") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path}: not a table of settings.\nDownload the checkpoint anew.")
    return Settings(path, values)


def _switch(settings: Settings, switch: bool | str) -> bool:
    return switch if isinstance(switch, bool) else settings.flag(switch, default=switch == "use_bias")


def _activation(settings: Settings) -> Literal["silu", "gelu", "gelu_tanh"]:
    word = settings.word("hidden_act", default="silu")
    if word not in ACTIVATIONS:
        raise settings.wrong("hidden_act", word, f"one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[word]


def _latent(settings: Settings) -> LatentConfig:
    return LatentConfig(
        rank=settings.size("kv_lora_rank"),
        query_rank=settings.size("q_lora_rank") if settings.has("q_lora_rank") else None,
        nope_width=settings.size("qk_nope_head_dim"),
        rope_width=settings.size("qk_rope_head_dim"),
        value_width=settings.size("v_head_dim"),
    )


def _attention_scale(
    settings: Settings, latent: LatentConfig | None, head_width: int, magnitude: float
) -> float:
    if latent is not None:
        return float((latent.nope_width + latent.rope_width) ** -0.5 * magnitude**2)
    return settings.number("attention_multiplier", default=head_width**-0.5)


def _windows(settings: Settings, family: Family) -> tuple[int | None, ...]:
    """How far back each layer sees. Qwen has the window only in layers that it names, or behind a number."""
    layers = settings.size("num_hidden_layers", most=MOST_LAYERS)
    on = family.window == "sliding_window" or (
        family.window == "use_sliding_window" and settings.flag("use_sliding_window")
    )
    if not on or not settings.has("sliding_window"):
        return (None,) * layers
    window = settings.size("sliding_window")
    kinds = settings.sequence("layer_types")
    if kinds is not None:
        if len(kinds) != layers:
            raise settings.wrong("layer_types", kinds, f"{layers} entries")
        return tuple(window if kind == "sliding_attention" else None for kind in kinds)
    first = settings.integer("max_window_layers", default=0) if family.name in ("qwen2", "qwen3") else 0
    return tuple(window if layer >= first else None for layer in range(layers))


def _experts(settings: Settings, family: Family) -> ExpertsConfig:
    width = settings.size("moe_intermediate_size", "intermediate_size", most=MOST_WIDTH)
    shared = settings.integer("n_shared_experts", default=0)
    step = settings.size("decoder_sparse_step", default=1)
    layers = range(settings.size("num_hidden_layers", most=MOST_LAYERS))
    dense = {layer for layer in settings.sequence("mlp_only_layers") or [] if isinstance(layer, int)}
    dense |= {layer for layer in layers if (layer + 1) % step}
    limited = family.sigmoid_router or settings.word("topk_method", default="greedy") != "greedy"
    return ExpertsConfig(
        count=settings.size("n_routed_experts", "num_experts", "num_local_experts", most=MOST_EXPERTS),
        active=settings.size("num_experts_per_tok"),
        width=width,
        shared_width=shared * width,
        first_layer=settings.integer("first_k_dense_replace", default=0),
        dense_layers=frozenset(dense),
        scoring="sigmoid" if family.sigmoid_router else "softmax",
        renormalise=_switch(settings, family.renormalise),
        scale=settings.number("routed_scaling_factor", default=1.0),
        correction=family.sigmoid_router,
        groups=settings.size("n_group", default=1) if limited else 1,
        active_groups=settings.size("topk_group", default=1) if limited else 1,
    )


def _rope(settings: Settings, family: Family, width: int) -> tuple[RopeConfig, float]:
    """The rotary positions, and what YaRN multiplies a latent layer's queries and keys by, each.

    Older files have `rope_theta` and `rope_scaling`, newer ones `rope_parameters` with both.
    """
    section = settings.section("rope_parameters") or settings.section("rope_scaling")
    scaling = section or Settings(settings.path, {})
    theta = scaling.number("rope_theta", default=settings.number("rope_theta", default=10000.0))
    kind = scaling.word("rope_type", "type", default="default")
    partial = scaling.number("partial_rotary_factor", default=1.0)
    if kind not in ("default", "linear", "yarn", "llama3") or partial != 1.0:
        what = f"rope type {kind!r}" if partial == 1.0 else "rotary positions over a part of the head"
        raise CheckpointError(
            f"{settings.path}: the engine does not know the {what} of this model.\n"
            "It knows default, linear, yarn and llama3; take another checkpoint."
        )
    interleaved = family.latent and settings.flag("rope_interleave", default=True)
    if kind == "default":
        return RopeConfig(width, theta, interleaved=interleaved), 1.0
    factor = scaling.number("factor")
    if kind == "linear":
        return RopeConfig(width, theta, "linear", interleaved, factor), 1.0
    context = scaling.size(
        "original_max_position_embeddings", default=settings.size("max_position_embeddings")
    )
    if kind == "llama3":
        low, high = scaling.number("low_freq_factor"), scaling.number("high_freq_factor")
        rope = RopeConfig(
            width,
            theta,
            "llama3",
            interleaved,
            factor,
            context,
            low_frequency_factor=low,
            high_frequency_factor=high,
        )
        return rope, 1.0
    return _yarn(scaling, RopeConfig(width, theta, "yarn", interleaved, factor, context))


def _yarn(scaling: Settings, rope: RopeConfig) -> tuple[RopeConfig, float]:
    mscale = scaling.number("mscale", default=0.0)
    mscale_all = scaling.number("mscale_all_dim", default=0.0)
    if scaling.has("attention_factor"):
        table_scale = scaling.number("attention_factor")
    elif mscale and mscale_all:
        table_scale = yarn_magnitude(rope.factor, mscale) / yarn_magnitude(rope.factor, mscale_all)
    else:
        table_scale = yarn_magnitude(rope.factor)
    full = replace(
        rope,
        beta_fast=scaling.number("beta_fast", default=32.0),
        beta_slow=scaling.number("beta_slow", default=1.0),
        truncate=scaling.flag("truncate", default=True),
        table_scale=table_scale,
    )
    return full, yarn_magnitude(rope.factor, mscale_all) if mscale_all else 1.0
