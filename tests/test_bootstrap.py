"""Making the virtual environment on machines that lack something: what is said, and what is left."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "environment"
SHELL = shutil.which("sh")

PYTHON_WITHOUT_VENV = f"""#!{SHELL}
case "$*" in
    *venv* | *"-m pip"* | *virtualenv*) exit 1 ;;
    *) exec {sys.executable} "$@" ;;
esac
"""
PYTHON_310 = f"#!{SHELL}\nexit 1\n"


@pytest.fixture
def bootstrap(tmp_path):
    """Run the script on a machine whose PATH holds `rm` and the given programs."""

    def run(**programs):
        path = tmp_path / "bin"
        path.mkdir()
        (path / "rm").symlink_to(shutil.which("rm"))
        for name, text in programs.items():
            (path / name).write_text(text)
            (path / name).chmod(0o755)
        return subprocess.run(
            [SHELL, SCRIPT, tmp_path / "venv"], env={"PATH": str(path)}, capture_output=True, text=True
        )

    return run


def test_without_a_recent_python_the_package_to_install_is_named(bootstrap, tmp_path):
    process = bootstrap(python3=PYTHON_310)
    assert process.returncode == 3
    assert "apt install python3.11 python3.11-venv" in process.stderr
    assert not (tmp_path / "venv").exists()


def test_without_the_venv_module_the_package_to_install_is_named(bootstrap, tmp_path):
    process = bootstrap(python3=PYTHON_WITHOUT_VENV)
    assert process.returncode == 3
    assert "apt install python3-venv" in process.stderr
    assert not (tmp_path / "venv").exists()


def test_a_working_environment_is_kept(bootstrap, tmp_path):
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!{SHELL}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    assert bootstrap(python3=PYTHON_310).returncode == 0
    assert python.exists()
