"""Commands over a store that several machines share, from outside."""

import json
import os
import shutil
import subprocess

from index.neo4j.address import PASSWORD_VARIABLE


def test_one_clone_indexes_and_another_asks(graft, example_repository, tmp_path, neo4j_url):
    password = {PASSWORD_VARIABLE: os.environ.get(PASSWORD_VARIABLE, "")}
    first = shutil.copytree(example_repository, tmp_path / "first")
    git = ["git", "-C", first]
    subprocess.run([*git, "remote", "add", "origin", "https://git.example.org/quay/side"], check=True)
    second = shutil.copytree(first, tmp_path / "second")

    def asked(*arguments, cwd=second):
        return graft(*arguments, "--store", neo4j_url, cwd=cwd, extra=password)

    early = asked("graph", "definition", "TimeSpan.overlaps")
    assert (early.returncode, early.stdout) == (3, "")
    assert "has no snapshot of git.example.org/quay/side@" in early.stderr
    assert f"Run `graft index --store {neo4j_url}`" in early.stderr

    (first / "draft.py").write_text("def unfinished(): pass\n")
    written = asked("index", "--json", cwd=first)
    assert written.returncode == 0, written.stderr
    assert json.loads(written.stdout)["files_parsed"] > 0

    assert asked("graph", "definition", "TimeSpan.overlaps").stdout == (
        "quayside/hours/spans.py:25:5  TimeSpan.overlaps (method)\n"
    )
    assert asked("graph", "definition", "unfinished").returncode == 1
    (second / "local.py").write_text("from quayside.hours.spans import TimeSpan\n\nTimeSpan.brand_new\n")
    assert asked("graph", "definition", "local").stdout.startswith("local.py:1:1")
    assert "local.py" in asked("locate", "brand_new").stdout
    assert asked("graph", "check", "--rebuild").stdout.endswith("no faults.\n")
