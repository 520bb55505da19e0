"""Suspicion follows the evidence: traceback, coverage, imports, the issue's words, in that order of weight."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.suspicion import Spectrum, file_of_test, ochiai, rank
from agent.types import Failure, Frame, Outcome, SuspiciousFile, Verdict
from index.graph import open_graph
from index.types import LocateResult

FILES = {
    "shop/prices.py": "def net(gross):\n    return gross / 2\n\n\ndef gross(net):\n    return net * 2\n",
    "shop/carts.py": "from shop.prices import net\n\n\ndef total(items):\n    result = 0\n"
    "    for item in items:\n        result += net(item)\n    return result\n",
    "shop/unused.py": "def nobody():\n    return 1\n",
    "tests/test_carts.py": "from shop.carts import total\n\n\ndef test_total():\n    assert total([2]) == 2\n",
}


@pytest.fixture
def graph(tmp_path: Path):
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    opened = open_graph(tmp_path, f"sqlite:{tmp_path / 'graph.db'}")
    opened.update()
    yield opened
    opened.close()


def failure(executed: dict[str, set[int]], frames: tuple[Frame, ...] = (), test: str = "") -> Failure:
    verdict = Verdict(test or "tests/test_carts.py::test_total", Outcome.FAILED, frames=frames)
    return Failure(verdict, {path: frozenset(lines) for path, lines in executed.items()})


def ranked(graph, failures: list[Failure], issue: str = "", spectrum: Spectrum | None = None):
    located = graph.locate(issue) if issue else LocateResult((), ())
    return rank(
        graph,
        failures,
        located,
        spectrum or Spectrum(),
        {},
        lambda path: path.endswith(".py") and not graph.is_test_file(path),
    )


def scores(files: tuple[SuspiciousFile, ...], path: str) -> dict[int, float]:
    return dict(next(file.line_scores for file in files if file.path == path))


def test_ochiai_is_one_where_only_failing_tests_go_and_falls_with_passing_ones():
    assert ochiai(2, 2, 0) == 1.0
    assert ochiai(2, 2, 6) == pytest.approx(0.5)
    assert ochiai(0, 2, 9) == 0.0


def test_only_files_that_the_failing_test_ran_are_ranked_and_never_the_test_itself(graph):
    files = ranked(
        graph, [failure({"shop/carts.py": {5, 6, 7, 8}, "shop/prices.py": {2}, "tests/test_carts.py": {5}})]
    )
    assert {file.path for file in files} == {"shop/carts.py", "shop/prices.py"}
    assert max(score for file in files for score in file.line_scores.values()) == 1.0
    assert 6 not in scores(files, "shop/prices.py")


def test_the_innermost_frame_of_the_traceback_weighs_most(graph):
    frames = (Frame("tests/test_carts.py", 5, "test_total"), Frame("shop/carts.py", 7, "total"))
    inner = Frame("shop/prices.py", 2, "net")
    executed = {"shop/carts.py": {5, 6, 7}, "shop/prices.py": {2}}
    files = ranked(graph, [failure(executed, (*frames, inner))])
    of_carts, of_prices = scores(files, "shop/carts.py"), scores(files, "shop/prices.py")
    assert of_carts[7] > of_carts[6]
    assert of_prices[2] > of_carts[6]
    reasons = next(file.reasons for file in files if file.path == "shop/prices.py")
    assert "in the failure's traceback, line 2" in reasons


def test_lines_that_passing_tests_run_too_are_suspected_less(graph):
    executed = {"shop/carts.py": {5, 6, 7, 8}}
    passing = [{"shop/carts.py": frozenset({5, 6, 8})}] * 8
    alike = scores(ranked(graph, [failure(executed)]), "shop/carts.py")
    apart = scores(ranked(graph, [failure(executed)], spectrum=Spectrum.of(passing)), "shop/carts.py")
    assert alike[6] == alike[7]
    assert apart[7] > 1.5 * apart[6]


def test_lines_of_an_entered_function_that_were_not_run_come_last_but_come(graph):
    of_carts = scores(ranked(graph, [failure({"shop/carts.py": {5, 6}})]), "shop/carts.py")
    assert 0 < of_carts[8] < of_carts[6]


def test_a_test_that_never_got_that_far_is_followed_by_its_imports(graph):
    files = ranked(graph, [failure({})])
    assert {file.path for file in files} == {"shop/carts.py", "shop/prices.py"}


def test_a_dotted_unittest_name_is_followed_by_its_imports_too(graph):
    files = ranked(graph, [failure({}, test="test_carts.TestTotal.test_total")])
    assert {file.path for file in files} == {"shop/carts.py", "shop/prices.py"}


def test_where_no_test_says_anything_the_issue_s_words_do(graph):
    files = ranked(graph, [failure({}, test="make check")], issue="nobody returns one in unused")
    assert files[0].path == "shop/unused.py"
    assert "the issue's words point to it" in files[0].reasons


@pytest.mark.parametrize(
    ("test_id", "path"),
    [
        ("tests/test_a.py::TestA::test_b[1]", "tests/test_a.py"),
        ("tests/test_a.py", "tests/test_a.py"),
        ("tests.test_a.TestA.test_b", "tests/test_a.py"),
        ("test_a.TestA.test_b", "tests/test_a.py"),
        ("deep.test_a.TestA.test_b", "tests/deep/test_a.py"),
        ("elsewhere.TestA.test_b", ""),
        ("make check", ""),
    ],
)
def test_the_file_of_a_test_id(test_id: str, path: str):
    assert file_of_test(test_id, ["tests/deep/test_a.py", "tests/test_a.py"]) == path
