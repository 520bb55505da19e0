"""Tiny random checkpoints of every family, made and saved by transformers, which is also the reference."""

import torch
import transformers

torch.set_num_threads(1)  # the models are so small that threads only wait for each other

VOCABULARY = 97

COMMON = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "rms_norm_eps": 3e-5,
    "bos_token_id": 1,
    "eos_token_id": None,
    "pad_token_id": None,
}
MULTIPLIERS = {
    "embedding_multiplier": 3.0,
    "residual_multiplier": 0.4,
    "attention_multiplier": 0.2,
    "logits_scaling": 0.7,
}
LATENT = {
    "num_key_value_heads": 4,
    "moe_intermediate_size": 16,
    "kv_lora_rank": 20,
    "qk_nope_head_dim": 12,
    "qk_rope_head_dim": 8,
    "v_head_dim": 10,
    "first_k_dense_replace": 1,
}
YARN = {
    "rope_type": "yarn",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "beta_fast": 32,
    "beta_slow": 1,
    "original_max_position_embeddings": 64,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}

# Name of the case: the family's model_type, what its configuration has beyond COMMON.
CASES = {
    "llama": ("llama", {"tie_word_embeddings": True}),
    "llama, linear rope": (
        "llama",
        {
            "rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 1e5},
            "attention_bias": True,
            "mlp_bias": True,
        },
    ),
    "llama, llama3 rope": ("llama", {"rope_parameters": LLAMA3}),
    "qwen2": ("qwen2", {}),
    "qwen2, windows behind layer 1": (
        "qwen2",
        {"use_sliding_window": True, "sliding_window": 9, "max_window_layers": 1},
    ),
    "qwen2, yarn": ("qwen2", {"rope_parameters": YARN}),
    "qwen3": ("qwen3", {"head_dim": 16}),
    "qwen3_moe": (
        "qwen3_moe",
        {
            "head_dim": 16,
            "num_experts": 8,
            "num_experts_per_tok": 3,
            "moe_intermediate_size": 16,
            "norm_topk_prob": True,
            "mlp_only_layers": [1],
        },
    ),
    "starcoder2": ("starcoder2", {"sliding_window": 11, "norm_epsilon": 1e-4}),
    "granite": ("granite", MULTIPLIERS),
    "granitemoe": ("granitemoe", {**MULTIPLIERS, "num_local_experts": 6, "num_experts_per_tok": 2}),
    "olmoe": ("olmoe", {"num_experts": 8, "num_experts_per_tok": 3, "clip_qkv": 1.5}),
    "mixtral": ("mixtral", {"num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 13}),
    "deepseek_v2, lite": (
        "deepseek_v2",
        {
            **LATENT,
            "q_lora_rank": None,
            "n_routed_experts": 8,
            "num_experts_per_tok": 3,
            "n_shared_experts": 2,
            "topk_method": "greedy",
            "rope_parameters": {**YARN, "mscale": 0.707, "mscale_all_dim": 0.707},
        },
    ),
    "deepseek_v2, groups": (
        "deepseek_v2",
        {
            **LATENT,
            "q_lora_rank": 14,
            "n_routed_experts": 8,
            "num_experts_per_tok": 2,
            "topk_method": "group_limited_greedy",
            "n_group": 4,
            "topk_group": 2,
            "routed_scaling_factor": 2.0,
            "rope_parameters": {**YARN, "mscale": 1.0, "mscale_all_dim": 0.5},
        },
    ),
    "deepseek_v3": (
        "deepseek_v3",
        {
            **LATENT,
            "q_lora_rank": 14,
            "n_routed_experts": 8,
            "num_experts_per_tok": 3,
            "n_shared_experts": 1,
            "n_group": 4,
            "topk_group": 2,
            "norm_topk_prob": True,
            "routed_scaling_factor": 1.5,
        },
    ),
}


def make_reference(case, **changes):
    """A transformers model of the case, every parameter random, biases and norms too; always the same."""
    model_type, extra = CASES[case]
    torch.manual_seed(len(case) * 1000 + sum(map(ord, case)))
    config = transformers.AutoConfig.for_model(model_type, **{**COMMON, **extra, **changes})
    model = transformers.AutoModelForCausalLM.from_config(config).eval().requires_grad_(False)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if "inv_freq" in name:
            continue
        if tensor.dim() == 1:
            tensor.copy_(torch.randn_like(tensor) * 0.3 + ("norm" in name and not name.endswith("bias")))
        else:
            tensor.copy_(torch.randn_like(tensor) * (1.5 / tensor.shape[-1] ** 0.5))
    return model


def random_tokens(*shape, seed=0):
    return torch.randint(2, VOCABULARY, shape, generator=torch.Generator().manual_seed(seed))


def positions_of(tokens, start=0):
    """The positions start, start + 1, … for every row of tokens [rows, n]."""
    return torch.arange(start, start + tokens.shape[1]).expand(tokens.shape)
