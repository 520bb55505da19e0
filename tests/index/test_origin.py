"""One repository has one name in a shared store, however it was cloned."""

from __future__ import annotations

import subprocess

import pytest

from index.errors import OriginUnknown
from index.origin import normalised_origin, snapshot_key

SAME = [
    "https://github.com/Graft/Sample.git",
    "https://github.com/graft/sample",
    "https://someone:s3cret@github.com/graft/sample.git/",
    "https://github.com:443/graft/sample.git?x=1#frag",
    "ssh://git@github.com/graft/sample.git",
    "ssh://git@github.com:2222/graft/sample",
    "git@github.com:graft/sample.git",
    "git@github.com:/graft/sample",
    "github.com:graft/sample.git",
    "git://github.com/graft/sample.git",
    "git+ssh://git@github.com/graft//sample.git",
    " https://GITHUB.com/graft/sam%70le.git\n",
]


@pytest.mark.parametrize("address", SAME)
def test_all_forms_of_one_address_are_one_name(address):
    assert normalised_origin(address) == "github.com/graft/sample"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("file:///srv/Git/sample.git", "file:/srv/Git/sample"),
        ("/srv/Git/sample/.git", "file:/srv/Git/sample"),
        ("https://[::1]:3000/a/b.git", "[::1]/a/b"),
        ("git@host:~me/b.git", "host/~me/b"),
        ("https://oauth2:pa@ss@host/a", "host/a"),
    ],
)
def test_local_paths_ports_and_odd_users_are_understood(address, name):
    assert normalised_origin(address) == name


def git(folder, *arguments):
    identity = ["-c", "user.name=Graft", "-c", "user.email=graft@example.org"]
    ended = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return ended.stdout.strip()


def test_snapshot_is_named_by_origin_and_commit_without_credentials(tmp_path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "url.https://me:s3cret@example.org/.insteadOf", "short:")
    git(tmp_path, "remote", "add", "backup", "https://example.com/other")
    git(tmp_path, "remote", "add", "origin", "short:team/sample.git")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "Start")
    inside = tmp_path / "folder"
    inside.mkdir()
    key = f"example.org/team/sample@{git(tmp_path, 'rev-parse', 'HEAD')}"
    assert snapshot_key(tmp_path) == key
    assert snapshot_key(inside) == f"{key}:folder"


@pytest.mark.parametrize("step", ["nothing", "init", "remote"])
def test_tree_without_a_shared_name_says_what_is_missing(tmp_path, step):
    if step != "nothing":
        git(tmp_path, "init", "-q")
    if step == "remote":
        git(tmp_path, "remote", "add", "origin", "https://me:s3cret@example.org/a")
    wanted = "has no remote" if step == "init" else "Commit first"
    with pytest.raises(OriginUnknown, match=wanted) as caught:
        snapshot_key(tmp_path)
    assert "s3cret" not in str(caught.value)
