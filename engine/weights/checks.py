"""Refuse hyper-parameters that contradict each other, whichever file they came from. Knows no format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.models.config import ExpertsConfig, ModelConfig
from engine.types import CheckpointError


def checked(config: ModelConfig, path: Path) -> ModelConfig:
    """`config` itself. Raises CheckpointError with the first contradiction."""
    for contradiction in _contradictions(config):
        raise CheckpointError(
            f"{path}: {contradiction}, so no model can be made of it.\n"
            "Correct it, or download the checkpoint anew."
        )
    return config


def _contradictions(config: ModelConfig) -> Iterator[str]:
    if config.heads % config.kv_heads:
        yield f"{config.heads} query heads cannot share {config.kv_heads} key heads evenly"
    if config.rope.width % 2:
        yield f"rotary positions need pairs, but {config.rope.width} values are rotated"
    if config.latent is not None and config.latent.nope_width < 1:
        yield f"the unrotated part of a head is {config.latent.nope_width} wide"
    dense = [
        layer for layer in range(config.layers) if config.experts is None or not config.experts.runs_in(layer)
    ]
    if dense and config.mlp_width < 1:
        yield f"the feed-forward layer {dense[0]} has no width"
    if config.experts is not None:
        yield from _contradictions_of_experts(config.experts)


def _contradictions_of_experts(experts: ExpertsConfig) -> Iterator[str]:
    if experts.active > experts.count:
        yield f"{experts.active} experts are to be active of {experts.count}"
    if experts.count % experts.groups or experts.active_groups > experts.groups:
        yield f"{experts.count} experts make no {experts.active_groups} of {experts.groups} equal groups"
        return
    in_group = experts.count // experts.groups
    if experts.active > experts.active_groups * in_group:
        yield f"{experts.active} experts are to be active, of {experts.active_groups} groups of {in_group}"
    if experts.correction and experts.active_groups < experts.groups and in_group < 2:
        yield "groups are ranked by their best two experts, but have one each"
