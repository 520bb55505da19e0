"""What every language must do, on one small project each; and the worked example of "Add a language"."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from graph_trees import edge_lines, snapshot, write_files
from language_samples import Sample, samples

from index.graph import open_graph
from index.languages import matches, registry
from index.types import SymbolKind

GUIDE = Path(registry.__file__).parent / "README.md"
every_language = pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.language)


def symbol_lines(graph) -> set[str]:
    return {
        f"{s.path}::{s.qualified_name} {s.kind}" for s in graph.symbols() if s.kind is not SymbolKind.MODULE
    }


def all_edge_lines(graph) -> set[str]:
    return edge_lines(
        graph, "CALLS", "IMPORTS", "INHERITS", "INSTANTIATES", "OVERRIDES", "REFERENCES", "TESTS"
    )


def test_every_declared_language_has_a_sample():
    declared = {spec.name for spec in registry.languages() if spec.query}
    assert declared == {sample.language for sample in samples()}


@every_language
def test_definitions_become_symbols(tree, sample: Sample):
    graph = tree(sample.files)
    assert symbol_lines(graph) == sample.symbols
    name, docstring = sample.documented
    symbol = next(s for s in graph.symbols(qualified_name=name) if s.kind is not SymbolKind.MODULE)
    assert symbol.docstring == docstring
    assert symbol.language == sample.language
    assert name.rpartition(".")[2] in symbol.signature
    assert not any(record.has_errors for record in graph.files())


@every_language
def test_uses_become_edges(tree, sample: Sample):
    found = all_edge_lines(tree(sample.files))
    assert sample.edges - found == set()
    assert sample.never & found == set()
    kinds = {line.split("::")[-2].split(" ")[-2] for line in sample.edges if line.count("::") == 2}
    assert {"CALLS", "TESTS"} <= kinds


@every_language
def test_spans_hold_what_they_name_with_crlf_and_byte_order_mark(tree, sample: Sample):
    plain = tree(sample.files)
    before = {(s.path, s.uid): (s.span.start_line, s.span.start_column) for s in plain.symbols()}
    texts = {path: (plain.root / path).read_text() for path in sample.files}
    write_files(
        plain.root,
        {path: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() for path, text in texts.items()},
    )
    plain.update()
    assert {(s.path, s.uid): (s.span.start_line, s.span.start_column) for s in plain.symbols()} == before
    for symbol in plain.symbols():
        data = (plain.root / symbol.path).read_bytes()[symbol.span.start_byte : symbol.span.end_byte]
        if symbol.kind not in (SymbolKind.MODULE, SymbolKind.TEST):
            assert symbol.name in data.decode()
    assert sample.edges - all_edge_lines(plain) == set()


@every_language
def test_broken_file_keeps_what_parses(tree, sample: Sample):
    path, content = sample.broken
    graph = tree(sample.files | {path: content})
    assert next(record for record in graph.files() if record.path == path).has_errors
    assert [symbol.path for symbol in graph.symbols(name="kept")] == [path]


@every_language
@pytest.mark.parametrize("content", ["", "\n", "\ufeff", "((((", "}" * 50, "\u2028'\"`\\", "a" * 5_000])
def test_odd_content_stops_no_update(tree, sample: Sample, content: str):
    graph = tree(sample.files | {sample.broken[0]: content})
    assert {record.path for record in graph.files()} == set(sample.files)


@every_language
def test_incremental_graph_of_a_language_equals_a_clean_rebuild(tmp_path, sample: Sample):
    rng = random.Random(sample.language)
    root = tmp_path / "tree"
    write_files(root, sample.files)
    texts = {path: (root / path).read_text() for path in sample.files}
    graph = open_graph(root, f"sqlite:{tmp_path}/incremental.db")
    graph.update()
    for step in range(8):
        path = rng.choice(sorted(texts))
        done = _random_edit(root / path, texts[path], rng)
        graph.update()
        clean = open_graph(root, f"sqlite:{tmp_path}/clean-{step}.db")
        clean.update()
        assert snapshot(graph) == snapshot(clean), f"after {done}"
        clean.close()
    write_files(root, texts)
    graph.update()
    assert sample.edges - all_edge_lines(graph) == set()
    graph.close()


def _random_edit(path: Path, text: str, rng: random.Random) -> str:
    """Delete a file, cut lines out of it, shift it, or bring it back."""
    kind = rng.choice(("delete", "cut", "shift", "restore"))
    lines = text.split("\n")
    if kind == "delete":
        path.unlink(missing_ok=True)
    elif kind == "cut":
        start = rng.randrange(len(lines))
        path.write_text("\n".join(lines[:start] + lines[start + rng.randint(1, 4) :]))
    else:
        path.write_text(text if kind == "restore" else f"\n\n{text}")
    return f"{kind} {path.name}"


def test_guide_to_add_a_language_works_as_it_is_written(tree, monkeypatch):
    guide = GUIDE.read_text()
    declaration, table = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    module = ModuleType("index.languages.example")
    exec(compile(declaration, "README.md", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "index.languages.example", module)
    monkeypatch.setattr(registry, "_MODULES", ("python", "example"))
    caches = (registry.languages, registry._tables, matches._queries)
    for cache in caches:
        cache.cache_clear()
    try:
        namespace: dict[str, object] = {}
        exec(compile(table, "README.md", "exec"), namespace)
        graph = tree(namespace["files"])
        assert namespace["edges"] <= all_edge_lines(graph)
    finally:
        monkeypatch.undo()
        for cache in caches:
            cache.cache_clear()
