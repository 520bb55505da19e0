"""The law on real code of five languages: after any edits an updated graph equals a clean rebuild, edge for edge."""

from __future__ import annotations

import os
import random

import pytest
from graph_trees import contents
from real_trees import TREES, real_tree
from text_edits import Editor

from index.documented import document_edges
from index.graph import WorkTreeGraph
from index.layer.memory import MemoryStore
from index.layer.store import LayeredStore
from index.store import open_store

REPOSITORY = "."


def over_a_snapshot(root, folder):
    """A layer over the tree as it was at first."""
    base = WorkTreeGraph(root, open_store(f"sqlite:{folder}/base.db", REPOSITORY))
    base.update()
    return LayeredStore(base.store, MemoryStore(REPOSITORY))


STORES = {
    "sqlite": lambda root, folder, request: open_store(f"sqlite:{folder}/incremental.db", REPOSITORY),
    "layer": lambda root, folder, request: over_a_snapshot(root, folder),
    "neo4j": lambda root, folder, request: open_store(
        request.getfixturevalue("neo4j_url"), folder.as_posix()
    ),
}
"""Every store that must keep the law: (root, a folder of its own, the test's request) → an open one."""


def assert_law_holds(tmp_path, language, store, files, edits, seed, request):
    """Edit a tree so often, and compare with a clean rebuild after every one to three edits."""
    rng, root = random.Random(f"{language} {seed}"), tmp_path / "tree"
    real_tree(language, root, files)
    editor = Editor(root, rng)
    graph = WorkTreeGraph(root, STORES[store](root, tmp_path, request))
    graph.update()
    while len(editor.done) < edits:
        changed: set[str] = set()
        for _ in range(rng.randint(1, 3)):
            changed |= editor.edit()
        if rng.random() < 0.5:
            changed |= editor.write_notes()
        by_walk = "." in changed or rng.random() < 0.5
        graph.update(paths=None if by_walk else changed)
        clean = WorkTreeGraph(root, open_store("memory:", graph.store.repository))
        clean.update()
        found, expected = contents(graph.store), contents(clean.store)
        for part, wanted in expected.items():
            assert found[part] == wanted, f"{part}, {language}, seed {seed}, after {editor.done}"
        texts = [set(document_edges(each.store, name_only=True)) for each in (graph, clean)]
        assert texts[0] == texts[1], f"DOCUMENTS, {language}, seed {seed}, after {editor.done}"
    graph.close()


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("language", TREES)
def test_updated_graph_of_real_code_equals_a_clean_rebuild(tmp_path, language, store, request):
    files, edits = (8, 3) if store == "neo4j" else (14, 12)
    assert_law_holds(tmp_path, language, store, files, edits, 1, request)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("GRAFT_SLOW_TESTS"), reason="takes minutes; set GRAFT_SLOW_TESTS=1")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("language", TREES)
def test_updated_graph_equals_a_clean_rebuild_over_a_thousand_edits(tmp_path, language, store, request):
    for seed in (2, 3):
        assert_law_holds(tmp_path / str(seed), language, store, 40, 60, seed, request)
