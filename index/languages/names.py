"""Names of files as modules, and of definitions without their quotes. Reads no file."""

from __future__ import annotations

from index.languages.chains import bare_name


def file_module_name(path: str) -> str:
    """A dotted name for a file as a module: `src/app/user.test.ts` → `app.user_test`."""
    folder, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    parts = folder.split("/") if folder else []
    if parts and parts[0] in ("src", "lib"):
        parts = parts[1:]
    return ".".join([*parts, stem.replace(".", "_")])


def plain_name(text: str) -> str:
    """A name without quotes and dots, which separate names: titles of tests may hold them."""
    return bare_name(text).replace(".", "_") or "_"
