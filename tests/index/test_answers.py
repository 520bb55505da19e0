"""Answers that are kept between look-ups and updates: the same as worked out anew, until what they read changes."""

from __future__ import annotations

import pytest
from graph_trees import edge_lines

from index.answers import Answers
from index.graph import WorkTreeGraph

NAME, OTHER = ("a.py", "n:f"), ("a.py", "n:g")
LEVELS = 9


def hierarchy() -> dict[str, str]:
    """A class whose attribute's type takes a walk up so many base classes, twice."""
    files = {
        "client.py": "class Client:\n    def get(self): pass\n",
        "level0.py": "from client import Client\n\n\nclass Level0:\n    client_class = Client\n\n"
        "    def start(self):\n        self.client = self.client_class()\n",
    }
    for level in range(1, LEVELS):
        below = level - 1
        files[f"level{level}.py"] = (
            f"from level{below} import Level{below}\n\n\nclass Level{level}(Level{below}):\n    pass\n"
        )
    files["use.py"] = (
        f"from level{LEVELS - 1} import Level{LEVELS - 1}\n\n\nclass Use(Level{LEVELS - 1}):\n"
        "    def run(self):\n        self.client.get()\n"
    )
    return files


CALL = "use.py::Use.run CALLS client.py::Client.get"


def calls(graph: WorkTreeGraph) -> set[str]:
    return {line for line in edge_lines(graph, "CALLS") if line.startswith("use.py")}


def test_type_is_found_far_up_a_hierarchy_that_nobody_asked_about_before(tree):
    assert any(line.startswith(CALL) for line in calls(tree(hierarchy())))


@pytest.mark.parametrize("path", ["level0.py", f"level{LEVELS - 2}.py", "client.py"])
def test_answer_goes_when_a_file_that_it_read_changes_and_comes_back(tree, path):
    graph = tree(hierarchy())
    before = calls(graph)
    place = graph.root / path
    text = place.read_text()
    place.write_text(text.replace("Level", "Storey").replace("Client:", "Other:"))
    graph.update(paths=[path])
    assert not any(line.startswith(CALL) for line in calls(graph))
    place.write_text(text)
    graph.update(paths=[path])
    assert calls(graph) == before


def test_answer_is_forgotten_with_an_entry_that_it_read_and_no_other():
    answers = Answers()
    answers.put("f", 1, {NAME}, 0)
    answers.put("g", 2, {OTHER}, 0)
    answers.change([NAME])
    assert answers.get("f") is None
    kept = answers.get("g")
    assert kept is not None and kept.value == 2
    answers.change([OTHER])
    assert answers.get("g") is None


def test_answers_asked_for_outlive_those_that_are_not():
    answers = Answers()
    answers.put("asked", 1, {NAME}, 0)
    answers.put("not asked", 2, {NAME}, 0)
    for number in range(50_000):
        answers.put(number, number, {NAME}, 0)
        assert answers.get("asked") is not None
    assert answers.get("not asked") is None
