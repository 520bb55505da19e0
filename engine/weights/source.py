"""Named tensors of a checkpoint, mapped into memory and read one by one: safetensors and GGUF."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from engine.models.config import ModelConfig
from engine.models.families import GGUF_DEEPSEEK_NAMES, GGUF_NAMES, HUGGING_FACE_NAMES, Family, Names
from engine.types import CheckpointError
from engine.weights.dequantise import dequantise
from engine.weights.gguf import GGUFFile

INDEX, SINGLE = "model.safetensors.index.json", "model.safetensors"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


class TensorSource(Protocol):
    """Tensors by the names of the checkpoint. `names` tells what ours are called there."""

    path: Path
    names: Names

    def __contains__(self, name: str) -> bool: ...

    def read(self, name: str) -> Tensor:
        """The tensor as stored, or float32 if it was quantised; it may be a view of the file. Raises KeyError."""
        ...


class SafetensorsSource:
    """A directory of safetensors, sharded or not. Raises CheckpointError when shards are missing or damaged."""

    def __init__(self, directory: Path, family: Family) -> None:
        self.path = directory
        self.names: Names = {**HUGGING_FACE_NAMES, **family.names}
        self._holder = _holders(directory)

    def __contains__(self, name: str) -> bool:
        return name in self._holder

    def read(self, name: str) -> Tensor:
        try:
            tensor: Tensor = self._holder[name].get_tensor(name)
        except SafetensorError as error:
            raise _damaged(self.path, f"cannot read {name}: {error}") from error
        return tensor


class GGUFSource:
    """The tensors of one GGUF file. The file stays mapped while tensors that were not quantised are in use."""

    def __init__(self, file: GGUFFile, config: ModelConfig, family: Family) -> None:
        self.path = file.path
        self.names: Names = GGUF_DEEPSEEK_NAMES if family.latent else GGUF_NAMES
        self._places, self._config = file.tensors, config
        self._interleaves = family.gguf_interleaves
        size_bytes = file.path.stat().st_size
        # Private: a write would reach this process only.
        self._data = torch.from_file(str(file.path), shared=False, size=size_bytes, dtype=torch.uint8)

    def __contains__(self, name: str) -> bool:
        return name in self._places or all(part in self._places for part in _split_up(name))

    def read(self, name: str) -> Tensor:
        if name not in self._places:
            return self._joined_up(*_split_up(name))
        tensor = self._stored(name)
        if self._interleaves and ".attn_q." in name:
            return _half_split(tensor, self._config.heads)
        if self._interleaves and ".attn_k." in name:
            return _half_split(tensor, self._config.kv_heads)
        return tensor

    def _stored(self, name: str) -> Tensor:
        place = self._places[name]
        data = self._data[place.offset : place.offset + place.bytes]
        match place.layout.name:
            case "F32":
                flat = data.view(torch.float32)
            case "F16":
                flat = data.view(torch.float16)
            case "BF16":
                flat = data.view(torch.bfloat16)
            case quantised:
                flat = dequantise(data.view(-1, place.layout.bytes), quantised)
        return flat.view(place.shape)

    def _joined_up(self, key_name: str, value_name: str) -> Tensor:
        """DeepSeek's key and value projections of the latent, which newer files hold apart, keys transposed."""
        keys, values = self._stored(key_name), self._stored(value_name)
        if keys.dim() != 3 or values.dim() != 3 or values.shape[::2] != keys.shape[:2]:
            raise _damaged(self.path, f"the tensors {key_name} and {value_name} do not fit together")
        # keys: [heads, rank, nope], values: [heads, value, rank]
        return torch.cat((keys.transpose(1, 2), values), dim=1).flatten(0, 1)


def _split_up(name: str) -> tuple[str, str]:
    return name.replace("attn_kv_b", "attn_k_b"), name.replace("attn_kv_b", "attn_v_b")


def _half_split(rows: Tensor, heads: int) -> Tensor:
    """Put rows in the order of neighbouring rotary pairs back to that of halves. rows: [heads · D, …].

    Rows that do not divide stay: their shape is not what the configuration wants, and is refused for that.
    """
    if len(rows) % (2 * heads):
        return rows
    return torch.unflatten(rows, 0, (heads, -1, 2)).transpose(1, 2).flatten(0, 2)


def _holders(directory: Path) -> Mapping[str, Any]:
    """Tensor name -> the open shard that holds it."""
    if (directory / INDEX).exists():
        return _index(directory / INDEX)
    if (directory / SINGLE).exists():
        shard = _open_shard(directory / SINGLE)
        return dict.fromkeys(shard.keys(), shard)
    pickles = sorted(entry.name for entry in directory.iterdir() if entry.suffix in PICKLES)
    if pickles:
        raise pickle_refused(directory / pickles[0])
    raise CheckpointError(
        f"{directory}: no weights there ({SINGLE} or {INDEX}).\nIs the checkpoint whole? Download it anew."
    )


def _index(path: Path) -> Mapping[str, Any]:
    try:
        shards = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
        listed = dict(shards.items())
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _damaged(path, f"not an index of shards: {error}") from error
    for shard in listed.values():
        if not isinstance(shard, str) or os.path.basename(shard) != shard:  # noqa: PTH119 - of a foreign name
            raise _damaged(path, f"{shard!r} is not the name of a file beside it")
    opened: dict[str, Any] = {}
    for shard in sorted(set(listed.values())):
        opened[shard] = _open_shard(path.parent / shard)
        held = set(opened[shard].keys())
        lacking = sorted(name for name, where in listed.items() if where == shard and name not in held)
        if lacking:
            raise _damaged(path.parent / shard, f"it lacks {lacking[0]}, which the index says it holds")
    return {name: opened[shard] for name, shard in listed.items()}


def _open_shard(path: Path) -> Any:
    if path.suffix in PICKLES:
        raise pickle_refused(path)
    try:
        return safe_open(path, framework="pt")
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path}: this shard of the weights is missing.\nDownload it, or the checkpoint anew."
        ) from error
    except (OSError, SafetensorError) as error:
        raise _damaged(path, f"truncated or not safetensors ({error})") from error


def pickle_refused(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{path}: a pickled checkpoint, which can run any code when it is loaded; the engine never loads one.\n"
        "Take the model's safetensors or GGUF files."
    )


def _damaged(path: Path, cause: str) -> CheckpointError:
    return CheckpointError(f"{path}: {cause}.\nDownload it anew.")
