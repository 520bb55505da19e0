"""Feed-forward layers: dense, and mixtures of experts with their routers (DeepSeekMoE 2401.06066).

T tokens, E experts, A active, G groups, D model width, F expert width.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.models.config import ExpertsConfig, ModelConfig

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": functional.silu,
    "gelu": functional.gelu,
    "gelu_tanh": partial(functional.gelu, approximate="tanh"),
}


class DenseMLP(nn.Module):
    """down(act(gate x) · up x), or down(act(up x)) where the family has no gate."""

    def __init__(self, config: ModelConfig, width: int) -> None:
        super().__init__()
        self.activation, self.gated = ACTIVATIONS[config.activation], config.gated_mlp
        if self.gated:
            self.gate_up = nn.Linear(config.width, 2 * width, bias=config.mlp_bias)
        else:
            self.up = nn.Linear(config.width, width, bias=config.mlp_bias)
        self.down = nn.Linear(width, config.width, bias=config.mlp_bias)

    def forward(self, x: Tensor) -> Tensor:
        """x: [..., D] -> [..., D]."""
        if self.gated:
            gate, up = self.gate_up(x).chunk(2, dim=-1)
            inner = self.activation(gate) * up
        else:
            inner = self.activation(self.up(x))
        result: Tensor = self.down(inner)
        return result


class Router(nn.Module):
    """Choose A experts per token, in float32 whatever the model's type.

    Softmax with plain or group-limited choice (DeepSeek-V2), sigmoid with a correction that takes part in
    the choice only (DeepSeek-V3 2412.19437, eq. 13–16); renormalised where the family says so.
    """

    def __init__(self, experts: ExpertsConfig, width: int) -> None:
        super().__init__()
        self.experts = experts
        self.weight = nn.Parameter(torch.empty(experts.count, width))
        if experts.correction:
            self.correction = nn.Parameter(torch.empty(experts.count))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x: [T, D] -> weights [T, A] float32, experts [T, A] int64."""
        how = self.experts
        logits = functional.linear(x.float(), self.weight.float())
        scores = logits.softmax(dim=-1) if how.scoring == "softmax" else logits.sigmoid()
        wanted = scores + self.correction.float() if how.correction else scores
        if how.active_groups < how.groups:
            wanted = self._within_best_groups(wanted)
        chosen = wanted.topk(how.active, dim=-1).indices
        weights = scores.gather(1, chosen)
        if how.renormalise:
            weights = weights / (weights.sum(dim=-1, keepdim=True) + 1e-20)
        return weights * how.scale, chosen

    def _within_best_groups(self, wanted: Tensor) -> Tensor:
        """wanted: [T, E], with -inf for the experts of every group but the best."""
        grouped = torch.unflatten(wanted, -1, (self.experts.groups, -1))
        best = 2 if self.experts.correction else 1
        strength = grouped.topk(best, dim=-1).values.sum(dim=-1)
        kept = torch.zeros_like(strength, dtype=torch.bool)
        kept.scatter_(1, strength.topk(self.experts.active_groups, dim=-1).indices, True)
        return grouped.masked_fill(~kept[..., None], float("-inf")).flatten(1)


class MixtureOfExperts(nn.Module):
    """Routed experts as stacked tensors, tokens sorted by expert, and the shared experts that always run."""

    def __init__(self, config: ModelConfig, experts: ExpertsConfig) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[config.activation]
        self.router = Router(experts, config.width)
        self.expert_gate_up = nn.Parameter(torch.empty(experts.count, 2 * experts.width, config.width))
        self.expert_down = nn.Parameter(torch.empty(experts.count, config.width, experts.width))
        self.shared = DenseMLP(config, experts.shared_width) if experts.shared_width else None

    def forward(self, x: Tensor) -> Tensor:
        """x: [..., D] -> [..., D]."""
        tokens = x.flatten(0, -2)
        result = self._routed(tokens)
        if self.shared is not None:
            result = result + self.shared(tokens)
        return result.view_as(x)

    def _routed(self, tokens: Tensor) -> Tensor:
        """tokens: [T, D] -> [T, D]. A loop over the experts that are hit costs on CPU what a grouped product does."""
        weights, chosen = self.router(tokens)
        order = chosen.flatten().argsort(stable=True)
        owners = order // chosen.shape[1]
        shares = weights.flatten()[order, None].to(tokens.dtype)
        counts = chosen.flatten().bincount(minlength=self.expert_gate_up.shape[0]).tolist()
        result = torch.zeros_like(tokens)
        start = 0
        for expert, count in enumerate(counts):
            if not count:
                continue
            rows = slice(start, start + count)
            start += count
            gate, up = functional.linear(tokens[owners[rows]], self.expert_gate_up[expert]).chunk(2, dim=-1)
            made = functional.linear(self.activation(gate) * up, self.expert_down[expert])
            result.index_add_(0, owners[rows], made * shares[rows])
        return result
