"""Read the URL of a model on a server: where it is, which model, which key. Keys come from the environment only.

    http://127.0.0.1:8012/v1
    https://api.example.com/v1#model=qwen2.5-coder&key=EXAMPLE_KEY&infill=suffix&timeout_s=60

What stands behind `#` is never sent. `key` names an environment variable (it may stand alone: `#EXAMPLE_KEY`);
without it, GRAFT_MODEL_API_KEY or GRAFT_API_KEY is taken, or for openai.com, and for no other, OPENAI_API_KEY.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from urllib.parse import unquote, urlsplit, urlunsplit

from engine.text.fim_formats import FORMATS
from engine.types import UnknownModelURL

DEFAULT_TIMEOUT_S = 120.0
INFILL_WAYS = ("auto", "suffix", "chat", *(each.family for each in FORMATS))
_OPTIONS = ("infill", "key", "model", "timeout_s")
_KEY = re.compile(r"[\x21-\x7e]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class ModelAddress:
    """A server's base URL (shown to people), the model's name if given, the key (never shown), how to infill."""

    base: str
    model: str = ""
    key: str = field(default="", repr=False)
    infill: str = "auto"
    timeout_s: float = DEFAULT_TIMEOUT_S


def read_address(url: str, environment: Mapping[str, str]) -> ModelAddress:
    """Take a URL apart. Raises UnknownModelURL, which quotes nothing that may be secret."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UnknownModelURL("A model's URL is malformed.\nWrite it as http://HOST:PORT/v1.") from None
    if not host or parts.username is not None or parts.password is not None or parts.query:
        raise UnknownModelURL(
            f"The model's URL for {host or 'no host'} holds credentials or a query, or no host.\n"
            "Write http://HOST:PORT/v1, and name the environment variable of the key: …/v1#key=VARIABLE."
        )
    base = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") or "/v1", "", ""))
    options = _options(base, parts.fragment)
    infill = options.get("infill", "auto")
    if infill not in INFILL_WAYS:
        raise UnknownModelURL(
            f"{base}: {infill!r} is no way to infill.\nUse one of {', '.join(INFILL_WAYS)}."
        )
    return ModelAddress(
        base,
        options.get("model", ""),
        _key(base, host, options.get("key"), environment),
        infill,
        _seconds(base, options.get("timeout_s", str(DEFAULT_TIMEOUT_S))),
    )


def _options(base: str, fragment: str) -> dict[str, str]:
    found = {}
    for item in filter(None, fragment.split("&")):
        name, equals, value = item.partition("=")
        if not equals:
            name, value = "key", name
        if name not in _OPTIONS:
            near = "".join(f" Did you mean {other}?" for other in get_close_matches(name, _OPTIONS, 1))
            raise UnknownModelURL(
                f"{base}: unknown option {name!r} behind #.{near or ' Use ' + ', '.join(_OPTIONS)}"
            )
        found[name] = unquote(value)
    return found


def _key(base: str, host: str, variable: str | None, environment: Mapping[str, str]) -> str:
    if variable is None:
        names = ["GRAFT_MODEL_API_KEY", "GRAFT_API_KEY"]
        if host == "openai.com" or host.endswith(".openai.com"):
            names.append("OPENAI_API_KEY")
        variable = next((name for name in names if environment.get(name)), None)
        if variable is None:
            return ""
    elif not _VARIABLE.fullmatch(variable):
        raise UnknownModelURL(
            f"{base}: what stands behind #key= is no name of an environment variable.\n"
            "Put the key into one, and name it there."
        )
    key = environment.get(variable, "").strip()
    if not _KEY.fullmatch(key):
        state = "holds characters that no key has" if key else "is not set"
        raise UnknownModelURL(
            f"{base}: the environment variable {variable} for the server's key {state}.\nSet it to the key."
        )
    return key


def _seconds(base: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < 86_400:
        raise UnknownModelURL(f"{base}: timeout_s is {text!r}.\nGive a number of seconds above 0.")
    return found
