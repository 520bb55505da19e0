"""The page that documents every setting, made from the settings themselves."""

from __future__ import annotations

import json
import re
from pathlib import Path

from pydantic import SecretStr

from agent.config import SECTIONS, environment_name

_PASSWORD = re.compile(r"(?<=//)([^/?#@]*?):[^/]*@")


def reference_page() -> str:
    """Markdown: one table per section, one row per key."""
    blocks = []
    for section, model in SECTIONS.items():
        rows = [
            f"| `{name}` | `{toml_value(field.get_default())}` | {field.description} |"
            for name, field in model.model_fields.items()
        ]
        blocks.append(
            "\n".join(
                [
                    f"**`[{section}]`** {model.__doc__} In the environment: `{environment_name(section)}_…`.",
                    "",
                    "| key | default | meaning |",
                    "|---|---|---|",
                    *rows,
                ]
            )
        )
    return "\n\n".join(blocks) + "\n"


def plain_value(value: object) -> object:
    """A setting as JSON can hold it; secrets are masked, and so is a password in a URL."""
    match value:
        case str():
            return _PASSWORD.sub(r"\1:***@", value)
        case SecretStr():
            return str(value)
        case Path():
            return str(value)
        case tuple():
            return [plain_value(each) for each in value]
        case _:
            return value


def toml_value(value: object) -> str:
    """A setting as one would write it in `graft.toml`; what has no value there is `none`."""
    match plain_value(value):
        case None:
            return "none"
        case dict() as table:
            return (
                "{ " + ", ".join(f"{name} = {toml_value(each)}" for name, each in table.items()) + " }"
                if table
                else "{}"
            )
        case plain:
            return json.dumps(plain, ensure_ascii=False)
