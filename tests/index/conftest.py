"""Real trees on disk and real stores for the tests of `index`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from git_trees import GitRepository
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


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """An empty git repository."""
    return GitRepository(tmp_path / "tree")


@pytest.fixture
def graph(repository: GitRepository, tmp_path: Path) -> Iterator[WorkTreeGraph]:
    """The graph of `repository`, not yet filled, in a store outside it."""
    opened = open_graph(repository.root, f"sqlite:{tmp_path}/graph.db")
    yield opened
    opened.close()
