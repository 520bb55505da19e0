"""One real Neo4j for the whole run, whichever folder's tests ask for it."""

from neo4j_server import neo4j_uri, neo4j_url  # noqa: F401 - fixtures
