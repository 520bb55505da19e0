"""Open a checkpoint by its path and make the model of it. The one entry to this folder; needs torch."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.models.config import ModelConfig
from engine.models.families import Family
from engine.models.transformer import Transformer
from engine.types import CheckpointError
from engine.weights.assemble import parameters
from engine.weights.gguf import read_gguf
from engine.weights.gguf_config import read_gguf_config
from engine.weights.huggingface_config import read_huggingface_config
from engine.weights.source import PICKLES, GGUFSource, SafetensorsSource, TensorSource, pickle_refused


def load_model(
    path: Path, *, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu"
) -> Transformer:
    """The model of a Hugging Face directory or a GGUF file, for inference (no gradients).

    Files stay mapped for the weights that are used as they lie on disk, so they must not be changed meanwhile.
    Raises CheckpointError when the checkpoint is missing, damaged, pickled or of an unknown kind.
    """
    config, source = open_checkpoint(path)
    with torch.device("meta"):
        model = Transformer(config)
    model.requires_grad_(False)
    model.load_state_dict(parameters(model, config, source, dtype), assign=True)
    return model.eval().to(device)


def open_checkpoint(path: Path) -> tuple[ModelConfig, TensorSource]:
    """A checkpoint's hyper-parameters and its tensors, none read yet."""
    if path.suffix in PICKLES:
        raise pickle_refused(path)
    config: ModelConfig
    family: Family
    if path.is_dir():
        config, family = read_huggingface_config(path / "config.json")
        return config, SafetensorsSource(path, family)
    if not path.exists():
        raise CheckpointError(
            f"{path}: no such file or directory.\n"
            "Name a directory with config.json and *.safetensors, or a GGUF file."
        )
    file = read_gguf(path)
    config, family = read_gguf_config(file)
    return config, GGUFSource(file, config, family)
