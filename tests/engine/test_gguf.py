"""GGUF files: every tensor type against `gguf`'s own dequantisation, every family against transformers."""

import os
from pathlib import Path

import gguf
import numpy
import pytest
import torch
import transformers
from tiny_gguf import write_gguf
from tiny_models import make_reference, positions_of, random_tokens

from engine.cache.plain import PlainCache
from engine.weights.gguf import read_gguf
from engine.weights.gguf_config import read_gguf_config
from engine.weights.load import load_model, open_checkpoint
from engine.weights.source import GGUFSource

TYPES = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q5_K", "Q6_K")
HALVES_AT = {"Q8_0": (0,), "Q4_0": (0,), "Q4_1": (0, 2), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}
CASES = (
    "llama",
    "llama, linear rope",
    "qwen2",
    "qwen2, yarn",
    "qwen3",
    "qwen3_moe",
    "starcoder2",
    "granite",
    "granitemoe",
    "olmoe",
    "mixtral",
    "deepseek_v2, lite",
    "deepseek_v3",
)
NOT_IN_GGUF = {
    "olmoe": {"clip_qkv": None},
    "qwen3_moe": {"mlp_only_layers": []},
    "mixtral": {"sliding_window": None},
}


def random_blocks(kind, rows, columns):
    """Any bits at all, [rows, bytes] uint8, but the halves that scale a block are finite, tiny ones included."""
    values, size = gguf.GGML_QUANT_SIZES[kind]
    random = numpy.random.default_rng(7)
    blocks = random.integers(0, 256, (rows * columns // values, size), dtype=numpy.uint8)
    for start in HALVES_AT.get(kind.name, ()):
        halves = (random.standard_normal(len(blocks)) * 10.0 ** random.integers(-7, 3, len(blocks))).astype(
            "f2"
        )
        blocks[:, start : start + 2] = halves[:, None].view(numpy.uint8)
    return blocks.reshape(rows, -1)


def file_of(path, tensors):
    """A GGUF file that holds only these (name, raw data, type); enough to read tensors, no whole model."""
    writer = gguf.GGUFWriter(path, "llama")
    for name, data, kind in tensors:
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("name", TYPES)
def test_every_tensor_type_reads_to_the_bit_as_gguf_dequantises_it(name, tmp_path, llama_config):
    kind = gguf.GGMLQuantizationType[name]
    if name in ("F32", "F16", "BF16"):
        numbers = numpy.random.default_rng(3).standard_normal((6, 512)).astype("f4")
        raw = gguf.quants.quantize(numbers, kind)
    else:
        raw = random_blocks(kind, 6, 512)
    file_of(tmp_path / "one.gguf", [("first", numpy.ones(5, "f4"), None), ("it", raw, kind)])
    config, family = llama_config
    read = GGUFSource(read_gguf(tmp_path / "one.gguf"), config, family).read("it")
    expected = gguf.quants.dequantize(raw, kind)
    assert read.shape == (6, 512)
    assert numpy.array_equal(read.float().numpy(), expected)
    assert numpy.isfinite(expected).all()


@pytest.fixture(scope="module")
def llama_config(tmp_path_factory):
    path = tmp_path_factory.mktemp("llama") / "model.gguf"
    write_gguf(path, make_reference("llama"))
    return read_gguf_config(read_gguf(path))


@pytest.mark.parametrize("case", CASES)
def test_a_gguf_file_gives_the_logits_of_transformers(case, tmp_path):
    reference = make_reference(case, **NOT_IN_GGUF.get(case, {}))
    write_gguf(tmp_path / "model.gguf", reference)
    ours = load_model(tmp_path / "model.gguf")
    tokens = random_tokens(2, 33)
    with torch.inference_mode():
        found = ours.logits(ours(tokens, positions_of(tokens), PlainCache(ours.config, 2)))
    torch.testing.assert_close(found, reference(tokens).logits, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0", "Q4_1", "F16", "BF16"])
def test_a_quantised_model_gives_the_logits_of_its_dequantised_weights(kind, tmp_path):
    quantise = gguf.GGMLQuantizationType[kind]
    reference = make_reference("llama, linear rope")
    write_gguf(tmp_path / "model.gguf", reference, quantise=quantise)
    ours = load_model(tmp_path / "model.gguf")
    block, _ = gguf.GGML_QUANT_SIZES[quantise]
    for tensor in reference.state_dict().values():
        if tensor.dim() > 1 and tensor.shape[-1] % block == 0:
            packed = gguf.quants.quantize(tensor.numpy(), quantise)
            tensor.copy_(torch.from_numpy(gguf.quants.dequantize(packed, quantise)))
    tokens = random_tokens(1, 20)
    with torch.inference_mode():
        found = ours.logits(ours(tokens, positions_of(tokens), PlainCache(ours.config)))
    torch.testing.assert_close(found, reference(tokens).logits, atol=1e-4, rtol=0)


def test_settings_of_every_kind_come_back_as_they_were_written(tmp_path):
    writer = gguf.GGUFWriter(tmp_path / "s.gguf", "llama")
    writer.add_string("a.text", "naïve ｜ 🦀")
    writer.add_array("a.words", ["one", "", "zwei"])
    writer.add_array("a.numbers", [-1, 2, 3])
    writer.add_bool("a.flag", True)
    writer.add_float64("a.double", 0.1)
    writer.add_int64("a.long", -(2**40))
    writer.add_uint8("a.byte", 255)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    settings = read_gguf(tmp_path / "s.gguf").settings
    found = {name: settings[name] for name in settings if name.startswith("a.")}
    assert found == {
        "a.text": "naïve ｜ 🦀",
        "a.words": ["one", "", "zwei"],
        "a.numbers": [-1, 2, 3],
        "a.flag": True,
        "a.double": 0.1,
        "a.long": -(2**40),
        "a.byte": 255,
    }


@pytest.mark.skipif(
    not os.environ.get("GRAFT_TEST_SMOLLM2"), reason="GRAFT_TEST_SMOLLM2 names no SmolLM2-135M GGUF file"
)
def test_smollm2_gives_the_logits_of_transformers_own_reading_of_the_file():
    path = Path(os.environ["GRAFT_TEST_SMOLLM2"])
    words = read_gguf(path).settings["tokenizer.ggml.tokens"]
    asked = ["The", "Ġcapital", "Ġof", "ĠFrance", "Ġis"]
    tokens = torch.tensor([[words.index(word) for word in asked]])
    ours = load_model(path)
    reference = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32
    )
    with torch.inference_mode():
        found = ours.logits(ours(tokens, positions_of(tokens), PlainCache(ours.config)))
        expected = reference(tokens).logits
    torch.testing.assert_close(found, expected, atol=2e-4, rtol=0)  # logits reach 30: rounding is larger
    assert words[found[0, -1].argmax()] == "ĠParis"


def test_a_llama_file_says_what_the_model_is(tmp_path):
    write_gguf(tmp_path / "model.gguf", make_reference("llama, linear rope"))
    config, _ = open_checkpoint(tmp_path / "model.gguf")
    assert (config.heads, config.kv_heads, config.layers, config.tied_head) == (4, 2, 3, False)
    assert (config.rope.kind, config.rope.factor, config.rope.theta) == ("linear", 4.0, 1e5)
    assert config.qkv_bias and config.output_bias and config.mlp_bias
