"""A layer over a base: what is seen equals a clean rebuild of the tree, and the base is never written."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from graph_trees import contents, write_files
from random_edits import PATHS, random_edit, random_module

from index.graph import WorkTreeGraph, open_graph
from index.known import Known
from index.layer.memory import MemoryStore
from index.layer.store import LayeredStore, open_layered
from index.store import open_store
from index.update import update_store


def layered(tmp_path: Path, kind: str) -> LayeredStore:
    base = open_store(f"sqlite:{tmp_path}/base.db", ".")
    if kind == "memory":
        return LayeredStore(base, MemoryStore("."))
    return open_layered(base, tmp_path / "layer.db")


def clean(root: Path, database: Path) -> WorkTreeGraph:
    graph = WorkTreeGraph(root, open_store(f"sqlite:{database}", "."))
    graph.update()
    return graph


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_checkout_over_a_snapshot_equals_a_clean_rebuild(tmp_path, kind):
    rng = random.Random(kind)
    root = tmp_path / "tree"
    write_files(root, {path: random_module(rng) for path in PATHS})
    base = clean(root, tmp_path / "base.db")
    before = contents(base.store)
    store, known, done = layered(tmp_path, kind), Known(), list[str]()
    for step in range(20):
        done += [random_edit(root, rng) for _ in range(rng.randint(1, 2))]
        update_store(store, root, known=known)
        expected = clean(root, tmp_path / f"clean-{step}.db")
        assert contents(store) == contents(expected.store), f"after {done}"
        expected.close()
    assert contents(base.store) == before
    store.close()
    base.close()


def test_layer_on_disk_is_found_again(tmp_path):
    root = tmp_path / "tree"
    write_files(root, {"a.py": "def f(): pass\n", "b.py": "from a import f\nf()\n", "c.py": "x = 1\n"})
    clean(root, tmp_path / "base.db").close()
    store = layered(tmp_path, "sqlite")
    write_files(root, {"a.py": "def g(): pass\n\ndef f(): g()\n"})
    (root / "c.py").unlink()
    assert update_store(store, root).files_parsed == 1
    store.close()
    store, expected = layered(tmp_path, "sqlite"), clean(root, tmp_path / "clean.db")
    assert update_store(store, root).files_parsed == 0
    assert contents(store) == contents(expected.store)
    store.close()
    expected.close()


WORDS = {"shipping": 10.0, "parcel": 1.0, "weight": 1.0, "label": 1.0, "unheard": 1.0}


@pytest.mark.parametrize("among", ["files", "symbols"])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_one_changed_file_ranks_as_in_a_clean_rebuild(tmp_path, kind, among):
    root, rng = tmp_path / "tree", random.Random(5)
    nouns = ("shipping", "parcel", "weight", "label", "invoice", "boat", "tide", "crane")

    def module(number: int) -> str:
        lines = [
            f"def {rng.choice(nouns)}_{rng.choice(nouns)}_{n}(): return {rng.choice(nouns)}" for n in range(8)
        ]
        return f'"""About the {rng.choice(nouns)} {number}."""\n' + "\n".join(lines) + "\n"

    write_files(root, {f"pkg/m{n}.py": module(n) for n in range(120)})
    clean(root, tmp_path / "base.db").close()
    store = layered(tmp_path, kind)
    write_files(root, {"pkg/m7.py": module(7) + "def unheard_shipping(): return parcels\n"})
    (root / "pkg" / "m9.py").unlink()
    write_files(root, {"pkg/new_shipping.py": module(1)})
    update_store(store, root)
    expected = clean(root, tmp_path / "clean.db")
    for words in (WORDS, {"unheard": 1.0}, {"parcels": 1.0, "crane": 2.0}):
        found = dict(store.search(words, among, limit=2_000))
        wanted = dict(expected.store.search(words, among, limit=2_000))
        assert found.keys() == wanted.keys()
        assert found == pytest.approx(wanted, rel=0.1)
        (best, score), *_ = store.search(words, among, limit=1)
        assert score == max(found.values())
        assert wanted[best] > 0.97 * max(wanted.values())
    store.close()
    expected.close()


def test_statistics_of_both_stores_agree(tmp_path):
    write_files(tmp_path / "tree", {f"m{n}.py": f"def parcel_{n % 3}(): return labels\n" for n in range(30)})
    graph = clean(tmp_path / "tree", tmp_path / "graph.db")
    memory = MemoryStore(".")
    with memory.change() as change:
        for record in graph.files():
            entry = graph.store.entry(record.path)
            assert entry is not None
            change.put_file(entry)
    for among in ("files", "symbols"):
        words = {"parcel": 1.0, "label": 2.0, "parcel_1": 1.0}
        assert memory.word_statistics(words, among) == graph.store.word_statistics(words, among)
        theirs, ours = graph.store.search(words, among, limit=99), memory.search(words, among, limit=99)
        assert dict(ours) == pytest.approx(dict(theirs), rel=1e-6)
    graph.close()


def test_layer_hides_what_it_took_away_before_the_readers_are_resolved_again(tmp_path):
    root = tmp_path / "tree"
    write_files(root, {"a.py": "def f(): pass\n", "b.py": "from a import f\nf()\n"})
    base = clean(root, tmp_path / "base.db")
    store = layered(tmp_path, "memory")
    (function,) = base.symbols(name="f")
    assert len(store.edges(target=function.uid)) == 2
    with store.change() as change:
        change.remove_file("a.py")
        change.set_indexed_at(1)
    assert store.edges(target=function.uid) == store.edges(target="a.py") == []
    assert store.links(["b.py"], incoming=False) == []
    assert store.symbols_by_uid([function.uid]) == {}
    assert store.facts("a.py") is store.entry("a.py") is store.resolution("a.py") is None
    assert [record.path for record in store.files()] == ["b.py"]
    assert base.symbols(name="f") == [function]
    base.close()


def test_tally_counts_what_is_seen(tmp_path):
    root = tmp_path / "tree"
    write_files(root, {"a.py": "def f(): pass\n", "b.py": "from a import f\nf()\n", "c.md": "Words.\n"})
    open_graph(root, f"sqlite:{tmp_path}/base.db").close()
    clean(root, tmp_path / "base.db").close()
    store = layered(tmp_path, "sqlite")
    write_files(root, {"a.py": "class F:\n    def f(self): pass\n", "d.py": "import a\na.F().f()\n"})
    (root / "c.md").unlink()
    update_store(store, root)
    expected = clean(root, tmp_path / "clean.db")
    ours, theirs = store.tally(), expected.store.tally()
    for name in ("languages", "skipped", "kinds", "edges", "references", "chunks"):
        assert getattr(ours, name) == getattr(theirs, name)
    store.close()
    expected.close()
