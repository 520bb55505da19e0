"""The proposers of a run: templates always, models where the configuration names them."""

from __future__ import annotations

from agent.config import ModelSettings
from agent.propose.template import TemplateProposer
from agent.types import Proposer


def open_proposers(config: ModelSettings) -> tuple[Proposer, ...]:
    """Raises EngineError where a configured model cannot be opened."""
    proposers: list[Proposer] = [TemplateProposer()]
    if config.infill:
        from agent.propose.infill import InfillProposer
        from engine.open import open_generator

        proposers.append(InfillProposer(open_generator(config.infill)))
    if config.chat:
        from agent.propose.chat import ChatProposer
        from engine.open import open_chat_model

        proposers.append(ChatProposer(open_chat_model(config.chat)))
    return tuple(proposers)
