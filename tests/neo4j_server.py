"""A real Neo4j for the tests: one server for the whole run, emptied before each test that asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import neo4j
import pytest

from index.errors import StoreUnavailable
from index.neo4j.address import PASSWORD_VARIABLE, USER_VARIABLE
from index.neo4j.server import Server, free_port, missing_program, running, server_jars
from index.store import SCHEMA_VERSION

GIVEN = "GRAFT_TEST_NEO4J_URI"
PASSWORD = "of the tests' own server"


def assembled() -> None:
    """Make sure that a server can be started; else skip and say why, or fail where tests must not be skipped."""
    try:
        server_jars()
    except StoreUnavailable as error:
        if os.environ.get("CI") or missing_program() is None:
            pytest.fail(str(error))
        pytest.skip(f"no real Neo4j here: {error} Or set {GIVEN}.")


@pytest.fixture(scope="session")
def neo4j_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = os.environ.get(GIVEN)
    if given:
        yield given
        return
    assembled()
    server = Server(tmp_path_factory.mktemp("neo4j"), free_port(), password=PASSWORD, is_brief=True)
    with pytest.MonkeyPatch.context() as environment, running(server):
        environment.setenv(PASSWORD_VARIABLE, PASSWORD)
        environment.delenv(USER_VARIABLE, raising=False)
        yield server.uri


@pytest.fixture
def neo4j_url(neo4j_uri: str) -> str:
    """The URL of a store that has its schema, if a test before made it, and nothing else."""
    rows = "WITH n DETACH DELETE n } IN TRANSACTIONS OF 2000 ROWS"
    cypher(neo4j_uri, f"MATCH (n) WHERE NOT n:GraftStore CALL {{ {rows}")
    cypher(neo4j_uri, "MATCH (s:GraftStore) WHERE s.version <> $version DELETE s", version=SCHEMA_VERSION)
    return neo4j_uri


def cypher(uri: str, statement: str, **parameters: object) -> list[list[object]]:
    """Ask the server past our store."""
    user, password = os.environ.get(USER_VARIABLE, "neo4j"), os.environ.get(PASSWORD_VARIABLE, "")
    auth = (user, password) if password else None
    with (
        neo4j.GraphDatabase.driver(uri, auth=auth, notifications_min_severity="OFF") as driver,
        driver.session() as session,
    ):
        return [list(record.values()) for record in session.run(statement, **parameters)]
