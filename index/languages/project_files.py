"""Files that say where modules lie, as named values: Cargo.toml, composer.json, go.mod, package.json, tsconfig.json.

They are facts like any other, so a change in one resolves again the files whose imports asked it.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from index.content import Content
from index.facts import VALUE, Binding, Body, FileFacts, Interface
from index.languages.spec import LanguageSpec

_GO_MODULE = re.compile(r'^\s*module\s+"?([^\s"]+)', re.MULTILINE)
_JSON_NOISE = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)


def read_go_mod(repository: str, path: str, content: Content) -> FileFacts:
    """A module path, offered to every import that begins with it."""
    match = _GO_MODULE.search(content.text)
    return _facts("go.mod", {match[1]: ""} if match else {})


def read_package_json(repository: str, path: str, content: Content) -> FileFacts:
    """A package's name, offered to imports of it, with its entry point."""
    found = _json(content.text)
    name, entry = found.get("name"), found.get("source") or found.get("module") or found.get("main")
    main = entry if isinstance(entry, str) else ""
    return _facts("package.json", {name: main} if isinstance(name, str) and name else {})


def read_composer_json(repository: str, path: str, content: Content) -> FileFacts:
    """The prefixes of namespaces that PSR-4 maps to folders: what begins with one lies in the tree."""
    found, prefixes = _json(content.text), {}
    for section in ("autoload", "autoload-dev"):
        loaders = found.get(section)
        mapped = loaders.get("psr-4") if isinstance(loaders, dict) else None
        prefixes.update(dict.fromkeys(mapped if isinstance(mapped, dict) else (), ""))
    return _facts("composer.json", {prefix.rstrip("\\"): "" for prefix in prefixes})


def read_tsconfig(repository: str, path: str, content: Content) -> FileFacts:
    """`extends`, `baseUrl` and `paths`, for the files below."""
    found = _json(content.text)
    options = found.get("compilerOptions")
    options = options if isinstance(options, dict) else {}
    values = {
        "extends": found.get("extends"),
        "baseUrl": options.get("baseUrl"),
        "paths": options.get("paths"),
    }
    return _facts("", {name: json.dumps(value) for name, value in values.items() if value})


def read_cargo_toml(repository: str, path: str, content: Content) -> FileFacts:
    """The name of a crate as `use` writes it, with the file of its library where that is not `src/lib.rs`."""
    try:
        manifest = tomllib.loads(content.text)
    except tomllib.TOMLDecodeError:
        return _facts("Cargo.toml", {})
    library, package = manifest.get("lib"), manifest.get("package")
    library = library if isinstance(library, dict) else {}
    name = library.get("name") or (package.get("name") if isinstance(package, dict) else None)
    file = library.get("path")
    if not isinstance(name, str) or not name:
        return _facts("Cargo.toml", {})
    return _facts("Cargo.toml", {name.replace("-", "_"): file if isinstance(file, str) else ""})


def _facts(namespace: str, values: dict[str, str]) -> FileFacts:
    names = {name: [Binding(VALUE, "", value)] for name, value in values.items()}
    return FileFacts([], Interface(names, namespace=namespace), Body())


def _json(text: str) -> dict[str, Any]:
    """An object of JSON with comments and trailing commas; empty where it does not parse."""
    try:
        found = json.loads(_JSON_NOISE.sub(lambda match: match[1] or "", text))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


SPECS = (
    LanguageSpec("cargo", file_names=("Cargo.toml",), read=read_cargo_toml),
    LanguageSpec("composerjson", file_names=("composer.json",), read=read_composer_json),
    LanguageSpec("gomod", file_names=("go.mod",), read=read_go_mod),
    LanguageSpec("packagejson", file_names=("package.json",), read=read_package_json),
    LanguageSpec(
        "tsconfig",
        file_names=("tsconfig.json", "jsconfig.json", "tsconfig.base.json", "tsconfig.app.json"),
        read=read_tsconfig,
    ),
)
