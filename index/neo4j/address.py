"""Read a Neo4j URL, and show one without its password. Connects to nothing."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from index.errors import UnknownStoreURL

SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
USER_VARIABLE, PASSWORD_VARIABLE = "GRAFT_NEO4J_USER", "GRAFT_NEO4J_PASSWORD"
_DEFAULT_USER, _DEFAULT_DATABASE = "neo4j", "neo4j"
_PASSWORD = re.compile(r"(?<=//)([^/?#]*?):[^/]*@")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a Neo4j database is and who asks. An empty password means that the server asks for none."""

    uri: str
    database: str
    user: str
    password: str = field(repr=False)

    @property
    def location(self) -> str:
        """The address as errors show it."""
        return f"{self.uri}/{self.database}"


def masked(url: str) -> str:
    """A URL of any kind without the password that may be in it."""
    return _PASSWORD.sub(r"\1:***@", url)


def parse_address(url: str) -> Address:
    """`neo4j://[user@]host[:port][/database]`, the rest from the environment. Raises UnknownStoreURL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        raise UnknownStoreURL(
            f"Cannot read the store {masked(url)!r}. Write neo4j://host:port/database, with the user and "
            f"password in {USER_VARIABLE} and {PASSWORD_VARIABLE}."
        )
    host = f"[{host}]" if ":" in host else host
    return Address(
        uri=f"{parts.scheme}://{host}:{port or 7687}",
        database=unquote(parts.path.strip("/")) or _DEFAULT_DATABASE,
        user=unquote(parts.username or "") or os.environ.get(USER_VARIABLE, "") or _DEFAULT_USER,
        password=unquote(parts.password or "") or os.environ.get(PASSWORD_VARIABLE, ""),
    )
