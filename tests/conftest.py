"""One real Neo4j for the whole run, whichever folder asks for it, and one thread of numpy in each process."""

import os

# Test processes run side by side, and numpy's threads would wait for each other: a fourth of the processor's time.
# Before the import of Neo4j's driver, which loads numpy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from neo4j_server import neo4j_uri, neo4j_url  # noqa: F401 - fixtures
