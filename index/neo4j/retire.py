"""Old snapshots of a repository in Neo4j: which nobody can be reading any more, and their deletion.

Readers leave no sign, as many of them may not write: how long ago a snapshot was written has to do. Who still reads
one that is deleted is told so, see snapshot.py. Knows no git.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from index.errors import StoreBusy
from index.neo4j.address import parse_address
from index.neo4j.change import drop_leftovers
from index.neo4j.database import Database, Transaction
from index.neo4j.graphs import delete_graph
from index.neo4j.lock import WriterLock

KEPT_PER_BRANCH = 4
READERS_GRACE_S = 7 * 24 * 3600.0
"""An editor that stays open for so long without an update is rare."""


def retire_older(
    url: str,
    name: str,
    branch: str,
    progress: Callable[[str, int, int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[str]:
    """Note that the snapshot `name` is of `branch`, and delete those of its repository that are long outdated.

    Kept are the newest few of each branch, and whatever is younger than the readers' grace. Returns the names of
    those deleted; where it is cancelled, the rest waits for the next time. Raises StoreError.
    """
    database = Database(parse_address(url))
    try:
        origin, folder = _parts(name)
        named = {"name": name, "branch": branch, "origin": f"{origin}@"}
        database.run("MATCH (r:Repository {name: $name}) SET r.branch = $branch", named)
        database.run(
            "MATCH (r:Repository) WHERE r.name STARTS WITH $origin AND r.written IS NULL SET r.written = timestamp()",
            named,
        )
        rows = database.query(
            "MATCH (r:Repository) WHERE r.name STARTS WITH $origin AND r.name <> $name "
            "RETURN coalesce(r.branch, ''), r.name, (timestamp() - r.written) / 1000.0 ORDER BY r.written DESC",
            named,
        )
        kept = {branch: 1}
        outdated: list[str] = []
        for its_branch, other, age_s in rows:
            if _parts(other)[1] != folder:
                continue
            kept[its_branch] = kept.get(its_branch, 0) + 1
            if kept[its_branch] > KEPT_PER_BRANCH and age_s > READERS_GRACE_S:
                outdated.append(other)
        deleted = []
        for done, other in enumerate(outdated):
            if cancelled():
                break
            tell = partial(progress or _silent, "delete outdated snapshots", done, len(outdated))
            if _delete(database, other, tell):
                deleted.append(other)
        return deleted
    finally:
        database.close()


def _silent(_: str, __: int, ___: int) -> None:
    """Progress that nobody watches."""


def _delete(database: Database, name: str, tell: Callable[[], None]) -> bool:
    """Delete a snapshot, unless somebody writes it just now: first it is no longer found, then it goes."""
    lock = WriterLock(database, "Repository", name)

    def give_up() -> None:
        raise StoreBusy(f"{name} is being written.", database.location)

    def change(statement: str) -> None:
        def work(transaction: Transaction) -> None:
            lock.confirm(transaction)
            transaction.write(f"{lock.node} {statement}", lock.parameters)

        database.write(work)

    with suppress(StoreBusy), lock.held(give_up):
        graph = drop_leftovers(database, lock)
        change("SET n.retired = n.graph, n.graph = 0")
        delete_graph(database, graph, tell)
        change("DETACH DELETE n")
        return True
    return False


def _parts(name: str) -> tuple[str, str]:
    """The origin and folder of a snapshot's name, `host/path@commit:folder`."""
    origin, _, rest = name.partition("@")
    return origin, rest.partition(":")[2]
