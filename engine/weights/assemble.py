"""Fill a model's parameters from a checkpoint: find the parts, join what our modules fuse, check shapes.

Knows no file format. A parameter is called `layers.3.attention.qkv.weight`; a checkpoint has its parts, here
query, key and value, under names that the source's table gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from engine.models.config import ModelConfig
from engine.types import CheckpointError
from engine.weights.source import TensorSource

FUSED = {
    "attention.qkv": ("attention.query", "attention.key", "attention.value"),
    "mlp.gate_up": ("mlp.gate", "mlp.up"),
    "mlp.shared.gate_up": ("mlp.shared.gate", "mlp.shared.up"),
}


class Part(NamedTuple):
    """A tensor of the checkpoint and the place it fills."""

    name: str
    place: Tensor


def parameters(
    model: nn.Module, config: ModelConfig, source: TensorSource, dtype: torch.dtype
) -> dict[str, Tensor]:
    """The tensors for `model`, which may be without storage. Routers stay float32.

    Whole tensors of the right type are views of the mapped file; what is fused, quantised or of another type
    is copied, one parameter at a time. Raises CheckpointError when a tensor is missing or of a wrong shape.
    """
    return {
        name: _parameter(name, parameter, config, source, torch.float32 if ".router." in name else dtype)
        for name, parameter in model.named_parameters()
    }


def _parameter(
    name: str, wanted: Tensor, config: ModelConfig, source: TensorSource, dtype: torch.dtype
) -> Tensor:
    layer, stem, leaf = _split(name)
    if stem not in FUSED and not stem.startswith("mlp.expert_"):
        whole = _read(_name(source, stem, leaf, layer), wanted, source)
        return whole.to(dtype)
    # All parts are checked before anything of the configured size is allocated.
    tensors = [
        _read(part.name, part.place, source) for part in _parts(stem, leaf, layer, wanted, config, source)
    ]
    filled = torch.empty(wanted.shape, dtype=dtype)
    for part, tensor in zip(_parts(stem, leaf, layer, filled, config, source), tensors, strict=True):
        part.place.copy_(tensor)
    return filled


def _parts(
    stem: str, leaf: str, layer: int, filled: Tensor, config: ModelConfig, source: TensorSource
) -> Iterator[Part]:
    if stem in FUSED:
        rows = [len(filled) // 2] * 2
        if stem == "attention.qkv":
            rows = [heads * config.head_width for heads in (config.heads, config.kv_heads, config.kv_heads)]
        for part, place in zip(FUSED[stem], filled.split_with_sizes(rows), strict=True):
            yield Part(_name(source, part, leaf, layer), place)
        return
    if stem == "mlp.expert_down":
        yield from _expert_parts("mlp.experts.down", layer, filled, source)
    elif "mlp.experts.gate_up" in source.names:
        yield from _expert_parts("mlp.experts.gate_up", layer, filled, source)
    else:
        gate, up = filled.chunk(2, dim=1)
        yield from _expert_parts("mlp.experts.gate", layer, gate, source)
        yield from _expert_parts("mlp.experts.up", layer, up, source)


def _expert_parts(stem: str, layer: int, stacked: Tensor, source: TensorSource) -> Iterator[Part]:
    """Checkpoints hold the experts as one stacked tensor or as one tensor each. stacked: [E, rows, columns]."""
    if "{expert}" not in source.names[stem]:
        yield Part(_name(source, stem, "weight", layer), stacked)
        return
    for expert, place in enumerate(stacked):
        yield Part(_name(source, stem, "weight", layer, expert), place)


def _read(name: str, wanted: Tensor, source: TensorSource) -> Tensor:
    if name not in source:
        raise CheckpointError(
            f"{source.path}: the tensor {name} is missing.\nIs the checkpoint whole? Download it anew."
        )
    tensor = source.read(name)
    if tensor.shape != wanted.shape:
        raise CheckpointError(
            f"{source.path}: the tensor {name} has shape {list(tensor.shape)}; "
            f"the configuration wants {list(wanted.shape)}.\n"
            "Configuration and weights belong to different models? Download the checkpoint anew."
        )
    return tensor


def _split(parameter: str) -> tuple[int, str, str]:
    """`layers.3.attention.qkv.weight` -> 3, `attention.qkv`, `weight`. Stacked experts have no leaf of their own."""
    layer = -1
    if parameter.startswith("layers."):
        _, number, parameter = parameter.split(".", 2)
        layer = int(number)
    stem, _, leaf = parameter.rpartition(".")
    if leaf in ("weight", "bias", "correction"):
        return layer, stem, leaf
    return layer, parameter, "weight"


def _name(source: TensorSource, stem: str, leaf: str, layer: int, expert: int = 0) -> str:
    if leaf == "correction":
        return source.names[f"{stem}.{leaf}"].format(layer=layer)
    return source.names[stem].format(layer=layer, expert=expert) + "." + leaf
