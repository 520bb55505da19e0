"""Checkpoints on disk: shards, types, mapping; and damaged, foreign and dangerous ones, each refused in words."""

import json
import struct

import gguf
import numpy
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tiny_gguf import write_gguf
from tiny_models import make_reference, positions_of, random_tokens

from engine.cache.plain import PlainCache
from engine.types import CheckpointError, EngineError
from engine.weights.load import load_model, open_checkpoint

TENSOR = "model.layers.1.self_attn.k_proj.weight"


@pytest.fixture
def folder(tmp_path):
    """A llama in several shards."""
    make_reference("llama").save_pretrained(tmp_path / "model", max_shard_size="20KB")
    assert len(list((tmp_path / "model").glob("*.safetensors"))) > 2
    return tmp_path / "model"


def logits(model, tokens):
    with torch.inference_mode():
        return model.logits(model(tokens, positions_of(tokens), PlainCache(model.config, len(tokens))))


def refusal(path):
    """The message with which a checkpoint is refused: what and why, then what to do."""
    with pytest.raises(EngineError) as caught:
        load_model(path)
    message = str(caught.value)
    cause, _, next_step = message.partition("\n")
    assert str(path) in cause
    assert len(next_step) > 10
    return message


def change_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def shard_of(folder, tensor=TENSOR):
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    return folder / index["weight_map"][tensor]


def change_shard(folder, change):
    path = shard_of(folder)
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


def test_a_sharded_checkpoint_gives_the_logits_of_the_model_that_was_saved(folder):
    tokens = random_tokens(2, 16)
    torch.testing.assert_close(
        logits(load_model(folder), tokens), make_reference("llama")(tokens).logits, atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("case", ["qwen3_moe", "deepseek_v3"])
def test_in_bfloat16_the_model_stays_near_and_its_router_in_float32(case, tmp_path):
    reference = make_reference(case)
    reference.save_pretrained(tmp_path)
    model = load_model(tmp_path, dtype=torch.bfloat16)
    types = {name: parameter.dtype for name, parameter in model.named_parameters()}
    assert types["layers.2.mlp.router.weight"] == torch.float32
    assert types["layers.2.mlp.expert_down"] == types["embedding.weight"] == torch.bfloat16
    tokens = random_tokens(1, 12)
    expected = reference(tokens).logits
    close = torch.nn.functional.cosine_similarity(logits(model, tokens).float(), expected, dim=-1)
    assert close.median() > 0.99


def test_tensors_that_were_not_quantised_are_views_of_the_mapped_file(tmp_path):
    write_gguf(tmp_path / "model.gguf", make_reference("llama"))
    _, source = open_checkpoint(tmp_path / "model.gguf")
    first, again = (source.read("token_embd.weight") for _ in range(2))
    assert first.data_ptr() == again.data_ptr()


def test_an_older_configuration_with_rope_scaling_beside_rope_theta_means_the_same(tmp_path):
    make_reference("llama, linear rope").save_pretrained(tmp_path)
    newer, _ = open_checkpoint(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    del config["rope_parameters"]
    config |= {"rope_theta": 1e5, "rope_scaling": {"type": "linear", "factor": 4.0}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    older, _ = open_checkpoint(tmp_path)
    assert older == newer


def test_a_path_that_is_not_there_is_refused(tmp_path):
    assert "no such file" in refusal(tmp_path / "nothing")


def test_a_directory_without_configuration_is_refused(folder):
    (folder / "config.json").unlink()
    assert "config.json" in refusal(folder)


@pytest.mark.parametrize("text", ["{", "[]", "null", "\N{REPLACEMENT CHARACTER}"])
def test_a_configuration_that_is_no_table_is_refused(folder, text):
    (folder / "config.json").write_text(text)
    assert "config.json" in refusal(folder)


def test_a_missing_shard_is_named(folder):
    shard_of(folder).unlink()
    assert f"{shard_of(folder).name}: this shard of the weights is missing" in refusal(folder)


@pytest.mark.parametrize("left_bytes", [0, 5, 200, -1])
def test_a_truncated_shard_is_named(folder, left_bytes):
    content = shard_of(folder).read_bytes()
    shard_of(folder).write_bytes(content[:left_bytes])
    assert shard_of(folder).name in refusal(folder)
    assert "truncated" in refusal(folder)


def test_a_tensor_of_the_wrong_shape_is_named_with_both_shapes(folder):
    change_shard(folder, lambda tensors: tensors.update({TENSOR: torch.zeros(16, 31)}))
    assert f"{TENSOR} has shape [16, 31]; the configuration wants [16, 32]" in refusal(folder)


def test_a_tensor_that_the_index_promises_and_the_shard_lacks_is_named(folder):
    change_shard(folder, lambda tensors: tensors.pop(TENSOR))
    assert f"it lacks {TENSOR}" in refusal(folder)


def test_a_tensor_that_nobody_has_is_named(folder):
    change_config(folder, num_hidden_layers=4)
    assert "tensor model.layers.3.input_layernorm.weight is missing" in refusal(folder)


def test_an_index_cannot_reach_out_of_its_directory(folder):
    index = folder / "model.safetensors.index.json"
    content = json.loads(index.read_text())
    content["weight_map"][TENSOR] = "../elsewhere/model.safetensors"
    index.write_text(json.dumps(content))
    assert "not the name of a file beside it" in refusal(folder)


@pytest.mark.parametrize("content", ["", "[]", '{"weight_map": 3}', '{"weight_map": {"a": 3}}'])
def test_an_index_that_is_none_is_refused(folder, content):
    (folder / "model.safetensors.index.json").write_text(content)
    assert "model.safetensors.index.json" in refusal(folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pth"])
def test_pickles_are_refused_unread(folder, name):
    for file in folder.glob("*.safetensors*"):
        file.unlink()
    (folder / name).write_bytes(b"cos\nsystem\n(S'touch ruin'\ntR.")
    assert "never loads one" in refusal(folder)
    assert "never loads one" in refusal(folder / name)


def test_an_index_of_pickles_is_refused(folder):
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {TENSOR: "pytorch_model.bin"}}))
    assert "never loads one" in refusal(folder)


def test_an_unknown_architecture_is_refused_with_those_that_run(folder):
    change_config(folder, model_type="mamba")
    message = refusal(folder)
    assert "'mamba'" in message
    assert "qwen3_moe" in message


@pytest.mark.parametrize("kind", ["dynamic", "longrope", "su"])
@pytest.mark.parametrize("key", ["rope_parameters", "rope_scaling"])
def test_rope_types_that_change_with_length_are_refused(folder, kind, key):
    change_config(folder, **{"rope_parameters": None, key: {"rope_type": kind, "factor": 2.0}})
    assert f"rope type '{kind}'" in refusal(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_experts_per_tok": 9}, "9 experts are to be active of 8"),
        ({"n_group": 3}, "8 experts make no 2 of 3 equal groups"),
        ({"topk_group": 1}, "3 experts are to be active, of 1 groups of 2"),
        ({"intermediate_size": 0}, "intermediate_size is 0"),
    ],
)
def test_experts_that_make_no_groups_are_refused(tmp_path, change, words):
    make_reference("deepseek_v3").save_pretrained(tmp_path)
    change_config(tmp_path, **change)
    assert words in refusal(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hidden_size": None}, "hidden_size is missing"),
        ({"hidden_size": "32"}, "hidden_size is '32'"),
        ({"num_attention_heads": 0}, "num_attention_heads is 0"),
        ({"intermediate_size": 10**9}, "intermediate_size is 1000000000"),
        ({"num_hidden_layers": 10**6}, "num_hidden_layers is 1000000"),
        ({"num_key_value_heads": 3}, "4 query heads cannot share 3 key heads"),
        ({"rms_norm_eps": True}, "rms_norm_eps is True"),
        ({"hidden_act": "relu"}, "hidden_act is 'relu'"),
        ({"attention_bias": "yes"}, "attention_bias is 'yes'"),
        ({"rope_parameters": "default"}, "rope_parameters is 'default'"),
        ({"rope_parameters": {"rope_type": "linear"}}, "rope_parameters.factor is missing"),
        ({"quantization_config": {"quant_method": "fp8"}}, "quantised in a way"),
    ],
)
def test_settings_that_make_no_model_are_named(folder, change, words):
    change_config(folder, **change)
    assert words in refusal(folder)


def test_a_file_that_is_no_gguf_is_refused(tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"GGML" + bytes(100))
    assert "does not begin as a GGUF file" in refusal(tmp_path / "model.gguf")


def test_a_gguf_of_another_version_or_byte_order_is_refused(tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"GGUF" + struct.pack(">I", 3) + bytes(100))
    assert "version" in refusal(tmp_path / "model.gguf")


def test_a_gguf_of_another_architecture_is_refused_with_those_that_run(tmp_path):
    gguf_of(tmp_path / "model.gguf", "rwkv7")
    message = refusal(tmp_path / "model.gguf")
    assert "'rwkv7'" in message
    assert "deepseek2" in message


def test_a_gguf_tensor_type_that_the_engine_does_not_read_is_named(tmp_path):
    kind = gguf.GGMLQuantizationType.IQ4_NL
    gguf_of(tmp_path / "model.gguf", "llama", ("odd", numpy.zeros((1, 18), "u1"), kind))
    assert "tensor odd is of GGUF type 20" in refusal(tmp_path / "model.gguf")


def test_a_gguf_with_frequencies_of_its_own_is_refused(tmp_path):
    reference = make_reference("llama")
    write_gguf(tmp_path / "model.gguf", reference, extra={"rope_freqs.weight": torch.ones(4)})
    assert "own frequencies: True" in refusal(tmp_path / "model.gguf")


def gguf_of(path, architecture, *tensors):
    writer = gguf.GGUFWriter(path, architecture)
    for name, data, kind in tensors:
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture(scope="module", params=["llama", "deepseek_v3"])
def whole_gguf(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "model.gguf"
    write_gguf(path, make_reference(request.param))
    return path


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.999))
def test_a_gguf_cut_anywhere_is_refused_as_truncated(whole_gguf, tmp_path, share):
    path = tmp_path / "cut.gguf"
    content = whole_gguf.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match="truncated"):
        open_checkpoint(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.integers(0, 3500), value=st.binary(min_size=1, max_size=8))
def test_a_gguf_with_any_bytes_of_its_head_overwritten_is_read_or_refused_in_words(
    whole_gguf, tmp_path, where, value
):
    path = tmp_path / "changed.gguf"
    content = whole_gguf.read_bytes()
    path.write_bytes(content[:where] + value + content[where + len(value) :])
    try:
        load_model(path)
    except CheckpointError as error:
        assert str(path) in str(error)
