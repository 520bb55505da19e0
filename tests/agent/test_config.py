"""Configuration through its public functions: which source wins, what is refused, and how that is said."""

import re
import sys
from pathlib import Path

import pytest

from agent.config import (
    Config,
    effective_settings,
    environment_name,
    known_settings,
    load_config,
    user_file,
)
from agent.errors import ConfigError


@pytest.fixture
def repo(tmp_path, monkeypatch):
    """An empty repository, and nobody's settings around it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    root = tmp_path / "repo"
    (root / ".git").mkdir(parents=True)
    return root


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def origin_of(key, settings):
    return next(setting.origin for setting in settings if setting.key == key)


def test_nothing_set_means_the_defaults(repo):
    assert load_config(repo) == Config()


def test_each_source_outranks_the_next(repo, monkeypatch):
    write(user_file(), "[fix]\nseed = 1\nworkers = 1\nbudget_s = 1\nmin_confidence = 0.1\n")
    graft_toml = write(repo / "graft.toml", "[fix]\nseed = 2\nworkers = 2\nbudget_s = 2\n")
    monkeypatch.setenv("GRAFT_FIX_SEED", "3")
    monkeypatch.setenv("GRAFT_FIX_WORKERS", "3")
    overrides = {"fix.seed": 4, "fix.min_confidence": None}

    fix = load_config(repo, overrides).fix
    assert (fix.seed, fix.workers, fix.budget_s, fix.min_confidence) == (4, 3, 2.0, 0.1)

    settings = effective_settings(repo, overrides)
    assert origin_of("fix.seed", settings) == "flag"
    assert origin_of("fix.workers", settings) == "GRAFT_FIX_WORKERS"
    assert origin_of("fix.budget_s", settings) == str(graft_toml)
    assert origin_of("fix.min_confidence", settings) == str(user_file())
    assert origin_of("tests.command", settings) == "default"


def test_a_folder_inside_the_repository_has_the_roots_settings(repo):
    write(repo / "graft.toml", "[fix]\nseed = 5\n")
    inner = repo / "pkg" / "deep"
    inner.mkdir(parents=True)
    assert load_config(inner).fix.seed == 5


def test_settings_above_the_repository_are_not_read(repo):
    write(repo.parent / "graft.toml", "[fix]\nseed = 6\n")
    assert load_config(repo).fix.seed == 0


def test_an_unknown_key_suggests_the_near_name(repo):
    write(repo / "graft.toml", "[tests]\ntest_limits = 3\n")
    with pytest.raises(
        ConfigError, match=r"graft\.toml: unknown key tests\.test_limits\. Did you mean test_limit_s\?"
    ):
        load_config(repo)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fixx]\nseed = 1\n", r"unknown key fixx\. Did you mean fix\?"),
        ("seed = 1\n", r"unknown key seed\. Did you mean fix\.seed\?"),
        ("fix = 1\n", r"fix must be a table"),
        ("[fix\n", r"not valid TOML"),
        ("[fix]\nbudget_s = -3\n", r"bad value for fix\.budget_s: -3 should be greater than 0"),
        ("[fix]\nbudget_s = inf\n", r"bad value for fix\.budget_s: inf should be a finite number"),
        ('[fix]\nseed = "1"\n', r"bad value for fix\.seed: '1' should be a valid integer"),
        ("[fix]\nseed = true\n", r"bad value for fix\.seed: True should be a valid integer"),
        ('[tests]\nframework = "nose"\n', r"'nose' should be 'auto', 'pytest' or 'unittest'"),
        ("[sandbox]\nenvironment = { A = 1 }\n", r"bad value for sandbox\.environment"),
        ('[sandbox]\nreadable = "/srv"\n', r"bad value for sandbox\.readable: '/srv'"),
        ("[tests]\npython = 3\n", r"bad value for tests\.python: 3"),
        ('[model]\napi_key = "x"\n', r"model\.api_key is a secret.*Set GRAFT_MODEL_API_KEY"),
    ],
)
def test_a_bad_file_names_itself_the_key_and_what_is_allowed(repo, text, message):
    path = write(repo / "graft.toml", text)
    with pytest.raises(ConfigError, match=message) as caught:
        load_config(repo)
    assert str(caught.value).startswith(str(path))
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_text_is_refused(repo):
    (repo / "graft.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"graft\.toml: not valid TOML"):
        load_config(repo)


def test_a_folder_in_the_place_of_the_file_is_refused(repo):
    (repo / "graft.toml").mkdir()
    with pytest.raises(ConfigError, match=r"Cannot read .*graft\.toml \(Is a directory\)"):
        load_config(repo)


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("GRAFT_FIX_BUDGET", "3", r"unknown variable GRAFT_FIX_BUDGET\. Did you mean GRAFT_FIX_BUDGET_S\?"),
        ("GRAFT_FIX_SEED", "many", r"GRAFT_FIX_SEED: bad value for fix\.seed: 'many' should be a valid int"),
        ("GRAFT_FIX_WORKERS", "-1", r"GRAFT_FIX_WORKERS: bad value for fix\.workers: -1"),
    ],
)
def test_a_bad_variable_is_named(repo, monkeypatch, variable, text, message):
    monkeypatch.setenv(variable, text)
    with pytest.raises(ConfigError, match=message):
        load_config(repo)


def test_a_strangers_variable_is_left_alone(repo, monkeypatch):
    monkeypatch.setenv("GRAFT_HOME", "/srv/another-tool")
    assert load_config(repo) == Config()


def test_variables_hold_plain_texts_and_toml_for_tables_and_lists(repo, monkeypatch):
    monkeypatch.setenv("GRAFT_TESTS_COMMAND", "make check  # = [not] toml")
    monkeypatch.setenv("GRAFT_SANDBOX_ENVIRONMENT", '{ TZ = "UTC" }')
    monkeypatch.setenv("GRAFT_SANDBOX_READABLE", '["/srv/fixtures"]')
    config = load_config(repo)
    assert config.tests.command == "make check  # = [not] toml"
    assert config.sandbox.environment == {"TZ": "UTC"}
    assert config.sandbox.readable == (Path("/srv/fixtures"),)


def test_paths_of_a_file_count_from_the_files_folder_and_links_stay_links(repo):
    link = repo / ".venv" / "bin" / "python"
    link.parent.mkdir(parents=True)
    link.symlink_to(sys.executable)
    write(repo / "graft.toml", '[tests]\npython = ".venv/bin/python"\n[sandbox]\nreadable = ["../data"]\n')
    config = load_config(repo)
    assert config.tests.python == link
    assert config.sandbox.readable == (repo.parent / "data",)


def test_a_bare_program_name_is_looked_up_on_the_path(repo, monkeypatch):
    program = write(repo.parent / "bin" / "mypython", "#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    assert load_config(repo, {"tests.python": "mypython"}).tests.python == program


def test_the_key_of_a_model_is_read_from_the_environment_and_never_shown(repo, monkeypatch):
    monkeypatch.setenv("GRAFT_MODEL_API_KEY", "sk-hunter2")
    config = load_config(repo)
    assert config.model.api_key.get_secret_value() == "sk-hunter2"
    assert "hunter2" not in repr(config) + str(config) + config.model_dump_json()
    assert "hunter2" not in repr(effective_settings(repo))


def test_settings_cannot_be_changed_after_loading(repo):
    with pytest.raises(ValueError, match="frozen"):
        load_config(repo).fix.seed = 1


def test_every_setting_is_documented_and_has_a_variable_of_its_own():
    settings = list(known_settings())
    for key, _, _, field in settings:
        assert field.description, f"{key} has no docstring"
        assert re.fullmatch(r"GRAFT_[A-Z_]+", environment_name(key))
    assert len({environment_name(key) for key, *_ in settings}) == len(settings)
