"""Tell tests, secrets, generated and vendored files and builtins by their names. Opens nothing itself."""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence
from fnmatch import translate
from functools import lru_cache
from pathlib import PurePosixPath

from index.languages.registry import spec_of

_TEST_FILE = re.compile(
    r"(?:^|/)(?:"
    r"(?:test_[^/]*|[^/]*_tests?|tests?|conftest)\.pyi?"
    r"|(?:[^/]*[._-])?(?:test|spec)s?\.[cm]?[jt]sx?"
    r"|[^/]*_test\.(?:go|rb|dart|exs|lua)|(?:test_[^/]*|[^/]*_spec|spec_helper)\.(?:rb|lua)"
    r"|(?:[^/]*(?:Tests?|TestCase|Spec)|Test[A-Z][^/]*|[^/]*[a-z]IT)\.(?:java|kt|scala|cs|php|swift|groovy)"
    r"|(?:tests?[-_][^/]*|[^/]*[-_](?:unit)?tests?|tests?)\.(?:c|cc|cpp|cxx|h|hpp|rs|sh)|[^/]*\.(?:bats|phpt)"
    r")$"
)
_TEST_FOLDERS = frozenset(
    {"tests", "testing_support", "test_suite", "testsuite", "__tests__", "__mocks__", "spec", "specs", "testdata",
     "e2e", "testfixtures"}
)  # fmt: skip
_TEST_FOLDER_NAME = re.compile(
    r"(?:[^/]*[.-])?(?:(?:unit|integration|functional|acceptance)[.-]?)?tests?(?:[.-][^/]*)?", re.IGNORECASE
)
"""`Shop.Tests`, `UnitTests`, `shop-test`, as projects of C# and Gradle modules are named."""
_ASIDE_FOLDERS = re.compile(
    r"(?:^|/)(?:docs?|documentation|website|examples?|demos?|samples?|recipes|tutorials?|bench(?:marks?)?|benches"
    r"|contrib|extras?|scripts?|tools|misc|\.github|\.ci|vendor|third_party)/",
    re.IGNORECASE,
)
_PROSE_FILE = re.compile(r"\.(?:md|markdown|rst|txt|adoc|html?|csv)$", re.IGNORECASE)
_DATA_FILE = re.compile(
    r"\.(?:json5?|ya?ml|toml|lock|xml|ini|cfg|properties|svg|po|snap|csproj|sln)$", re.IGNORECASE
)
_SECRET_NAMES = (
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".pypirc", ".npmrc", ".pgpass",
    ".htpasswd", ".git-credentials", "credentials", "credentials.*", "secrets.*", ".secrets",
    "service-account*.json", "service_account*.json",
)  # fmt: skip
_SECRET_TEMPLATES = (
    "*.example",
    "*.sample",
    "*.template",
    "*.dist",
    "id_*.pub",
    "credentials.py",
    "secrets.py",
)
_VENDORED_FOLDERS = frozenset(
    {"_vendor", "_vendored", "vendored", "third_party", "thirdparty", "bower_components"}
)
_GENERATED_NAMES = ("*_pb2.py", "*_pb2_grpc.py", "*_pb2.pyi", "*.min.js", "*.min.css")
_LOCK_FILES = frozenset(
    {"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "packages.lock.json", "go.sum", "bun.lockb",
     ".terraform.lock.hcl", "Package.resolved", "cabal.project.freeze"}
)  # fmt: skip
_MINIFIED_SUFFIXES = (".js", ".mjs", ".cjs", ".css", ".html", ".htm")
_MINIFIED_BYTES, _MINIFIED_LINE_BYTES = 5_000, 500
"""A file of at least so many bytes is minified where its lines are so long on average."""
_GENERATED_MARK = re.compile(
    rb"@generated\b"
    rb"|(?:auto-?generated|generated (?:by|from)|automatically generated)[^\n]{0,120}(?:\n[^\n]{0,120}){0,2}"
    rb"(?:do not (?:edit|modify|change)|any changes|will be (?:lost|overwritten))"
    rb"|do not (?:edit|modify)[^\n]{0,80}generated",
    re.IGNORECASE,
)
_GENERATED_HEAD_BYTES = 1_500


@lru_cache(maxsize=65_536)
def is_test_path(path: str) -> bool:
    """Whether a path looks like a test or its support, by the customs of each language's test runners."""
    if _TEST_FILE.search(path):
        return True
    folders = path.split("/")[:-1]
    if not _TEST_FOLDERS.isdisjoint(folders) or folders[:1] in (["test"], ["t"]):
        return True
    spec = spec_of(path)
    if spec is not None and spec.is_test_file(path):
        return True
    # A package called `test` is what a Python library offers to its users, but nothing of the kind elsewhere.
    if path.endswith((".py", ".pyi")):
        return False
    return "test" in folders or any(_TEST_FOLDER_NAME.fullmatch(folder) for folder in folders)


def is_aside_path(path: str) -> bool:
    """Whether a path is one of examples, benchmarks, scripts or other things that go beside a program's source."""
    return _ASIDE_FOLDERS.search(path) is not None


def is_prose_path(path: str) -> bool:
    """Whether a path is one of prose rather than code."""
    return _PROSE_FILE.search(path) is not None


def is_data_path(path: str) -> bool:
    """Whether a path is one of data or settings rather than code."""
    return _DATA_FILE.search(path) is not None


def tested_stem(path: str) -> str | None:
    """The stem of the file that a test file's name points to: `tests/test_dates.py` → `dates`."""
    stem = PurePosixPath(path).stem
    for cut in (stem.removeprefix("test_"), stem.removesuffix("_tests"), stem.removesuffix("_test")):
        if cut and cut != stem:
            return cut
    return None


def is_secret(name: str) -> bool:
    """Whether a file name is one that keeps keys or credentials. Such files are never opened."""
    return _matches(name.lower(), _SECRET_NAMES) and not _matches(name.lower(), _SECRET_TEMPLATES)


def is_vendored_folder(name: str, entries: Sequence[str]) -> bool:
    """Whether a folder of that name and with these entries holds other people's code."""
    return name in _VENDORED_FOLDERS or (name == "vendor" and "__init__.py" not in entries)


def is_lock_file(name: str) -> bool:
    """Whether a file name is one under which a package manager writes down what it chose."""
    return name.endswith(".lock") or name in _LOCK_FILES


def is_minified(name: str, content: bytes) -> bool:
    """Whether a script, page or style sheet has its lines joined: nobody edits it as it stands."""
    if len(content) < _MINIFIED_BYTES or not name.endswith(_MINIFIED_SUFFIXES):
        return False
    return len(content) > _MINIFIED_LINE_BYTES * (content.count(b"\n") + 1)


def is_generated(name: str, content: bytes) -> bool:
    """Whether a file says by its name or in its first lines that a program wrote it."""
    return _matches(name, _GENERATED_NAMES) or (
        _GENERATED_MARK.search(content[:_GENERATED_HEAD_BYTES]) is not None
    )


@lru_cache(maxsize=1)
def builtin_names() -> frozenset[str]:
    """Names that every Python module sees without an import."""
    return frozenset(dir(builtins)) | {"__file__", "__path__", "__all__", "reveal_type"}


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return _any_of(patterns).match(name) is not None


@lru_cache(maxsize=8)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for several shell patterns: asked for every file of a tree."""
    return re.compile("|".join(map(translate, patterns)))
