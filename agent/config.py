"""Settings: what may be set, where from, and what it is here. Knows nothing of what the settings do.

Sources, the first that has a key wins: flag, environment (`GRAFT_SECTION_KEY`), `graft.toml` (in the
repository, from the folder given up to the repository's root), the user's `graft.toml`, default.
"""

from __future__ import annotations

import difflib
import os
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from agent.errors import ConfigError

FILE_NAME = "graft.toml"
ENVIRONMENT_PREFIX = "GRAFT_"

LaxPath = Annotated[Path, Field(strict=False)]
"""TOML and the environment have no paths: text is taken for one."""


class Section(BaseModel):
    """One table of `graft.toml`."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )


class FixSettings(Section):
    """How long and how hard to search for a patch."""

    budget_s: float = Field(default=300.0, gt=0)
    """Wall time that one run may take, in seconds."""
    seed: int = Field(default=0, ge=0)
    """Seed of everything that is drawn at random."""
    workers: int = Field(default=0, ge=0)
    """Sandboxes that try candidates at the same time; 0 means one per usable core."""
    min_confidence: float = Field(default=0.6, ge=0, le=1)
    """Abstain when the best patch is less certain than this (0 to 1)."""


class TestSettings(Section):
    """How the repository's tests are run."""

    __test__ = False

    python: LaxPath | None = None
    """Interpreter that runs the tests; by default the one that has the project's dependencies."""
    command: str | None = None
    """A command of your own that runs the tests and exits 0 when all is well."""
    framework: Literal["auto", "pytest", "unittest"] = "auto"
    """Test runner; `auto` looks at the repository."""
    test_limit_s: float = Field(default=60.0, gt=0)
    """Longest that one test may take, in seconds; less where it is normally fast."""
    suite_limit_s: float = Field(default=600.0, gt=0)
    """Longest that the whole suite may take, in seconds."""


class IndexSettings(Section):
    """Where the repository graph is kept."""

    store: str = "sqlite:.graft/graph.db"
    """URL of the graph store; a relative path counts from the repository's root."""


class SandboxSettings(Section):
    """What a program that is being tried may see and use."""

    backend: str = "auto"
    """`bubblewrap`, `landlock` or `container:IMAGE`; `auto` takes the strongest that works here."""
    memory_mb: int = Field(default=4096, ge=64)
    """Memory of everything that runs in one sandbox, in MiB."""
    processes: int = Field(default=256, ge=8)
    """Processes and threads of everything that runs in one sandbox."""
    disk_mb: int = Field(default=1024, ge=1)
    """What may be written in one sandbox, in MiB."""
    environment: dict[str, str] = {}
    """Environment variables that the tests need; nothing else of yours is passed on."""
    readable: tuple[LaxPath, ...] = Field(default=(), strict=False)
    """Further files and folders that the tests may read."""


class ModelSettings(Section):
    """Models to propose and judge patches with; all of them optional."""

    chat: str = ""
    """URL of the model that answers conversations; empty means none."""
    infill: str = ""
    """URL of the model that fills in the middle; empty means none."""
    api_key: SecretStr = SecretStr("")
    """Key for the model's server. Read from the environment only; never shown and never stored."""


class Config(BaseModel):
    """Every setting, checked. Built by `load_config`; `Config()` holds the defaults."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    fix: FixSettings = FixSettings()
    tests: TestSettings = TestSettings()
    index: IndexSettings = IndexSettings()
    sandbox: SandboxSettings = SandboxSettings()
    model: ModelSettings = ModelSettings()


@dataclass(frozen=True, slots=True)
class Setting:
    """One effective value. `origin` is a file, an environment variable, `flag` or `default`."""

    key: str
    value: object
    origin: str


@dataclass(frozen=True, slots=True)
class _Raw:
    value: object
    origin: str
    base: Path
    """Folder that relative paths count from."""


def load_config(repo: Path, overrides: Mapping[str, object] | None = None) -> Config:
    """The settings for a repository. `overrides` holds flags as {"fix.seed": 7}; None means not given.

    Raises ConfigError for unreadable files, unknown keys and bad values.
    """
    return _checked(_collect(repo, overrides or {}))


def effective_settings(repo: Path, overrides: Mapping[str, object] | None = None) -> list[Setting]:
    """Every setting with its value and where that came from; secrets stay masked. Raises ConfigError."""
    raw = _collect(repo, overrides or {})
    config = _checked(raw)
    return [
        Setting(key, getattr(getattr(config, section), name), raw[key].origin if key in raw else "default")
        for key, section, name, _ in known_settings()
    ]


def known_settings() -> Iterator[tuple[str, str, str, FieldInfo]]:
    """Every setting there is, as (key, section, name in the section, field)."""
    for section, name, field in (
        (section, name, field)
        for section, model in SECTIONS.items()
        for name, field in model.model_fields.items()
    ):
        yield f"{section}.{name}", section, name, field


def environment_name(key: str) -> str:
    """The environment variable that sets a key: `fix.seed` → `GRAFT_FIX_SEED`."""
    return ENVIRONMENT_PREFIX + key.replace(".", "_").upper()


def user_file() -> Path:
    """The user's own settings, in the platform's configuration folder."""
    import platformdirs

    return platformdirs.user_config_path("graft", appauthor=False) / FILE_NAME


def repository_root(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds a `.git`; None outside any repository."""
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)


SECTIONS: Mapping[str, type[Section]] = {
    name: field.annotation
    for name, field in Config.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
}


def _collect(repo: Path, overrides: Mapping[str, object]) -> dict[str, _Raw]:
    """What each source sets, by key, weaker sources overwritten by stronger ones."""
    found: dict[str, _Raw] = {}
    for path in (user_file(), _repository_file(repo)):
        if path is not None:
            found.update(_from_file(path))
    found.update(_from_environment(os.environ))
    for key, value in overrides.items():
        if value is not None:
            _require_known(key, "flag")
            found[key] = _Raw(value, "flag", Path.cwd())
    return found


def _repository_file(repo: Path) -> Path | None:
    start = repo.resolve()
    root = repository_root(start) or start
    folders = [start, *start.parents]
    reachable = folders[: folders.index(root) + 1]
    return next((folder / FILE_NAME for folder in reachable if (folder / FILE_NAME).exists()), None)


def _from_file(path: Path) -> dict[str, _Raw]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(
            f"Cannot read {path} ({error.strerror}). Make it readable, or remove it."
        ) from error
    except ValueError as error:
        raise ConfigError(f"{path}: not valid TOML ({error}). Correct the file.") from error
    found: dict[str, _Raw] = {}
    for section, table in tables.items():
        if section not in SECTIONS:
            raise ConfigError(_unknown_section(section, str(path)))
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {section} must be a table. Write [{section}] and its keys below.")
        for name, value in table.items():
            key = f"{section}.{name}"
            _require_known(key, str(path))
            if _is_secret(key):
                raise ConfigError(
                    f"{path}: {key} is a secret and may not be in a file. Set {environment_name(key)}."
                )
            found[key] = _Raw(value, str(path), path.parent)
    return found


def _from_environment(environment: Mapping[str, str]) -> dict[str, _Raw]:
    fields = {environment_name(key): (key, field) for key, _, _, field in known_settings()}
    found: dict[str, _Raw] = {}
    for variable, text in environment.items():
        if variable in fields:
            key, field = fields[variable]
            found[key] = _Raw(_value_of(text, field), variable, Path.cwd())
        elif any(variable.startswith(environment_name(section) + "_") for section in SECTIONS):
            hint = _near(variable, fields)
            raise ConfigError(
                f"environment: unknown variable {variable}.{hint} See `graft config --reference`."
            )
    return found


def _value_of(text: str, field: FieldInfo) -> object:
    """A variable's text as the field's type: plain for texts and paths, TOML for all else."""
    if _types_in(field.annotation) & {int, float, bool, dict, tuple}:
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except ValueError:
            return text
    return text


def _checked(raw: Mapping[str, _Raw]) -> Config:
    sections: dict[str, Section] = {}
    for section, model in SECTIONS.items():
        given = {
            name: _anchored(raw[key], field)
            for key, owner, name, field in known_settings()
            if owner == section and key in raw
        }
        try:
            sections[section] = model.model_validate(given)
        except ValidationError as error:
            raise _bad_value(section, error, raw) from None
    return Config.model_construct(**sections)  # type: ignore[arg-type]


def _bad_value(section: str, error: ValidationError, raw: Mapping[str, _Raw]) -> ConfigError:
    first = error.errors(include_url=False)[0]
    key = f"{section}.{first['loc'][0]}"
    shown = "the given value" if _is_secret(key) else repr(raw[key].value)
    allowed = first["msg"].removeprefix("Input ").removeprefix("Value ")
    return ConfigError(
        f"{raw[key].origin}: bad value for {key}: {shown} {allowed}. See `graft config --reference`."
    )


def _anchored(raw: _Raw, field: FieldInfo) -> object:
    """The value, its relative paths made absolute. Links stay: a virtual environment's python is one."""
    if Path not in _types_in(field.annotation):
        return raw.value
    if isinstance(raw.value, list | tuple):
        return [_absolute(each, raw.base) for each in raw.value]
    return _absolute(raw.value, raw.base)


def _absolute(value: object, base: Path) -> object:
    """A bare program name that is no file below `base` is looked up on the PATH, as a shell would."""
    if not isinstance(value, str | Path) or not str(value):
        return value
    path = base / Path(value).expanduser()
    if os.sep not in str(value) and not path.exists() and (program := shutil.which(str(value))):
        return Path(program)
    return Path(os.path.normpath(path))


def _types_in(annotation: Any) -> set[Any]:
    """Every type named in an annotation: `tuple[Path, ...] | None` → {tuple, Path, None}."""
    inner = {found for argument in get_args(annotation) for found in _types_in(argument)}
    return inner | {get_origin(annotation) or annotation}


def _is_secret(key: str) -> bool:
    section, _, name = key.partition(".")
    return SECTIONS[section].model_fields[name].annotation is SecretStr


def _require_known(key: str, origin: str) -> None:
    section, _, name = key.partition(".")
    names = SECTIONS[section].model_fields if section in SECTIONS else {}
    if name not in names:
        raise ConfigError(f"{origin}: unknown key {key}.{_near(name, names)} See `graft config --reference`.")


def _unknown_section(section: str, origin: str) -> str:
    keys = {name: key for key, _, name, _ in known_settings()}
    hint = f" Did you mean {keys[section]}?" if section in keys else _near(section, SECTIONS)
    return f"{origin}: unknown key {section}.{hint} See `graft config --reference`."


def _near(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(names), n=1)
    return f" Did you mean {close[0]}?" if close else ""
