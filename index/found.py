"""What a name or attribute turned out to be. Looks nothing up."""

from __future__ import annotations

from typing import NamedTuple

from index.facts import CALL
from index.world import Entity, External


class Found(NamedTuple):
    """What a name or attribute turned out to be. `uid` and `path` are those of the symbol, if it is one."""

    entity: Entity = None
    uid: str = ""
    path: str = ""
    typed: bool = False
    """Whether a type had to be inferred on the way."""
    held: Found | None = None
    """The value of the same name, where `entity` is a method and the language keeps the two apart."""

    def chosen(self, following: list[str]) -> Found:
        """Which of a method and a value of one name is meant, by the parts of the chain that follow."""
        return self if self.held is None or following[:1] == [CALL] else self.held


NOTHING = Found()
OUTSIDE = Found(External())
