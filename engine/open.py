"""Open a model by its URL. Knows the schemes, not what stands behind them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from engine.types import ChatModel, Generator, UnknownModelURL

if TYPE_CHECKING:
    from engine.remote import RemoteModel
    from engine.scripted import ScriptedModel


def open_chat_model(url: str) -> ChatModel:
    """Open the model that answers conversations, as in `scripted:replies.json`. Raises EngineError."""
    return _open(url)


def open_generator(url: str) -> Generator:
    """Open the model that fills in the middle, as in `scripted:replies.json`. Raises EngineError."""
    return _open(url)


def _open(url: str) -> ScriptedModel | RemoteModel:
    scheme, _, rest = url.partition(":")
    match scheme:
        case "scripted":
            from engine.scripted import ScriptedModel

            return ScriptedModel(Path(rest))
        case "http" | "https":
            from engine.remote import RemoteModel

            return RemoteModel(url)
        case _:
            raise _unserved(url)


def _unserved(url: str) -> UnknownModelURL:
    match url.partition(":")[0]:
        case "local":
            cause = "this version has no local engine yet; a later release brings it as the extra `engine`"
        case _:
            cause = "no back-end serves that scheme"
    return UnknownModelURL(
        f"Cannot open the model {_without_credentials(url)!r}: {cause}.\n"
        "Use http://HOST:PORT/v1 or scripted:PATH, or leave the setting empty to work without a model."
    )


def _without_credentials(url: str) -> str:
    """The URL as it may be shown: no user information and no query, where keys are put."""
    if "//" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition(":")[0] + ":…"
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
