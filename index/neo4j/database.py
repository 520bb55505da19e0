"""Transactions on one Neo4j database, retried where that helps, and its errors in our words. Knows no label.

The driver logs through `logging`; we add a handler that drops it, as a library prints nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import neo4j
from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
)

from index.errors import StoreBusy, StoreError, StoreFull, StoreUnavailable
from index.neo4j.address import PASSWORD_VARIABLE, USER_VARIABLE, Address

_CONNECT_TIMEOUT_S = 10.0
_RETRY_S = 15.0
"""How long one transaction is tried again, with back-off, after errors that may pass."""
_CODES_OF_REFUSED_WRITES = (
    "Neo.ClientError.Security.Forbidden",
    "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
    "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase",
    "Neo.ClientError.Statement.AccessMode",
)
_ALL_ROWS = -1
"""Answers are read whole: pieces of a thousand rows only mean more exchanges."""
Row = list[Any]
Result = TypeVar("Result")


class Transaction:
    """Statements of one transaction."""

    def __init__(self, transaction: neo4j.ManagedTransaction) -> None:
        self._transaction = transaction

    def rows(self, statement: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Run a statement and return all that it gives."""
        result = self._transaction.run(statement, dict(parameters))
        return [list(record.values()) for record in result]

    def write(self, statement: str, parameters: Mapping[str, Any]) -> neo4j.SummaryCounters:
        """Run a statement for what it changes."""
        result = self._transaction.run(statement, dict(parameters))
        return result.consume().counters


class Database:
    """One database of one server. Safe to use from several threads."""

    def __init__(self, address: Address) -> None:
        self.location = address.location
        self._user = address.user if address.password else ""
        self._database = address.database
        logging.getLogger("neo4j").addHandler(logging.NullHandler())
        with self.errors():
            self._driver = neo4j.GraphDatabase.driver(
                address.uri,
                auth=(address.user, address.password) if address.password else None,
                connection_timeout=_CONNECT_TIMEOUT_S,
                connection_acquisition_timeout=3 * _CONNECT_TIMEOUT_S,
                max_transaction_retry_time=_RETRY_S,
                notifications_min_severity=neo4j.NotificationMinimumSeverity.OFF,
                telemetry_disabled=True,
            )

    def check(self) -> None:
        """Connect once, without the patience that a running store deserves. Raises StoreUnavailable."""
        with self.errors():
            self._driver.verify_connectivity()

    def query(self, statement: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Ask in a transaction that may not write: in one exchange, or with patience where that is interrupted."""
        with self.errors(), self._session(neo4j.READ_ACCESS) as session:
            try:
                return [list(record.values()) for record in session.run(statement, dict(parameters))]
            except (Neo4jError, DriverError) as error:
                if not error.is_retryable():
                    raise
        return self.read(lambda transaction: transaction.rows(statement, parameters))

    def read(self, work: Callable[[Transaction], Result]) -> Result:
        with self.errors(), self._session(neo4j.READ_ACCESS) as session:
            return session.execute_read(lambda transaction: work(Transaction(transaction)))

    def write(self, work: Callable[[Transaction], Result], *, timeout_s: float | None = None) -> Result:
        """Do `work` in one transaction; it is done again where an error may pass. Raises StoreError."""

        @neo4j.unit_of_work(timeout=timeout_s)
        def unit(transaction: neo4j.ManagedTransaction) -> Result:
            return work(Transaction(transaction))

        with self.errors(), self._session(neo4j.WRITE_ACCESS) as session:
            return session.execute_write(unit)

    def run(self, statement: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Write by one statement in one transaction."""
        self.write(lambda transaction: transaction.write(statement, parameters or {}))

    def run_in_batches(self, statement: str, parameters: Mapping[str, Any]) -> None:
        """Run a statement that commits by itself as it goes (CALL … IN TRANSACTIONS)."""
        with self.errors(), self._session(neo4j.WRITE_ACCESS) as session:
            session.run(statement, dict(parameters)).consume()

    def close(self) -> None:
        self._driver.close()

    def _session(self, access: str) -> neo4j.Session:
        return self._driver.session(database=self._database, default_access_mode=access, fetch_size=_ALL_ROWS)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn the driver's and the server's errors into ours."""
        try:
            yield
        except (Neo4jError, DriverError, OSError) as error:
            raise self._store_error(error) from error

    def _store_error(self, error: Exception) -> StoreError:
        where = self.location
        if isinstance(error, AuthError):
            who = f"the user {self._user!r}" if self._user else "a user without a password"
            return StoreUnavailable(
                f"Neo4j at {where} refuses {who}. Set {USER_VARIABLE} and {PASSWORD_VARIABLE}.", where
            )
        if isinstance(error, IncompleteCommit):
            return StoreUnavailable(
                f"The connection to Neo4j at {where} was lost while it committed: the change was taken whole or "
                "not at all. Run the update again.",
                where,
            )
        if isinstance(error, ServiceUnavailable | SessionExpired | OSError):
            return StoreUnavailable(
                f"Cannot reach Neo4j at {where} ({_cause(error)}). Start it, "
                'or set index.store = "sqlite:.graft/graph.db".',
                where,
            )
        if isinstance(error, ConfigurationError):
            return StoreUnavailable(
                f"Cannot use Neo4j at {where} ({_cause(error)}). Mend the address.", where
            )
        return self._server_error(error)

    def _server_error(self, error: Exception) -> StoreError:
        where, code = self.location, str(getattr(error, "code", None) or "")
        if code in _CODES_OF_REFUSED_WRITES:
            return StoreUnavailable(
                f"Neo4j at {where} lets {self._user or 'this user'} read only. "
                "Give the user the right to write, or have another one index.",
                where,
            )
        if code.endswith("DatabaseNotFound"):
            return StoreUnavailable(
                f"Neo4j at {where} has no such database. Name another after the last / of the address.", where
            )
        if "Memory" in code:
            return StoreError(
                f"Neo4j at {where} is short of memory ({_cause(error)}). "
                "Raise server.memory.heap.max_size; the index is as before.",
                where,
            )
        if "No space left" in str(error):
            return StoreFull(
                f"The disk of Neo4j at {where} is full. Free some space; the index is as before.", where
            )
        if code.endswith(
            ("LockAcquisitionTimeout", "TransactionTimedOut", "TransactionTimedOutClientConfiguration")
        ):
            return StoreBusy(
                f"Neo4j at {where} is locked by another writer. Try again when it has finished.", where
            )
        return StoreError(f"Neo4j at {where}: {_cause(error)}.", where)


def _cause(error: Exception) -> str:
    """The first sentence of a message, which carries no secret: the driver gets the password apart."""
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    if "Connection refused" in text or "routing information" in text:
        return "no server answers there"
    return " ".join(str(text).split())[:300].rstrip(".")
