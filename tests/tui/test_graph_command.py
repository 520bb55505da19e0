"""`graft graph`, and what `locate` and `index` share with it, from outside."""

import functools
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

GRAFT = Path(sys.executable).with_name("graft")
FIELDS = ["path", "qualified_name", "kind", "start_line", "end_line", "column", "resolution", "confidence"]


@pytest.fixture
def repo(example_repository, tmp_path):
    """A copy of the example that a test may change, indexed by the first command that asks."""
    return shutil.copytree(example_repository, tmp_path / "repo")


@pytest.fixture(scope="module")
def indexed(example_repository, tmp_path_factory):
    """An indexed copy of the example that tests must not change."""
    from index.graph import open_graph

    target = shutil.copytree(example_repository, tmp_path_factory.mktemp("indexed") / "repo")
    graph = open_graph(target)
    graph.update()
    graph.close()
    return target


def asked(graft, *arguments, cwd, code=0):
    process = graft("graph", *arguments, "--json", cwd=cwd)
    assert process.returncode == code, process.stderr
    return json.loads(process.stdout)


def test_a_question_is_answered_by_the_documented_list(graft, indexed):
    [found] = asked(graft, "definition", "TimeSpan.overlaps", cwd=indexed)
    assert list(found) == FIELDS
    assert found == {
        "path": "quayside/hours/spans.py", "qualified_name": "TimeSpan.overlaps", "kind": "method", "start_line": 25,
        "end_line": 27, "column": 5, "resolution": "exact", "confidence": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize("question", ["references", "callers", "callees", "tests"])
def test_every_question_takes_a_symbol_and_a_place(graft, indexed, tmp_path, question):
    by_name = asked(graft, question, "_boats_out", cwd=indexed)
    assert by_name or question in ("references", "tests", "callers")
    lines = (indexed / "quayside/reports/usage.py").read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "def _boats_out" in text)
    assert asked(graft, question, indexed, f"quayside/reports/usage.py:{line}:5", cwd=tmp_path) == by_name


def test_two_positionals_are_the_repository_and_the_symbol(graft, indexed, tmp_path):
    here = graft("graph", "callers", "TimeSpan", cwd=indexed)
    there = graft("graph", "callers", indexed, "TimeSpan", cwd=tmp_path)
    assert here.stdout == there.stdout
    assert "TimeSpan.extended (method)" in here.stdout


def test_a_file_may_be_named_from_the_current_folder(graft, indexed):
    assert (
        asked(graft, "definition", "spans.py:25:9", cwd=indexed / "quayside" / "hours")[0]["start_line"] == 25
    )


def test_an_ambiguous_name_is_answered_for_all_and_said_so(graft, indexed):
    process = graft("graph", "definition", "__str__", "--json", cwd=indexed)
    found = json.loads(process.stdout)
    assert len(found) > 1
    assert f"'__str__' names {len(found)} symbols, all answered for: quayside/" in process.stderr


def test_an_unknown_name_suggests_near_ones(graft, indexed):
    process = graft("graph", "callers", "TimeSpam", "--json", cwd=indexed)
    assert (process.returncode, process.stdout) == (1, "[]\n")
    assert "No symbol 'TimeSpam' in the graph. Did you mean TimeSpan" in process.stderr
    assert "no such file" in graft("graph", "callers", "nowhere.py:1:1", cwd=indexed).stderr


def test_answers_follow_edits_unless_told_not_to(graft, repo):
    assert graft("graph", "definition", "brand_new", "--no-update", cwd=repo).returncode == 3
    assert graft("graph", "definition", "brand_new", cwd=repo).returncode == 1
    (repo / "new.py").write_text("def brand_new(): pass\n")
    assert graft("graph", "definition", "brand_new", "--no-update", cwd=repo).returncode == 1
    assert graft("locate", "brand_new", "--no-update", cwd=repo).returncode == 1
    assert graft("graph", "definition", "brand_new", cwd=repo).stdout == "new.py:1:1  brand_new (function)\n"


def test_an_index_that_was_never_built_is_said_to_be(graft, repo):
    process = graft("graph", "stats", "--no-update", "--json", cwd=repo)
    assert process.returncode == json.loads(process.stdout)["exit_code"] == 3
    assert "Run `graft index` first" in process.stderr


def test_edges_are_one_object_a_line(graft, indexed):
    process = graft("graph", "edges", "--type", "calls", "--type", "INHERITS", "--json", cwd=indexed)
    edges = [json.loads(line) for line in process.stdout.splitlines()]
    assert {edge["type"] for edge in edges} == {"CALLS", "INHERITS"}
    [edge, *_] = [
        each for each in edges if each["source"] == "tests/test_spans.py::test_the_common_part_of_two_spans"
    ]
    assert edge["target"] == "tests/moments.py::span"
    assert edge.keys() == {"source", "target", "type", "resolution", "confidence", "span"}
    assert {"path", "start_line", "start_column", "end_line", "end_column"} <= edge["span"].keys()


def test_edges_by_name_alone_are_listed_only_when_asked_for(graft, indexed):
    def resolutions(*flags):
        lines = graft("graph", "edges", "--json", *flags, cwd=indexed).stdout.splitlines()
        return [json.loads(line)["resolution"] for line in lines]

    assert "name_only" not in resolutions()
    assert "name_only" in resolutions("--all")
    structural = graft("graph", "edges", "--type", "HAS_FILE", cwd=indexed).stdout
    assert "quayside HAS_FILE quayside/errors.py\n" in structural
    assert "README.md HAS_TEXT README.md::#0" in graft("graph", "edges", cwd=indexed).stdout


def test_texts_and_commits_are_ends_of_edges(graft, repo):
    (repo / "NOTES.md").write_text("# Notes\n\nSee `TimeSpan.overlaps`, `_boats_out()` and `opens`.\n")
    git = functools.partial(subprocess.run, cwd=repo, check=True, capture_output=True, text=True)
    if not (repo / ".git").exists():
        git(["git", "init", "-q"])
    git(["git", "add", "-A"])
    git(["git", "-c", "user.name=Graft", "-c", "user.email=graft@example.org", "commit", "-qm", "Notes"])
    head = git(["git", "rev-parse", "HEAD"]).stdout.strip()

    def edges(type_):
        lines = graft("graph", "edges", "--json", "--type", type_, cwd=repo).stdout.splitlines()
        return [json.loads(line) for line in lines]

    [edge] = [
        each
        for each in edges("DOCUMENTS")
        if each["target"] == "quayside/hours/spans.py::TimeSpan.overlaps" and each["source"] == "NOTES.md"
    ]
    assert (edge["resolution"], edge["confidence"]) == ("scoped", 0.9)
    assert (edge["span"]["start_line"], edge["span"]["start_column"], edge["span"]["end_column"]) == (
        3,
        6,
        23,
    )
    touched = edges("TOUCHED_BY")
    assert {
        "source": "NOTES.md", "target": f"commit:{head}", "type": "TOUCHED_BY", "resolution": "exact",
        "confidence": 1.0, "span": None,
    } in touched  # fmt: skip
    uses = asked(graft, "references", "TimeSpan.overlaps", cwd=repo)
    [text] = [use for use in uses if use["path"] == "NOTES.md"]
    assert list(text) == FIELDS
    assert (text["qualified_name"], text["kind"], text["resolution"]) == ("NOTES.md", "module", "scoped")
    [found, *_] = asked(graft, "definition", "NOTES.md:3:8", cwd=repo)
    assert (found["qualified_name"], found["resolution"]) == ("TimeSpan.overlaps", "scoped")
    shown = graft("graph", "show", "TimeSpan.overlaps", cwd=repo).stdout
    assert "documented in (1)" in shown and "NOTES.md:3" in shown


def test_the_edge_types_of_the_help_are_those_of_the_graph():
    from index.types import EdgeType
    from tui.graph.edges import EDGE_TYPES

    assert tuple(type_.value for type_ in EdgeType) == EDGE_TYPES


def test_stats_count_what_check_finds_sound(graft, indexed):
    counted = asked(graft, "stats", cwd=indexed)
    assert counted["files"]["by_language"]["python"] == 28
    assert counted["symbols"]["class"] == 15
    assert counted["edges"]["CALLS"]["exact"] > 0
    assert counted["store_bytes"] > 0 < counted["source_bytes"]
    assert asked(graft, "check", "--rebuild", cwd=indexed) == {"schema": 1, "files": 31, "faults": []}
    assert "Edges      " in graft("graph", "stats", cwd=indexed).stdout


def test_check_ends_with_1_and_says_what_is_wrong(graft, repo):
    graft("index", cwd=repo)
    with sqlite3.connect(repo / ".graft" / "graph.db") as connection:
        connection.execute("DELETE FROM files WHERE path = 'quayside/hours/spans.py'")
    connection.close()
    process = graft("graph", "check", cwd=repo)
    assert process.returncode == 1
    assert "edges to nothing" in process.stdout
    assert " faults." in process.stdout


def test_a_graph_moves_between_stores_and_is_the_same(graft, indexed, repo, tmp_path):
    exported = graft("graph", "export", indexed, "-o", "graph.jsonl")
    assert (exported.returncode, exported.stdout) == (0, "")
    store = f"sqlite:{tmp_path}/other.db"
    imported = graft("graph", "import", repo, "graph.jsonl", "--store", store)
    assert imported.stdout.startswith("Imported 31 files, ")
    again = graft("graph", "export", repo, "--store", store, "--no-update")
    assert again.stdout == (tmp_path / "graph.jsonl").read_text()
    report = json.loads(graft("index", repo, "--store", store, "--json").stdout)
    assert report["files_parsed"] == 0
    assert not (repo / ".graft" / "graph.db").exists()
    assert graft("graph", "import", "-", cwd=repo, input=again.stdout[:5_000]).returncode == 3
    assert graft("graph", "import", "missing.jsonl", cwd=repo).returncode == 2


def test_show_draws_a_tree(graft, indexed):
    process = graft("graph", "show", "TimeSpan", cwd=indexed)
    assert process.returncode == 0
    for line in (
        "class TimeSpan  quayside/hours/spans.py:7-36",
        "members (8)",
        "callers (5)",
        "tests (29)",
        "and 17 more",
    ):
        assert line in process.stdout
    assert "and 17 more" not in graft("graph", "show", "TimeSpan", "--all", cwd=indexed).stdout
    bases = graft("graph", "show", "--no-update", "quayside/errors.py", cwd=indexed).stdout
    assert "module quayside.errors" in bases
    assert graft("graph", "show", "nope", cwd=indexed).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["callers"], "There is no SYMBOL"),
        (["callers", "a", "b", "c"], "Too many arguments"),
        (["callers", "missing", "b"], "missing does not exist"),
        (["edges", "--type", "KNOWS"], "'KNOWS' is not one of"),
        (["html", "-o", "no/such/folder.html"], "Cannot write no/such/folder.html"),
        (["stats", "--store", "mysql:x"], "no back-end for the scheme 'mysql'"),
    ],
)
def test_bad_usage_says_what_is_wrong(graft, tmp_path, arguments, message):
    process = graft("graph", *arguments)
    assert process.returncode == (3 if "--store" in arguments else 2)
    assert message in process.stderr
    assert "Traceback" not in process.stderr


def test_the_password_of_a_store_is_never_shown(graft):
    extra = {"GRAFT_INDEX_STORE": "neo4j://me:hunter2@host/db"}
    for arguments in (["config"], ["config", "--json"]):
        shown = graft(*arguments, extra=extra).stdout
        assert "hunter2" not in shown
        assert "neo4j://me:***@host/db" in shown


def test_watching_tells_every_update_until_ctrl_c(environment, repo):
    command = [GRAFT, "index", "--watch", "--json"]
    # A shell's background job, as these tests may be, starts with Ctrl-C ignored, and so would its children.
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=repo, env=environment, preexec_fn=heard, **pipes) as process:
        try:
            assert json.loads(process.stdout.readline())["files_parsed"] == 29
            (repo / "new.py").write_text("def brand_new(): pass\n")
            assert json.loads(process.stdout.readline())["files_parsed"] == 1
            process.send_signal(signal.SIGINT)
            assert (process.wait(timeout=60), process.stdout.read()) == (0, "")
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()
