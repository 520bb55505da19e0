"""The seam between a model and what it remembers. Knows no layout of keys and no model.

One forward of a model is `begin(positions, rope)` and then, per layer in order, one `attend` or one
`attend_latent`. Queries and keys come *unrotated*: when and how often they are rotated is the cache's affair.
B batch, H query heads, K key heads, N new tokens, D head width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from engine.models.rope import Rope


class Cache(Protocol):
    """Keys and values of the tokens read so far, and attention over them."""

    def begin(self, positions: Tensor, rope: Rope) -> None:
        """Announce N new tokens at `positions` [B, N] int64. A negative position is padding: nothing sees it."""

    def attend(
        self, layer: int, queries: Tensor, keys: Tensor, values: Tensor, *, scale: float, window: int | None
    ) -> Tensor:
        """Remember the new keys and values [B, K, N, D] and attend over all, the new ones included.

        queries: [B, H, N, D], H a multiple of K -> [B, H, N, D]. A token sees those at or before its
        position, and with a `window` only the last `window` of them, itself included.
        """

    def attend_latent(
        self,
        layer: int,
        nope: Tensor,
        pe: Tensor,
        latents: Tensor,
        key_pe: Tensor,
        up: Tensor,
        *,
        scale: float,
    ) -> Tensor:
        """The same for multi-head latent attention. R rank, P unrotated width, E rotated width, V value width.

        nope: [B, H, N, P] and pe: [B, H, N, E] are the queries' parts; latents: [B, N, R], normalised, and
        key_pe: [B, N, E], one for all heads, are to be remembered; up: [H, P + V, R] makes a head's keys and
        values of a latent (`engine.models.latent` has both ways to attend) -> [B, H, N, V].
        """
