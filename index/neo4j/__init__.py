"""The graph in a Neo4j server that a team shares: snapshots of commits."""
