"""A GGUF file's settings into a `ModelConfig`. Knows nothing of the tensors' contents."""

from __future__ import annotations

from engine.models.config import ExpertsConfig, LatentConfig, ModelConfig, RopeConfig
from engine.models.families import FAMILIES, Family
from engine.models.rope import yarn_magnitude
from engine.types import CheckpointError
from engine.weights.checks import checked
from engine.weights.gguf import GGUFFile
from engine.weights.settings import MOST_EXPERTS, MOST_HEADS, MOST_LAYERS, MOST_WIDTH, Settings

SIGMOID = 2  # expert_gating_func


def read_gguf_config(file: GGUFFile) -> tuple[ModelConfig, Family]:
    """What the file says of its model. Raises CheckpointError where the engine could not run it rightly."""
    family = _family(file)
    prefix = family.gguf + "."
    own = {
        name.removeprefix(prefix): value for name, value in file.settings.items() if name.startswith(prefix)
    }
    settings = Settings(file.path, own, prefix)
    if "token_embd.weight" not in file.tensors:
        raise CheckpointError(f"{file.path}: it has no token_embd.weight.\nTake a file of a whole model.")
    heads = settings.size("attention.head_count", most=MOST_HEADS)
    width = settings.size("embedding_length", most=MOST_WIDTH)
    latent = _latent(settings) if family.latent else None
    head_width = (
        latent.rope_width if latent else settings.size("attention.key_length", default=width // heads)
    )
    rope, magnitude = _rope(file, settings, family, head_width)
    layers = settings.size("block_count", most=MOST_LAYERS)
    config = ModelConfig(
        family=family.name,
        vocabulary=file.tensors["token_embd.weight"].shape[0],
        width=width,
        layers=layers,
        heads=heads,
        kv_heads=heads if latent else settings.size("attention.head_count_kv", default=heads),
        head_width=head_width,
        mlp_width=settings.integer("feed_forward_length", default=0, most=MOST_WIDTH),
        context_length=settings.size("context_length"),
        rope=rope,
        attention_scale=_attention_scale(settings, latent, head_width, magnitude),
        norm_epsilon=settings.number("attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"),
        windows=(_window(settings, family),) * layers,
        norm=family.norm,
        activation="silu" if family.gated_mlp else "gelu_tanh",
        gated_mlp=family.gated_mlp,
        qkv_bias="blk.0.attn_q.bias" in file.tensors,
        output_bias="blk.0.attn_output.bias" in file.tensors,
        mlp_bias="blk.0.ffn_down.bias" in file.tensors,
        qk_norm=family.qk_norm,
        clip_qkv=settings.number("attention.clamp_kqv") if settings.has("attention.clamp_kqv") else None,
        tied_head="output.weight" not in file.tensors,
        embedding_multiplier=settings.number("embedding_scale", default=1.0),
        residual_multiplier=settings.number("residual_scale", default=1.0),
        logits_divisor=settings.number("logit_scale", default=1.0),
        latent=latent,
        experts=_experts(settings, family) if family.experts else None,
    )
    return checked(config, file.path), family


def _family(file: GGUFFile) -> Family:
    """By architecture; files share one where llama.cpp runs two families as the same."""
    architecture = Settings(file.path, file.settings).word("general.architecture")
    name = next((family.name for family in FAMILIES.values() if family.gguf == architecture), None)
    if name is None:
        known = ", ".join(sorted({family.gguf for family in FAMILIES.values()}))
        raise CheckpointError(
            f"{file.path}: the engine does not know the architecture {architecture!r}.\nIt runs {known}."
        )
    if name == "llama" and file.settings.get("llama.expert_count"):
        name = "mixtral"
    if name == "deepseek_v2" and file.settings.get("deepseek2.expert_gating_func") == SIGMOID:
        name = "deepseek_v3"
    return FAMILIES[name]


def _latent(settings: Settings) -> LatentConfig:
    """Newer files give a head's own widths as `…_length_mla`, and those of the shared latent as `…_length`."""
    rope_width = settings.size("rope.dimension_count")
    return LatentConfig(
        rank=settings.size("attention.kv_lora_rank"),
        query_rank=settings.size("attention.q_lora_rank") if settings.has("attention.q_lora_rank") else None,
        nope_width=settings.size("attention.key_length_mla", "attention.key_length") - rope_width,
        rope_width=rope_width,
        value_width=settings.size("attention.value_length_mla", "attention.value_length"),
    )


def _attention_scale(
    settings: Settings, latent: LatentConfig | None, head_width: int, magnitude: float
) -> float:
    if latent is not None:
        return float((latent.nope_width + latent.rope_width) ** -0.5 * magnitude**2)
    return settings.number("attention.scale", default=head_width**-0.5)


def _window(settings: Settings, family: Family) -> int | None:
    if family.window == "none" or not settings.has("attention.sliding_window"):
        return None
    return settings.size("attention.sliding_window")


def _experts(settings: Settings, family: Family) -> ExpertsConfig:
    width = settings.size("expert_feed_forward_length", "feed_forward_length", most=MOST_WIDTH)
    # llama.cpp renormalises Qwen3's weights always, and its files do not say so.
    renormalise = family.renormalise is True or family.name == "qwen3_moe"
    return ExpertsConfig(
        count=settings.size("expert_count", most=MOST_EXPERTS),
        active=settings.size("expert_used_count"),
        width=width,
        shared_width=settings.integer("expert_shared_count", default=0) * width,
        first_layer=settings.integer("leading_dense_block_count", default=0),
        scoring="sigmoid" if family.sigmoid_router else "softmax",
        renormalise=settings.flag("expert_weights_norm", default=renormalise),
        scale=settings.number("expert_weights_scale", default=1.0) or 1.0,
        correction=family.sigmoid_router,
        groups=settings.size("expert_group_count", default=1),
        active_groups=settings.size("expert_group_used_count", default=1),
    )


def _rope(file: GGUFFile, settings: Settings, family: Family, width: int) -> tuple[RopeConfig, float]:
    """The rotary positions, and what YaRN multiplies a latent layer's queries and keys by, each."""
    theta = settings.number("rope.freq_base", default=10000.0)
    kind = settings.word("rope.scaling.type", default="none")
    turned = settings.integer("rope.dimension_count", default=width)
    if (
        kind not in ("none", "linear", "yarn")
        or "rope_freqs.weight" in file.tensors
        or turned != width
        or width % 2
    ):
        raise CheckpointError(
            f"{file.path}: the engine does not know this file's rotary positions (scaling {kind!r}, "
            f"{turned} of {width} values, own frequencies: {'rope_freqs.weight' in file.tensors}).\n"
            "Take the same model as a Hugging Face directory."
        )
    if kind == "none":
        return RopeConfig(width, theta, interleaved=family.latent), 1.0
    factor = settings.number("rope.scaling.factor")
    if kind == "linear":
        return RopeConfig(width, theta, "linear", family.latent, factor), 1.0
    # DeepSeek's table scale is 1; its magnitude, in the softmax, is given as a tenth of the multiplier.
    multiplier = 10 * settings.number("rope.scaling.yarn_log_multiplier", default=0.0)
    rope = RopeConfig(
        width,
        theta,
        "yarn",
        family.latent,
        factor,
        settings.size("rope.scaling.original_context_length", "context_length"),
        table_scale=1.0 if multiplier else yarn_magnitude(factor),
    )
    return rope, yarn_magnitude(factor, multiplier) if multiplier else 1.0
