import subprocess

import pytest

from agent.diff import apply_to_tree, prefix_in_work_tree, unified_diff
from agent.errors import UsageError

CASES = {
    "plain": (b"a\nb\nc\n", b"a\nB\nc\n"),
    "no last newline": (b"a\nb", b"a\nc"),
    "crlf": (b"a\r\nb\r\n", b"a\r\nB\r\n"),
    "latin-1": (b"# caf\xe9\nx = 1\n", b"# caf\xe9\nx = 2\n"),
    "from empty": (b"", b"x = 1\n"),
}


def repository(folder, files):
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("path", ["m.py", "deep/er/m.py", "päth with space/ü.py"])
def test_patch_applies_with_git_and_gives_the_exact_bytes(tmp_path, name, path):
    before, after = CASES[name]
    repo = repository(tmp_path / "repo", {path: before, "other.py": b"untouched\n"})
    patch = tmp_path / "patch.diff"
    patch.write_bytes(unified_diff({path: before}, {path: after}))
    subprocess.run(["git", "apply", patch], cwd=repo, check=True)
    assert (repo / path).read_bytes() == after
    assert (repo / "other.py").read_bytes() == b"untouched\n"


def test_user_settings_do_not_change_the_patch(tmp_path, monkeypatch):
    config = tmp_path / "gitconfig"
    config.write_text("[diff]\n\tnoprefix = true\n\tmnemonicPrefix = true\n[color]\n\tui = always\n")
    before = unified_diff({"m.py": b"a\n"}, {"m.py": b"b\n"})
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert unified_diff({"m.py": b"a\n"}, {"m.py": b"b\n"}) == before
    assert before.startswith(b"diff --git a/m.py b/m.py\n")


def test_executable_bit_is_no_part_of_the_patch(tmp_path):
    patch = unified_diff({"run.py": b"a\n"}, {"run.py": b"b\n"}, {"run.py": 0o755})
    assert b"old mode" not in patch
    assert b"100755" in patch


def test_patch_of_a_subfolder_applies_at_the_top_of_the_work_tree(tmp_path):
    repo = repository(tmp_path / "repo", {"services/api/m.py": b"a\n"})
    prefix = prefix_in_work_tree(repo / "services/api")
    assert prefix == "services/api"
    assert prefix_in_work_tree(repo) == ""
    patch = unified_diff({"m.py": b"a\n"}, {"m.py": b"b\n"}, prefix=prefix)
    subprocess.run(["git", "apply"], input=patch, cwd=repo, check=True)
    assert (repo / "services/api/m.py").read_bytes() == b"b\n"


def test_folder_outside_git_has_no_prefix(tmp_path):
    assert prefix_in_work_tree(tmp_path) == ""


def test_applying_keeps_modes_and_refuses_when_a_file_has_moved_on(tmp_path):
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_bytes(b"1\n")
    one.chmod(0o755)
    two.write_bytes(b"2 edited meanwhile\n")
    after = {"one.py": b"1!\n", "two.py": b"2!\n"}
    with pytest.raises(UsageError, match=r"two\.py was changed"):
        apply_to_tree(tmp_path, {"one.py": b"1\n", "two.py": b"2\n"}, after)
    assert one.read_bytes() == b"1\n"
    apply_to_tree(tmp_path, {"one.py": b"1\n", "two.py": b"2 edited meanwhile\n"}, after)
    assert (one.read_bytes(), two.read_bytes()) == (b"1!\n", b"2!\n")
    assert one.stat().st_mode & 0o777 == 0o755
