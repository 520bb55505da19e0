"""Real trees on disk and real stores for the tests of `index`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from graph_trees import write_files

from index.graph import WorkTreeGraph, open_graph

Tree = Callable[[dict[str, str | bytes]], WorkTreeGraph]


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    """Write files into one folder, bring its graph up to them and return it."""
    opened: list[WorkTreeGraph] = []

    def build(files: dict[str, str | bytes]) -> WorkTreeGraph:
        write_files(tmp_path, files)
        if not opened:
            opened.append(open_graph(tmp_path))
        opened[0].update()
        return opened[0]

    yield build
    for graph in opened:
        graph.close()
