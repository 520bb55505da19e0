"""Tiny GGUF files, written by `gguf`'s writer from a transformers model, with the names of `gguf`'s own table."""

import gguf
import numpy
import torch

ARCHITECTURES = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "mixtral": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
    "qwen3_moe": gguf.MODEL_ARCH.QWEN3MOE,
    "starcoder2": gguf.MODEL_ARCH.STARCODER2,
    "granite": gguf.MODEL_ARCH.GRANITE,
    "granitemoe": gguf.MODEL_ARCH.GRANITE_MOE,
    "olmoe": gguf.MODEL_ARCH.OLMOE,
    "deepseek_v2": gguf.MODEL_ARCH.DEEPSEEK2,
    "deepseek_v3": gguf.MODEL_ARCH.DEEPSEEK2,
}
PERMUTED = ("llama", "mixtral", "granite", "granitemoe")


def write_gguf(path, reference, *, quantise=None, extra=None):
    """Write the model as llama.cpp's converter lays it out; matrices as `quantise`, a GGMLQuantizationType.

    `extra` tensors, by name, are added as they are.
    """
    config = reference.config
    architecture = ARCHITECTURES[config.model_type]
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[architecture])
    _write_settings(writer, config)
    names = gguf.get_tensor_name_map(architecture, config.num_hidden_layers)
    for name, tensor in [*_tensors(reference, names), *(extra or {}).items()]:
        data = tensor.float().numpy()
        if quantise is not None and data.ndim > 1:
            block, _ = gguf.GGML_QUANT_SIZES[quantise]
            if data.shape[-1] % block == 0:
                writer.add_tensor(name, gguf.quants.quantize(data, quantise), raw_dtype=quantise)
                continue
        writer.add_tensor(name, numpy.ascontiguousarray(data))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_settings(writer, config):
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    if config.model_type == "starcoder2":
        writer.add_layer_norm_eps(config.norm_epsilon)
        writer.add_sliding_window(config.sliding_window)
    else:
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if config.model_type in ("qwen3", "qwen3_moe"):
        writer.add_key_length(config.head_dim)
    rope = config.rope_parameters
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] != "default":
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
        writer.add_rope_scaling_factor(rope["factor"])
    if rope["rope_type"] == "yarn":
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if config.model_type.startswith("granite"):
        writer.add_embedding_scale(config.embedding_multiplier)
        writer.add_residual_scale(config.residual_multiplier)
        writer.add_attention_scale(config.attention_multiplier)
        writer.add_logit_scale(config.logits_scaling)
    _write_expert_settings(writer, config)
    if config.model_type.startswith("deepseek"):
        _write_latent_settings(writer, config)


def _write_expert_settings(writer, config):
    count = getattr(config, "num_local_experts", None) or getattr(config, "num_experts", None)
    if count is None:
        return
    writer.add_expert_count(count)
    writer.add_expert_used_count(config.num_experts_per_tok)
    if hasattr(config, "moe_intermediate_size"):
        writer.add_expert_feed_forward_length(config.moe_intermediate_size)


def _write_latent_settings(writer, config):
    writer.add_kv_lora_rank(config.kv_lora_rank)
    if config.q_lora_rank:
        writer.add_q_lora_rank(config.q_lora_rank)
    writer.add_key_length(config.kv_lora_rank + config.qk_rope_head_dim)
    writer.add_value_length(config.kv_lora_rank)
    writer.add_key_length_mla(config.qk_nope_head_dim + config.qk_rope_head_dim)
    writer.add_value_length_mla(config.v_head_dim)
    writer.add_rope_dimension_count(config.qk_rope_head_dim)
    writer.add_leading_dense_block_count(config.first_k_dense_replace)
    writer.add_expert_shared_count(config.n_shared_experts)
    writer.add_expert_weights_scale(config.routed_scaling_factor)
    writer.add_expert_weights_norm(config.norm_topk_prob)
    sigmoid = config.model_type == "deepseek_v3"
    kind = gguf.ExpertGatingFuncType.SIGMOID if sigmoid else gguf.ExpertGatingFuncType.SOFTMAX
    writer.add_expert_gating_func(kind)
    if sigmoid:
        writer.add_expert_group_count(config.n_group)
        writer.add_expert_group_used_count(config.topk_group)
    if "mscale_all_dim" in config.rope_parameters:
        writer.add_rope_scaling_yarn_log_mul(0.1 * config.rope_parameters["mscale_all_dim"])


def _tensors(reference, names):
    """(GGUF name, tensor) as the converter would write them."""
    config = reference.config
    for name, tensor in reference.state_dict().items():
        layer = name.removeprefix("model.layers.").partition(".")[0]
        if name.endswith("experts.gate_up_proj"):
            gate, up = tensor.chunk(2, dim=1)
            yield f"blk.{layer}.ffn_gate_exps.weight", gate
            yield f"blk.{layer}.ffn_up_exps.weight", up
        elif name.endswith("experts.down_proj"):
            yield f"blk.{layer}.ffn_down_exps.weight", tensor
        elif name.endswith("block_sparse_moe.router.weight"):
            yield f"blk.{layer}.ffn_gate_inp.weight", tensor
        elif name.endswith("e_score_correction_bias"):
            yield f"blk.{layer}.exp_probs_b.bias", tensor
        elif name.endswith("kv_b_proj.weight") and config.model_type == "deepseek_v3":
            by_head = tensor.unflatten(0, (config.num_attention_heads, -1))
            keys, values = by_head.split((config.qk_nope_head_dim, config.v_head_dim), dim=1)
            yield f"blk.{layer}.attn_k_b.weight", keys.transpose(1, 2)
            yield f"blk.{layer}.attn_v_b.weight", values
        elif name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        else:
            if config.model_type in PERMUTED and ".q_proj." in name:
                tensor = _pairs_beside_each_other(tensor, config.num_attention_heads)
            if config.model_type in PERMUTED and ".k_proj." in name:
                tensor = _pairs_beside_each_other(tensor, config.num_key_value_heads)
            found = names.get_name(name, try_suffixes=(".weight", ".bias"))
            assert found, name
            yield found, tensor


def _pairs_beside_each_other(rows, heads):
    """Row i of a head and row i + half become neighbours."""
    head = rows.reshape(heads, -1, *rows.shape[1:])
    half = head.shape[1] // 2
    return torch.stack((head[:, :half], head[:, half:]), dim=2).reshape(rows.shape)
