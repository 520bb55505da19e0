from small_projects import commit_all, make_repository

from agent.history import is_delivered, recent_changes


def test_what_was_just_written_and_what_was_just_committed_is_told_apart(tmp_path):
    repo = make_repository(tmp_path / "repo", {"old.py": "", "sub/own.py": "", ".gitignore": "ignored.py\n"})
    (repo / "committed é.py").write_text("")
    commit_all(repo)
    (repo / "old.py").write_text("x = 1\n")
    (repo / "sub/new.py").write_text("")
    (repo / "ignored.py").write_text("")
    index = (repo / ".git/index").read_bytes()
    assert dict(recent_changes(repo)) == {
        "changed since the last commit": {"old.py", "sub/new.py"},
        "changed by the last commit": {"committed é.py"},
    }
    assert dict(recent_changes(repo / "sub"))["changed since the last commit"] == {"new.py"}
    assert (repo / ".git/index").read_bytes() == index


def test_without_git_or_history_nothing_is_known(tmp_path):
    plain = make_repository(tmp_path / "plain", {"a.py": ""}, git=False)
    first = make_repository(tmp_path / "first", {"a.py": ""})
    for repo in (plain, first):
        assert not any(paths for _, paths in recent_changes(repo))
    assert not is_delivered(plain, plain / "a.py")
    assert is_delivered(first, first / "a.py")
