"""Let one writer at a time change what a node stands for. A lock that its holder left behind by dying is taken over.

The holder writes a sign of life every few seconds, by the server's clock. Every transaction of the holder confirms
the lock first, which also keeps others from taking it until that transaction ends: who was thought dead and wakes up
can write no more.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from index.errors import StoreBusy, StoreError
from index.neo4j.database import Database, Transaction

_BEAT_S, _DEAD_AFTER_S = 4.0, 20.0
_POLL_S, _CLAIM_TIMEOUT_S = 0.15, 2.0
_WAIT_LIMIT_S = 300.0


class WriterLock:
    """A lock on the node of that label and name, which is made where it is missing.

    `node` is a clause that finds it as `n`, with `parameters`.
    """

    def __init__(self, database: Database, label: str, name: str) -> None:
        self._database = database
        self.node = f"MATCH (n:{label} {{name: $name}})"
        self.parameters = {
            "name": name,
            "token": secrets.token_hex(8),
            "dead_ms": round(1_000 * _DEAD_AFTER_S),
        }

    @contextmanager
    def held(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the lock. While another holds it, `waiting` is called a few times a second. Raises StoreBusy."""
        self._acquire(waiting)
        stopped = threading.Event()
        beating = threading.Thread(target=self._beat, args=(stopped,), name="graft-neo4j-lock", daemon=True)
        beating.start()
        try:
            yield
        finally:
            stopped.set()
            beating.join()
            with suppress(StoreError):  # a server that is gone: the lock dies by itself
                self._database.write(self.release)

    def confirm(self, transaction: Transaction) -> None:
        """Make sure that the lock is still ours, until this transaction ends. Raises StoreBusy."""
        if not transaction.rows(f"{self._own()} SET n.writer_seen = timestamp() RETURN 1", self.parameters):
            raise StoreBusy(
                f"{self._database.location}: another writer took over, as this one gave no sign of life for "
                f"{_DEAD_AFTER_S:.0f} s. Run the update again; the index is whole.",
                self._database.location,
            )

    def release(self, transaction: Transaction) -> None:
        transaction.write(f"{self._own()} REMOVE n.writer, n.writer_seen", self.parameters)

    def _own(self) -> str:
        return f"{self.node} WHERE n.writer = $token"

    def _acquire(self, waiting: Callable[[], None]) -> None:
        deadline = time.monotonic() + _WAIT_LIMIT_S
        while not (self._looks_free() and self._claim()):
            if time.monotonic() > deadline:
                raise StoreBusy(
                    f"{self._database.location} has been locked by another writer for {_WAIT_LIMIT_S:.0f} s. "
                    "Wait for it, or end it.",
                    self._database.location,
                )
            time.sleep(_POLL_S)
            waiting()

    def _looks_free(self) -> bool:
        """Asked without a lock, so that waiting blocks nobody and can be cancelled."""
        rows = self._database.query(
            f"{self.node} RETURN n.writer IS NULL OR n.writer_seen < timestamp() - $dead_ms",
            self.parameters,
        )
        return all(free for (free,) in rows)

    def _claim(self) -> bool:
        # The first SET takes the node's lock, so that what is read after it is what the last holder left.
        statement = f"""{self.node.replace("MATCH", "MERGE")} SET n.claimed = timestamp()
            WITH n WHERE n.writer IS NULL OR n.writer_seen < timestamp() - $dead_ms
            SET n.writer = $token, n.writer_seen = timestamp() RETURN 1"""
        try:
            return bool(
                self._database.write(
                    lambda transaction: transaction.rows(statement, self.parameters),
                    timeout_s=_CLAIM_TIMEOUT_S,
                )
            )
        except StoreBusy:
            return False

    def _beat(self, stopped: threading.Event) -> None:
        while not stopped.wait(_BEAT_S):
            with suppress(StoreError):  # the writes themselves will say what is wrong
                self._database.write(self.confirm)
