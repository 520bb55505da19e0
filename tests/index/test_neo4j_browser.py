"""What people see in Neo4j's own browser: the README's queries, asked of a real server over a small tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graph_trees import write_files
from neo4j_server import cypher

from index.graph import WorkTreeGraph
from index.store import open_store

README = Path(__file__).parents[2] / "README.md"
FILES: dict[str, str | bytes] = {
    "spans.py": """
        class TimeSpan:
            def overlaps(self, other): return not self.is_before(other)
            def is_before(self, other): return True

        def free(span: TimeSpan, taken: TimeSpan): return not span.overlaps(taken)
        """,
    "boats.py": """
        class Boat: pass
        class Ferry(Boat): pass
        class CarFerry(Ferry): pass
        class Train: pass
        """,
    "tests/test_spans.py": """
        from spans import TimeSpan, free

        def test_overlap(): assert TimeSpan().overlaps(TimeSpan())

        class TestFree:
            def test_free(self):
                span = TimeSpan()
                assert span.overlaps(span)

        def test_nothing(): pass
        """,
}


def queries() -> list[str]:
    """The statements of the README's Cypher blocks, a line each."""
    blocks = re.findall(
        r"^```cypher\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.fixture
def answers(neo4j_url, tmp_path) -> list[set[str]]:
    """Of each query, the paths that it found, as the qualified names or paths of their nodes."""
    write_files(tmp_path, FILES)
    graph = WorkTreeGraph(tmp_path, open_store(neo4j_url, "repo"))
    graph.update()
    graph.close()
    return [
        {
            " ".join(node.get("qualified_name") or node["path"] for node in path.nodes)
            for (path,) in cypher(neo4j_url, query)
        }
        for query in queries()
    ]


def test_queries_of_the_readme_find_callers_subclasses_and_tests(answers):
    callers, subclasses, tests = answers
    assert callers == {
        f"{caller} TimeSpan.overlaps" for caller in ("free", "test_overlap", "TestFree.test_free")
    }
    assert subclasses == {"Ferry Boat", "CarFerry Ferry Boat"}
    assert tests == {
        "tests/test_spans.py tests.test_spans test_overlap TimeSpan.overlaps",
        "tests/test_spans.py tests.test_spans TestFree TestFree.test_free TimeSpan.overlaps",
    }


def test_symbols_and_edges_carry_what_a_person_reads(neo4j_url, answers):
    assert answers
    assert cypher(
        neo4j_url,
        "MATCH (f:File)-[:HAS_AST]->(:Module)-[:PARENT_OF]->(s:Class {name: 'TimeSpan'}) "
        "RETURN f.name, f.language, s.kind, s.qualified_name, s.span[2], s.span[4]",
    ) == [["spans.py", "python", "class", "TimeSpan", 2, 4]]
    assert cypher(
        neo4j_url,
        "MATCH (:Function {name: 'free'})-[e:CALLS]->(:Method {name: 'overlaps'}) "
        "RETURN e.resolution, e.confidence > 0.5, e.spans[2]",
    ) == [["scoped", True, 6]]
    imports = "MATCH (:File {path: 'tests/test_spans.py'})-[:IMPORTS]->(f:File) RETURN f.path"
    assert cypher(neo4j_url, imports) == [["spans.py"]]
