"""The README is true: its commands are run, its tables compared, its links followed."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def console_commands():
    """(command, what the README says it prints), in order."""
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """Run a command in the example repository, with the installed `graft` on the PATH."""
    folder = tmp_path_factory.mktemp("readme")
    repository = folder / "demo"
    subprocess.run([sys.executable, ROOT / "examples" / "make_repository.py", repository], check=True)
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "VIRTUAL_ENV": str(BIN.parent),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
    }

    def run(command):
        return subprocess.run(
            shlex.split(command), cwd=repository, env=environment, capture_output=True, text=True, timeout=280
        )

    return run


def as_pattern(text):
    """The text as an expression in which `…` stands for anything."""
    return ".*?".join(re.escape(part) for part in text.split("…"))


@pytest.mark.parametrize(("command", "output"), list(console_commands()))
def test_a_command_prints_what_the_readme_says(shell, command, output):
    process = shell(command)
    assert re.fullmatch(as_pattern(output), process.stdout, flags=re.DOTALL), process.stdout + process.stderr
    assert process.returncode == 0


def test_the_result_of_a_run_has_the_fields_that_the_readme_shows(shell):
    [shown] = [json.loads(block) for block in blocks("json")]
    run = json.loads(shell("graft runs list --json").stdout)["runs"][0]["run"]
    result = json.loads(shell(f"graft runs show {run} --json").stdout)["result"]
    assert fields(result) == fields(shown)
    assert fields(result["tests"]) == fields(shown["tests"])
    assert fields(result["candidates"]) == fields(shown["candidates"])


def fields(table):
    return {name: type(value) for name, value in table.items()}


def test_the_reference_of_settings_is_the_generated_one(shell):
    [shown] = re.findall(r"<!-- reference -->\n(.*?)<!-- /reference -->", README, flags=re.DOTALL)
    assert shown == shell("graft config --reference").stdout


def test_every_make_target_that_the_readme_names_exists():
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z0-9]+)", README))
    assert {"demo", "test"} <= named <= targets


def test_every_file_that_the_readme_names_exists():
    for path in re.findall(r"`(examples/[\w./]+|\.ci/\w+)`", README):
        assert (ROOT / path).exists(), path
