"""`graft ast query` from outside."""

import json

import pytest

FILES = {
    "src/ship.py": 'class Ship:\n    def sail(self):\n        return "😀"\n',
    "src/ship.go": "package p\n\nfunc Sail() {}\n",
    ".env": "def secret(): pass\n",
}


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "repository"
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def test_the_json_is_an_array_of_nodes_with_places_and_symbols(graft, repository):
    process = graft("ast", "query", repository, "(function_definition name: (identifier) @name)", "--json")
    assert process.returncode == 0
    assert json.loads(process.stdout) == [
        {
            "path": "src/ship.py",
            "language": "python",
            "start_line": 2,
            "start_column": 9,
            "end_line": 2,
            "end_column": 13,
            "capture": "name",
            "text": "sail",
            "symbol": "Ship.sail",
        }
    ]
    assert not (repository / ".graft").exists()


def test_one_argument_is_the_pattern_and_the_lines_name_the_symbol(graft, repository):
    process = graft("ast", "query", "string", cwd=repository)
    assert process.stdout == 'src/ship.py:3:16  @match  "😀"  in Ship.sail\n'
    assert process.returncode == 0


def test_nothing_found_ends_with_1(graft, repository):
    process = graft("ast", "query", "while_statement", "--json", cwd=repository)
    assert (process.returncode, json.loads(process.stdout)) == (1, [])
    assert graft("ast", "query", "while_statement", cwd=repository).stdout == "Nothing found.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["function_defnition"], "Did you mean `function_definition`"),
        (["(identifier"], "line 1, column 1: `(` is never closed"),
        (["identifier", "--language", "klingon"], "No grammar parses 'klingon'. Known: bash, c,"),
        (["identifier", "--text", "("], "is no regular expression"),
        (["identifier", "--limit", "0"], "0 is not in the range"),
        ([".", "(a", "b)"], "Put the pattern in quotes"),
        ([], "Missing argument"),
        (["missing", "identifier"], "missing does not exist"),
    ],
)
def test_a_bad_pattern_or_usage_ends_with_2_and_says_what_is_wrong(graft, repository, arguments, message):
    process = graft("ast", "query", *arguments, "--json", cwd=repository)
    assert process.returncode == 2
    assert message in process.stderr
    assert json.loads(process.stdout)["exit_code"] == 2


def test_an_existing_index_is_brought_up_to_date_unless_that_is_not_wanted(graft, repository):
    assert graft("index", repository).returncode == 0
    (repository / "src/new.py").write_text("def fresh(): pass\n")
    query = ["ast", "query", repository, "function_definition", "--language", "python", "--text", "fresh"]
    assert graft(*query, "--no-update").returncode == 1
    assert "src/new.py:1:1" in graft(*query).stdout
    assert graft(*query, "--store", "sqlite:elsewhere.db").returncode == 0
    process = graft(*query, "--store", "bolts:x")
    assert (process.returncode, process.stdout) == (3, "")
    assert "no back-end for the scheme 'bolts'" in process.stderr


def test_a_limit_stops_the_search(graft, repository):
    assert len(graft("ast", "query", "identifier", "--limit", "2", cwd=repository).stdout.splitlines()) == 2
