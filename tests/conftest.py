"""One real Neo4j for the whole run, whichever folder's tests ask for it."""

import os

from neo4j_server import neo4j_uri, neo4j_url  # noqa: F401 - fixtures

# Test processes run side by side, and numpy's threads would wait for each other: a fourth of the processor's time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
