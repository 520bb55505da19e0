"""The interpreter is the project's own, works as old as 3.8, and says why it was taken."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness_kit import open_bed, outcomes, validate, write_project

from agent.errors import InterpreterBroken
from agent.harness.interpreter import ask, declared_dependencies, find_interpreter
from agent.sandbox.open import choose_sandbox
from agent.types import Outcome

NO_ENVIRONMENT = {"PATH": os.environ["PATH"]}


def make_environment(folder: Path, *distributions: str) -> Path:
    """A virtual environment that seems to have these distributions installed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    for name in distributions:
        (site / f"{name}-1.0.dist-info").mkdir()
        (site / f"{name}.py").write_text("")
    return folder


def test_the_environment_in_the_repository_is_taken(tmp_path: Path) -> None:
    make_environment(tmp_path / ".venv", "pytest")
    found = find_interpreter(tmp_path, environment=NO_ENVIRONMENT)
    assert found.path == tmp_path / ".venv/bin/python"
    assert (found.has_pytest, found.reason) == (True, ".venv in the repository")
    assert str(found.path) in found.words


def test_the_active_environment_comes_before_the_repository_s(tmp_path: Path) -> None:
    make_environment(tmp_path / ".venv", "pytest")
    active = make_environment(tmp_path / "active", "pytest")
    found = find_interpreter(tmp_path, environment={**NO_ENVIRONMENT, "VIRTUAL_ENV": str(active)})
    assert (found.environment_root, found.reason) == (active, "$VIRTUAL_ENV")


def test_an_environment_without_the_project_s_dependencies_is_passed_over(tmp_path: Path) -> None:
    make_environment(tmp_path / ".venv")
    complete = make_environment(tmp_path / ".tox/py3", "pytest", "rare_thing")
    (tmp_path / "pyproject.toml").write_text(
        "[project]\ndependencies = ['Rare_Thing>=1', 'other; extra == \"x\"']\n"
    )
    assert declared_dependencies(tmp_path) == {"rare-thing"}
    found = find_interpreter(tmp_path, environment=NO_ENVIRONMENT)
    assert found.environment_root == complete


def test_a_broken_environment_is_passed_over_and_a_broken_choice_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / ".venv/bin/python"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    assert find_interpreter(tmp_path, environment=NO_ENVIRONMENT).path != broken
    with pytest.raises(InterpreterBroken, match=r"\.venv/bin/python cannot run the tests .*--python"):
        find_interpreter(tmp_path, broken)
    with pytest.raises(InterpreterBroken, match="no such file or command"):
        find_interpreter(tmp_path, Path("no-such-python"))


def test_a_program_that_comes_with_the_repository_runs_only_if_the_user_names_it(tmp_path: Path) -> None:
    repo, witness = tmp_path / "repo", tmp_path / "witness"
    brought = repo / ".venv/bin/python"
    brought.parent.mkdir(parents=True)
    brought.write_text(f"#!/bin/sh\ntouch {witness}\nexit 3\n")
    brought.chmod(0o755)
    (repo / "tools").symlink_to(".venv")
    subprocess.run(["git", "init", "-q", repo], check=True)
    subprocess.run(["git", "add", "-f", "."], cwd=repo, check=True)
    assert find_interpreter(repo, environment=NO_ENVIRONMENT).path != brought
    for configured in (brought, repo / "tools/bin/python", repo / ".venv"):
        with pytest.raises(InterpreterBroken, match="comes with the repository; only --python"):
            find_interpreter(repo, configured)
    assert not witness.exists()
    with pytest.raises(InterpreterBroken, match="cannot run the tests"):
        find_interpreter(repo, named=brought)
    assert witness.exists()


def test_an_environment_s_folder_may_be_named_instead_of_its_python(tmp_path: Path) -> None:
    folder = make_environment(tmp_path / "mine")
    assert find_interpreter(tmp_path, folder).path == folder / "bin/python"


def test_a_wrapper_script_is_seen_through(tmp_path: Path) -> None:
    wrapper = tmp_path / "python3"
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    wrapper.chmod(0o755)
    assert ask(wrapper, "wrapped").path == Path(sys.executable)


def test_nothing_in_the_repository_can_answer_for_the_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('hijacked')\n")
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('hijacked')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert ask(Path(sys.executable), "here").version[:2] == sys.version_info[:2]


def test_the_home_folder_and_folders_around_the_repository_are_never_shown(tmp_path: Path) -> None:
    folder = make_environment(tmp_path / "mine")
    (site,) = folder.glob("lib/python3*/site-packages")
    wanted = tmp_path / "elsewhere"
    wanted.mkdir()
    (site / "wide.pth").write_text(f"{Path.home()}\n{tmp_path}\n{wanted}\n")
    repo = tmp_path / "repo"
    repo.mkdir()
    shown = ask(folder / "bin/python", "here").readable(repo)
    assert wanted in shown
    assert not {Path.home(), tmp_path, Path("/")} & set(shown)


def other_pythons() -> list[str]:
    """Interpreters of this machine that are as old or as new as may be."""
    names = ("3.8", "3.13")
    folders = [folder for name in names for folder in Path.home().glob(f".pyenv/versions/{name}.*/bin")]
    paths = [folder / "python" for folder in folders]
    paths += [Path(found) for name in names if (found := shutil.which(f"python{name}"))]
    usable = {}
    for path in paths:
        with contextlib.suppress(InterpreterBroken):
            interpreter = ask(path, "another")
            usable[interpreter.version[:2]] = str(interpreter.path)
    return list(usable.values())


@pytest.mark.parametrize(
    "python", other_pythons() or [pytest.param("", marks=pytest.mark.skip("no other Python"))]
)
def test_old_and_new_pythons_run_trace_and_validate(tmp_path: Path, python: str) -> None:
    files = {
        "calc.py": "def double(x):\n    if x:\n        return x + 2\n    return 0\n",
        "test_calc.py": (
            "import unittest\nfrom calc import double\n"
            "class Calc(unittest.TestCase):\n    def test_three(self): self.assertEqual(double(3), 6)\n"
        ),
    }
    with open_bed(write_project(tmp_path, files), python=python, framework="unittest") as bed:
        test = "test_calc.Calc.test_three"
        assert outcomes(bed.discover().verdicts) == {test: Outcome.FAILED}
        (failure,) = bed.reproduce([test]).failures
        assert failure.executed["calc.py"] == {2, 3}
        trees: dict[str, dict[str, str | None]] = {
            "good": {"calc.py": "def double(x): return x * 2\n"},
            "bad": {"calc.py": "def double(x): return x * 3\n"},
        }
        assert validate(bed, trees, [test]) == {"good": True, "bad": False}
        inputs = bed.record_calls([("calc.py", "double")], [test])
        assert bed.probe([{}], inputs)[0][0] == "int:5"


def test_a_python_that_is_too_old_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "python"
    answer = (
        '{"executable": "/x", "version": [3, 7, 1], "prefixes": [], "path": [], "user_base": "", "pytest": 1}'
    )
    old.write_text(f"#!/bin/sh\necho '{answer}'\n")
    old.chmod(0o755)
    with pytest.raises(InterpreterBroken, match="too old"):
        ask(old, "here")


def test_a_copied_tree_gives_the_same_verdicts_and_paths(tmp_path: Path) -> None:
    reason = choose_sandbox("landlock").unavailable()
    if reason is not None:
        pytest.skip(reason)
    python = Path("/usr/bin/python3") if os.geteuid() == 0 else Path(sys.executable)
    if not python.exists():
        pytest.skip("root's Landlock sandbox needs an interpreter under /usr")
    files = {
        "pkg/__init__.py": "",
        "pkg/one.py": "def one():\n    return 2\n",
        "test_one.py": (
            "import unittest\nfrom pkg.one import one\n"
            "class One(unittest.TestCase):\n    def test_one(self): self.assertEqual(one(), 1)\n"
        ),
    }
    test = "test_one.One.test_one"
    with open_bed(
        write_project(tmp_path, files), backend="landlock", python=python, framework="unittest"
    ) as bed:
        (failure,) = bed.reproduce([test]).failures
        assert failure.verdict.frames[-1].path == "test_one.py"
        assert failure.executed["pkg/one.py"] == {2}
        trees: dict[str, dict[str, str | None]] = {
            "good": {"pkg/one.py": "def one(): return 1\n"},
            "bad": {"pkg/one.py": "def one(): return 3\n"},
        }
        assert validate(bed, trees, [test]) == {"good": True, "bad": False}
