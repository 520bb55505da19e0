"""Answers that are kept between look-ups and updates: the same as worked out anew, until what they read changes."""

from __future__ import annotations

import pytest
from graph_trees import edge_lines

from index.answers import Answers
from index.graph import WorkTreeGraph
from index.world import World

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


def links(graph: WorkTreeGraph) -> set[str]:
    return {line for line in edge_lines(graph, "TESTS") if "::" in line}


HELPED = {
    "thing.py": "def one(): pass\n\n\ndef two(): pass\n",
    "tests/support.py": "from thing import one, two\n\n\ndef check():\n    one()\n",
    "tests/test_it.py": "from tests.support import check\n\n\ndef test_it():\n    check()\n",
}


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("tests/support.py", "    one()", "    two()"),
        ("tests/support.py", "import one, two", "import two"),
        ("thing.py", "def one", "def other"),
    ],
)
def test_what_a_helper_of_tests_reaches_follows_its_edits(tree, path, old, new):
    graph = tree(HELPED)
    before = links(graph)
    assert any("one" in line for line in before)
    place, test = graph.root / path, graph.root / "tests/test_it.py"
    text = place.read_text()
    for number, changed in enumerate((text.replace(old, new), text)):
        test.write_text(HELPED["tests/test_it.py"] + f"# {number}\n")
        graph.update(paths=["tests/test_it.py"])
        place.write_text(changed)
        graph.update(paths=[path])
        assert any("one" in line for line in links(graph)) == (changed == text)
    assert links(graph) == before


def test_file_of_helpers_is_not_resolved_anew_for_every_edit_of_a_test(tree, monkeypatch):
    graph = tree(HELPED)
    read: list[str] = []
    body = World.body

    def noted(world, path):
        read.append(path)
        return body(world, path)

    monkeypatch.setattr(World, "body", noted)
    for number in range(3):
        (graph.root / "tests/test_it.py").write_text(HELPED["tests/test_it.py"] + f"# {number}\n")
        graph.update(paths=["tests/test_it.py"])
        assert any("one" in line for line in links(graph))
    assert read == []
    (graph.root / "tests/support.py").write_text(HELPED["tests/support.py"] + "    two()\n")
    graph.update(paths=["tests/support.py"])
    assert read == ["tests/support.py"]
    assert any("two" in line for line in links(graph))
